"""Confounds: other properties and elements that moved with the shift, by how far."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from codeshift.audit.compared_properties import ComparedProperty
from codeshift.audit.distances import presence_effects, standardised_effect
from codeshift.audit.rounding import agreed, significant_digits
from codeshift.properties import ElementCounts

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MOST_ELEMENTS = 8
"""Number of elements listed for each kind (tokens, node types): those that moved farthest."""


@dataclass(frozen=True, kw_only=True)
class Confound:
    """Change of a property, or of the share of rows with an element, that the split was not meant to move.

    Attributes:
        name: Name of the property, or ``property: element``.
        effect: Standardised effect from train to test; positive if test has more of it.
        reference_effect: Standardised effect from train to the reference part, which shows what occurs without a
            shift; NaN without reference.
        p_value: P-value of the effect, times the number of properties and elements compared (Bonferroni), since
            among thousands of elements some move far by chance. It is from the Mann-Whitney test for a property, and
            twice the smaller tail of Fisher's exact test for an element.

    >>> Confound(name="TreeDepth", effect=0.9, reference_effect=0.02, p_value=0.001).effect
    0.9
    """

    name: str
    effect: float
    reference_effect: float
    p_value: float


def measure_confounds(
    properties: Sequence[ComparedProperty], train: np.ndarray, test: np.ndarray, reference: np.ndarray | None
) -> tuple[Confound, ...]:
    """Return the confounds, those that moved farthest first, on distinct rows given by positions in the table."""
    nothing = np.empty(0, dtype=np.int64)
    compared = [prop for prop in properties if not prop.intended]
    total = sum(len(prop.values.vocabulary) if isinstance(prop.values, ElementCounts) else 1 for prop in compared)
    confounds = [
        replace(confound, p_value=significant_digits(min(1.0, confound.p_value * total)))
        for prop in compared
        for confound in _confounds_of_property(prop, train, test, nothing if reference is None else reference)
    ]
    return tuple(sorted(confounds, key=lambda confound: (-abs(confound.effect), confound.name)))


def _confounds_of_property(
    prop: ComparedProperty, train: np.ndarray, test: np.ndarray, reference: np.ndarray
) -> Iterator[Confound]:
    if isinstance(prop.values, ElementCounts):
        yield from _of_elements(prop, train, test, reference)
    elif prop.is_number:
        before = prop.values[train]
        effect, of_reference = (agreed(standardised_effect(before, prop.values[rows])) for rows in (test, reference))
        if not math.isnan(effect):
            p_value = _mann_whitney(before, prop.values[test])
            yield Confound(name=prop.name, effect=effect, reference_effect=of_reference, p_value=p_value)


def _of_elements(
    prop: ComparedProperty, train: np.ndarray, test: np.ndarray, reference: np.ndarray
) -> Iterator[Confound]:
    assert isinstance(prop.values, ElementCounts)  # noqa: S101 - the caller asked
    counts, vocabulary = prop.values.counts, prop.values.vocabulary
    effects, reference_effects = (presence_effects(counts[train], counts[rows]) for rows in (test, reference))
    moved = np.flatnonzero(np.nan_to_num(effects, nan=0.0))
    order = moved[np.argsort(-np.abs(effects[moved]), kind="stable")]
    kept = [i for i in order[: MOST_ELEMENTS + len(prop.spared)].tolist() if vocabulary[i] not in prop.spared]
    p_values = _fisher(counts[train][:, kept[:MOST_ELEMENTS]], counts[test][:, kept[:MOST_ELEMENTS]])
    for i, p_value in zip(kept[:MOST_ELEMENTS], p_values, strict=True):
        name = f"{prop.name}: {vocabulary[i]}"
        effect, reference_effect = agreed(float(effects[i])), agreed(float(reference_effects[i]))
        yield Confound(name=name, effect=effect, reference_effect=reference_effect, p_value=p_value)


def _mann_whitney(first: np.ndarray, second: np.ndarray) -> float:
    from scipy.stats import mannwhitneyu

    if np.ptp(np.concatenate([first, second])) == 0:
        return 1.0  # nothing varies
    return float(mannwhitneyu(first, second, method="asymptotic").pvalue)


def _fisher(first: csr_matrix, second: csr_matrix) -> list[float]:
    """Return, for each element, twice the smaller hypergeometric tail of the number of test rows that contain it."""
    from scipy.stats import hypergeom

    before, after = (np.bincount(m.indices, minlength=m.shape[1]) for m in (first, second))
    of_all = (first.shape[0] + second.shape[0], before + after, second.shape[0])
    tails = np.minimum(hypergeom.cdf(after, *of_all), hypergeom.sf(after - 1, *of_all))
    return np.minimum(1.0, 2 * tails).tolist()  # type: ignore[no-any-return]
