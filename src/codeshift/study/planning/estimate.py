"""The cost of a plan: rows counted, tokens estimated on a sample, seconds measured on a few steps."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.checks import check_integer, check_number
from codeshift.draws import drawn_of_any
from codeshift.errors import ParameterError
from codeshift.finetune.errors import AdapterWarning, RoundTripWarning, TruncationWarning, UnseenLabelWarning
from codeshift.finetune.models import Model, Tokenizer, load_tokenizer
from codeshift.study.planning.plan import Plan, PlannedRun, PlannedTest
from codeshift.study.settings.finetuning import evaluator, trainer
from codeshift.study.settings.keys import NONE, RunKey
from codeshift.study.settings.method_spec import MethodSpec, method_spec
from codeshift.study.settings.spec import ModelSpec, StudySpec, passes
from codeshift.study.splitting.study_splits import StudySplits
from codeshift.wording import closest

if TYPE_CHECKING:
    from datasets import Dataset

Throughput = float | Mapping[str, float] | Mapping[str, float | Mapping[str, float]]
"""Target tokens a second: a number, by method, or of several models by model (and then by method)."""

_SAMPLE = 500  # rows whose targets are tokenised
_PROBED_ROWS = 8


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Time that a method needs on this machine; NaN if unknown.

    Attributes:
        target_token: Seconds of training for each target token.
        scored_row: Seconds of teacher forcing for each row.
        generated_row: Seconds of generation for each row.
    """

    target_token: float = math.nan
    scored_row: float = math.nan
    generated_row: float = math.nan


def estimate(
    plan: Plan,
    spec: StudySpec,
    splits: StudySplits,
    *,
    tokens_per_second: Throughput | None,
    probe_steps: int,
) -> Plan:
    """Return a plan with the cost of its runs and the counts of its test rows, as ``Study.plan`` describes.

    Raises:
        ParameterError: if ``probe_steps`` is no number of steps, or is given beside ``tokens_per_second``.
    """
    probe_steps = check_integer("probe_steps", probe_steps, smallest=0)
    if probe_steps and tokens_per_second is not None:
        remedy = "give the throughput, or have it measured"
        raise ParameterError("probe_steps", "0 where tokens_per_second is given", probe_steps, remedy)
    speeds = _speeds(spec, tokens_per_second)
    costs = {name: _measured_costs(spec, name, splits, speeds[name], probe_steps) for name in spec.models}
    tests = tuple(
        _planned_test(splits, scenario.name, seed) for scenario in spec.scenarios for seed in spec.split_seeds
    )
    return replace(plan, runs=tuple(_planned(spec, splits, key, costs[key.model]) for key in plan.keys), tests=tests)


@dataclass(frozen=True)
class _Costs:
    """Mean number of target tokens of a row by a model's tokenizer, and the model's speed by method."""

    target_tokens: float
    speeds: Mapping[str, Speed]


def _measured_costs(
    spec: StudySpec, name: str | None, splits: StudySplits, stated: dict[str, Speed], probe_steps: int
) -> _Costs:
    model = spec.models[name]
    tokenizer = load_tokenizer(model.tokenizer, model.tokenizer_revision)
    tokens = _tokens_of_a_target(model, splits, tokenizer)
    return _Costs(tokens, _probed(spec, name, splits, tokenizer, probe_steps) if probe_steps else stated)


def _planned_test(splits: StudySplits, scenario: str, split_seed: int) -> PlannedTest:
    counts = splits.scenario(scenario, split_seed).test_rows()
    (test_ood, distinct_ood), (test_id, distinct_id) = counts["test_ood"], counts["test_id"]
    return PlannedTest(
        scenario=scenario, split_seed=split_seed,
        test_ood=test_ood, distinct_ood=distinct_ood, test_id=test_id, distinct_id=distinct_id,
    )  # fmt: skip


def _planned(spec: StudySpec, splits: StudySplits, key: RunKey, costs: _Costs) -> PlannedRun:
    speeds = costs.speeds
    evaluated = _evaluated(spec, splits, key, speeds[key.method])
    if key.method == NONE or key.variant:
        return evaluated
    config, parts = spec.models[key.model].configs[key.method], splits.training(key)
    train, validation = len(parts["train"]), len(parts.get("validation", ()))
    steps = config.total_steps(train)
    passed = train * config.num_train_epochs
    if config.max_steps is not None:
        passed = steps * min(config.train_batch_size, train)
    trained = round(passed * costs.target_tokens)
    # A measured speed of scoring serves validation too; a given throughput stands for all of training.
    speed, interval = speeds[key.method], config.eval_interval(train)
    validations = 0 if interval is None else math.ceil(steps / interval)
    validating = 0.0 if math.isnan(speed.scored_row) else validation * validations * speed.scored_row
    seconds = trained * speed.target_token + validating
    return replace(
        evaluated,
        train_rows=train,
        validation_rows=validation,
        steps=steps,
        target_tokens=trained,
        seconds=seconds + (0.0 if math.isnan(evaluated.seconds) else evaluated.seconds),
    )


