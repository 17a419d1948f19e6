"""The power of a planned study: its rows are counted, its spreads stated, piloted or measured without fine-tuning."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np

from codeshift.draws import drawn
from codeshift.errors import ParameterError
from codeshift.finetune.errors import RoundTripWarning, TruncationWarning
from codeshift.finetune.models import load_tokenizer
from codeshift.metrics import Metric
from codeshift.metrics.aggregates.sample import bounds_of
from codeshift.study.planning.pilot import pilot_spreads, row_influences
from codeshift.study.planning.plan import PlannedTest
from codeshift.study.planning.power import Design, PowerSettings, Spreads, StudyPower
from codeshift.study.planning.power.study_power import power_by_scenario
from codeshift.study.results.loading import load_results
from codeshift.study.results.measures import measure_of
from codeshift.study.settings.finetuning import evaluator
from codeshift.study.settings.keys import NONE
from codeshift.study.settings.method_spec import method_spec
from codeshift.study.settings.spec import StudySpec
from codeshift.study.splitting.study_splits import StudySplits

_MEASURED_ROWS = 100  # of each scenario, with the model without fine-tuning


def forecast(
    spec: StudySpec, splits: StudySplits, tests: tuple[PlannedTest, ...], settings: PowerSettings
) -> StudyPower:
    """Return what a study can show on its first metric.

    Args:
        spec: Spec of the study.
        splits: Splits of the study.
        tests: Counted test rows of each scenario and split seed.
        settings: What is assumed, and asked for.

    Raises:
        ParameterError: if the spread over rows is neither given nor can be measured, or the pilot does not fit.
    """
    metric = spec.metrics[0]
    spreads = _spreads(spec, splits, metric, settings)
    scenarios = []
    for name, of in spreads.items():
        counts = [test.distinct_ood for test in tests if test.scenario == name]
        if spec.evaluation.generate_rows is not None and metric.takes == "text":
            counts = [min(count, spec.evaluation.generate_rows) for count in counts]
        design = Design(
            rows=round(float(np.mean(counts))), splits=len(spec.split_seeds), trainings=len(spec.train_seeds),
            own_rows=not splits.data.official,
        )  # fmt: skip
        scenarios.append((name, design, of))
    return power_by_scenario(measure_of(metric), settings, scenarios)


def _spreads(spec: StudySpec, splits: StudySplits, metric: Metric, settings: PowerSettings) -> dict[str, Spreads]:
    """Return the spreads of each scenario: what is stated comes first, then the pilot, then what is measured."""
    names = [scenario.name for scenario in spec.scenarios]
    if settings.pilot is not None:
        results = load_results(settings.pilot, metrics=spec.metrics)
        spreads = {name: pilot_spreads(results, metric.name, name) for name in names}
    else:
        untrained = {} if settings.row_spread is not None else _without_finetuning(spec, splits, metric)
        spreads = {name: untrained.get(name) or Spreads(rows=1.0, seeds=0.0) for name in names}
    return {name: _stated(of, settings) for name, of in spreads.items()}


def _stated(spreads: Spreads, settings: PowerSettings) -> Spreads:
    correlation = spreads.correlation if settings.correlation is None else settings.correlation
    of_seeds = settings.seed_correlation
    if of_seeds is None:
        piloted = spreads.source == "pilot"
        of_seeds = max(spreads.seed_correlation, correlation) if piloted else (1 + correlation) / 2
    spreads = replace(spreads, correlation=min(correlation, of_seeds), seed_correlation=of_seeds)
    if settings.seed_spread is not None:
        spreads = replace(spreads, seeds=settings.seed_spread)
    return spreads if settings.row_spread is None else replace(spreads, rows=settings.row_spread, source="stated")


def _without_finetuning(spec: StudySpec, splits: StudySplits, metric: Metric) -> dict[str, Spreads]:
    """Return the spread over rows without fine-tuning, of several models the largest.

    If a model scores all rows alike, or none is scored, it is the widest that the metric can have.
    """
    by_scenario: dict[str, float] = {}
    for model, own in spec.models.items():
        if own.task.zero_shot:
            for name, spread in _untrained_scores(spec, model, splits, metric).items():
                by_scenario[name] = max(by_scenario.get(name, 0.0), spread)
    return {
        scenario.name: Spreads(rows=by_scenario[scenario.name], seeds=0.0, source="without fine-tuning")
        if by_scenario.get(scenario.name)
        else Spreads(rows=_widest(metric), seeds=0.0, source="widest")
        for scenario in spec.scenarios
    }


def _widest(metric: Metric) -> float:
    bounds = bounds_of(metric)
    if bounds is None:
        remedy = "state it: the model without fine-tuning has none, and the metric has no bounds"
        raise ParameterError("row_spread", f"given for {metric.name}", None, remedy)
    return (bounds[1] - bounds[0]) / 2


def _untrained_scores(spec: StudySpec, name: str | None, splits: StudySplits, metric: Metric) -> dict[str, float]:
    """Score some test rows of each scenario with a model without fine-tuning."""
    own = spec.models[name]
    seed, tokenizer = spec.split_seeds[0], load_tokenizer(own.tokenizer, own.tokenizer_revision)
    positions = splits.parts(seed).positions["test"]
    masks = {}
    for scenario in spec.scenarios:
        mask = np.zeros(len(positions), dtype=bool)
        mask[splits.scenario(scenario.name, seed).test["test_ood"]] = True
        masks[scenario.name] = drawn(mask, _MEASURED_ROWS, own.evaluation.seed)
    chosen = np.logical_or.reduce(list(masks.values()))
    data = splits.all_rows
    parts = {"data": data.select(positions[chosen]), "train": data.select(splits.baseline(seed)["train"])}
    with warnings.catch_warnings():
        for of_a_run in (TruncationWarning, RoundTripWarning):
            warnings.simplefilter("ignore", of_a_run)
        measuring = evaluator(method_spec(spec, name, NONE), (metric,), progress=False)
        model = own.task.own(own.model, tokenizer, revision=own.revision)
        part = measuring.evaluate(model, parts, tokenizer=tokenizer, parts=("data",))["data"]
    statistics = np.full((int(chosen.sum()), part.statistics_of(metric.name).shape[1]), np.nan)
    statistics[part.scored[metric.name]] = part.statistics_of(metric.name)
    spreads = {}
    for scenario_name, mask in masks.items():
        scored = statistics[mask[chosen]]
        scored = scored[~np.isnan(scored).any(axis=1)]
        spreads[scenario_name] = (
            math.sqrt(float(np.mean(row_influences(scored, metric) ** 2))) if len(scored) > 1 else 0.0
        )
    return spreads
