"""The result of an aggregate: a value, its interval and the number of rows behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Estimate:
    """Value with its confidence interval.

    Attributes:
        value: Point estimate, from the rows themselves and not from resamples. NaN if there are no rows.
        low: Lower end of the interval; NaN if there is no interval.
        high: Upper end of the interval; NaN if there is no interval.
        n: Number of rows behind the value (for two sets of different rows, of the smaller set).
        confidence: Nominal coverage of the interval, such as 0.95.
        method: Kind of interval, such as ``"percentile"``, or ``"Wilson"`` for a share at its bound.
        groups: Number of groups of rows that were resampled together; None if each row is its own group.
        note: Reason why there is no interval, or what it does not cover; empty otherwise.

    >>> print(Estimate(0.5, 0.375, 0.625, n=40, confidence=0.95, method="percentile"))
    0.5 [0.375, 0.625] (95% percentile, n=40)
    >>> print(Estimate(0.5, math.nan, math.nan, n=1, confidence=0.95, method="percentile"))
    0.5 (no interval: n=1)
    >>> print(Estimate(0.27, 0, 0.54, n=207, confidence=0.95, method="percentile", groups=152))
    0.27 [0, 0.54] (95% percentile, n=207 in 152 groups)
    """

    value: float
    low: float
    high: float
    n: int
    confidence: float
    method: str
    groups: int | None = field(default=None, kw_only=True)
    note: str = field(default="", kw_only=True)

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval. One row has none, since it does not show how rows differ."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    def __str__(self) -> str:
        if not self.has_interval:
            return f"{self.value:.4g} (no interval: {self._told([])})"
        interval = f"[{self.low:.4g}, {self.high:.4g}]"
        return f"{self.value:.4g} {interval} ({self._told([f'{100 * self.confidence:g}% {self.method}'])})"

    def _told(self, first: list[str]) -> str:
        """Return the text in brackets after the numbers."""
        return ", ".join([*first, *([self.note] if self.note else []), self.rows])

    @property
    def rows(self) -> str:
        """Number of rows, and of groups if there are any, in words."""
        return f"n={self.n}" + ("" if self.groups is None else f" in {self.groups} group{'s' * (self.groups != 1)}")
