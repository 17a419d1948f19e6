"""Comparisons of two methods on the same rows: the difference, and whether it can be chance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from codeshift.arithmetic import exact_mean
from codeshift.metrics import CorpusScore, Estimate, Metric, paired_difference
from codeshift.metrics.base import FloatArray, WeightedMetric
from codeshift.parts import TEST_PARTS
from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.correction import holm_within
from codeshift.study.findings.finding import Finding, kept_in_words
from codeshift.study.folder.records import RunRecord
from codeshift.study.results.measures import Measure, method_name

PERMUTATIONS = 1999


@dataclass(frozen=True, kw_only=True)
class Comparison(Finding):
    """Score of a method minus that of the reference method (full fine-tuning), on the same rows of one scenario.

    Attributes:
        scenario: Name of the scenario.
        method: Name of the method.
        reference: Name of the reference method.
        ood_kept: Share of the region that both methods kept.
        part: Part of the test rows.
        measure: Display of the metric.
        p_value: P-value of the interval over seeds and rows, or of a paired permutation test over rows if that is
            larger; an interval that disagrees with it is widened.
        p_holm: P-value after Holm's correction over the study's scenarios, for the method and the share kept.

    >>> from codeshift.metrics import Estimate
    >>> from codeshift.study.results.measures import EXACT_MATCH
    >>> value = Estimate(0.1, 0.02, 0.18, 90, 0.95, "percentile")
    >>> print(Comparison(
    ...     estimate=value, seeds=1, scenario="loops", method="lora", reference="full", ood_kept=0.0, part="test_ood",
    ...     measure=EXACT_MATCH, p_value=0.01, p_holm=0.02,
    ... ))
    loops, none of the region kept: LoRA less full fine-tuning on test_ood: +10.0 points [2.0, 18.0] exact match, n
    = 90; p = 0.01, 0.02 after Holm's correction.
    """

    scenario: str
    method: str
    reference: str
    ood_kept: float
    part: str
    measure: Measure
    p_value: float
    p_holm: float = math.nan

    @property
    def is_ahead(self) -> bool:
        """Whether the method is better, by chance or not; below 0 is better if lower scores are."""
        return self.value > 0 if self.measure.higher_is_better else self.value < 0

    @property
    def significant(self) -> bool:
        """Whether the corrected p-value is at most .05."""
        return self.p_holm <= 0.05

    @property
    def sentence(self) -> str:
        """Finding in words."""
        names = f"{method_name(self.method)} less {method_name(self.reference)}"
        place = f"{self.scenario}, {kept_in_words(self.ood_kept)}: {names} on {self.part}"
        if math.isnan(self.value):
            return f"{place}: not measured."
        p = f"p = {self.p_value:.3g}, {self.p_holm:.3g} after Holm's correction"
        return f"{place}: {self.measure.change(self.estimate)} {self.measure.title}{self.rows_told}; {p}."


def comparisons(cells: Cells, metric: str, part: str = "test_ood") -> list[Comparison]:
    """Compare all other methods with the reference method; Holm's correction is over the scenarios of a share kept."""
    return cells.once(("comparisons", metric, part), lambda: _comparisons(cells, metric, part))


def _comparisons(cells: Cells, metric: str, part: str) -> list[Comparison]:
    compared = [
        _comparison(cells, metric, part, scenario, method, kept)
        for method in cells.methods
        if method != cells.reference_method
        for kept in cells.results.ood_kept
        for scenario in cells.results.scenarios
    ]
    families = [(comparison.method, comparison.ood_kept) for comparison in compared]
    corrected = holm_within([comparison.p_value for comparison in compared], families)
    return [replace(comparison, p_holm=p) for comparison, p in zip(compared, corrected, strict=True)]


def _comparison(cells: Cells, metric: str, part: str, scenario: str, method: str, kept: float) -> Comparison:
    reference = cells.reference_method or ""
    records = [cells.records(Cell(scenario=scenario, method=name, ood_kept=kept)) for name in (method, reference)]
    first, second = of_both(*records)
    sides = [cells.resampler.quantity(side, metric, part, scenario) for side in (first, second)]
    difference = sides[0] - sides[1]
    estimate, p_value = cells.estimate(difference), difference.p_value()
    if difference.defined:
        permuted = _permuted(cells, metric, part, scenario, first, second)
        if not p_value > permuted:
            estimate, p_value = as_sure_as(estimate, permuted), permuted
    return Comparison(
        estimate=estimate, seeds=difference.seeds, scenario=scenario, method=method,
        reference=reference, ood_kept=kept, part=part, measure=cells.measure(metric), p_value=p_value,
    )  # fmt: skip


def as_sure_as(estimate: Estimate, p_value: float) -> Estimate:
    """Widen an interval that excludes 0 although the p-value does not, until the two agree.

    Source: Miettinen, Estimability and estimation in case-referent studies (Am. J. Epidemiol. 1976): test-based limits.

    >>> sure = Estimate(0.2, 0.01, 0.39, n=9, confidence=0.95, method="t over rows")
    >>> print(as_sure_as(sure, 0.125), as_sure_as(sure, 0.04) == sure)
    0.2 [-0.05552, 0.4555] (95% t over rows, n=9) True
    """
    if not estimate.has_interval or estimate.low <= 0 <= estimate.high or p_value < 1 - estimate.confidence:
        return estimate
    normal = NormalDist()
    reached = normal.inv_cdf(1 - p_value / 2) / normal.inv_cdf((1 + estimate.confidence) / 2)
    half = abs(estimate.value) / reached if reached > 0 else math.inf
    return replace(estimate, low=estimate.value - half, high=estimate.value + half)


