"""Quotients and means that are NaN where there is nothing to divide by."""

from __future__ import annotations

import math
from collections.abc import Sequence


def ratio(numerator: float, denominator: float) -> float:
    """Return ``numerator / denominator`` as a float; NaN if the denominator is 0.

    >>> ratio(1, 4), ratio(0, 0)
    (0.25, nan)
    """
    return float(numerator) / float(denominator) if denominator else math.nan


def exact_mean(values: Sequence[float]) -> float:
    """Return the mean of numbers, whose sum is rounded once, in any order; NaN if there are none.

    >>> exact_mean([0.1] * 10), exact_mean([])
    (0.1, nan)
    """
    return ratio(math.fsum(values), len(values))
