"""Trainers and evaluators of a study: the one place where its settings become those of ``codeshift.finetune``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from codeshift.errors import ParameterError
from codeshift.finetune import Evaluator, Trainer, TrainingConfig
from codeshift.finetune.adapters import check_adapter
from codeshift.finetune.models import ModelOrName, Tokenizer, config_at_hand, load_tokenizer
from codeshift.finetune.optimisation import check_patterns
from codeshift.finetune.quantisation import check_quantization
from codeshift.metrics import Metric
from codeshift.study.settings.method_spec import MethodSpec
from codeshift.study.settings.spec import ModelSpec, StudySpec


def trainer(
    method: MethodSpec,
    model: ModelOrName,
    tokenizer: Tokenizer,
    config: TrainingConfig,
    *,
    watch: Mapping[str, int | None] | None = None,
    progress: bool,
) -> Trainer:
    """Return the trainer of a method.

    Args:
        method: Settings of the method.
        model: Model to train, or its path or hub name.
        tokenizer: Tokenizer of the model.
        config: Config of this training.
        watch: Numbers of rows of other parts to score while it trains, see ``Trainer``.
        progress: Whether a bar is shown.
    """
    return Trainer(
        model,
        tokenizer,
        config,
        task=method.task,
        peft_config=method.peft_config,
        revision=method.revision,
        watch=watch,
        progress=progress,
    )


def check_methods_fit(spec: StudySpec) -> None:
    """Check that each model can have its methods, without its weights; a name of the hub is not looked up.

    Raises:
        ParameterError: an adapter does not fit it, it lacks a parameter that a config freezes or trains alone, or
            weights are to be quantised that are trained.
        MissingExtraError: weights are to be quantised, and bitsandbytes is not installed.
    """
    for name, model in spec.models.items():
        _check_methods_fit(f"models[{name!r}]: methods" if name is not None else "methods", model)


def _check_methods_fit(parameter: str, own: ModelSpec) -> None:
    config = config_at_hand(own.model)
    tokenizer = None if config is None else load_tokenizer(own.tokenizer, own.tokenizer_revision)
    for name, peft_config in own.methods.items():
        try:
            check_quantization(own.configs[name].quantization, peft_config, own.model)
            if config is None or tokenizer is None:
                continue
            with torch.device("meta"):
                model = own.task.fresh(config, tokenizer)
            if peft_config is None:
                check_patterns(model, own.configs[name])
            else:
                check_adapter(model, peft_config)
        except ParameterError as error:
            setting = f"{name}.{error.parameter}"
            raise ParameterError(parameter, error.constraint, error.value, error.remedy, key=setting) from error


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
    by_name = {metric.name: metric for metric in metrics}
    settings = replace(
        method.evaluation,
        metrics=by_name,
        features=features,
        confidence=confidence,
        generate_rows=None,
        progress=progress,
    )
    return Evaluator.of(method.task, settings)
