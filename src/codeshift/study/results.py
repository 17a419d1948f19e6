"""What a study has found so far: records of its runs, scores of their rows, and one tidy table of all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from codeshift.errors import ParameterError, closest
from codeshift.files import replaced
from codeshift.formatting import counted
from codeshift.metrics import Estimate, Metric, bootstrap_ci
from codeshift.metrics.aggregates.copies import copies as copies_of
from codeshift.metrics.likelihood import is_forced
from codeshift.properties.base import OTHER
from codeshift.study.draws import drawn
from codeshift.study.keys import NONE, RunKey, RunRecord
from codeshift.study.scores import RunScores
from codeshift.study.split_facts import SplitFacts
from codeshift.study.table import tidy_line, tidy_table

TEST_PARTS = ("test_id", "test_ood")
"""The parts of the test rows, which differ from scenario to scenario."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyResults:
    """The results of a study, finished or not.

    Attributes:
        settings: of the study: model, config, methods, seeds, column, language, versions.
        metrics: by name.
        records: one for each run that is planned, in the order of the plan, pending and failed ones too.
        scenarios: their names, in the study's order.
        splits: by scenario and split seed.
        load: gives the scores of a run that is done, on one of ``sets``.
        sets: what the runs are evaluated on: ``"test"``, and ``"general"`` where there is such a set.

    Results are read by ``Study.run``, ``Study.results`` and ``load_results``; here they are made by hand:

    >>> from codeshift.metrics import ExactMatch
    >>> key, metric = RunKey(method="none"), ExactMatch()
    >>> scores = RunScores(["a", "b"], ["a", "c"], {metric.name: metric.statistics(["a", "c"], ["a", "b"])})
    >>> results = StudyResults(settings={}, metrics={metric.name: metric}, scenarios=(), splits={},
    ...                        records=(RunRecord(key=key, status="done"),), load=lambda key, part: scores)
    >>> results.table().select(["method", "part", "metric", "value", "rows"]).to_pylist()
    [{'method': 'none', 'part': 'test', 'metric': 'exact_match', 'value': 0.5, 'rows': 2}]
    """

    settings: Mapping[str, Any] = field(repr=False)
    metrics: Mapping[str, Metric]
    records: tuple[RunRecord, ...] = field(repr=False)
    scenarios: tuple[str, ...]
    splits: Mapping[tuple[str, int], SplitFacts] = field(repr=False)
    load: Callable[[RunKey, str], RunScores] = field(repr=False)
    sets: tuple[str, ...] = ("test",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "load", lru_cache(maxsize=64)(self.load))
        object.__setattr__(self, "_copies", {})

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the methods, ``"none"`` first where the model without fine-tuning is evaluated."""
        return tuple(dict.fromkeys(record.key.method for record in self.records))

    @property
    def dimensions(self) -> dict[str, tuple[str, ...]]:
        """The scenarios that shift each dimension of code, in the study's order; ``"other"`` without a split."""
        of = {name: facts.dimension for (name, _), facts in self.splits.items()}
        found: dict[str, tuple[str, ...]] = {}
        for name in self.scenarios:
            dimension = of.get(name, OTHER)
            found[dimension] = (*found.get(dimension, ()), name)
        return found

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants, the models as trained (an empty text) first."""
        return tuple(dict.fromkeys(record.key.variant for record in self.records))

    @property
    def ood_kept(self) -> tuple[float, ...]:
        """The shares kept, ascending."""
        return tuple(sorted({r.key.ood_kept for r in self.records if r.key.ood_kept is not None}))

    @property
    def split_seeds(self) -> tuple[int, ...]:
        """The seeds of the dealing of rows, in the study's order."""
        return tuple(dict.fromkeys(record.key.split_seed for record in self.records))

    @property
    def train_seeds(self) -> tuple[int, ...]:
        """The seeds of training, in the study's order."""
        found = dict.fromkeys(record.key.train_seed for record in self.records)
        return tuple(seed for seed in found if seed is not None)

    @property
    def counts(self) -> dict[str, int]:
        """How many runs are done, failed and pending."""
        states = [record.status for record in self.records]
        return {status: states.count(status) for status in ("done", "failed", "pending")}

    def find(
        self, *, method: str, scenario: str | None = None, ood_kept: float | None = None, variant: str = ""
    ) -> tuple[RunRecord, ...]:
        """The runs of a method, of all seeds, in the order of the plan.

        What is shared stands for each scenario: with ``ood_kept=1.0`` the 100% baseline is found for any scenario, and
        ``method="none"``, the model without fine-tuning, for any scenario and share.

        Args:
            method: its name, or ``"none"``.
            scenario: its name; None does not ask.
            ood_kept: the share kept; None does not ask.
            variant: empty for models as trained.

        Raises:
            ParameterError: a name that the study does not have.
        """
        self._check("method", method, self.methods)
        if scenario is not None:
            self._check("scenario", scenario, self.scenarios)
        return tuple(
            record
            for record in self.records
            if record.key.method == method
            and record.key.variant == variant
            and record.key.scenario in (None, scenario or record.key.scenario)
            and (method == NONE or ood_kept is None or record.key.ood_kept == ood_kept)
        )

    def scores(self, key: RunKey, part: str = "test") -> RunScores:
        """The scores of a run, row by row; read when they are first asked for.

        Args:
            key: of a run that is done.
            part: ``"test"`` or ``"general"``.

        Raises:
            ParameterError: the run is not done, or was not evaluated on such a set.
        """
        self._check("part", part, self.sets)
        record = next((record for record in self.records if record.key == key), None)
        if record is None or record.status != "done":
            told = "no run of this study" if record is None else f"{record.status} {record.error}".strip()
            raise ParameterError("key", "that of a run that is done", key.name, f"it is {told}")
        return self.load(key, part)

    def members(self, part: str, scenario: str, split_seed: int) -> NDArray[np.bool_]:
        """Which test rows are the scenario's ``"test_id"`` or ``"test_ood"``.

        Raises:
            ParameterError: no such part or scenario, or it is not dealt yet.
        """
        self._check("part", part, TEST_PARTS)
        self._check("scenario", scenario, self.scenarios)
        facts = self.splits.get((scenario, split_seed))
        if facts is None:
            raise ParameterError("scenario", "one that is dealt", scenario, "run the study first")
        return facts.members[part]

    def scored_rows(
        self, key: RunKey, part: str, scenario: str | None = None, *, metric: str | None = None
    ) -> NDArray[np.bool_]:
        """Which rows a part's figures rest on: in the table, the report, the claims, the failure modes, the examples.

        All rows of the part; with ``generate_rows``, of whatever is made of generated text, those that text was
        generated for on behalf of this part. They are drawn from the part alone: rows that were generated for another
        scenario's sake, or for the whole set's, do not count, for they would not be a fair sample of this part.

        Args:
            key: of a run that is done.
            part: ``"test_id"``, ``"test_ood"``, ``"test"`` or ``"general"``.
            scenario: whose ``"test_id"`` or ``"test_ood"``; None for that of the key.
            metric: the name of what is measured; None for anything that looks at generated text.

        Returns:
            A mask over the rows of the evaluated set.

        Raises:
            ParameterError: a name that the study does not have, or a run that is not done.
        """
        self._check("part", part, (*TEST_PARTS, *self.sets))
        members = self._rows_of(key, part, scenario)
        count = self.settings.get("generate_rows")
        if count is None or (metric is not None and is_forced(self.metrics[metric])):
            return members
        return drawn(members, count, self.settings["evaluation_seed"])

    def _rows_of(self, key: RunKey, part: str, scenario: str | None) -> NDArray[np.bool_]:
        if part in self.sets:
            return np.ones(len(self.scores(key, part)), dtype=bool)
        chosen = key.scenario if scenario is None else scenario
        if chosen is None:
            raise ParameterError("scenario", f"given for {part} of a run that scenarios share", None, "name one")
        return self.members(part, chosen, key.split_seed)

    def set_statistics(self, key: RunKey, metric: str, part: str, scenario: str | None = None) -> NDArray[np.float64]:
        """As ``statistics``, but a line for each row of the evaluated set, in its order: NaN outside of the part.

        Args:
            key: as in ``statistics``.
            metric: as in ``statistics``.
            part: as in ``statistics``.
            scenario: as in ``statistics``.

        Raises:
            ParameterError: a name that the study does not have, or a run that is not done.
        """
        self._check("metric", metric, self.metrics)
        rows = self.scored_rows(key, part, scenario, metric=metric)
        values = self.scores(key, "test" if part in TEST_PARTS else part).statistics[metric]
        return np.where(rows[:, None], values, np.nan)

    def statistics(self, key: RunKey, metric: str, part: str, scenario: str | None = None) -> NDArray[np.float64]:
        """A metric's statistics of the rows of a part, (rows, d), NaN where a row was not scored.

        Where text is generated for some rows only, those of ``scored_rows`` alone count.

        Args:
            key: of a run that is done.
            metric: its name.
            part: ``"test_id"``, ``"test_ood"``, ``"test"`` or ``"general"``.
            scenario: whose ``"test_id"`` or ``"test_ood"``; None for that of the key.

        Raises:
            ParameterError: a name that the study does not have, or a run that is not done.
        """
        return self.set_statistics(key, metric, part, scenario)[self._rows_of(key, part, scenario)]

    def copies(self, key: RunKey, part: str = "test") -> NDArray[np.int64]:
        """A number for each row that a run was evaluated on, the same for rows that are nearly the same.

        Intervals take such rows for one. Source and reference say which: see ``codeshift.metrics.aggregates.copies``.

        Args:
            key: of a run that is done.
            part: ``"test"`` or ``"general"``.

        Raises:
            ParameterError: the run is not done, or was not evaluated on such a set.
        """
        scores = self.scores(key, part)
        kept: dict[bytes, NDArray[np.int64]] = self.__dict__["_copies"]
        digest = hashlib.sha256()
        for text in (*scores.sources, "", *scores.references):
            digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
        if digest.digest() not in kept:
            kept[digest.digest()] = copies_of(scores.sources, scores.references)
        return kept[digest.digest()]

    def table(self, *, n_resamples: int = 1000, seed: int = 0) -> pa.Table:
        """One line for each run, part and metric, with the 95% bootstrap interval over rows.

        Columns: ``scenario``, ``ood_kept``, ``method``, ``variant``, ``split_seed``, ``train_seed``, ``part``,
        ``metric``, ``value``, ``low``, ``high``, ``n`` (rows scored), ``rows``, ``groups`` (of rows that are nearly the
        same, which are resampled as one), ``interval`` (how it was made), ``status``, ``error``, ``seconds``.
        ``scenario`` is null for ``"test"`` and ``"general"`` of a run that scenarios share. What failed or is pending
        has NaN for its values.

        Args:
            n_resamples: of each interval.
            seed: of the intervals.
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
                    alike = self.copies(record.key, "test" if part in TEST_PARTS else part)
                    if part in TEST_PARTS:
                        alike = alike[self.members(part, scenario or "", record.key.split_seed)]
                    estimate: Estimate = bootstrap_ci(
                        rows, metric=metric, n_resamples=n_resamples, seed=seed, nan_policy="omit", groups=alike
                    )
                    yield tidy_line(record, part, scenario, name, estimate, len(rows))

    def _parts_of(self, key: RunKey) -> Iterator[tuple[str, str | None]]:
        """The parts of a run with the scenario each belongs to: what is shared stands for every scenario."""
        for scenario in self.scenarios if key.scenario is None else (key.scenario,):
            yield from ((part, scenario) for part in TEST_PARTS)
        yield from ((name, key.scenario) for name in self.sets)

    def to_pandas(self, *, n_resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
        """``table`` as a data frame."""
        return self.table(n_resamples=n_resamples, seed=seed).to_pandas()

    def save_table(self, path: str | os.PathLike[str], *, n_resamples: int = 1000, seed: int = 0) -> Path:
        """Write ``table`` as Parquet, whole or not at all."""
        with replaced(Path(path)) as temporary:
            pq.write_table(self.table(n_resamples=n_resamples, seed=seed), temporary)
        return Path(path)

    def __str__(self) -> str:
        told = ", ".join(f"{count} {status}" for status, count in self.counts.items() if count)
        return f"{counted(len(self.records), 'run')}: {told}"

    @staticmethod
    def _check(parameter: str, name: str, known: Sequence[str] | Mapping[str, Any]) -> None:
        if name not in known:
            raise ParameterError(parameter, "one of the study", name, closest(name, known))
