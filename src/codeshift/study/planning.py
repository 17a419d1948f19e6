"""From a study to its plan: rows are counted, tokens estimated on a sample, seconds measured on a few steps."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import ParameterError, closest
from codeshift.finetune import Evaluator, Trainer, TrainingConfig
from codeshift.finetune.config import check_count, check_number
from codeshift.finetune.errors import AdapterWarning, RoundTripWarning, TruncationWarning
from codeshift.finetune.models import load_tokenizer, own_model
from codeshift.finetune.template import Template
from codeshift.properties.text_tokens import tokenize_plain
from codeshift.study.keys import NONE, RunKey
from codeshift.study.plan import Plan, PlannedRun, PlannedTest
from codeshift.study.recipe import Evaluation

if TYPE_CHECKING:
    from codeshift.study.study import Study

_SAMPLE = 500  # rows whose targets are tokenised
_PROBED_ROWS = 8


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What a method needs on this machine; NaN where it is not known.

    Attributes:
        target_token: seconds of training for each.
        scored_row: seconds of teacher forcing for each.
        generated_row: seconds of generation for each.
    """

    target_token: float = math.nan
    scored_row: float = math.nan
    generated_row: float = math.nan


def make_plan(study: Study, *, tokens_per_second: float | Mapping[str, float] | None, probe_steps: int) -> Plan:
    """Do what ``Study.plan`` says."""
    check_count("probe_steps", probe_steps, at_least=0)
    if probe_steps and tokens_per_second is not None:
        remedy = "give the throughput, or have it measured"
        raise ParameterError("probe_steps", "0 where tokens_per_second is given", probe_steps, remedy)
    tokenizer = load_tokenizer(study.tokenizer_name)
    tokens = _tokens_of_a_target(study, tokenizer)
    speeds = _probed(study, tokenizer, probe_steps) if probe_steps else _given(study, tokens_per_second)
    runs = tuple(_planned(study, key, tokens, speeds) for key in study.keys)
    return Plan(
        runs, tuple(_test(study, scenario.name, seed) for scenario in study.scenarios for seed in study.split_seeds)
    )


def _test(study: Study, scenario: str, split_seed: int) -> PlannedTest:
    rows = study.dealing.scenario(scenario, split_seed).test_rows()
    (test_ood, distinct_ood), (test_id, distinct_id) = rows["test_ood"], rows["test_id"]
    return PlannedTest(
        scenario=scenario, split_seed=split_seed,
        test_ood=test_ood, distinct_ood=distinct_ood, test_id=test_id, distinct_id=distinct_id,
    )  # fmt: skip


def _planned(study: Study, key: RunKey, tokens: float, speeds: Mapping[str, Speed]) -> PlannedRun:
    dealing, evaluation = study.dealing, study.evaluation
    test = len(dealing.parts(key.split_seed).rows["test"])
    scored, generated = 0, 0
    for rows in (test, *([] if study.general is None else [len(study.general)])):
        scored += rows if evaluation.forced else 0
        generated += _generated(study, key, rows, of_test=rows == test) if evaluation.generated else 0
    speed = speeds[key.method]
    seconds = _cost(scored, speed.scored_row) + _cost(generated, speed.generated_row)
    evaluated = PlannedRun(key=key, scored_rows=scored, generated_rows=generated, seconds=seconds)
    if key.method == NONE or key.variant:
        return evaluated
    config, parts = study.configs[key.method], dealing.training(key)
    rows = len(parts["train"])
    steps = config.total_steps(rows)
    passed = rows * config.num_epochs if config.max_steps is None else steps * min(config.rows_per_step, rows)
    trained = round(passed * tokens)
    validation = len(parts.get("validation", ()))
    # A measured speed of scoring serves validation too; a given throughput stands for all of training.
    validations = 0 if config.eval_every is None else _validations(config, steps, rows)
    validating = 0.0 if math.isnan(speed.scored_row) else validation * validations * speed.scored_row
    training = trained * speed.target_token + validating
    return replace(
        evaluated,
        train_rows=rows,
        validation_rows=validation,
        steps=steps,
        target_tokens=trained,
        seconds=training + (0.0 if math.isnan(seconds) else seconds),
    )


