"""Trainers and evaluators of a study: the one place where its settings become those of ``codeshift.finetune``."""

from __future__ import annotations

from collections.abc import Sequence

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
        **method.task.to_dict(),
        peft_config=method.peft_config,
        progress=progress,
    )


def evaluator(
    method: MethodSpec,
    metrics: Sequence[Metric],
    *,
    features: bool = False,
    confidence: bool = False,
    progress: bool,
) -> Evaluator:
    """Return the evaluator of a method's models by some of the study's metrics.

    The rows to generate for are drawn by the study, so it generates for all that it is given.

    Args:
        method: Settings of the method.
        metrics: Metrics to measure.
        features: Whether the features of each row are kept.
        confidence: Whether the model's confidence in each output is kept.
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
        features=features,
        confidence=confidence,
        seed=settings.seed,
        progress=progress,
    )
