"""A number of a study together with its resamples, so that ratios, gaps and means of such numbers have intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from codeshift.metrics import Estimate
from codeshift.metrics.base import FloatArray

METHOD = "hierarchical bootstrap"
_MOST_UNDEFINED = 0.05  # share of resamples that may have no value before the interval is given up


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantity:
    """A value, and what it is on each resample of seeds and rows.

    Quantities of one study share their resamples, so the difference of two models on the same rows is a paired one.

    Attributes:
        value: from the rows themselves; NaN where there is none.
        draws: on each resample, shape (resamples,).
        n: rows behind it (of several: of the smallest).
        seeds: trained models behind it (of several: of the fewest).

    >>> full = Quantity(value=0.5, draws=np.array([0.4, 0.5, 0.6]), n=10, seeds=1)
    >>> lora = Quantity(value=0.6, draws=np.array([0.5, 0.6, 0.7]), n=10, seeds=1)
    >>> print((lora - full).estimate())
    0.1 [0.1, 0.1] (95% hierarchical bootstrap, n=10)
    """

    value: float
    draws: FloatArray = field(repr=False)
    n: int
    seeds: int = 0

    def __sub__(self, other: Quantity) -> Quantity:
        return self._with(other, self.value - other.value, self.draws - other.draws)

    def __truediv__(self, other: Quantity) -> Quantity:
        """NaN where the divisor is 0: a ratio to nothing says nothing."""
        with np.errstate(invalid="ignore", divide="ignore"):
            draws = np.where(other.draws == 0, np.nan, self.draws / other.draws)
        return self._with(other, self.value / other.value if other.value else math.nan, draws)

    def _with(self, other: Quantity, value: float, draws: FloatArray) -> Quantity:
        return Quantity(value=value, draws=draws, n=min(self.n, other.n), seeds=min(self.seeds, other.seeds))

    def __neg__(self) -> Quantity:
        return Quantity(value=-self.value, draws=-self.draws, n=self.n, seeds=self.seeds)

    @property
    def defined(self) -> bool:
        """Whether there is a value at all."""
        return not math.isnan(self.value)

    def estimate(self, confidence: float = 0.95) -> Estimate:
        """The value with its percentile interval; without one where it has one row, or resamples have no value."""
        low = high = math.nan
        usable = self.draws[~np.isnan(self.draws)]
        if self.defined and self.n > 1 and len(usable) >= (1 - _MOST_UNDEFINED) * len(self.draws) > 0:
            low, high = (float(end) for end in np.quantile(usable, [(1 - confidence) / 2, (1 + confidence) / 2]))
        return Estimate(self.value, low, high, self.n, confidence, METHOD)

    def p_value(self) -> float:
        """Twice the share of resamples on the far side of 0, two-sided, the value itself counted; NaN without draws."""
        usable = self.draws[~np.isnan(self.draws)]
        if not self.defined or not len(usable):
            return math.nan
        fewer = min(int((usable <= 0).sum()), int((usable >= 0).sum()))
        return min(1.0, 2 * (1 + fewer) / (1 + len(usable)))


def mean_of(quantities: Sequence[Quantity]) -> Quantity:
    """The mean of those that have a value, each of the same weight.

    >>> mean_of([Quantity(value=v, draws=np.array([v]), n=5) for v in (0.25, 0.75)]).value
    0.5
    """
    found = [quantity for quantity in quantities if quantity.defined]
    if not found:
        return nothing(len(quantities[0].draws) if quantities else 0)
    return Quantity(
        value=math.fsum(quantity.value for quantity in found) / len(found),
        draws=np.mean([quantity.draws for quantity in found], axis=0),
        n=min(quantity.n for quantity in found),
        seeds=min(quantity.seeds for quantity in found),
    )


def nothing(resamples: int) -> Quantity:
    """What was not measured.

    >>> nothing(3).estimate().n
    0
    """
    return Quantity(value=math.nan, draws=np.full(resamples, np.nan), n=0)
