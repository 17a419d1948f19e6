"""Numbers of a study as sums of its cells' values, so that ratios, gaps and means of cells have intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from codeshift.metrics import Estimate
from codeshift.metrics.aggregates.components import Component, components, half_width, p_value_of
from codeshift.metrics.aggregates.sample import clipped
from codeshift.metrics.aggregates.seeds import TWO_SEEDS, log_odds
from codeshift.study.findings.cell_values import CellValue
from codeshift.study.findings.variances import Moments, fewest_runs, fieller_ends, moments, unseen_of_difference

_LARGEST_ERROR = 0.25  # relative error of a divisor above which a mean of ratios is far from a sum of its cells


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantity:
    """A value, and its derivative by the values of the cells that it is made of.

    Cells hold the influence of each seed and each group of rows. The influences on a sum of cells add up, so rows and
    seeds that two cells share cancel as they should: the difference of two models on the same rows is a paired one.
    Ratios are linearised by their first derivative; a single ratio has Fieller's interval.

    Attributes:
        value: Value, computed from the rows; NaN if there is none.
        weights: Derivative of the value by that of each cell.
        n: Number of rows behind it (the smallest of its cells).
        seeds: Number of trained models behind it (the smallest of its cells).
        groups: Number of groups that those rows fall into; None if each row is a group of its own.
        ratio: Numerator and divisor, if it is the ratio of two sums of cells.
        note: Reason why it can have no interval; empty otherwise.

    >>> nothing().estimate().n
    0
    """

    value: float
    weights: Mapping[CellValue, float] = field(default_factory=dict, repr=False)
    n: int
    seeds: int = 0
    groups: int | None = None
    ratio: tuple[Quantity, Quantity] | None = field(default=None, repr=False)
    note: str = ""

    def __sub__(self, other: Quantity) -> Quantity:
        return self._with(other, self.value - other.value, 1.0, -1.0)

    def __truediv__(self, other: Quantity) -> Quantity:
        """Divide by another quantity; NaN if the divisor is 0."""
        if not other.value or not self.defined or not other.defined:
            return self._with(other, math.nan, 0.0, 0.0)
        value = self.value / other.value
        ratio = self._with(other, value, 1 / other.value, -value / other.value)
        if not ratio.weights:  # a quantity divided by itself is exactly 1
            return replace(ratio, note="")
        linear = self.ratio is None and other.ratio is None
        return replace(ratio, ratio=(self, other) if linear else None, note=ratio.note or other._unsure())

    def _with(self, other: Quantity, value: float, own: float, others: float) -> Quantity:
        smaller = min(self, other, key=lambda side: (side.n, side.groups or side.n))
        return Quantity(
            value=value, weights=_sum([(own, self.weights), (others, other.weights)]), n=smaller.n,
            seeds=min(self.seeds, other.seeds), groups=smaller.groups, note=self.note or other.note,
        )  # fmt: skip

    def __neg__(self) -> Quantity:
        weights = {cell: -weight for cell, weight in self.weights.items()}
        ratio = None if self.ratio is None else (-self.ratio[0], self.ratio[1])
        return replace(self, value=-self.value, weights=weights, ratio=ratio)

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return not math.isnan(self.value)

    @property
    def trained(self) -> int | None:
        """Smallest number of trained models of its cells; None if nothing is trained."""
        return fewest_runs(self.weights)

    def estimate(self, confidence: float = 0.95) -> Estimate:
        """Return the value with its interval over seeds and rows; over rows alone with at most one trained model."""
        if self._cell is not None and len(self._cell.runs) == 1:
            return self._cell.over_rows(confidence)
        low = high = math.nan
        note, over = self.note, "rows" if self.trained in (None, 1) else "seeds and rows"
        method = f"t over {over}"
        if self._cell is not None and not note:
            note = self._cell.few
        spread = self._moments() if self.defined and self.n > 1 and (not note or self._simple) else None
        if spread is not None and self._simple and self.ratio is not None:
            method, (low, high) = f"Fieller, {method}", self._fieller(confidence)
            note = "the divisor may be 0" if math.isnan(low) else ""
            low = max(low, 0.0) if self._positive else low
        elif spread is not None:
            half = half_width(self._components(spread), confidence)
            bounded = self._cell is not None and self._cell.bounded and 0 < self.value < 1
            method += ", log odds" if bounded else ""
            low, high = log_odds(self.value, half) if bounded else (self.value - half, self.value + half)
            low, high = clipped(low, high, None if self._cell is None else self._cell.bounds)
        if self.trained == 2 and not math.isnan(low):
            note = TWO_SEEDS
        return Estimate(self.value, low, high, self.n, confidence, method, groups=self.groups, note=note)

    def p_value(self) -> float:
        """Return the two-sided p-value of no difference from 0: below .05 exactly if the 95% interval excludes 0."""
        spread = self._moments() if self.defined and self.n > 1 and not self.note else None
        return math.nan if spread is None else p_value_of(self.value, self._components(spread))

    @property
    def _cell(self) -> CellValue | None:
        """Only cell, if this is its value; None otherwise."""
        cells = list(self.weights.items())
        return cells[0][0] if len(cells) == 1 and cells[0][1] == 1.0 and cells[0][0].value == self.value else None

    @property
    def _simple(self) -> bool:
        """Whether it is a ratio whose parts have intervals of their own."""
        return self.ratio is not None and not any(part.note for part in self.ratio)

    @property
    def _positive(self) -> bool:
        """Whether it is the ratio of two cells that cannot lie below 0."""
        cells = [part._cell for part in self.ratio or ()]
        return bool(cells) and all(cell is not None and cell.bounded for cell in cells)

    def _moments(self) -> Moments | None:
        return moments(self.weights)

    def _components(self, spread: Moments) -> list[Component]:
        """Return the variance components, with the variance of a difference of shares that few rows do not show."""
        unseen = unseen_of_difference(self.weights)
        return spread.components() + components((unseen, spread.row_df))

    def _fieller(self, confidence: float) -> tuple[float, float]:
        top, bottom = self.ratio or (self, self)
        both = _sum([(1.0, top.weights), (1.0, bottom.weights)])
        sides = [moments(weights) for weights in (top.weights, bottom.weights, both)]
        return fieller_ends(top.value, bottom.value, [side for side in sides if side is not None], confidence)

    def _unsure(self) -> str:
        """Return the reason why a ratio to this cannot be linearised; empty if it can."""
        spread = self._moments()
        if spread is None:
            return ""
        error = math.sqrt(math.fsum(component.variance for component in spread.components()))
        return "" if error <= _LARGEST_ERROR * abs(self.value) else "a divisor may be near 0"


def mean_of(quantities: Sequence[Quantity]) -> Quantity:
    """Return the unweighted mean of the quantities that have a value.

    >>> mean_of([Quantity(value=v, n=5) for v in (0.25, 0.75)]).value
    0.5
    """
    defined = [quantity for quantity in quantities if quantity.defined]
    if not defined:
        return nothing()
    if len(defined) == 1:
        return defined[0]
    smallest = min(defined, key=lambda side: (side.n, side.groups or side.n))
    return Quantity(
        value=math.fsum(quantity.value for quantity in defined) / len(defined),
        weights=_sum([(1 / len(defined), quantity.weights) for quantity in defined]),
        n=smallest.n,
        seeds=min(quantity.seeds for quantity in defined),
        groups=smallest.groups,
        note=next((quantity.note for quantity in defined if quantity.note), ""),
    )


def combined(parts: Sequence[tuple[float, Quantity]]) -> Quantity:
    """Return a sum of quantities, each times a number; not measured if one is not.

    >>> combined([(0.25, Quantity(value=4.0, n=9)), (0.75, Quantity(value=8.0, n=5))]).value
    7.0
    """
    if not parts or not all(quantity.defined for _, quantity in parts):
        return nothing()
    return Quantity(
        value=math.fsum(factor * quantity.value for factor, quantity in parts),
        weights=_sum([(factor, quantity.weights) for factor, quantity in parts]),
        n=sum(quantity.n for _, quantity in parts),
        seeds=min(quantity.seeds for _, quantity in parts),
        note=next((quantity.note for _, quantity in parts if quantity.note), ""),
    )


def nothing() -> Quantity:
    """Return a quantity that was not measured.

    >>> nothing().defined
    False
    """
    return Quantity(value=math.nan, n=0)


def _sum(parts: Sequence[tuple[float, Mapping[CellValue, float]]]) -> dict[CellValue, float]:
    sums: dict[CellValue, float] = {}
    for factor, weights in parts:
        for cell, weight in weights.items():
            sums[cell] = sums.get(cell, 0.0) + factor * weight
    return {cell: weight for cell, weight in sums.items() if weight != 0.0}
