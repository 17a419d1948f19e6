"""The spec of a study: its checked settings, as a plain value that everything else is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING

from datasets import Dataset, DatasetDict

from codeshift.metrics import Metric
from codeshift.metrics.base import Takes
from codeshift.parts import WHOLE
from codeshift.splits.config import SplitConfig
from codeshift.splitters import Scenario

if TYPE_CHECKING:
    from peft import PeftConfig

    from codeshift.audit.settings import AuditSettings
    from codeshift.finetune import Decoding, TrainingConfig
    from codeshift.finetune.extraction import Extract
    from codeshift.finetune.models import ModelOrName, TokenizerOrName
    from codeshift.finetune.tasks import Task

_PASSES: tuple[tuple[str, frozenset[Takes], bool], ...] = (
    ("forced", frozenset({"log_probabilities", "argmax"}), False),
    ("generated", frozenset({"text"}), True),
    ("classified", frozenset({"class_probabilities"}), False),
)
"""Passes by name: what its metrics take, and whether the model writes text."""

_AXIS, _FREE, _OMITTED = "axis", "free", "omitted"
AXIS: Mapping[str, bool] = {_AXIS: True}
"""Metadata of a setting to which ``extend`` may add values: these add runs and change none."""
FREE: Mapping[str, bool] = {_FREE: True}
"""Metadata of a setting that may differ from that of the folder, as it changes no result."""


def omitted_if(value: object) -> Mapping[str, object]:
    """Return the metadata of a setting that the fingerprint leaves out if it has this value.

    A setting that is new in this version leaves out the value by which earlier studies went, so that their folders
    are still theirs.
    """
    return {_OMITTED: value}


@dataclass(frozen=True, kw_only=True, eq=False)
class StudySpec:
    """Settings of a study, checked, with names resolved to objects and defaults filled in.

    What a setting is to a study is said here alone: an axis by ``AXIS``, one that changes no result by ``FREE``, one
    that earlier folders do not have by ``omitted_if``. The fingerprint of the study records them all, in this order.

    Attributes:
        title: Title of the report.
        dataset: Rows to split, or official splits.
        general: General held-out set.
        scenarios: Named splitters, with distinct names.
        task: What models are trained to do, with its source and its target; of a classification with all classes that
            the data have.
        column: Column of the code.
        language: Language of the code; None if scenarios name none, or several.
        model: Hub name, folder or model of transformers.
        tokenizer: Tokenizer, or the hub name or folder that has one.
        methods: Methods by name: None for full fine-tuning, or a PEFT config.
        configs: Training config of each method.
        ood_kept: Shares of the region's training rows to keep, ascending.
        split_seeds: Seeds of the splits.
        train_seeds: Seeds of training.
        wise_ft: Weights between the pretrained and the fine-tuned model in variants, ascending.
        adapter_scales: Scales of LoRA adapters in variants, ascending.
        metrics: Metrics, with distinct names.
        split_config: Groups, near-duplicates and sizes of every split; its seed and share kept are replaced.
        test_size: Share or number of rows of ``test``, if there are no official splits.
        audit: Settings of the audit of each split; None for no audit.
        evaluation: Settings of the evaluation.
        keep_weights: Whether trained weights are kept in the folder.
    """

    title: str = field(metadata=FREE)
    dataset: Dataset | DatasetDict = field(repr=False)
    general: Dataset | None = field(repr=False)
    scenarios: tuple[Scenario, ...] = field(metadata=AXIS)
    task: Task
    column: str
    language: str | None
    model: ModelOrName
    tokenizer: TokenizerOrName = field(repr=False)
    methods: Mapping[str, PeftConfig | None] = field(metadata=AXIS)
    configs: Mapping[str, TrainingConfig]
    ood_kept: tuple[float, ...] = field(metadata=AXIS)
    split_seeds: tuple[int, ...] = field(metadata=AXIS)
    train_seeds: tuple[int, ...] = field(metadata=AXIS)
    wise_ft: tuple[float, ...] = field(metadata=AXIS)
    adapter_scales: tuple[float, ...] = field(metadata=AXIS)
    metrics: tuple[Metric, ...]
    split_config: SplitConfig
    test_size: float
    audit: AuditSettings | None = field(metadata=FREE)
    evaluation: Evaluation
    keep_weights: bool = field(metadata=FREE)

    @property
    def masked_shares(self) -> tuple[float, ...]:
        """Shares to keep that mask some of the region; the 100% baseline, which masks none, all scenarios share."""
        return tuple(share for share in self.ood_kept if share < 1)

    @property
    def split_shares(self) -> tuple[float, ...]:
        """Shares that each scenario is split for: the masked ones, and 0, which test parts and audits are of."""
        return tuple(sorted({0.0, *self.masked_shares}))

    @property
    def data_splits(self) -> dict[str, Dataset]:
        """Data as given: one dataset, or the official splits by name."""
        return dict(self.dataset) if isinstance(self.dataset, DatasetDict) else {WHOLE: self.dataset}

    @cached_property
    def text_columns(self) -> tuple[str, ...]:
        """Columns of the task, and of the tests that outputs are run against."""
        from codeshift.finetune.program_tests import columns_read

        return columns_read(self.task.columns, self.metrics)

    @cached_property
    def data_columns(self) -> tuple[str, ...]:
        """Columns that the study depends on."""
        read = {column for s in self.scenarios for column in (*s.splitter.columns, *s.splitter.also_reads)}
        split = (self.split_config.groups, self.split_config.stratify_by_column)
        return tuple(sorted({*self.text_columns, self.column, *read, *(name for name in split if name is not None)}))


AXES = tuple(setting.name for setting in fields(StudySpec) if _AXIS in setting.metadata)
"""Names of the axes. Each further value of one adds runs."""

OMITTED = {setting.name: setting.metadata[_OMITTED] for setting in fields(StudySpec) if _OMITTED in setting.metadata}
"""Values that the fingerprint leaves out, by the name of the setting."""

FREE_SETTINGS = tuple(setting.name for setting in fields(StudySpec) if _FREE in setting.metadata)
"""Names of the settings that may differ from those of the folder."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Settings of the evaluation of models.

    Attributes:
        metrics: Metrics of ``codeshift.metrics``.
        batch_size: Number of rows in a batch.
        max_source_length: Longest source, in tokens.
        max_target_length: Longest target, in tokens.
        special_tokens: Special tokens that count as such in the columns too.
        decoding: Settings of generation.
        shots: Number of examples before each source of a chat, drawn from the training rows of a run.
        extract: What metrics of text are given of an output; None for the whole.
        generate_rows: Number of rows of each part that text is generated for; None for all.
        seed: Seed of the draw of these rows.
    """

    metrics: tuple[Metric, ...]
    batch_size: int = 32
    max_source_length: int = 512
    max_target_length: int = 512
    special_tokens: tuple[str, ...] = ()
    decoding: Decoding | None = None
    shots: int = 0
    extract: Extract | None = None
    generate_rows: int | None = None
    seed: int = 0

    @property
    def passes(self) -> tuple[EvaluationPass, ...]:
        """Passes over the rows that the metrics need, in their order."""
        passes = (
            EvaluationPass(name, tuple(metric for metric in self.metrics if metric.takes in taken), writes=writes)
            for name, taken, writes in _PASSES
        )
        return tuple(step for step in passes if step.metrics)


@dataclass(frozen=True)
class EvaluationPass:
    """Pass of an evaluation over the rows of a set, for all metrics that take the same output of a model.

    Attributes:
        name: Name of its folder.
        metrics: Metrics that it measures, at least one.
        writes: Whether the model writes text, for the rows that are drawn (``generate_rows``); other passes take all
            rows, since they cost little.
    """

    name: str
    metrics: tuple[Metric, ...]
    writes: bool
