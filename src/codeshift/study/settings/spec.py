"""The spec of a study: its checked settings, as a plain value that everything else is made from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from datasets import Dataset, DatasetDict

from codeshift.metrics import Metric
from codeshift.metrics.base import Takes
from codeshift.parts import WHOLE
from codeshift.properties.dataset_columns import columns_of_text
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.row_languages import language_column
from codeshift.splits.config import SplitConfig
from codeshift.splitters import Scenario
from codeshift.transforms import Chain, Transform

if TYPE_CHECKING:
    from peft import PeftConfig

    from codeshift.audit.settings import AuditSettings
    from codeshift.finetune import TrainingConfig
    from codeshift.finetune.evaluation_settings import EvaluationSettings
    from codeshift.finetune.models import ModelOrName, TokenizerOrName
    from codeshift.finetune.tasks import Task

_PASSES: tuple[tuple[str, frozenset[Takes], bool], ...] = (
    ("forced", frozenset({"log_probabilities", "argmax"}), False),
    ("generated", frozenset({"text"}), True),
    ("classified", frozenset({"class_probabilities"}), False),
)
"""Passes by name: what its metrics take, and whether the model writes text."""

_AXIS, _FREE, _OMITTED = "axis", "free", "omitted"
AXIS: Mapping[str, object] = {_AXIS: True}
"""Metadata of a setting to which ``extend`` may add values: these add runs and change none."""
FREE: dict[str, object] = {_FREE: True}
"""Metadata of a setting that may differ from that of the folder, as it changes no result."""


def omitted_if(value: object) -> dict[str, object]:
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
        models: Models by name, each with all its own settings; that of ``Study.model`` has none, and stands under None.
        methods: Methods by name: None for full fine-tuning, or a PEFT config; models may have configs of their own.
        configs: Training config of each method, for models without their own.
        ood_kept: Shares of the region's training rows to keep, ascending.
        split_seeds: Seeds of the splits.
        train_seeds: Seeds of training.
        wise_ft: Weights between the pretrained and the fine-tuned model in variants, ascending.
        adapter_scales: Scales of LoRA adapters in variants, ascending.
        metrics: Metrics, with distinct names.
        split_config: Groups, near-duplicates and sizes of every split; its seed and share kept are replaced.
        test_size: Share or number of rows of ``test``, if there are no official splits.
        audit: Settings of the audit of each split; None for no audit.
        against: Corpora by name in which the test rows are looked for, each a path, a dataset or a stream.
        evaluation: Settings of the evaluation, for models without their own.
        watch: Numbers of rows of ``test_id`` and ``test_ood`` to score while a model trains; None for as many as take
            less than a tenth of its time.
        detection: Whether confidences and distances from training rows are kept of each row.
        keep_weights: Whether trained weights are kept in the folder.
        transforms: Rewrites of the test rows by name, each of which gives rows that each model is scored on as well.
    """

    title: str = field(metadata=FREE)
    dataset: Dataset | DatasetDict = field(repr=False)
    general: Dataset | None = field(repr=False)
    scenarios: tuple[Scenario, ...] = field(metadata=AXIS)
    task: Task
    column: str
    language: str | None
    models: Mapping[str | None, ModelSpec] = field(metadata=AXIS)
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
    against: Mapping[str, Any] = field(metadata=FREE | omitted_if({}), repr=False)
    evaluation: EvaluationSettings
    watch: Mapping[str, int | None] = field(metadata=FREE | omitted_if({}))
    detection: bool = field(metadata=FREE | omitted_if(value=True))
    keep_weights: bool = field(metadata=FREE)
    transforms: Mapping[str, Transform | Chain] = field(metadata=omitted_if({}))

    @property
    def masked_shares(self) -> tuple[float, ...]:
        """Shares to keep that mask some of the region; the 100% baseline, which masks none, all scenarios share."""
        return tuple(share for share in self.ood_kept if share < 1)

    @property
    def split_shares(self) -> tuple[float, ...]:
        """Shares that each scenario is split for: the masked ones, and 0, which test parts and audits are of."""
        return tuple(sorted({0.0, *self.masked_shares}))

    @property
    def searched_copies(self) -> NearDuplicates:
        """Definition of near-duplicates in corpora: that of the audit, or without one as an audit would have it."""
        if self.audit is not None:
            return self.audit.near_duplicates
        return search_of_copies(self.split_config, columns_of_text(self.dataset, self.task.text_columns), self.column)

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
        languages = (self.language, None if self.audit is None else self.audit.language)
        named = {name for name in (*split, *map(language_column, languages)) if name is not None}
        named |= set(self.split_config.searched_columns)
        named |= {read for step in self.transforms.values() for read in (*step.columns, *step.also_reads)}
        return tuple(sorted({*self.text_columns, self.column, *read, *named}))


AXES = tuple(setting.name for setting in fields(StudySpec) if _AXIS in setting.metadata)
"""Names of the axes. Each further value of one adds runs."""

OMITTED = {setting.name: setting.metadata[_OMITTED] for setting in fields(StudySpec) if _OMITTED in setting.metadata}
"""Values that the fingerprint leaves out, by the name of the setting."""

FREE_SETTINGS = tuple(setting.name for setting in fields(StudySpec) if _FREE in setting.metadata)
"""Names of the settings that may differ from those of the folder."""


def search_of_copies(split_config: SplitConfig, texts: Iterable[str], column: str) -> NearDuplicates:
    """Return the search for near-duplicates of the splits, in all texts of the task and the code.

    Columns that the splits name stay.

    >>> search_of_copies(SplitConfig(), ("doc", "code"), "code").columns
    ('doc', 'code')
    """
    search = split_config.search or NearDuplicates()
    columns = tuple(dict.fromkeys((*texts, column)))
    return replace(search, columns=columns) if search.columns is None and len(columns) > 1 else search


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelSpec:
    """Settings of one model of a study, with all that it does not share with the others.

    Attributes:
        model: Hub name, folder or model of transformers.
        tokenizer: Tokenizer, or the hub name or folder that has one.
        revision: Branch, tag or commit of the model's hub name; None for the default.
        task: What the model is trained to do.
        methods: PEFT config of each method of the study; None for full fine-tuning.
        configs: Training config of each method.
        evaluation: Settings of the evaluation.
        own: Settings that the model was given for itself, by name; {} for those of the study.
    """

    model: ModelOrName
    tokenizer: TokenizerOrName = field(repr=False)
    revision: str | None
    task: Task
    methods: Mapping[str, PeftConfig | None]
    configs: Mapping[str, TrainingConfig]
    evaluation: EvaluationSettings
    own: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tokenizer_revision(self) -> str | None:
        """Revision of the tokenizer: that of the model where both have one name."""
        return self.revision if self.tokenizer == self.model else None

    @property
    def objects(self) -> tuple[Any, ...]:
        """Model and tokenizer, if they were given as objects that a worker cannot load by a name."""
        return tuple(part for part in (self.model, self.tokenizer) if not isinstance(part, str | os.PathLike))


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


def passes(evaluation: EvaluationSettings) -> tuple[EvaluationPass, ...]:
    """Return the passes over the rows that the metrics of an evaluation need, in their order."""
    metrics = evaluation.metrics.values()
    steps = (
        EvaluationPass(name, tuple(metric for metric in metrics if metric.takes in taken), writes=writes)
        for name, taken, writes in _PASSES
    )
    return tuple(step for step in steps if step.metrics)
