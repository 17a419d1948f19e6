"""What a worker must know to do a run: plain values, so that they can be sent to any process or machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.metrics import Metric, NegativeLogLikelihood, TokenAccuracy
from codeshift.study.folder import StudyFolder
from codeshift.study.keys import RunKey

if TYPE_CHECKING:
    from codeshift.finetune import Decoding, TrainingConfig

WISE_FT, ADAPTER = "wise_ft", "adapter"


def is_forced(metric: Metric) -> bool:
    """Whether a metric is measured by teacher forcing rather than on generated text."""
    return isinstance(metric, NegativeLogLikelihood | TokenAccuracy)


def variant_name(kind: str, value: float) -> str:
    """The name of a variant.

    >>> variant_name(WISE_FT, 0.5)
    'wise_ft=0.5'
    """
    return f"{kind}={value:g}"


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How models are evaluated.

    Attributes:
        metrics: of ``codeshift.metrics``.
        batch_size: rows at once.
        max_source_length: longest source, in tokens.
        max_target_length: longest target, in tokens.
        special_tokens: special tokens that are such in the columns too.
        decoding: how text is generated.
        generate_rows: generate for so many rows of each part; None for all.
        seed: of that draw.
    """

    metrics: tuple[Metric, ...]
    batch_size: int = 32
    max_source_length: int = 512
    max_target_length: int = 512
    special_tokens: tuple[str, ...] = ()
    decoding: Decoding | None = None
    generate_rows: int | None = None
    seed: int = 0

    @property
    def forced(self) -> tuple[Metric, ...]:
        """The metrics measured by teacher forcing."""
        return tuple(metric for metric in self.metrics if is_forced(metric))

    @property
    def generated(self) -> tuple[Metric, ...]:
        """The metrics of generated text."""
        return tuple(metric for metric in self.metrics if not is_forced(metric))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What all runs of a method have in common.

    Attributes:
        source: template of what the model is given.
        target: template of what it must write.
        model: a hub name or folder; None where it stands in the study's own folder.
        tokenizer: likewise.
        config: of training; its seed is the run's own. None for ``"none"``.
        peft_config: None for full fine-tuning.
        evaluation: how models are evaluated.
        scenarios: names of the study's scenarios.
        has_general: whether there is a general held-out set.
        keep_weights: whether the trained weights stay.
    """

    source: str
    target: str
    model: str | None
    tokenizer: str | None
    config: TrainingConfig | None = field(repr=False)
    peft_config: Any = field(repr=False)
    evaluation: Evaluation = field(repr=False)
    scenarios: tuple[str, ...] = field(repr=False)
    has_general: bool = False
    keep_weights: bool = True


@dataclass(frozen=True, kw_only=True)
class RunTask:
    """A training and what is evaluated of it.

    Attributes:
        folder: of the study, as the worker sees it.
        recipe: of the method.
        key: of the model as trained, or of ``"none"``.
        variants: keys of models that are made of its weights.
        threads: of each library in the worker; None leaves them as they are.
    """

    folder: Path
    recipe: Recipe
    key: RunKey
    variants: tuple[RunKey, ...] = ()
    threads: int | None = None

    @property
    def name(self) -> str:
        """What it is called in locks and messages."""
        return self.key.name

    @property
    def keys(self) -> tuple[RunKey, ...]:
        """Of all models that it evaluates."""
        return (self.key, *self.variants)

    @property
    def files(self) -> StudyFolder:
        """Where everything stands."""
        return StudyFolder(self.folder)