def _validations(config: TrainingConfig, steps: int, rows: int) -> int:
    every = config.steps_per_epoch(rows) if config.eval_every == "epoch" else int(config.eval_every or steps)
    return math.ceil(steps / every)


def _generated(study: Study, key: RunKey, rows: int, *, of_test: bool) -> int:
    """Rows that text is generated for."""
    count = study.generate_rows
    if count is None or not of_test:
        return rows if count is None else min(count, rows)
    from codeshift.study.draws import drawn_of_any

    masks = []
    for scenario in study.scenarios:
        for members in study.dealing.scenario(scenario.name, key.split_seed).test.values():
            mask = np.zeros(rows, dtype=bool)
            mask[members] = True
            masks.append(mask)
    return int(drawn_of_any(masks, rows, count, study.evaluation_seed).sum())


def _cost(count: int, each: float) -> float:
    return 0.0 if count == 0 else count * each


def _tokens_of_a_target(study: Study, tokenizer: Any) -> float:
    """The mean over a sample of rows, cut as training cuts them."""
    data = study.dealing.corpus.table.data
    some = data.select(np.random.default_rng(0).permutation(len(data))[:_SAMPLE])
    template = Template(study.target, "target")
    texts = template.texts({column: list(some[column]) for column in template.columns})
    longest = max(config.max_target_length for config in study.configs.values())
    lengths = [min(len(ids) + 1, longest) for ids in tokenize_plain(tokenizer, texts)]
    return float(np.mean(lengths))


def _given(study: Study, tokens_per_second: float | Mapping[str, float] | None) -> dict[str, Speed]:
    speeds = {name: Speed() for name in (NONE, *study.methods)}
    if tokens_per_second is None:
        return speeds
    by_name = (
        tokens_per_second if isinstance(tokens_per_second, Mapping) else dict.fromkeys(study.methods, tokens_per_second)
    )
    for name, throughput in by_name.items():
        if name not in study.methods:
            raise ParameterError("tokens_per_second", "of names of methods", name, closest(name, study.methods))
        check_number("tokens_per_second", throughput, above=0.0)
        speeds[name] = Speed(target_token=1 / throughput)
    return speeds


def _probed(study: Study, tokenizer: Any, steps: int) -> dict[str, Speed]:
    """Train each method for a few steps on rows of the baseline, then score and generate for a few."""
    rows = study.dealing.baseline(study.split_seeds[0])["train"]
    data = study.dealing.corpus.table.data.select(rows)
    speeds = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruncationWarning)
        warnings.simplefilter("ignore", RoundTripWarning)
        warnings.simplefilter("ignore", AdapterWarning)
        speeds[NONE] = _evaluation_speed(
            study.evaluation, own_model(study.model_name, tokenizer), tokenizer, study, data
        )
        for name, peft_config in study.methods.items():
            config = replace(
                study.configs[name], max_steps=steps, eval_every=None, keep_best=False, early_stopping_patience=None
            )
            some = data.select(range(min(len(data), steps * config.rows_per_step)))
            trainer = Trainer(
                study.model_name, tokenizer, config, source=study.source, target=study.target,
                peft_config=peft_config, progress=False,
            )  # fmt: skip
            result = trainer.fit(some)
            tokens = sum(int(row["tokens"]) for row in result.history if "tokens" in row)
            evaluated = _evaluation_speed(study.evaluation, result.model, tokenizer, study, data)
            speeds[name] = replace(evaluated, target_token=result.seconds / tokens)
    return speeds


def _evaluation_speed(evaluation: Evaluation, model: Any, tokenizer: Any, study: Study, data: Any) -> Speed:
    some = data.select(range(min(len(data), _PROBED_ROWS)))
    seconds = []
    for metrics in (evaluation.forced, evaluation.generated):
        if not metrics:
            seconds.append(math.nan)
            continue
        evaluator = Evaluator(
            metrics, source=study.source, target=study.target, decoding=evaluation.decoding, progress=False,
            max_source_length=evaluation.max_source_length, max_target_length=evaluation.max_target_length,
            special_tokens=evaluation.special_tokens,
        )  # fmt: skip
        started = time.perf_counter()
        evaluator.evaluate(model, some, tokenizer=tokenizer)
        seconds.append((time.perf_counter() - started) / len(some))
    return Speed(scored_row=seconds[0], generated_row=seconds[1])
