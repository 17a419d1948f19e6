"""The bootstrap over split seeds, training seeds and rows, with the same draws for every model of a study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from codeshift.errors import ParameterError
from codeshift.metrics import Metric, column_sums
from codeshift.metrics.base import FloatArray
from codeshift.study.findings.quantity import Quantity, nothing
from codeshift.study.findings.row_draws import RowDraws, evaluated_set
from codeshift.study.keys import RunKey, RunRecord
from codeshift.study.results import TEST_PARTS, StudyResults


@dataclass(kw_only=True, eq=False)
class Resampler:
    """Values of a study's runs, each on the same resamples.

    A resample draws split seeds, then training seeds, then rows, each with replacement. All models that were evaluated
    on the same rows see the same draw of rows, which makes comparisons paired; sets of other rows (another split seed)
    are drawn for themselves. A test set is drawn once for all scenarios, of which each takes its own rows. What one
    level has only one of (a single training seed) is not resampled, and the interval says nothing of it.

    Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), section 3.8; for models scored on the
    same rows Owen, The pigeonhole bootstrap (Ann. Appl. Stat. 2007).

    Attributes:
        results: of the study.
        n_resamples: their number.
        seed: of the draws. The order of rows has no effect on them.
    """

    results: StudyResults
    n_resamples: int = 1000
    seed: int = 0
    _values: dict[object, tuple[float, FloatArray, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.n_resamples < 1:
            raise ParameterError("n_resamples", "at least 1", self.n_resamples, "leave it out to take 1000")
        if self.seed < 0:
            raise ParameterError("seed", "an integer of at least 0", self.seed, "leave it out to take 0")
        self._draws = RowDraws(self.results, self.n_resamples, self.seed)

    def quantity(self, records: Sequence[RunRecord], metric: str, part: str, scenario: str | None = None) -> Quantity:
        """The mean over the runs that are done: of each split seed over its training seeds, then over split seeds.

        Args:
            records: runs of one method at one share kept, of all seeds.
            metric: its name.
            part: ``"test_id"``, ``"test_ood"``, ``"test"`` or ``"general"``.
            scenario: whose part of the test rows.
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
    ) -> Quantity:
        """``quantity`` of any statistics of rows.

        Args:
            records: as in ``quantity``.
            part: as in ``quantity``.
            scenario: as in ``quantity``.
            name: of the statistics, which no others have.
            statistics: of a run, those of all rows of the evaluated set, (rows, d); NaN where a row has none.
            metric: turns their sums into a value; None for the ratio of column 1 to column 0.
        """
        scenario = scenario if part in TEST_PARTS else None
        by_split: dict[int, list[tuple[float, FloatArray, int]]] = {}
        sets = set()
        for record in records:
            key = record.key
            if record.status == "done" and self._dealt(part, scenario, key.split_seed):
                found = self._value_of(key, part, scenario, name, statistics, metric)
                by_split.setdefault(key.split_seed, []).append(found)
                sets.add(self._draws.order(key, evaluated_set(part))[0])
        if not by_split:
            return nothing(self.n_resamples)
        runs = [run for block in by_split.values() for run in block]
        means = [np.mean([value for value, _, _ in block]) for block in by_split.values()]
        return Quantity(
            value=float(np.mean(means)),
            draws=self._over_seeds([[run[1] for run in block] for block in by_split.values()], len(sets) > 1),
            n=min(n for _, _, n in runs),
            seeds=len(runs),
        )

    def _dealt(self, part: str, scenario: str | None, split_seed: int) -> bool:
        return part not in TEST_PARTS or (scenario or "", split_seed) in self.results.splits

    def _value_of(
        self,
        key: RunKey,
        part: str,
        scenario: str | None,
        name: str,
        statistics: Callable[[RunKey], FloatArray],
        metric: Metric | None,
    ) -> tuple[float, FloatArray, int]:
        """The value of one run, its value on each resample of rows, and the number of rows scored."""
        asked = (key, part, scenario, name)
        if asked not in self._values:
            rows, mask = self._rows(key, part, scenario, statistics(key))
            values_of = _mean_values if metric is None else _values_of(metric)
            value = float(values_of(column_sums(rows)[None, :])[0]) if mask.any() else np.nan
            sums = np.einsum("rn,nd->rd", self._draws.counts(key, part, scenario), rows, optimize=False)
            self._values[asked] = value, values_of(sums), int(mask.sum())
        return self._values[asked]

    def _rows(
        self, key: RunKey, part: str, scenario: str | None, statistics: FloatArray
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """A part's statistics in the canonical order, with zeros, which count for nothing, for rows that lack them."""
        _, order = self._draws.order(key, evaluated_set(part))
        rows = statistics[order]
        if part in TEST_PARTS:
            rows = rows[self.results.members(part, scenario or "", key.split_seed)[order]]
        missing: NDArray[np.bool_] = np.asarray(np.isnan(rows).any(axis=1))
        return np.where(missing[:, None], 0.0, rows), ~missing

    def _over_seeds(self, by_split: Sequence[Sequence[FloatArray]], own_rows: bool) -> FloatArray:
        """Resamples of rows become resamples of seeds and rows; one run of one split stays as it is."""
        blocks = [np.array(block) for block in by_split]
        rng = np.random.default_rng([self.seed, 1])
        resample = np.arange(self.n_resamples)
        splits = rng.integers(0, len(blocks), (self.n_resamples, len(blocks)))
        total = np.zeros(self.n_resamples)
        for place in range(len(blocks)):
            # A split that is drawn twice in one resample draws its rows anew the second time.
            rows = (resample + place * self.n_resamples // len(blocks)) % self.n_resamples if own_rows else resample
            for i, block in enumerate(blocks):
                seeds = rng.integers(0, len(block), (self.n_resamples, len(block)))
                total += np.where(splits[:, place] == i, block[seeds, rows[:, None]].mean(axis=1), 0.0)
        return total / len(blocks)


def _values_of(metric: Metric) -> Callable[[FloatArray], FloatArray]:
    if type(metric).from_statistics is Metric.from_statistics:
        return _mean_values
    return lambda sums: np.array([metric.from_statistics(row).value if row[0] else np.nan for row in sums])


def _mean_values(sums: FloatArray) -> FloatArray:
    """The ratio of column 1 to column 0, NaN where nothing was drawn."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(sums[:, 0] > 0, sums[:, 1] / sums[:, 0], np.nan))
