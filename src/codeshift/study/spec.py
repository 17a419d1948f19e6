"""The spec of a study: its checked arguments, as a plain value that everything else is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from datasets import Dataset, DatasetDict

from codeshift.metrics import Metric
from codeshift.metrics.likelihood import is_forced
from codeshift.splits.config import SplitConfig
from codeshift.splitters import Scenario
from codeshift.study.keys import NONE, RunKey

if TYPE_CHECKING:
    from peft import PeftConfig

    from codeshift.audit.settings import AuditSettings
    from codeshift.finetune import Decoding, TrainingConfig
    from codeshift.finetune.models import ModelOrName, TokenizerOrName

WISE_FT, ADAPTER = "wise_ft", "adapter"
_LORA = "LORA"  # a PeftType is a text, too; PEFT itself takes seconds to import


@dataclass(frozen=True, kw_only=True, eq=False)
class StudySpec:
    """Arguments of a ``Study`` after ``validate``: names are resolved to objects, and defaults are filled in.

    Attributes:
        dataset: Rows to split, or official splits.
        scenarios: Named splitters, with distinct names.
        source: Template of the model's input.
        target: Template of the text that the model must write.
        column: Column of the code.
        language: Language of the code; None if scenarios name none, or several.
        model: Hub name, folder or model of transformers.
        tokenizer: Tokenizer, or the hub name or folder that has one.
        methods: Methods by name: None for full fine-tuning, or a PEFT config.
        configs: Training config of each method.
        ood_kept: Shares of the region's training rows to keep, ascending.
        split_seeds: Seeds of the splits.
        train_seeds: Seeds of training.
        metrics: Metrics, with distinct names.
        general: General held-out set.
        request: Groups, near-duplicates and sizes of every split; its seed and share kept are replaced.
        test_size: Share or number of rows of ``test``, if there are no official splits.
        wise_ft: Weights between the pretrained and the fine-tuned model in variants, ascending.
        adapter_scales: Scales of LoRA adapters in variants, ascending.
        audit: Settings of the audit of each split; None for no audit.
        evaluation: Settings of the evaluation.
        keep_weights: Whether trained weights are kept in the folder.
        title: Title of the report.
    """

    dataset: Dataset | DatasetDict = field(repr=False)
    scenarios: tuple[Scenario, ...]
    source: str
    target: str
    column: str
    language: str | None
    model: ModelOrName
    tokenizer: TokenizerOrName = field(repr=False)
    methods: Mapping[str, PeftConfig | None]
    configs: Mapping[str, TrainingConfig]
    ood_kept: tuple[float, ...]
    split_seeds: tuple[int, ...]
    train_seeds: tuple[int, ...]
    metrics: tuple[Metric, ...]
    general: Dataset | None = field(repr=False)
    request: SplitConfig
    test_size: float
    wise_ft: tuple[float, ...]
    adapter_scales: tuple[float, ...]
    audit: AuditSettings | None
    evaluation: Evaluation
    keep_weights: bool
    title: str

    @property
    def data_splits(self) -> dict[str, Dataset]:
        """Data as given: one dataset, or the official splits by name."""
        return dict(self.dataset) if isinstance(self.dataset, DatasetDict) else {"data": self.dataset}

    @cached_property
    def text_columns(self) -> tuple[str, ...]:
        """Columns of the source, the target and the tests that outputs are run against."""
        from codeshift.finetune.program_tests import tests_template
        from codeshift.finetune.template import Template

        tests = [template for template in map(tests_template, self.metrics) if template is not None]
        templates = (Template(self.source, "source"), Template(self.target, "target"), *tests)
        return tuple(sorted({column for template in templates for column in template.columns}))

    @cached_property
    def data_columns(self) -> tuple[str, ...]:
        """Columns that the study depends on."""
        read = {column for s in self.scenarios for column in (*s.splitter.columns, *s.splitter.also_reads)}
        asked = {name for name in (self.request.groups, self.request.stratify_by_column) if name is not None}
        return tuple(sorted({*self.text_columns, self.column, *read, *asked}))

    @cached_property
    def keys(self) -> tuple[RunKey, ...]:
        """Keys of all runs, in the order in which they are done: shared runs come first."""
        return tuple(key for family in self.families for key in family)

    @cached_property
    def families(self) -> tuple[tuple[RunKey, ...], ...]:
        """Keys of each model as trained, followed by those of its variants."""
        pretrained = [(RunKey(method=NONE, split_seed=split),) for split in self.split_seeds]
        trained = [
            self._family(method, scenario, kept, split, train)
            for train in self.train_seeds
            for split in self.split_seeds
            for scenario, kept in self._regimes()
            for method in self.methods
        ]
        return (*pretrained, *trained)

    def _regimes(self) -> list[tuple[str | None, float]]:
        """Return scenarios and shares kept, the 100% baseline that all scenarios share first."""
        baseline: list[tuple[str | None, float]] = [(None, 1.0)] if 1.0 in self.ood_kept else []
        return baseline + [(s.name, kept) for s in self.scenarios for kept in self.ood_kept if kept < 1]

    def _family(self, method: str, scenario: str | None, kept: float, split: int, train: int) -> tuple[RunKey, ...]:
        return tuple(
            RunKey(method=method, scenario=scenario, ood_kept=kept, variant=variant, split_seed=split, train_seed=train)
            for variant in ("", *self._variants_of(method))
        )

    def _variants_of(self, method: str) -> tuple[str, ...]:
        """Return the names of the variants of a method's models."""
        if self.methods[method] is None:
            return tuple(variant_name(WISE_FT, alpha) for alpha in self.wise_ft)
        if is_lora(self.methods[method]):
            return tuple(variant_name(ADAPTER, scale) for scale in self.adapter_scales)
        return ()


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
        generate_rows: Number of rows of each part that text is generated for; None for all.
        seed: Seed of the draw of these rows.
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
        """Metrics measured by teacher forcing."""
        return tuple(metric for metric in self.metrics if is_forced(metric))

    @property
    def generated(self) -> tuple[Metric, ...]:
        """Metrics of generated text."""
        return tuple(metric for metric in self.metrics if not is_forced(metric))


def is_lora(config: PeftConfig | None) -> bool:
    """Return whether a method is LoRA."""
    return config is not None and config.peft_type == _LORA


def variant_name(kind: str, value: float) -> str:
    """Return the name of a variant.

    >>> variant_name(WISE_FT, 0.5)
    'wise_ft=0.5'
    """
    return f"{kind}={value:g}"
