"""The result of an aggregate: a value, its interval and the number of rows behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval.

    Attributes:
        value: the point estimate, from the rows themselves and not from resamples. NaN where there is no row.
        low: the lower end of the interval; NaN where there is none.
        high: the upper end of the interval; NaN where there is none.
        n: the number of rows that the value stands for (of two sets of different rows: of the smaller).
        confidence: the interval's nominal coverage, such as 0.95.
        method: how the interval was made, such as ``"percentile"``.

    >>> print(Estimate(0.5, 0.375, 0.625, n=40, confidence=0.95, method="percentile"))
    0.5 [0.375, 0.625] (95% percentile, n=40)
    >>> print(Estimate(0.5, math.nan, math.nan, n=1, confidence=0.95, method="percentile"))
    0.5 (no interval: n=1)
    """

    value: float
    low: float
    high: float
    n: int
    confidence: float
    method: str

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval. One row has none: it says nothing of how rows differ."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    def __str__(self) -> str:
        if not self.has_interval:
            return f"{self.value:.4g} (no interval: n={self.n})"
        interval = f"[{self.low:.4g}, {self.high:.4g}]"
        return f"{self.value:.4g} {interval} ({100 * self.confidence:g}% {self.method}, n={self.n})"