def of_both(first: Sequence[RunRecord], second: Sequence[RunRecord]) -> tuple[list[RunRecord], list[RunRecord]]:
    """Return the runs of the seeds for which both methods are done, in the same order."""
    sides = [
        {(r.key.split_seed, r.key.train_seed): r for r in records if r.status == "done"} for records in (first, second)
    ]
    common = [seeds for seeds in sides[0] if seeds in sides[1]]
    return [sides[0][seeds] for seeds in common], [sides[1][seeds] for seeds in common]


def _permuted(
    cells: Cells, metric: str, part: str, scenario: str, first: Sequence[RunRecord], second: Sequence[RunRecord]
) -> float:
    """Return the p-value of a permutation test that swaps a row's outputs of all seeds at once."""
    blocks = [_statistics_by_split(cells, metric, part, scenario, side) for side in (first, second)]
    width = next(iter(blocks[0].values())).shape[1] // _per_split(first)
    over = _over_seeds(cells.metric(metric), width, _per_split(first))
    rows = [_stacked(list(block.values())) for block in blocks]
    paired = paired_difference(
        rows[0], rows[1], metric=over, n_permutations=PERMUTATIONS, n_resamples=1, seed=cells.seed,
        groups=_copies_of_stacked(cells, part, scenario, first),
    )  # fmt: skip
    return paired.p_value


def _copies_of_stacked(cells: Cells, part: str, scenario: str, records: Sequence[RunRecord]) -> list[tuple[int, int]]:
    """Return the split seed and the group of near-duplicates of each row of ``_stacked``."""
    groups: dict[int, list[tuple[int, int]]] = {}
    for key in (record.key for record in records):
        if key.split_seed not in groups:
            of_set = cells.results.copies(key, cells.results.rows_of(part))
            rows = cells.results.members(part, scenario, key.split_seed) if part in TEST_PARTS else slice(None)
            groups[key.split_seed] = [(key.split_seed, int(group)) for group in of_set[rows]]
    return [label for labels in groups.values() for label in labels]


def _per_split(records: Sequence[RunRecord]) -> int:
    """Return the largest number of training seeds of a split seed."""
    splits = [record.key.split_seed for record in records]
    return max(map(splits.count, splits))


def _statistics_by_split(
    cells: Cells, metric: str, part: str, scenario: str, records: Sequence[RunRecord]
) -> dict[int, FloatArray]:
    """Return the rows' statistics by split seed, training seeds side by side; zeros for a missing seed."""
    statistics: dict[int, list[FloatArray]] = {}
    for record in records:
        rows = np.nan_to_num(cells.results.statistics(record.key, metric, part, scenario), nan=0.0)
        statistics.setdefault(record.key.split_seed, []).append(rows)
    most = _per_split(records)
    return {
        split: np.hstack([*rows, *[np.zeros_like(rows[0])] * (most - len(rows))]) for split, rows in statistics.items()
    }


def _stacked(blocks: Sequence[FloatArray]) -> FloatArray:
    """Stack the rows of all split seeds; each has its own rows, and so its own columns."""
    if len(blocks) == 1:
        return blocks[0]
    widths = [block.shape[1] for block in blocks]
    out = np.zeros((sum(map(len, blocks)), sum(widths)))
    row = column = 0
    for block, width in zip(blocks, widths, strict=True):
        out[row : row + len(block), column : column + width] = block
        row, column = row + len(block), column + width
    return out


def _over_seeds(metric: Metric, width: int, per_split: int) -> _OverSeeds | _WeightedOverSeeds:
    """Return the metric over seeds whose statistics stand side by side."""
    if isinstance(metric, WeightedMetric):
        return _WeightedOverSeeds(metric, width, per_split)
    return _OverSeeds(metric, width, per_split)


@dataclass(frozen=True)
class _OverSeeds:
    """Metric that is the mean over split seeds of the mean over training seeds, from statistics side by side."""

    metric: Metric
    width: int
    per_split: int

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return the statistics of one seed."""
        return self.metric.statistics(predictions, references)

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return the mean of the seeds' values."""
        seeds = sums.reshape(-1, self.per_split, self.width)
        means = [[self.metric.from_statistics(s).value for s in split if s[0]] for split in seeds]
        values = [exact_mean(split) for split in means if split]
        return CorpusScore(exact_mean(values), n=int(sums[0]))


@dataclass(frozen=True)
class _WeightedOverSeeds(WeightedMetric, abstract=True):
    """The same mean for a metric that no sums give."""

    metric: WeightedMetric
    width: int
    per_split: int

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return the statistics of one seed."""
        return self.metric.statistics(predictions, references)

    def weighted_values(self, statistics: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the means of the seeds' values, each from its own rows, shape (r,)."""
        seeds: list[FloatArray] = []
        for start in range(0, statistics.shape[1], self.width * self.per_split):
            values = []
            for at in range(start, start + self.width * self.per_split, self.width):
                rows = statistics[:, at : at + self.width]
                with_rows = rows[:, 0] > 0
                if with_rows.any():
                    values.append(self.metric.weighted_values(rows[with_rows], weights[:, with_rows]))
            if values:
                seeds.append(np.mean(values, axis=0))
        return np.mean(seeds, axis=0) if seeds else np.full(len(weights), np.nan)

    def comparable(self, statistics: FloatArray) -> FloatArray:
        """Return the statistics in the form in which those of two systems can be exchanged."""
        exchanged = statistics.copy()
        for at in range(0, statistics.shape[1], self.width):
            with_rows = statistics[:, at] > 0
            if with_rows.any():
                exchanged[with_rows, at : at + self.width] = self.metric.comparable(
                    statistics[with_rows, at : at + self.width]
                )
        return exchanged
