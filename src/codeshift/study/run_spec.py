"""Specs of runs for workers: plain values, which can be sent to any process or machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from codeshift.study.keys import RunKey
from codeshift.study.plan import Plan
from codeshift.study.records import RunRecord
from codeshift.study.spec import StudySpec
from codeshift.study.store import StudyStore

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
    watch: Mapping[str, int] = field(default_factory=dict)
    detection: bool = True
    language: str | None = None
    has_general: bool = False
    transforms: tuple[str, ...] = ()
    keep_weights: bool = True


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """A training and the evaluations of its models.

    Attributes:
        folder: Folder of the study, as the worker sees it.
        method: Settings that all runs of the model and the method share.
        key: Key of the model as trained, or of ``"none"``.
        variants: Keys of the models that are made of its weights.
        threads: Number of threads of each library in the worker; None leaves them as they are.
    """

    folder: Path
    method: MethodSpec
    key: RunKey
    variants: tuple[RunKey, ...] = ()
    threads: int | None = None

    bound: ClassVar[bool] = False
    """Whether only the process that made it can do it: never."""

    @property
    def name(self) -> str:
        """Name of the run in locks and messages."""
        return self.key.name

    @property
    def keys(self) -> tuple[RunKey, ...]:
        """Keys of all models that it evaluates."""
        return (self.key, *self.variants)

    @property
    def store(self) -> StudyStore:
        """Store of the study."""
        return StudyStore(self.folder)

    @property
    def is_done(self) -> bool:
        """Whether all models have a record."""
        return all(self.store.record(key).exists() for key in self.keys)

    def record_error(self, error: str) -> None:
        """Record all models that have no record as failed."""
        for key in self.keys:
            if self.store.read_record(key) is None:
                self.store.write_record(RunRecord(key=key, status="failed", error=f"StudyError: {error}"))


def run_specs(plan: Plan, spec: StudySpec, folder: Path, threads: int | None) -> list[RunSpec]:
    """Return the runs of a plan, each training with its variants, in the order in which they are done.

    Args:
        plan: Plan of the study.
        spec: Spec of the study.
        folder: Folder of the study.
        threads: Number of threads of each library in a worker; None leaves them as they are.
    """
    each = {(key.model, key.method): method_spec(spec, key.model, key.method) for key in plan.keys}
    return [
        RunSpec(folder=folder, method=each[key.model, key.method], key=key, variants=tuple(variants), threads=threads)
        for key, *variants in plan.families
    ]


def method_spec(spec: StudySpec, model: str, method: str) -> MethodSpec:
    """Return the settings that all runs of a model and a method share.

    Args:
        spec: Spec of the study.
        model: Name of the model; empty for one without.
        method: Name of the method, or ``"none"``.
    """
    own = spec.models[model]
    config = own.configs.get(method)
    if config is not None and config.save_strategy == "no":
        config = replace(config, save_strategy="epoch")
    return MethodSpec(
        task=own.task,
        model=_name(own.model),
        tokenizer=_name(own.tokenizer),
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


def _name(thing: ModelOrName | TokenizerOrName) -> str | None:
    """Return the name or folder of a model or tokenizer; None if it was given as an object."""
    return str(thing) if isinstance(thing, str | os.PathLike) else None
