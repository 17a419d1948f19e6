"""How far is far: scores over the similarity to the nearest training row, and the gap at equal similarity."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from codeshift.arithmetic import ratio
from codeshift.metrics import Estimate
from codeshift.metrics.base import FloatArray
from codeshift.parts import TEST_PARTS
from codeshift.study.findings.cells import Cell, Cells, State
from codeshift.study.findings.finding import Finding
from codeshift.study.findings.large_enough import distinct_rows
from codeshift.study.findings.quantity import Quantity, combined, mean_of, nothing
from codeshift.study.results.measures import SHARE, Measure, method_name
from codeshift.study.settings.keys import RunKey

SIMILARITY_BINS = 8
"""Number of bins of similarity, with about as many test rows each."""
FEWEST = 5
"""Smallest number of rows of each part in a bin in which the parts are compared."""

_ID, _OOD = TEST_PARTS
RowsInBins = tuple[NDArray[np.bool_], NDArray[np.int64]]
"""Whether each test row is in a part, and its bin; both of shape (rows,)."""


@dataclass(frozen=True, kw_only=True)
class SimilarityPoint:
    """Point of a curve over similarity.

    Attributes:
        low: Smallest similarity in the bin.
        high: Largest similarity in the bin.
        similarity: Mean similarity of the bin's rows.
        estimate: Score of the bin's rows, with its interval over seeds and rows.
    """

    low: float
    high: float
    similarity: float
    estimate: Estimate


@dataclass(frozen=True, kw_only=True)
class SimilarityCurve:
    """Score of a cell on test rows, in the region and outside, over their similarity to the nearest training row.

    Attributes:
        cell: Cell of the scores.
        measure: Display of the metric.
        points: Points, from far to near.
    """

    cell: Cell
    measure: Measure
    points: tuple[SimilarityPoint, ...]

    @property
    def sentence(self) -> str:
        """Finding in words."""
        values = "; ".join(
            f"{point.similarity:.2f}: {self.measure.estimate(point.estimate)}, n = {point.estimate.n:,}"
            for point in self.points
        )
        place = f"{self.cell.scenario}, {method_name(self.cell.method)}"
        return f"{place}: {self.measure.title} over the similarity to the nearest training row {values}."


@dataclass(frozen=True, kw_only=True)
class EqualGap(Finding):
    """Gap of a cell at equal similarity: score on ``test_id`` minus that on ``test_ood``, bin by bin of similarity.

    A bin counts as much as it has rows of ``test_ood``; bins with few rows of a part are left out. What is left of the
    gap there is no matter of how near the training rows are.

    Attributes:
        cell: Cell of the scores; the scenario of a mean over scenarios is empty.
        measure: Display of the metric.
        state: State of the cell's runs; None of a mean over scenarios.
        gap: Gap as it is.
        explained: Gap less that at equal similarity.
        share: What is explained as a share of the gap; without an interval where the gap may be 0, and then no share.
        compared: Share of the rows of ``test_ood`` that lie in bins that count.
        distinct: Number of distinct rows in these bins, of the part and split seed with fewest.
        needed: Number of distinct rows that the gap at equal similarity needs.
    """

    cell: Cell
    measure: Measure
    state: State | None
    gap: Estimate
    explained: Estimate
    share: Estimate
    compared: float
    distinct: int
    needed: int

    @property
    def too_few(self) -> bool:
        """Whether too few distinct rows are compared for a gap at equal similarity."""
        return self.distinct < self.needed and not math.isnan(self.gap.value)

    @property
    def sentence(self) -> str:
        """Finding in words."""
        place = replace(self.cell, scenario=self.cell.scenario or "mean over scenarios").title
        if self.too_few:
            return f"{place}: {self.distinct} distinct rows at equal similarity, too few for a gap."
        if math.isnan(self.value):
            return f"{place}: the gap at equal similarity is not measured."
        gap, equal = self.measure.change(self.gap), self.measure.change(self.estimate)
        part = "" if not self.share.has_interval else f"; similarity explains {SHARE.estimate(self.share)}"
        return (
            f"{place}: of the gap in {self.measure.title} of {gap}, {equal} is left at equal similarity{part} "
            f"({self.compared:.0%} of the rows of {_OOD} compared){self.rows_told}."
        )


def similarity_curves(cells: Cells, metric: str) -> Iterator[SimilarityCurve]:
    """Yield the curves at the smallest share kept and without fine-tuning; none without similarities."""
    for cell in cells:
        if cell.ood_kept not in (None, cells.lowest_share):
            continue
        near = _Near(cells, cell)
        if near.edges is None:
            continue
        points = []
        for i, (low, high) in enumerate(zip(near.edges, near.edges[1:], strict=False)):
            quantity = near.quantity(metric, None, i)
            if quantity.defined:
                estimate = cells.estimate(quantity)
                points.append(
                    SimilarityPoint(low=low, high=high, similarity=near.mean_similarity(i), estimate=estimate)
                )
        if points:
            yield SimilarityCurve(cell=cell, measure=cells.measure(metric), points=tuple(points))


def equal_gaps(cells: Cells, metric: str) -> Iterator[EqualGap]:
    """Yield the gap at equal similarity of each cell, and the mean over scenarios of each method and share kept."""
    means: dict[tuple[str, float | None], list[ComparedGap]] = {}
    for cell in cells:
        compared = compared_gap(cells, metric, cell)
        if compared is not None:
            means.setdefault((cell.method, cell.ood_kept), []).append(compared)
            yield _equal_gap(cells, metric, cell, compared)
    for (method, kept), of_scenarios in means.items():
        measured = [gap for gap in of_scenarios if gap.is_known(cells.min_rows)]
        if len(measured) > 1:
            yield _equal_gap(cells, metric, Cell(scenario="", method=method, ood_kept=kept), mean_gap(measured))


@dataclass(frozen=True)
class ComparedGap:
    """Gap as it is and at equal similarity, with the share of ``test_ood`` and the number of distinct rows compared."""

    gap: Quantity
    equal: Quantity
    share: float
    distinct: int

    def is_known(self, min_rows: int) -> bool:
        """Return whether both gaps are measured, on enough distinct rows."""
        return self.gap.defined and self.equal.defined and self.distinct >= min_rows


def compared_gap(cells: Cells, metric: str, cell: Cell) -> ComparedGap | None:
    """Return the gap of a cell as it is and at equal similarity; None without similarities."""
    return cells.once(("compared gap", metric, cell), lambda: _compared_gap(cells, metric, cell))


def _compared_gap(cells: Cells, metric: str, cell: Cell) -> ComparedGap | None:
    near = _Near(cells, cell)
    if near.edges is None:
        return None
    gap = cells.quantity(cell, metric, _ID) - cells.quantity(cell, metric, _OOD)
    equal, share = near.equal_gap(metric)
    return ComparedGap(gap, equal, share, near.distinct(metric))


def mean_gap(compared: Sequence[ComparedGap]) -> ComparedGap:
    """Return the mean of several gaps, as they are and at equal similarity."""
    return ComparedGap(
        gap=mean_of([gap.gap for gap in compared]),
        equal=mean_of([gap.equal for gap in compared]),
        share=math.fsum(gap.share for gap in compared) / len(compared),
        distinct=min(gap.distinct for gap in compared),
    )


def _equal_gap(cells: Cells, metric: str, cell: Cell, compared: ComparedGap) -> EqualGap:
    gap, equal = compared.gap, compared.equal if compared.distinct >= cells.min_rows else nothing()
    explained = gap - equal
    return EqualGap(
        estimate=cells.estimate(equal), seeds=equal.seeds, cell=cell, measure=cells.measure(metric),
        state=cells.state(cell) if cell.scenario else None, gap=cells.estimate(gap),
        explained=cells.estimate(explained), share=cells.estimate(explained / gap), compared=compared.share,
        distinct=compared.distinct, needed=cells.min_rows,
    )  # fmt: skip


class _Near:
    """Test rows of a cell's scenario in bins of similarity, which are the same for all methods and split seeds."""

    def __init__(self, cells: Cells, cell: Cell) -> None:
        self._cells, self._cell = cells, cell
        kept = cells.lowest_share if cell.ood_kept is None else cell.ood_kept
        self._of_seed: dict[int, tuple[FloatArray, dict[str, NDArray[np.bool_]]]] = {
            split_seed: (facts.nearest[kept], dict(facts.members))
            for (scenario, split_seed), facts in cells.results.splits.items()
            if scenario == cell.scenario and kept is not None and kept in facts.nearest
        }
        self.edges = self._edges()

    def _edges(self) -> list[float] | None:
        """Return the ends of the bins; None without similarities of all split seeds, or if all are equal."""
        if not self._of_seed or set(self._of_seed) != set(self._cells.results.split_seeds):
            return None
        pooled = np.concatenate([values[self._rows(seed, None)] for seed, (values, _) in self._of_seed.items()])
        pooled = pooled[~np.isnan(pooled)]
        if not pooled.size or not np.ptp(pooled):
            return None
        return sorted(set(np.quantile(pooled, np.linspace(0, 1, SIMILARITY_BINS + 1)).tolist()))

    def _rows(self, split_seed: int, part: str | None) -> NDArray[np.bool_]:
        members = self._of_seed[split_seed][1]
        return members[_ID] | members[_OOD] if part is None else members[part]

    def _bins(self, split_seed: int) -> NDArray[np.int64]:
        """Return the bin of each test row; -1 without a similarity."""
        values = self._of_seed[split_seed][0]
        assert self.edges is not None  # noqa: S101 - who asks has them
        inner = np.searchsorted(self.edges[1:-1], values, side="right")
        return np.where(np.isnan(values), -1, inner)

    def mean_similarity(self, number: int) -> float:
        """Return the mean similarity of the rows of a bin."""
        inside = [
            values[self._rows(seed, None) & (self._bins(seed) == number)] for seed, (values, _) in self._of_seed.items()
        ]
        return float(np.concatenate(inside).mean())

    def quantity(self, metric: str, part: str | None, number: int) -> Quantity:
        """Return the score of the rows of a bin, of one part or of both."""
        results = self._cells.results

        def statistics(key: RunKey) -> FloatArray:
            chosen = self._rows(key.split_seed, part) & (self._bins(key.split_seed) == number)
            parts = [results.set_statistics(key, metric, test_part, self._cell.scenario) for test_part in TEST_PARTS]
            values = np.where(np.isnan(parts[0]).all(axis=1, keepdims=True), parts[1], parts[0])
            return np.where(chosen[:, None], values, np.nan)

        records = self._cells.records(self._cell)
        name = f"{metric} near {number} of {part} in {self._cell.scenario} at {self._cell.ood_kept}"
        if not all(self._count(record.key.split_seed, part, number) for record in records):
            return nothing()
        return self._cells.resampler.of_rows(records, "test", None, name, statistics, self._cells.metric(metric))

    def _count(self, split_seed: int, part: str | None, number: int) -> int:
        return int((self._rows(split_seed, part) & (self._bins(split_seed) == number)).sum())

    @cached_property
    def _shared_bins(self) -> list[int]:
        """Bins with enough rows of each part, of all split seeds."""
        assert self.edges is not None  # noqa: S101 - who asks has them
        return [
            number for number in range(len(self.edges) - 1)
            if all(self._count(seed, part, number) >= FEWEST for seed in self._of_seed for part in TEST_PARTS)
        ]  # fmt: skip

    def distinct(self, metric: str) -> int:
        """Return the number of distinct rows in the bins that count, of the part and split seed with fewest."""

        def rows(key: RunKey) -> NDArray[np.bool_]:
            return np.isin(self._bins(key.split_seed), self._shared_bins)

        counts = [distinct_rows(self._cells, metric, part, self._cell.scenario, rows=rows) for part in TEST_PARTS]
        return min(count or 0 for count in counts)

    def equal_gap(self, metric: str) -> tuple[Quantity, float]:
        """Return the gap at equal similarity, and the share of the rows of ``test_ood`` that it is about."""
        seeds = self._of_seed
        differences, counts = [], []
        for number in self._shared_bins:
            inside, outside = (self.quantity(metric, part, number) for part in (_OOD, _ID))
            if inside.defined and outside.defined:
                differences.append(outside - inside)
                counts.append(sum(self._count(seed, _OOD, number) for seed in seeds))
        total = sum(int(self._rows(seed, _OOD).sum()) for seed in seeds)
        weights = [count / sum(counts) for count in counts]
        return combined(list(zip(weights, differences, strict=True))), ratio(sum(counts), total)