def _evaluated(spec: StudySpec, splits: StudySplits, key: RunKey, speed: Speed) -> PlannedRun:
    """Plan the evaluation of a run: of the test rows, as they are and rewritten, and of the general set."""
    test = len(splits.parts(key.split_seed).positions["test"])
    times = 1 + len(spec.transforms)
    general = 0 if spec.general is None else len(spec.general)
    writes = {step.writes for step in passes(spec.evaluation)}
    scored = test * times + general if False in writes else 0
    generated = 0
    if True in writes:
        count = spec.evaluation.generate_rows
        generated = _generated(spec, splits, key, test) * times + (general if count is None else min(count, general))
    seconds = _cost(scored, speed.scored_row) + _cost(generated, speed.generated_row)
    return PlannedRun(key=key, scored_rows=scored, generated_rows=generated, seconds=seconds)


def _generated(spec: StudySpec, splits: StudySplits, key: RunKey, test: int) -> int:
    """Count the test rows that text is generated for."""
    count = spec.evaluation.generate_rows
    if count is None:
        return test
    masks = []
    for scenario in spec.scenarios:
        for members in splits.scenario(scenario.name, key.split_seed).test.values():
            mask = np.zeros(test, dtype=bool)
            mask[members] = True
            masks.append(mask)
    return int(drawn_of_any(masks, test, count, spec.evaluation.seed).sum())


def _cost(count: int, seconds: float) -> float:
    return 0.0 if count == 0 else count * seconds


def _tokens_of_a_target(model: ModelSpec, splits: StudySplits, tokenizer: Tokenizer) -> float:
    """Return the mean number of target tokens over a sample of rows, truncated as in training."""
    data = splits.all_rows
    sampled = data.select(np.random.default_rng(0).permutation(len(data))[:_SAMPLE])
    longest = max(config.max_target_length for config in model.configs.values())
    return float(np.mean(model.task.target_lengths(sampled, tokenizer, longest)))


def _speeds(spec: StudySpec, tokens_per_second: Throughput | None) -> dict[str | None, dict[str, Speed]]:
    """Return the speeds that follow from a throughput, by model and method; those of what is not named are unknown."""
    named = [name for name in spec.models if name is not None]
    if not (named and isinstance(tokens_per_second, Mapping)):  # one number, or one model without a name
        return {name: _by_method(spec, tokens_per_second) for name in spec.models}
    by_model: Mapping[Any, Any] = tokens_per_second
    _check_names(by_model, spec.models, "models")
    return {name: _by_method(spec, by_model.get(name)) for name in spec.models}


def _by_method(spec: StudySpec, throughput: float | Mapping[str, Any] | None) -> dict[str, Speed]:
    by_name = throughput if isinstance(throughput, Mapping) else dict.fromkeys(spec.methods, throughput)
    _check_names(by_name, spec.methods, "methods")
    speeds = {name: check_number("tokens_per_second", of, above=0) for name, of in by_name.items() if of is not None}
    return {name: Speed(target_token=1 / speeds[name]) if name in speeds else Speed() for name in (NONE, *spec.methods)}


def _check_names(by_name: Mapping[str, Any], names: Collection[str | None], of: str) -> None:
    for name in by_name:
        if name not in names:
            raise ParameterError("tokens_per_second", f"of names of {of}", name, closest(name, names))


def _probed(
    spec: StudySpec, model: str | None, splits: StudySplits, tokenizer: Tokenizer, steps: int
) -> dict[str, Speed]:
    """Train each method of a model for a few steps on rows of the baseline, then score and generate for a few."""
    data = splits.all_rows.select(splits.baseline(spec.split_seeds[0])["train"])
    own, speeds = spec.models[model], {}
    with warnings.catch_warnings():
        for of_a_run in (TruncationWarning, RoundTripWarning, UnseenLabelWarning, AdapterWarning):
            warnings.simplefilter("ignore", of_a_run)
        untrained = own.task.own(own.model, tokenizer, revision=own.revision)
        speeds[NONE] = _evaluation_speed(method_spec(spec, model, NONE), untrained, tokenizer, data)
        for name in spec.methods:
            method = method_spec(spec, model, name)
            config = replace(
                own.configs[name], max_steps=steps, eval_strategy="no", eval_steps=None,
                load_best_model_at_end=False, early_stopping_patience=None,
            )  # fmt: skip
            sampled = data.select(range(min(len(data), steps * config.train_batch_size)))
            result = trainer(method, own.model, tokenizer, config, progress=False).fit(sampled)
            tokens = sum(row[own.task.unit] for row in result.history if own.task.unit in row)
            evaluated = _evaluation_speed(method, result.model, tokenizer, data)
            speeds[name] = replace(evaluated, target_token=result.seconds / tokens)
    return speeds


def _evaluation_speed(method: MethodSpec, model: Model, tokenizer: Tokenizer, data: Dataset) -> Speed:
    sampled = data.select(range(min(len(data), _PROBED_ROWS)))
    scored = generated = math.nan
    for step in passes(method.evaluation):
        own = evaluator(method, step.metrics, progress=False)
        started = time.perf_counter()
        own.evaluate(model, {"data": sampled, "train": data}, tokenizer=tokenizer, parts=("data",))
        seconds = (time.perf_counter() - started) / len(sampled)
        scored, generated = (scored, seconds) if step.writes else (seconds, generated)
    return Speed(scored_row=scored, generated_row=generated)
