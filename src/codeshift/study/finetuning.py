"""Trainers and evaluators of a study: the one place where its settings become those of ``codeshift.finetune``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from codeshift.finetune import Evaluator, Trainer, TrainingConfig
from codeshift.finetune.models import ModelOrName, Tokenizer
from codeshift.metrics import Metric
from codeshift.study.run_spec import MethodSpec


def trainer(
    method: MethodSpec, model: ModelOrName, tokenizer: Tokenizer, config: TrainingConfig, *, progress: bool
) -> Trainer:
    """Return the trainer of a method.

    Args:
        method: Settings of the method.
        model: Model to train, or its path or hub name.
        tokenizer: Tokenizer of the model.
        config: Config of this training.
        progress: Whether a bar is shown.
    """
    return Trainer(
        model,
        tokenizer,
        config,
        task=method.task,
        peft_config=method.peft_config,
        progress=progress,
    )


def evaluator(method: MethodSpec, metrics: Sequence[Metric], *, progress: bool) -> Evaluator:
    """Return the evaluator of a method's models by some of the study's metrics.

    The rows to generate for are drawn by the study, so it generates for all that it is given.

    Args:
        method: Settings of the method.
        metrics: Metrics to measure.
        progress: Whether a bar is shown.
    """
    by_name = {metric.name: metric for metric in metrics}
    settings = replace(method.evaluation, metrics=by_name, generate_rows=None, progress=progress)
    return Evaluator.of(method.task, settings)
