"""Values of a study's cells, with the influence of each run and each group of rows for their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from codeshift.errors import ParameterError
from codeshift.metrics import Estimate, Metric
from codeshift.metrics.aggregates.intervals import bootstrap_interval, influences
from codeshift.metrics.aggregates.sample import as_sample, bounds_of, within
from codeshift.metrics.aggregates.units import Sample
from codeshift.metrics.base import FloatArray
from codeshift.study.findings.cell_values import CellValue, RunValue
from codeshift.study.findings.quantity import Quantity, nothing
from codeshift.study.findings.row_sets import RowSet, RowSets
from codeshift.study.folder.records import RunRecord
from codeshift.study.results.study_results import StudyResults
from codeshift.study.settings.keys import RunKey


@dataclass(kw_only=True, eq=False)
class Resampler:
    """Values of a study's cells, with intervals over split seeds, training seeds and rows.

    Rows and seeds that cells share are treated as shared, which makes comparisons paired. Rows that are nearly the
    same count as one. A level with a single member (one training seed) adds no variance to the interval. The value
    of a single run has the bootstrap interval over rows, the same as in the results' table.

    Source: ``codeshift.metrics.hierarchical_bootstrap``.

    Attributes:
        results: Results of the study.
        n_resamples: Number of resamples of the intervals of single runs.
        seed: Seed of those intervals. The order of rows has no effect on them.
    """

    results: StudyResults
    n_resamples: int = 1000
    seed: int = 0
    _runs: dict[object, RunValue] = field(default_factory=dict)
    _cells: dict[object, CellValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.n_resamples < 1:
            raise ParameterError("n_resamples", "at least 1", self.n_resamples, "leave it out to take 1000")
        if self.seed < 0:
            raise ParameterError("seed", "an integer of at least 0", self.seed, "leave it out to take 0")
        self._sets = RowSets(self.results)

    def quantity(self, records: Sequence[RunRecord], metric: str, part: str, scenario: str | None = None) -> Quantity:
        """Return the mean over the runs that are done: over each split seed's training seeds, then over split seeds.

        Args:
            records: Runs of one method at one share kept, of all seeds.
            metric: Name of the metric.
            part: Part: ``"test_id"``, ``"test_ood"``, that of a transform, ``"test"`` or ``"general"``.
            scenario: Scenario of the part of the test rows.
        """
        measured = self.results.metrics[metric]
        return self.of_rows(
            records,
            part,
            scenario,
            metric,
            lambda key: self.results.set_statistics(key, metric, part, scenario),
            measured,
        )

    def of_rows(
        self,
        records: Sequence[RunRecord],
        part: str,
        scenario: str | None,
        name: str,
        statistics: Callable[[RunKey], FloatArray],
        metric: Metric | None = None,
        *,
        sample_of: Callable[[FloatArray], Sample] | None = None,
    ) -> Quantity:
        """Return the ``quantity`` of any statistics of rows.

        Args:
            records: Runs, as in ``quantity``.
            part: Part, as in ``quantity``.
            scenario: Scenario, as in ``quantity``.
            name: Unique name of the statistics.
            statistics: Function that returns a run's statistics of all rows of the evaluated set; shape (rows, d), NaN
                for a row that has none.
            metric: Metric that turns their sums into a value; None for the ratio of column 1 to column 0.
            sample_of: Function that makes a sample of the scored rows, in place of that of the metric.
        """
        scenario = scenario if part in self.results.scenario_parts else None
        keys = tuple(
            record.key
            for record in records
            if record.status == "done" and self._is_split(part, scenario, record.key.split_seed)
        )
        if not keys:
            return nothing()
        cell_id = keys, part, scenario, name
        if cell_id not in self._cells:
            valued = sample_of or partial(_sample_of_run, metric=metric)
            runs = [self._run(key, part, scenario, name, statistics, metric, valued) for key in keys]
            self._cells[cell_id] = CellValue(tuple(runs))
        cell = self._cells[cell_id]
        return Quantity(value=cell.value, weights={cell: 1.0}, n=cell.n, seeds=len(cell.runs), groups=cell.group_count)

    def _is_split(self, part: str, scenario: str | None, split_seed: int) -> bool:
        return part not in self.results.scenario_parts or (scenario or "", split_seed) in self.results.splits

    def _run(
        self,
        key: RunKey,
        part: str,
        scenario: str | None,
        name: str,
        statistics: Callable[[RunKey], FloatArray],
        metric: Metric | None,
        sample_of: Callable[[FloatArray], Sample],
    ) -> RunValue:
        run_id = (key, part, scenario, name)
        if run_id not in self._runs:
            of = self._sets.of(key, self.results.rows_of(part))
            rows, groups = self._rows(of, key, part, scenario, statistics(key))
            self._runs[run_id] = self._valued(key, of, groups, _with_groups(sample_of(rows), groups), metric)
        return self._runs[run_id]

    def _valued(
        self, key: RunKey, of: RowSet, groups: NDArray[np.int64], sample: Sample, metric: Metric | None
    ) -> RunValue:
        def over_rows(confidence: float) -> Estimate:
            return bootstrap_interval(
                sample, confidence=confidence, method="percentile", n_resamples=self.n_resamples, seed=self.seed
            )

        scores = sample.scores
        value = sample.value
        return RunValue(
            split_seed=key.split_seed, train_seed=key.train_seed, value=value, rows=of.name, of_set=of.size,
            groups=np.unique(groups), influences=influences(sample) if sample.units > 1 else np.zeros(sample.units),
            df=sample.df, n=sample.n,
            hits=None if scores is None else (int((scores[:, 0] > 0).sum()), int((scores[:, 1] > 0).sum())),
            bounds=within(bounds_of(metric), value), over_rows=over_rows,
        )  # fmt: skip

    def _rows(
        self, of: RowSet, key: RunKey, part: str, scenario: str | None, statistics: FloatArray
    ) -> tuple[FloatArray, NDArray[np.int64]]:
        """Return the statistics of a part's scored rows, and their groups, in the canonical order."""
        rows, groups = statistics[of.order], of.groups
        kept = ~np.isnan(rows).any(axis=1)
        if part in self.results.scenario_parts:
            kept &= self.results.members(part, scenario or "", key.split_seed)[of.order]
        return rows[kept], groups[kept]


def _sample_of_run(rows: FloatArray, metric: Metric | None) -> Sample:
    """Make the sample of a run's rows; without a metric, of the ratio of column 1 to column 0, which is all 1."""
    return as_sample(rows[:, 1]) if metric is None else as_sample(rows, metric=metric)


def _with_groups(sample: Sample, groups: NDArray[np.int64]) -> Sample:
    """Return the sample with the rows of each group as one unit, in the order of the groups."""
    grouped = sample.grouped(groups)
    if grouped is sample:  # every row is a group of its own; sort by group all the same
        return sample.ordered(np.argsort(groups, kind="stable"))
    return grouped
