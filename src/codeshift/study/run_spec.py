"""Specs of runs for workers: plain values, which can be sent to any process or machine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codeshift.study.keys import NONE, RunKey
from codeshift.study.spec import Evaluation, StudySpec
from codeshift.study.store import StudyStore

if TYPE_CHECKING:
    from peft import PeftConfig

    from codeshift.finetune import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class MethodSpec:
    """Settings that all runs of a method share.

    Attributes:
        source: Template of the model's input.
        target: Template of the text that the model must write.
        model: Hub name or folder of the model; None if it is in the study's own folder.
        tokenizer: Hub name or folder of the tokenizer; None if it is in the study's own folder.
        config: Config of training, with the seed replaced by that of each run; None for ``"none"``.
        peft_config: PEFT config; None for full fine-tuning.
        evaluation: Settings of the evaluation.
        scenarios: Names of the study's scenarios.
        has_general: Whether there is a general held-out set.
        keep_weights: Whether the trained weights are kept.
    """

    source: str
    target: str
    model: str | None
    tokenizer: str | None
    config: TrainingConfig | None = field(repr=False)
    peft_config: PeftConfig | None = field(repr=False)
    evaluation: Evaluation = field(repr=False)
    scenarios: tuple[str, ...] = field(repr=False)
    has_general: bool = False
    keep_weights: bool = True


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """A training and the evaluations of its models.

    Attributes:
        folder: Folder of the study, as the worker sees it.
        method: Settings that all runs of the method share.
        key: Key of the model as trained, or of ``"none"``.
        variants: Keys of the models that are made of its weights.
        threads: Number of threads of each library in the worker; None leaves them as they are.
    """

    folder: Path
    method: MethodSpec
    key: RunKey
    variants: tuple[RunKey, ...] = ()
    threads: int | None = None

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


def run_specs(spec: StudySpec, folder: Path, threads: int | None) -> list[RunSpec]:
    """Return all trainings of a study, in the order in which they are done.

    Args:
        spec: Spec of the study.
        folder: Folder of the study.
        threads: Number of threads of each library in a worker; None leaves them as they are.
    """
    methods = {name: _method_spec(spec, name) for name in (NONE, *spec.methods)}
    return [
        RunSpec(folder=folder, method=methods[key.method], key=key, variants=tuple(variants), threads=threads)
        for key, *variants in spec.families
    ]


def _method_spec(spec: StudySpec, method: str) -> MethodSpec:
    config = spec.configs.get(method)
    if config is not None and config.save_strategy == "no":
        config = replace(config, save_strategy="epoch")
    model, tokenizer = spec.model, spec.tokenizer
    return MethodSpec(
        source=spec.source,
        target=spec.target,
        model=None if hasattr(model, "save_pretrained") else str(model),
        tokenizer=None if hasattr(tokenizer, "save_pretrained") else str(tokenizer),
        config=config,
        peft_config=spec.methods.get(method),
        evaluation=spec.evaluation,
        scenarios=tuple(scenario.name for scenario in spec.scenarios),
        has_general=spec.general is not None,
        keep_weights=spec.keep_weights,
    )
