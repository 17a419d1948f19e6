"""What a call of ``audit`` asks for, checked before any work starts, and the thresholds of the verdict."""

from __future__ import annotations

import hashlib
import numbers
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from codeshift.errors import ParameterError
from codeshift.properties import Property
from codeshift.properties.grammars import check_language
from codeshift.properties.near_duplicates import NearDuplicates

LEAST_PERMUTATIONS = 19
"""With fewer, not even a single p-value can reach .05: the smallest one is ``1 / (n_permutations + 1)``."""

FOLDS = 5
FEWEST = 2 * FOLDS
"""Rows that each sample of a two-sample test must have: two in each fold of its classifier."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Where the verdict draws its lines. They are conventions, stated so that they can be argued with.

    Attributes:
        leaked_rows: a part leaks where a larger share of its rows has an exact or near-duplicate in train. Leaked rows
            of share s can raise a score by up to s: at .01, by one point, the size of differences that papers report.
        leaked_groups: a part leaks where a larger share of its rows is of a group that train holds too.
        copies: the copies within a held-out part are named where at least this share of its rows repeat another one.
        auc: there is a shift where the classifier's AUC is at least this (and its p-value at most ``alpha``). For two
            normal distributions of equal variance, .6 is a difference of .36 standard deviations.
        jensen_shannon: there is a shift, too, where a property's Jensen-Shannon distance is at least this (and its
            p-value at most ``alpha``). For two normal distributions of equal variance, .2 is about .5 standard
            deviations, Cohen's "medium".
        alpha: the level of all tests of a verdict together: the chance that a split without any shift is called sound.
            P-values are corrected by Holm's method, where the classifier has half of the level and the properties
            share the other half.
        min_rows: no verdict on a shift is given on fewer distinct rows on either side, nor on fewer than 10.
        confound: another property is named as one that moved along where its standardised effect is at least this (and
            its p-value, corrected for all that was compared, at most ``alpha``).
        truncated: a share of truncated rows above this is named.

    >>> Thresholds(auc=1.5)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: auc must be a number from 0 to 1, got 1.5: leave it out to take 0.6
    """

    leaked_rows: float = 0.01
    leaked_groups: float = 0.0
    copies: float = 0.05
    auc: float = 0.6
    jensen_shannon: float = 0.2
    alpha: float = 0.05
    min_rows: int = 20
    confound: float = 0.5
    truncated: float = 0.05

    def __post_init__(self) -> None:
        for name in ("leaked_rows", "leaked_groups", "copies", "auc", "jensen_shannon", "alpha", "truncated"):
            value = getattr(self, name)
            if not _is_number(value) or not 0 <= value <= 1:
                raise ParameterError(name, "a number from 0 to 1", value, _leave_out(name))
        if self.alpha == 0:
            raise ParameterError("alpha", "above 0", self.alpha, "no p-value can reach 0")
        if not _is_number(self.confound) or self.confound < 0:
            raise ParameterError("confound", "a number from 0 up", self.confound, _leave_out("confound"))
        if not is_integer(self.min_rows) or self.min_rows < 2:
            raise ParameterError("min_rows", "a whole number from 2 up", self.min_rows, _leave_out("min_rows"))


@dataclass(frozen=True, kw_only=True)
class AuditSettings:
    """The arguments of ``audit`` that are no data.

    >>> settings = AuditSettings(column="code", near_duplicates=NearDuplicates(), thresholds=Thresholds(auc=0.7))
    >>> settings.seed, settings.thresholds.auc
    (0, 0.7)
    """

    column: str
    language: str | None = None
    groups: str | None = None
    properties: tuple[Property, ...] | None = None
    intended: tuple[Property, ...] | None = None
    near_duplicates: NearDuplicates
    max_length: int | None = None
    seed: int = 0
    n_permutations: int = 200
    sample: int = 2_000
    worst: int = 5
    thresholds: Thresholds

    def __post_init__(self) -> None:
        if self.language is not None:
            check_language(self.language)
        for name in ("properties", "intended"):
            object.__setattr__(self, name, _checked_properties(name, getattr(self, name)))
        if not isinstance(self.near_duplicates, NearDuplicates):
            remedy = "such as NearDuplicates(threshold=0.7, ngram=5)"
            raise ParameterError("near_duplicates", "a NearDuplicates", self.near_duplicates, remedy)
        if not isinstance(self.thresholds, Thresholds):
            raise ParameterError("thresholds", "a Thresholds", self.thresholds, "such as Thresholds(leaked_rows=0.02)")
        if not is_integer(self.seed):
            raise ParameterError("seed", "an integer", self.seed, "any integer will do, such as 0")
        check_permutations(self.n_permutations)
        if not is_integer(self.sample) or self.sample < max(self.thresholds.min_rows, FEWEST):
            constraint = f"rows a side, at least {max(self.thresholds.min_rows, FEWEST)}"
            raise ParameterError("sample", constraint, self.sample, "2,000 take seconds")
        if not is_integer(self.worst) or self.worst < 0:
            raise ParameterError("worst", "a whole number from 0 up", self.worst, "how many leaking pairs are shown")


def generator(seed: int, role: str) -> np.random.Generator:
    """Random numbers of their own for each use, so that one use more changes none of the others.

    >>> bool(generator(0, "a").random() == generator(0, "a").random())
    True
    """
    raw = hashlib.blake2b(f"{seed}:{role}".encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(raw, "big"))


def check_permutations(n_permutations: Any) -> int:
    """Return a number of permutations from which a p-value of .05 can come.

    Raises:
        ParameterError: if it is none.
    """
    if not is_integer(n_permutations) or n_permutations < LEAST_PERMUTATIONS:
        constraint = f"a whole number from {LEAST_PERMUTATIONS} up"
        remedy = "the smallest p-value that n permutations can give is 1 / (n + 1)"
        raise ParameterError("n_permutations", constraint, n_permutations, remedy)
    return int(n_permutations)


def is_integer(value: Any) -> bool:
    """Whether a value is a whole number, and no truth value."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _leave_out(name: str) -> str:
    default = next(field.default for field in fields(Thresholds) if field.name == name)
    return f"leave it out to take {default}"


def _checked_properties(name: str, properties: Sequence[Property] | None) -> tuple[Property, ...] | None:
    if properties is None:
        return None
    remedy = 'such as (TokenCount("code"), NodeTypes("code", "java"))'
    if isinstance(properties, Property | str) or not isinstance(properties, Sequence):
        raise ParameterError(name, "a sequence of properties", properties, remedy)
    for prop in properties:
        if not isinstance(prop, Property):
            raise ParameterError(name, "a sequence of properties", prop, remedy)
    return tuple(dict.fromkeys(properties))
