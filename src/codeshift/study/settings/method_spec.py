"""Settings that all runs of a model and a method share, as a plain value that any process or machine can be sent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from codeshift.study.settings.spec import StudySpec

if TYPE_CHECKING:
    from peft import PeftConfig

    from codeshift.finetune import TrainingConfig
    from codeshift.finetune.evaluation_settings import EvaluationSettings
    from codeshift.finetune.models import ModelOrName, TokenizerOrName
    from codeshift.finetune.tasks import Task


@dataclass(frozen=True, kw_only=True)
class MethodSpec:
    """Settings that all runs of a model and a method share.

    Attributes:
        task: What models are trained to do, with its source and its target.
        model: Hub name or folder of the model; None if it is in the study's own folder.
        tokenizer: Hub name or folder of the tokenizer; None if it is in the study's own folder.
        revision: Branch, tag or commit of the model's hub name; None for the default.
        config: Config of training, with the seed replaced by that of each run; None for ``"none"``.
        peft_config: PEFT config; None for full fine-tuning.
        evaluation: Settings of the evaluation.
        scenarios: Names of the study's scenarios.
        watch: Numbers of rows of ``test_id`` and ``test_ood`` to score while a model trains.
        detection: Whether confidences and distances from training rows are kept of each row.
        language: Language of the code, or the column that names each row's; None if there is none, or several.
        has_general: Whether there is a general held-out set.
        transforms: Names of the transforms whose rewritten test rows are scored as well.
        keep_weights: Whether the trained weights are kept.
    """

    task: Task
    model: str | None
    tokenizer: str | None
    revision: str | None
    config: TrainingConfig | None = field(repr=False)
    peft_config: PeftConfig | None = field(repr=False)
    evaluation: EvaluationSettings = field(repr=False)
    scenarios: tuple[str, ...] = field(repr=False)
    watch: Mapping[str, int | None] = field(default_factory=dict)
    detection: bool = True
    language: str | None = None
    has_general: bool = False
    transforms: tuple[str, ...] = ()
    keep_weights: bool = True


def method_spec(spec: StudySpec, model: str | None, method: str) -> MethodSpec:
    """Return the settings that all runs of a model and a method share.

    Args:
        spec: Spec of the study.
        model: Name of the model; None for one without.
        method: Name of the method, or ``"none"``.
    """
    own = spec.models[model]
    config = own.configs.get(method)
    if config is not None and config.save_strategy == "no":
        config = replace(config, save_strategy="epoch")
    return MethodSpec(
        task=own.task,
        model=_name_or_none(own.model),
        tokenizer=_name_or_none(own.tokenizer),
        revision=own.revision,
        config=config,
        peft_config=own.methods.get(method),
        evaluation=own.evaluation,
        watch=spec.watch,
        detection=spec.detection,
        language=spec.language,
        scenarios=tuple(scenario.name for scenario in spec.scenarios),
        has_general=spec.general is not None,
        transforms=tuple(spec.transforms),
        keep_weights=spec.keep_weights,
    )


def _name_or_none(named: ModelOrName | TokenizerOrName) -> str | None:
    """Return the name or folder of a model or tokenizer; None if it was given as an object."""
    return str(named) if isinstance(named, str | os.PathLike) else None
