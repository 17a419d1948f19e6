"""Spreads of scores over rows and over training seeds, from the runs of a pilot study."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from codeshift.errors import ParameterError
from codeshift.metrics.aggregates.intervals import influences
from codeshift.metrics.aggregates.sample import as_sample
from codeshift.metrics.base import FloatArray, Metric
from codeshift.study.planning.power import Spreads
from codeshift.study.results.study_results import StudyResults
from codeshift.study.settings.keys import NONE, RunKey


def pilot_spreads(results: StudyResults, metric: str, scenario: str) -> Spreads:
    """Return the spreads on ``test_ood`` of a scenario of the pilot; of all its scenarios if it lacks this one.

    Variances are averaged over its trained models. That over seeds is what the values of a model's seeds differ beyond
    what rows explain.

    Args:
        results: Results of the pilot.
        metric: Name of a metric that it measured.
        scenario: Name of the scenario.

    Raises:
        ParameterError: if the pilot lacks the metric, two training seeds of a model, or two models.
    """
    if metric not in results.metrics:
        raise ParameterError("pilot", f"a study that measured {metric}", tuple(results.metrics), "run one with it")
    names = [scenario] if scenario in results.scenarios else list(results.scenarios)
    runs = [run for name in names for run in _runs(results, metric, name)]
    seeds = [pair for pair in combinations(runs, 2) if pair[0].model == pair[1].model]
    models = [pair for pair in combinations(runs, 2) if _are_comparable(*pair)]
    if not seeds or not models:
        lacks = "two training seeds of a model" if not seeds else "two models with the same training seed"
        remedy = "two train_seeds of a masked and a kept run are enough"
        raise ParameterError("pilot", f"a study with {lacks} on {metric}", f"{len(runs)} runs", remedy)
    by_seed, by_model = _correlation(seeds), _correlation(models)
    over_seeds = [_beyond_rows(pair[0], pair[1]) for pair in seeds]
    rows = math.sqrt(float(np.mean([run.variance for run in runs])))
    return Spreads(
        rows=rows, seeds=math.sqrt(max(float(np.mean(over_seeds)), 0.0)), correlation=min(by_model, by_seed),
        seed_correlation=by_seed, source="pilot",
    )  # fmt: skip


def row_influences(statistics: FloatArray, metric: Metric) -> FloatArray:
    """Return how far each row moves a metric's value, times the number of rows: for a mean, the centred scores."""
    sample = as_sample(statistics, metric=metric)
    return influences(sample) * len(statistics) if len(statistics) > 1 else np.zeros(len(statistics))


@dataclass(frozen=True, eq=False)
class _Run:
    """A trained model's score on the rows of a scenario.

    Attributes:
        key: Key of the run.
        scenario: Name of the scenario.
        value: Value of the metric.
        moved: Influence of each row, scaled so that the mean square is the variance of a row.
    """

    key: RunKey
    scenario: str
    value: float
    moved: FloatArray

    @property
    def model(self) -> tuple[object, ...]:
        key = self.key
        return self.scenario, key.model, key.method, key.scenario, key.ood_kept, key.split_seed

    @property
    def variance(self) -> float:
        return float(np.mean(self.moved**2))


def _runs(results: StudyResults, metric: str, scenario: str) -> Iterator[_Run]:
    for record in results.records:
        key = record.key
        elsewhere = key.scenario not in (None, scenario)
        if record.status != "done" or key.method == NONE or key.variant or elsewhere:
            continue
        if (scenario, key.split_seed) not in results.splits:
            continue
        rows = results.statistics(key, metric, "test_ood", scenario)
        rows = rows[~np.isnan(rows).any(axis=1)]
        if len(rows) > 1:
            measured = results.metrics[metric]
            yield _Run(key, scenario, as_sample(rows, metric=measured).value, row_influences(rows, measured))


def _are_comparable(first: _Run, second: _Run) -> bool:
    same = (first.scenario, first.key.split_seed) == (second.scenario, second.key.split_seed)
    return same and (first.key.model, first.key.train_seed) == (second.key.model, second.key.train_seed)


def _correlation(pairs: Sequence[tuple[_Run, _Run]]) -> float:
    """Return the correlation over rows, pooled over pairs; at least 0."""
    together = sum(float(np.mean(a.moved * b.moved)) for a, b in pairs)
    apart = sum((a.variance + b.variance) / 2 for a, b in pairs)
    return min(max(together / apart, 0.0), 1.0) if apart else 1.0


def _beyond_rows(first: _Run, second: _Run) -> float:
    """Return half the squared difference of two seeds' values, less what their rows explain."""
    by_rows = float(np.mean((first.moved - second.moved) ** 2)) / len(first.moved)
    return ((first.value - second.value) ** 2 - by_rows) / 2
