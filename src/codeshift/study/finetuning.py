"""Trainers and evaluators of a study: the one place where its settings become those of ``codeshift.finetune``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codeshift.finetune import Evaluator, Trainer, TrainingConfig
from codeshift.finetune.models import ModelOrName, Tokenizer
from codeshift.metrics import Metric
from codeshift.study.run_spec import MethodSpec


def trainer(
    method: MethodSpec,
    model: ModelOrName,
    tokenizer: Tokenizer,
    config: TrainingConfig,
    *,
    watch: Mapping[str, int] | None = None,
    progress: bool,
) -> Trainer:
    """Return the trainer of a method.

    Args:
        method: Settings of the method.
        model: Model to train, or its path or hub name.
        tokenizer: Tokenizer of the model.
        config: Config of this training.
        watch: Numbers of rows of other parts to score while it trains.
        progress: Whether a bar is shown.
    """
    return Trainer(
        model,
        tokenizer,
        config,
        **method.task.to_dict(),
        peft_config=method.peft_config,
        revision=method.revision,
        watch=watch,
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
    settings = method.evaluation
    return Evaluator(
        metrics,
        **method.task.to_dict(),
        batch_size=settings.batch_size,
        max_source_length=settings.max_source_length,
        max_target_length=settings.max_target_length,
        special_tokens=settings.special_tokens,
        decoding=settings.decoding,
        shots=settings.shots,
        extract=settings.extract,
        seed=settings.seed,
        progress=progress,
    )
