"""Results of a study so far: records of its runs, scores of their rows, and one tidy table of all."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from codeshift.draws import drawn
from codeshift.errors import ParameterError
from codeshift.files import replaced
from codeshift.formatting import counted
from codeshift.marks import RowMarks
from codeshift.metrics import Estimate, Metric, bootstrap_ci
from codeshift.parts import PARTS, TEST_ID, TEST_PARTS, rewritten_by, transformed_by
from codeshift.properties.base import OTHER
from codeshift.study.folder.corpus_marks import MarkedPair
from codeshift.study.folder.records import RunRecord
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.folder.stored_settings import StoredSettings
from codeshift.study.results.cached_scores import CachedScores, Load
from codeshift.study.results.tidy_table import tidy_line, tidy_table
from codeshift.study.settings.keys import NONE, RunKey
from codeshift.wording import closest


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyResults:
    """Results of a study, finished or not.

    Attributes:
        settings: Settings of the study, as its folder holds them.
        metrics: Metrics by name.
        records: Records of all planned runs, pending and failed ones too, in the order of the plan.
        splits: Facts of the splits, by scenario and split seed.
        load: Function that returns the scores of a run that is done, on one of ``sets``.
        marks: Marks of the test rows that corpora hold, by split seed; none unless the study has ``against``.
        pairs: Most similar pairs of a test row and a row of a corpus, by split seed.
        unmarked: Errors that the searches of corpora ended with, by corpus.

    ``Study.run``, ``Study.results`` and ``load_results`` return results; here they are made by hand:

    >>> from codeshift.metrics import ExactMatch
    >>> key, metric = RunKey(method="none"), ExactMatch()
    >>> scores = RunScores(["a", "b"], ["a", "c"], {metric.name: metric.statistics(["a", "c"], ["a", "b"])})
    >>> results = StudyResults(metrics={metric.name: metric}, splits={}, load=lambda key, part: scores,
    ...                        records=(RunRecord(key=key, status="done"),))
    >>> results.table().select(["method", "part", "metric", "value", "rows"]).to_pylist()
    [{'method': 'none', 'part': 'test', 'metric': 'exact_match', 'value': 0.5, 'rows': 2}]
    """

    settings: StoredSettings = field(default_factory=StoredSettings, repr=False)
    metrics: Mapping[str, Metric]
    records: tuple[RunRecord, ...] = field(repr=False)
    splits: Mapping[tuple[str, int], SplitFacts] = field(repr=False)
    load: Load = field(repr=False)
    marks: Mapping[int, RowMarks] = field(default_factory=dict, repr=False)
    pairs: Mapping[int, tuple[MarkedPair, ...]] = field(default_factory=dict, repr=False)
    unmarked: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def _cached(self) -> CachedScores:
        return self.load if isinstance(self.load, CachedScores) else CachedScores(self.load)

    @cached_property
    def _record_of(self) -> dict[RunKey, RunRecord]:
        return {record.key: record for record in self.records}

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes of a classification; none of a study of text."""
        return self.settings.classes

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios, in the study's order."""
        return self.settings.scenarios

    @property
    def sets(self) -> tuple[str, ...]:
        """Sets that runs are evaluated on: ``"test"``, ``"general"`` if there is one, and one of each transform."""
        general = ("general",) if self.settings.has_general else ()
        return ("test", *general, *self._rewritten.values())

    @property
    def _rewritten(self) -> dict[str, str]:
        """Set in which the scores of a part of rewritten rows stand, by part."""
        return {transformed_by(name): rewritten_by(name) for name in self.settings.transforms}

    @property
    def scenario_parts(self) -> tuple[str, ...]:
        """Parts of each scenario: ``"test_id"``, ``"test_ood"``, and ``"test_transformed_NAME"`` of each transform."""
        return (*TEST_PARTS, *self._rewritten)

    @property
    def models(self) -> tuple[str | None, ...]:
        """Names of the models, in the study's order; None for the model of ``Study.model``."""
        return tuple(dict.fromkeys(record.key.model for record in self.records))

    def of_model(self, model: str | None) -> StudyResults:
        """Return the results of one model, on the same splits; None for the model of ``Study.model``.

        Raises:
            ParameterError: if the study has no model of that name.
        """
        self._refuse_unknown("model", model, self.models)
        own = tuple(record for record in self.records if record.key.model == model)
        return replace(self, records=own, load=self._cached)

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods, ``"none"`` first if the model without fine-tuning is evaluated."""
        return tuple(dict.fromkeys(record.key.method for record in self.records))

    @property
    def dimensions(self) -> dict[str, tuple[str, ...]]:
        """Scenarios that shift each dimension of code, in the study's order; ``"other"`` without a split."""
        dimension_of = {name: facts.dimension for (name, _), facts in self.splits.items()}
        scenarios: dict[str, tuple[str, ...]] = {}
        for name in self.scenarios:
            dimension = dimension_of.get(name, OTHER)
            scenarios[dimension] = (*scenarios.get(dimension, ()), name)
        return scenarios

    @property
    def variants(self) -> tuple[str | None, ...]:
        """Variants, the models as trained (None) first."""
        return tuple(dict.fromkeys(record.key.variant for record in self.records))

    @property
    def ood_kept(self) -> tuple[float, ...]:
        """Shares kept, ascending."""
        return tuple(sorted({r.key.ood_kept for r in self.records if r.key.ood_kept is not None}))

    @property
    def split_seeds(self) -> tuple[int, ...]:
        """Seeds of the splits, in the study's order."""
        return tuple(dict.fromkeys(record.key.split_seed for record in self.records))

    @property
    def train_seeds(self) -> tuple[int, ...]:
        """Seeds of training, in the study's order."""
        seeds = dict.fromkeys(record.key.train_seed for record in self.records)
        return tuple(seed for seed in seeds if seed is not None)

    @property
    def seeds_done(self) -> tuple[int, int]:
        """Largest numbers of split seeds, and of training seeds of one split seed, of the runs behind one value.

        Only runs that are done count.
        """
        splits: dict[RunKey, set[int]] = {}
        trainings: dict[RunKey, set[int]] = {}
        for key in (record.key for record in self.records if record.status == "done"):
            of_split = replace(key, train_seed=None)
            splits.setdefault(replace(of_split, split_seed=0), set()).add(key.split_seed)
            if key.train_seed is not None:
                trainings.setdefault(of_split, set()).add(key.train_seed)
        return max(map(len, splits.values()), default=0), max(map(len, trainings.values()), default=0)

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of runs that are done, failed and pending."""
        states = [record.status for record in self.records]
        return {status: states.count(status) for status in ("done", "failed", "pending")}

    def find(
        self,
        *,
        method: str,
        scenario: str | None = None,
        ood_kept: float | None = None,
        variant: str | None = None,
        model: str | None = None,
    ) -> tuple[RunRecord, ...]:
        """Find the runs of a method, of all seeds, in the order of the plan.

        Shared runs belong to every scenario: ``ood_kept=1.0`` finds the 100% baseline for any scenario, and
        ``method="none"`` the model without fine-tuning for any scenario and share.

        Args:
            method: Name of the method, or ``"none"``.
            scenario: Name of the scenario; None for any.
            ood_kept: Share kept; None for any.
            variant: Variant; None for models as trained.
            model: Name of the model; None for any.

        Raises:
            ParameterError: if the study does not have a name.
        """
        self._refuse_unknown("method", method, self.methods)
        if scenario is not None:
            self._refuse_unknown("scenario", scenario, self.scenarios)
        if model is not None:
            self._refuse_unknown("model", model, self.models)
        return tuple(
            record
            for record in self.records
            if record.key.method == method
            and model in (None, record.key.model)
            and record.key.variant == variant
            and record.key.scenario in (None, scenario or record.key.scenario)
            and (method == NONE or ood_kept is None or record.key.ood_kept == ood_kept)
        )

    def scores(self, key: RunKey, part: str = "test") -> RunScores:
        """Return the scores of a run, row by row; they are read at the first call.

        Args:
            key: Key of a run that is done.
            part: Set: ``"test"`` or ``"general"``.

        Raises:
            ParameterError: if the run is not done, or was not evaluated on that set.
        """
        self._refuse_unscored(key, part)
        return self._cached(key, part)

    def _refuse_unscored(self, key: RunKey, part: str) -> None:
        self._refuse_unknown("part", part, self.sets)
        record = self._record_of.get(key)
        if record is None or record.status != "done":
            state = "no run of this study" if record is None else f"{record.status} {record.error}".strip()
            raise ParameterError("key", "that of a run that is done", key.name, f"it is {state}")

    def members(self, part: str, scenario: str, split_seed: int) -> NDArray[np.bool_]:
        """Return the mask over the test rows of a scenario's part; shape (rows,).

        The rows that a transform rewrites are those of ``"test_id"``.

        Raises:
            ParameterError: if the part or scenario does not exist, or the scenario is not split yet.
        """
        self._refuse_unknown("part", part, self.scenario_parts)
        self._refuse_unknown("scenario", scenario, self.scenarios)
        facts = self.splits.get((scenario, split_seed))
        if facts is None:
            raise ParameterError("scenario", "one that is split", scenario, "run the study first")
        return facts.members[PARTS[TEST_ID] if part in self._rewritten else part]

    def scored_rows(
        self, key: RunKey, part: str, scenario: str | None = None, *, metric: str | None = None
    ) -> NDArray[np.bool_]:
        """Return the rows that a part's figures rest on: in table, report, claims, failure modes and examples.

        These are all rows of the part; with ``generate_rows`` and for figures of generated text, only the rows that
        text was generated for on behalf of this part. They are drawn from the part alone: rows that were generated for
        another scenario, or for the whole set, do not count, as they would not be a fair sample of this part.

        Args:
            key: Key of a run that is done.
            part: Part: ``"test_id"``, ``"test_ood"``, ``"test"`` or ``"general"``.
            scenario: Scenario of ``"test_id"`` or ``"test_ood"``; None for that of the key.
            metric: Name of the metric; None for any figure of generated text.

        Returns:
            Mask over the rows of the evaluated set; shape (rows,).

        Raises:
            ParameterError: if the study does not have a name, or the run is not done.
        """
        self._refuse_unknown("part", part, (*self.scenario_parts, *self.sets))
        members = self._rows_of(key, part, scenario)
        count = self.settings.generate_rows
        if count is None or (metric is not None and self.metrics[metric].takes != "text"):
            return members
        return drawn(members, count, self.settings.evaluation_seed)

    def _rows_of(self, key: RunKey, part: str, scenario: str | None) -> NDArray[np.bool_]:
        if part in self.sets:
            return np.ones(len(self.scores(key, part)), dtype=bool)
        chosen = key.scenario if scenario is None else scenario
        if chosen is None:
            raise ParameterError("scenario", f"given for {part} of a run that scenarios share", None, "name one")
        return self.members(part, chosen, key.split_seed)

    def set_statistics(self, key: RunKey, metric: str, part: str, scenario: str | None = None) -> NDArray[np.float64]:
        """Return ``statistics`` with a line for each row of the evaluated set, in its order: NaN outside of the part.

        Args:
            key: Key, as in ``statistics``.
            metric: Name of the metric, as in ``statistics``.
            part: Part, as in ``statistics``.
            scenario: Scenario, as in ``statistics``.

        Raises:
            ParameterError: if the study does not have a name, or the run is not done.
        """
        self._refuse_unknown("metric", metric, self.metrics)
        rows = self.scored_rows(key, part, scenario, metric=metric)
        values = self.scores(key, self.set_of(part)).statistics[metric]
        return np.where(rows[:, None], values, np.nan)

    def statistics(self, key: RunKey, metric: str, part: str, scenario: str | None = None) -> NDArray[np.float64]:
        """Return a metric's statistics of the rows of a part; shape (rows, d), NaN for rows that were not scored.

        If text is generated for some rows only, just those of ``scored_rows`` count.

        Args:
            key: Key of a run that is done.
            metric: Name of the metric.
            part: Part: ``"test_id"``, ``"test_ood"``, ``"test"`` or ``"general"``.
            scenario: Scenario of ``"test_id"`` or ``"test_ood"``; None for that of the key.

        Raises:
            ParameterError: if the study does not have a name, or the run is not done.
        """
        return self.set_statistics(key, metric, part, scenario)[self._rows_of(key, part, scenario)]

    def set_of(self, part: str) -> str:
        """Return the name of the set in which the scores of a part's rows stand: ``"test"`` of ``"test_ood"``."""
        return self._rewritten.get(part, "test" if part in TEST_PARTS else part)

    def rows_of(self, part: str) -> str:
        """Return the name of the set whose rows a part or set has: rewritten rows are test rows, one to one."""
        return "test" if part in (*self.scenario_parts, *self._rewritten.values()) else part

    def copies(self, key: RunKey, part: str = "test") -> NDArray[np.int64]:
        """Return a number for each row that a run was evaluated on, equal for rows that are nearly the same.

        Intervals resample such rows as one. Sources and references decide: see
        ``codeshift.metrics.aggregates.copies``.

        Args:
            key: Key of a run that is done.
            part: Set: ``"test"`` or ``"general"``.

        Raises:
            ParameterError: if the run is not done, or was not evaluated on that set.
        """
        self._refuse_unscored(key, part)
        return self._cached.copies(key, part)

    def table(self, *, n_resamples: int = 1000, seed: int = 0) -> pa.Table:
        """Return a table of one line for each run, part and metric, with the 95% bootstrap interval over rows.

        Columns: ``model``, ``scenario``, ``ood_kept``, ``method``, ``variant``, ``split_seed``, ``train_seed``,
        ``part``, ``metric``, ``value``, ``low``, ``high``, ``n`` (rows scored), ``rows``, ``groups`` (of rows that are
        nearly the same, which are resampled as one), ``interval`` (its method), ``status``, ``error``, ``seconds``.
        ``model`` is null for that of ``Study.model``, ``scenario`` for ``"test"`` and ``"general"`` of a run that
        scenarios share. Failed and pending runs have NaN values.

        Args:
            n_resamples: Number of resamples of each interval.
            seed: Seed of the intervals.
        """
        return tidy_table(self._lines(n_resamples, seed))

    def _lines(self, n_resamples: int, seed: int) -> Iterator[dict[str, Any]]:
        for record in self.records:
            for part, scenario in self._parts_of(record.key):
                for name, metric in self.metrics.items():
                    if record.status != "done":
                        yield tidy_line(record, part, scenario, name, None, 0)
                        continue
                    rows = self.statistics(record.key, name, part, scenario)
                    alike = self.copies(record.key, self.rows_of(part))
                    if part in self.scenario_parts:
                        alike = alike[self.members(part, scenario or "", record.key.split_seed)]
                    estimate: Estimate = bootstrap_ci(
                        rows, metric=metric, n_resamples=n_resamples, seed=seed, nan_policy="omit", groups=alike
                    )
                    yield tidy_line(record, part, scenario, name, estimate, len(rows))

    def _parts_of(self, key: RunKey) -> Iterator[tuple[str, str | None]]:
        """Yield the parts of a run, each with its scenario; a shared run has the parts of every scenario."""
        for scenario in self.scenarios if key.scenario is None else (key.scenario,):
            yield from ((part, scenario) for part in self.scenario_parts)
        yield from ((name, key.scenario) for name in self.sets)

    def to_pandas(self, *, n_resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
        """Return ``table`` as a data frame."""
        return self.table(n_resamples=n_resamples, seed=seed).to_pandas()

    def save_table(self, path: str | os.PathLike[str], *, n_resamples: int = 1000, seed: int = 0) -> Path:
        """Write ``table`` as a Parquet file, atomically."""
        with replaced(Path(path)) as temporary:
            pq.write_table(self.table(n_resamples=n_resamples, seed=seed), temporary)
        return Path(path)

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in self.counts.items() if count)
        return f"{counted(len(self.records), 'run')}: {counts}"

    @staticmethod
    def _refuse_unknown(parameter: str, name: str | None, names: Collection[str | None]) -> None:
        if name not in names:
            raise ParameterError(parameter, "one of the study", name, closest(name, names))
