"""Holm's correction, which gives all tests of a verdict one level, and the permutations that it needs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from codeshift.audit.rounding import SLACK

_PER_PROPERTY = 40
"""Smallest number of permutations per property that counts: twice as many as one test at .05 needs."""


def corrected(classifier: float, properties: Sequence[float]) -> tuple[float, list[float]]:
    """Return the p-values of the classifier and of the properties, corrected for all of them together.

    Holm's step-down method with weights: the classifier has half of the level, the properties share the other half.
    Rejecting if the corrected value is at most alpha keeps the probability of any false rejection at or below alpha,
    however the tests depend on each other. A test that was not possible (NaN) stays NaN and has no share of the level.

    Source: Holm, A simple sequentially rejective multiple test procedure (Scand. J. Stat. 1979), section 4.

    Args:
        classifier: P-value of the classifier two-sample test.
        properties: P-values of the properties that count.

    >>> corrected(0.01, [0.01, 0.5])
    (0.02, [0.02, 0.5])
    """
    p = np.array([classifier, *properties], dtype=np.float64)
    tested = ~np.isnan(p)
    weights = np.where(np.arange(len(p)) == 0, 0.5, 0.5 / max(1, int(tested[1:].sum()))) * tested
    order = np.flatnonzero(tested)[np.argsort(p[tested] / weights[tested], kind="stable")]
    remaining = np.cumsum(weights[order][::-1])[::-1]
    adjusted = np.full(p.shape, np.nan)
    # Rounded, since p / w * w is not p to the last bit, and a p-value may lie at its bound exactly.
    steps = np.round(p[order] * remaining / weights[order], 12)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    first, *others = adjusted.tolist()
    return first, others


def reaches(p_value: float, alpha: float) -> bool:
    """Return whether a corrected p-value is at most ``alpha``; NaN is not.

    >>> reaches(3 * (1 / 60), 0.05), reaches(float("nan"), 0.05)
    (True, False)
    """
    return p_value <= alpha + SLACK


def property_permutations(n_permutations: int, counted: int) -> int:
    """Return the number of permutations for each property: enough for a level of .05, at least ``n_permutations``.

    They cost little.

    >>> property_permutations(99, 4), property_permutations(999, 4)
    (160, 999)
    """
    return max(n_permutations, _PER_PROPERTY * counted)


def least_permutations(counted: int, alpha: float) -> int:
    """Return the smallest ``n_permutations`` with which every test of a verdict could reach its level.

    Args:
        counted: Number of properties that count in the verdict, besides the classifier.
        alpha: Level of all tests together.

    >>> least_permutations(4, 0.05), least_permutations(0, 0.05), least_permutations(4, 0.01)
    (39, 19, 799)
    """
    tests = (1 + (counted > 0)) / alpha, 2 * counted / alpha
    classifier, properties = (math.ceil(test - SLACK) - 1 for test in tests)
    return classifier if properties <= _PER_PROPERTY * counted else max(classifier, properties)
