"""Arguments of ``audit``, checked before any work starts, and the thresholds of the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from codeshift.checks import check_integer, check_number, settle
from codeshift.defaults import N_PERMUTATIONS, SAMPLED_ROWS
from codeshift.errors import ParameterError
from codeshift.properties import Property
from codeshift.properties.dataset_columns import check_name
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.row_languages import check_languages

LEAST_PERMUTATIONS = 19
"""Fewest permutations with which a single p-value can reach .05: the smallest is ``1 / (n_permutations + 1)``."""

_NEAR_DUPLICATES = NearDuplicates()

FOLDS = 5
FEWEST_IN_SAMPLE = 2 * FOLDS
"""Fewest rows of each sample of a two-sample test: two in each fold of its classifier."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Thresholds of the verdict. They are conventions, stated so that they can be discussed.

    Attributes:
        leaked_rows: Share of a part's rows with an exact or near-duplicate in train above which the part leaks.
            Leaked rows of share s can raise a score by up to s: at .01, by one point, the size of differences that
            papers report.
        leaked_groups: Share of a part's rows in groups that train contains too, above which the part leaks.
        copies: Smallest share of a held-out part's rows that repeat another one for which a caution is given.
        auc: Smallest AUC of the classifier that shows a shift (if its p-value is at most ``alpha``). For two normal
            distributions of equal variance, .6 is a difference of .36 standard deviations.
        jensen_shannon: Smallest Jensen-Shannon distance of a property that shows a shift (if its p-value is at most
            ``alpha``). For two normal distributions of equal variance, .2 is about .5 standard deviations, Cohen's
            "medium".
        alpha: Level of all tests of a verdict together: the chance that a split without any shift is called sound.
            P-values are corrected by Holm's method, where the classifier has half of the level and the properties
            share the other half.
        min_rows: Number of distinct rows on either side below which no verdict on a shift is given; at least 10
            are always needed.
        label_shift: Smallest share of rows that would need another label for a caution that the mix of labels moved
            (if its p-value is at most ``alpha``, corrected with those of the properties).
        label_conflicts: Share of a part's rows with a near-duplicate of another label above which a caution is
            given.
        confound: Smallest standardised effect of another property for which a caution is given (if its p-value,
            corrected for all comparisons, is at most ``alpha``).
        truncated: Share of truncated rows above which a caution is given.

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
    label_shift: float = 0.05
    label_conflicts: float = 0.01
    confound: float = 0.5
    truncated: float = 0.05

    def __post_init__(self) -> None:
        shares = ("leaked_rows", "leaked_groups", "copies", "auc", "jensen_shannon", "alpha", "truncated")
        for name in (*shares, "label_shift", "label_conflicts"):
            settle(
                self, **{name: check_number(name, getattr(self, name), smallest=0, largest=1, remedy=_leave_out(name))}
            )
        settle(self, alpha=check_number("alpha", self.alpha, above=0, remedy="no p-value can reach 0"))
        settle(self, confound=check_number("confound", self.confound, smallest=0, remedy=_leave_out("confound")))
        settle(self, min_rows=check_integer("min_rows", self.min_rows, smallest=2, remedy=_leave_out("min_rows")))


def _leave_out(name: str) -> str:
    default = next(field.default for field in fields(Thresholds) if field.name == name)
    return f"leave it out to take {default}"


@dataclass(frozen=True, kw_only=True)
class AuditSettings:
    """Arguments of ``audit`` other than data; ``audit`` describes them.

    >>> settings = AuditSettings(column="code", thresholds=Thresholds(auc=0.7))
    >>> settings.seed, settings.thresholds.auc
    (0, 0.7)
    """

    column: str
    language: str | None = None
    groups: str | None = None
    label: str | None = None
    properties: Sequence[Property] | None = None
    intended: Sequence[Property] | None = None
    near_duplicates: NearDuplicates = _NEAR_DUPLICATES
    max_length: int | None = None
    seed: int = 0
    n_permutations: int = N_PERMUTATIONS
    sample: int = SAMPLED_ROWS
    worst: int = 5
    thresholds: Thresholds = Thresholds()

    def __post_init__(self) -> None:
        if self.language is not None:
            settle(self, language=check_languages(self.language))
        settle(self, column=check_name("column", self.column, example="code"))
        if self.groups is not None:
            settle(self, groups=check_name("groups", self.groups))
        if self.label is not None:
            settle(self, label=check_name("label", self.label, example="label"))
        for name in ("properties", "intended"):
            settle(self, **{name: _check_properties(name, getattr(self, name))})
        if not isinstance(self.near_duplicates, NearDuplicates):
            remedy = "such as NearDuplicates(threshold=0.7, ngram=5)"
            raise ParameterError("near_duplicates", "a NearDuplicates", self.near_duplicates, remedy)
        if not isinstance(self.thresholds, Thresholds):
            raise ParameterError("thresholds", "a Thresholds", self.thresholds, "such as Thresholds(leaked_rows=0.02)")
        settle(self, seed=check_integer("seed", self.seed, remedy="any will do, such as 0"))
        settle(self, n_permutations=check_permutations(self.n_permutations))
        fewest = max(self.thresholds.min_rows, FEWEST_IN_SAMPLE)
        settle(
            self, sample=check_integer("sample", self.sample, smallest=fewest, remedy="rows a side; 2,000 take seconds")
        )
        settle(self, worst=check_integer("worst", self.worst, smallest=0, remedy="how many leaking pairs are shown"))


def check_permutations(n_permutations: Any) -> int:
    """Check that a number of permutations can give a p-value of .05, and return it.

    Raises:
        ParameterError: if it cannot.
    """
    remedy = "the smallest p-value that n permutations can give is 1 / (n + 1)"
    return check_integer("n_permutations", n_permutations, smallest=LEAST_PERMUTATIONS, remedy=remedy)


def _check_properties(name: str, properties: Any) -> tuple[Property, ...] | None:
    """Return properties without repetition; None if none are given.

    Raises:
        ParameterError: if they are no sequence of properties.
    """
    if properties is None:
        return None
    remedy = 'such as (TokenCount("code"), NodeTypes("code", "java"))'
    if isinstance(properties, Property | str) or not isinstance(properties, Sequence):
        raise ParameterError(name, "a sequence of properties", properties, remedy)
    for prop in properties:
        if not isinstance(prop, Property):
            raise ParameterError(name, "a sequence of properties", prop, remedy)
    return tuple(dict.fromkeys(properties))
