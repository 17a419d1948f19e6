"""Rows, or groups of rows, as the units of resampling: values of all of them, of resamples, and without each.

A sample of sums holds statistics that add up: those of a group of rows are their sum. A weighted sample holds every row
and is valued with a weight for each. Both are sorted, so a seed draws the same resamples in any order of the rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from codeshift.metrics.aggregates.components import effective_df
from codeshift.metrics.base import FloatArray, column_sums

_BLOCK = 1 << 21  # counts held at once: 16 MiB

_Self = TypeVar("_Self", bound="Sample")


@dataclass(frozen=True, kw_only=True)
class Sample(ABC):
    """Rows, and the estimator of their value.

    Attributes:
        rows: Statistics of each unit of a sample of sums, or of each row of a weighted one, shape (_, d).
        sizes: Number of rows of each unit, shape (units,); None if each unit is a row.
        scores: Hits and misses of each unit, shape (units, 2), if the score of each row is 0 or 1; None otherwise.
        bound: Score of every row, if it is the same in all rows and is a bound of scores or 0; None otherwise.
        span: Lowest and the highest score that a row can have, if there is a ``bound``.
        trials: Number of units that the value's variance depends on; None if on all.
        partial: Whether resamples may lack what the value needs, such as a class; these are then left out.
        note_of: Function that returns what a reader of the value should know; None if there is nothing.
    """

    rows: FloatArray = field(kw_only=False)
    sizes: FloatArray | None = None
    scores: FloatArray | None = None
    bound: float | None = None
    span: tuple[float, float] = (0.0, 1.0)
    trials: float | None = None
    partial: bool = False
    note_of: Callable[[], str] | None = None

    @property
    @abstractmethod
    def units(self) -> int:
        """Number of units of resampling: of groups if there are any, else of rows."""

    @property
    @abstractmethod
    def value(self) -> float:
        """Value of all rows, identical to the last bit in any order of the rows; NaN if there are none."""

    @abstractmethod
    def resampled(self, n_resamples: int, rng: np.random.Generator) -> FloatArray:
        """Return the values of units drawn with replacement, shape (n_resamples,)."""

    @abstractmethod
    def without_each(self) -> FloatArray:
        """Return the value without each unit in turn, shape (units,)."""

    @abstractmethod
    def sorted(self: _Self) -> _Self:
        """Return the same units in an order that depends on their content alone."""

    @abstractmethod
    def ordered(self: _Self, order: NDArray[np.intp]) -> _Self:
        """Return the same units in this order, if each row is a unit."""

    @abstractmethod
    def grouped(self: _Self, labels: NDArray[np.int64] | None) -> _Self:
        """Return the sample with the rows of each label, shape (n,), as one unit."""

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.units if self.sizes is None else int(self.sizes.sum())

    @property
    def groups(self) -> int | None:
        """Number of groups; None if each unit is a row."""
        return None if self.units == self.n else self.units

    @property
    def df(self) -> float:
        """Degrees of freedom of the units."""
        if self.trials is not None:
            return max(self.trials - 1.0, 0.0)
        return self.units - 1.0 if self.sizes is None else effective_df(self.sizes)

    @property
    def note(self) -> str:
        """Note on the value for its reader, or the reason why there is none; empty if there is nothing to say."""
        return "" if self.note_of is None else self.note_of()

    def _of_groups(self, labels: NDArray[np.int64]) -> dict[str, Any]:
        """Return the fields of the sample whose units are the rows of each label."""
        scores = None if self.scores is None else sums_by_label(self.scores, labels)
        sizes = sums_by_label(np.ones((len(labels), 1)), labels)[:, 0]
        trials = None if self.trials is None else self.trials * len(sizes) / len(labels)
        return {"scores": scores, "sizes": sizes, "trials": trials}


@dataclass(frozen=True)
class SummedSample(Sample):
    """Rows whose statistics add up.

    Attributes:
        rows: Statistics of each unit, shape (units, d): of a row, or summed over a group of rows.
        values_of: Function from sums, shape (resamples, d), to values, shape (resamples,).
        deviations_of: Function from sums of resamples and of all rows to deviations, as ``Metric.deviations``.
    """

    values_of: Callable[[FloatArray], FloatArray]
    deviations_of: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray] | None] | None = None

    @property
    def units(self) -> int:
        """Number of units of resampling: of groups if there are any, else of rows."""
        return len(self.rows)

    @property
    def value(self) -> float:
        """Value of all rows, identical to the last bit in any order of the rows; NaN if there are none."""
        return float(self.values_of(column_sums(self.rows)[None, :])[0]) if self.n else float("nan")

    def resampled(self, n_resamples: int, rng: np.random.Generator) -> FloatArray:
        """Return the values of units drawn with replacement, shape (n_resamples,)."""
        return self.values_of(self._resampled_sums(n_resamples, rng))

    def deviations(self, n_resamples: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray] | None:
        """Return how far values may lie above and below the truth, if percentiles do not do; see ``Metric``."""
        if self.deviations_of is None:
            return None
        return self.deviations_of(self._resampled_sums(n_resamples, rng), column_sums(self.rows))

    def _resampled_sums(self, n_resamples: int, rng: np.random.Generator) -> FloatArray:
        counts = resampled_counts(self.units, n_resamples, rng)
        return np.concatenate([weighted_sums(block, self.rows) for block in counts])

    def without_each(self) -> FloatArray:
        """Return the value without each unit in turn, shape (units,)."""
        return self.values_of(column_sums(self.rows)[None, :] - self.rows)

    def sorted(self) -> SummedSample:
        """Return the same units in an order that depends on their content alone."""
        keys = self.rows if self.sizes is None else np.column_stack([self.rows, self.sizes])
        return self.ordered(np.lexsort(keys.T[::-1]))

    def ordered(self, order: NDArray[np.intp]) -> SummedSample:
        """Return the same units in this order, if each row is a unit."""
        sizes, scores = (None if values is None else values[order] for values in (self.sizes, self.scores))
        return replace(self, rows=self.rows[order], sizes=sizes, scores=scores)

    def grouped(self, labels: NDArray[np.int64] | None) -> SummedSample:
        """Return the sample with the rows of each label as one unit, their statistics added up."""
        if labels is None or self.units == 0 or len(np.unique(labels)) == self.units:
            return self
        return replace(self, rows=sums_by_label(self.rows, labels), **self._of_groups(labels))


@dataclass(frozen=True)
class WeightedSample(Sample):
    """Rows that are valued with a weight for each.

    Attributes:
        rows: Statistics of each row, shape (n, d).
        values_of: Function from rows, shape (n, d), and weights, shape (resamples, n), to values, (resamples,).
        unit_of: Number of each row's unit, shape (n,); None if each row is a unit.
        without_of: Function from rows to the values without each, as ``WeightedMetric.without_each``.
    """

    values_of: Callable[[FloatArray, FloatArray], FloatArray]
    unit_of: NDArray[np.int64] | None = None
    without_of: Callable[[FloatArray], FloatArray | None] | None = None

    @property
    def units(self) -> int:
        """Number of units of resampling: of groups if there are any, else of rows."""
        return len(self.rows) if self.sizes is None else len(self.sizes)

    @property
    def value(self) -> float:
        """Value of all rows, identical to the last bit in any order of the rows; NaN if there are none."""
        return float(self.weighted(np.ones((1, self.units)))[0]) if self.n else float("nan")

    def weighted(self, weights: FloatArray) -> FloatArray:
        """Return the values with a weight for each unit, shape (resamples, units)."""
        return self.values_of(self.rows, weights if self.unit_of is None else weights[:, self.unit_of])

    def resampled(self, n_resamples: int, rng: np.random.Generator) -> FloatArray:
        """Return the values of units drawn with replacement, shape (n_resamples,)."""
        # Rows decide how many resamples fit into memory; the draws are the same in blocks of any size.
        counts = resampled_counts(self.units, n_resamples, rng, width=len(self.rows))
        return np.concatenate([self.weighted(block) for block in counts])

    def without_each(self) -> FloatArray:
        """Return the value without each unit in turn, shape (units,)."""
        without_units = None if self.without_of is None else self.without_of(self.rows)
        if without_units is None:
            return self._without(np.arange(self.units))
        if self.unit_of is None:
            return without_units
        values = np.empty(self.units)
        values[self.unit_of] = without_units  # of units of one row; nearly all are
        several = np.flatnonzero(np.bincount(self.unit_of, minlength=self.units) != 1)
        values[several] = self._without(several)
        return values

    def _without(self, units: NDArray[np.intp]) -> FloatArray:
        """Return the value without each of some units, shape (k,), by a weight of 0 for it."""
        block = max(1, _BLOCK // max(1, len(self.rows)))
        values = [np.empty(0)]
        for start in range(0, len(units), block):
            left_out = units[start : start + block]
            weights = np.ones((len(left_out), self.units))
            weights[np.arange(len(left_out)), left_out] = 0.0
            values.append(self.weighted(weights))
        return np.concatenate(values)

    def sorted(self) -> WeightedSample:
        """Return the same units in an order that depends on their content alone."""
        order = np.lexsort(self.rows.T[::-1])
        rows = self.rows[order]
        if self.unit_of is None or self.sizes is None:
            scores = None if self.scores is None else self.scores[order]
            return replace(self, rows=rows, scores=scores)
        fresh = np.append(True, (rows[1:] != rows[:-1]).any(axis=1))
        ranks, unit_of = np.cumsum(fresh), self.unit_of[order]
        contents: list[list[int]] = [[] for _ in range(self.units)]
        for rank, unit in zip(ranks.tolist(), unit_of.tolist(), strict=True):
            contents[unit].append(rank)
        by_content = np.array(sorted(range(self.units), key=contents.__getitem__), dtype=np.int64)
        place = np.empty_like(by_content)
        place[by_content] = np.arange(self.units)
        scores = None if self.scores is None else self.scores[by_content]
        return replace(self, rows=rows, unit_of=place[unit_of], sizes=self.sizes[by_content], scores=scores)

    def ordered(self, order: NDArray[np.intp]) -> WeightedSample:
        """Return the same units in this order, if each row is a unit."""
        scores = None if self.scores is None else self.scores[order]
        return replace(self, rows=self.rows[order], scores=scores)

    def grouped(self, labels: NDArray[np.int64] | None) -> WeightedSample:
        """Return the sample with the rows of each label as one unit."""
        if labels is None or self.units == 0:
            return self
        numbers = np.unique(labels, return_inverse=True)[1].reshape(-1)
        if numbers.max() + 1 == self.units:
            return self
        return replace(self, unit_of=numbers.astype(np.int64), **self._of_groups(labels))


def resampled_counts(
    n: int, n_resamples: int, rng: np.random.Generator, width: int | None = None
) -> Iterator[FloatArray]:
    """Yield how often each of n units is drawn with replacement, in blocks of shape (resamples in the block, n).

    Args:
        n: Number of units.
        n_resamples: Number of resamples.
        rng: Random generator.
        width: Number of numbers that the caller holds for each resample, at least n; by default n.
    """
    block = max(1, _BLOCK // max(n, width or 0))
    for start in range(0, n_resamples, block):
        size = min(block, n_resamples - start)
        drawn = rng.integers(0, n, size=(size, n)) + np.arange(size)[:, None] * n
        counts = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        yield counts.astype(np.float64)


def weighted_sums(counts: FloatArray, rows: FloatArray) -> FloatArray:
    """Return ``counts @ rows``: (resamples, n) by (n, d)."""
    # Not BLAS: its sums, and so the last bits of a result, depend on the number of threads.
    return np.asarray(np.einsum("rn,nd->rd", counts, rows, optimize=False))


def sums_by_label(rows: FloatArray, labels: NDArray[np.int64]) -> FloatArray:
    """Return the sums of the rows of each label, shape (labels, d), the same to the last bit in any order of rows."""
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=labels[order][:1] - 1))
    ends = np.append(starts[1:], len(order))
    sums = rows[order[starts]].copy()
    for place in np.flatnonzero(ends - starts > 1):
        sums[place] = column_sums(rows[order[starts[place] : ends[place]]])
    return sums
