"""What a study is asked to do, as a plain value that everything else in a study is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from datasets import Dataset, DatasetDict

from codeshift.metrics import Metric
from codeshift.metrics.likelihood import is_forced
from codeshift.splits.config import SplitConfig
from codeshift.splitters import Scenario
from codeshift.study.keys import NONE, RunKey

if TYPE_CHECKING:
    from peft import PeftConfig

    from codeshift.finetune import Decoding, TrainingConfig
    from codeshift.finetune.models import ModelOrName, TokenizerOrName

WISE_FT, ADAPTER = "wise_ft", "adapter"
_LORA = "LORA"  # a PeftType is a text, too; PEFT itself takes seconds to import


@dataclass(frozen=True, kw_only=True, eq=False)
class StudySpec:
    """The arguments of a ``Study`` as ``validate`` has settled them: names are objects, and nothing is left to default.

    Attributes:
        dataset: rows to deal, or official splits.
        scenarios: named splitters, whose names differ.
        source: template of what the model is given.
        target: template of what it must write.
        column: column of the code.
        language: language of the code; None where scenarios name none, or several.
        model: hub name, folder or model of transformers.
        tokenizer: its tokenizer, or the hub name or folder that has one.
        methods: by name, None for full fine-tuning or a config of PEFT.
        configs: training config of each method.
        ood_kept: shares of the region's training rows to keep, ascending.
        split_seeds: seeds of the dealing of rows.
        train_seeds: seeds of training.
        metrics: metrics, whose names differ.
        general: general held-out set.
        request: groups, near-duplicates and sizes of every dealing, but for its seed and the share kept.
        test_size: share or number of rows that is ``test``, where there are no official splits.
        wise_ft: weights of the pretrained model in variants, ascending.
        adapter_scales: scales of LoRA adapters in variants, ascending.
        audit: whether splits are audited, or settings of the audit.
        evaluation: how models are evaluated.
        keep_weights: whether trained weights stay in the folder.
        title: title of the report.
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
    audit: bool | Mapping[str, Any]
    evaluation: Evaluation
    keep_weights: bool
    title: str

    @property
    def data_splits(self) -> dict[str, Dataset]:
        """The data as given: one dataset, or the official splits by name."""
        return dict(self.dataset) if isinstance(self.dataset, DatasetDict) else {"data": self.dataset}

    @cached_property
    def text_columns(self) -> tuple[str, ...]:
        """The columns that source and target are made of, and the tests that outputs are run against."""
        from codeshift.finetune.program_tests import tests_template
        from codeshift.finetune.template import Template

        tests = [template for template in map(tests_template, self.metrics) if template is not None]
        templates = (Template(self.source, "source"), Template(self.target, "target"), *tests)
        return tuple(sorted({column for template in templates for column in template.columns}))

    @cached_property
    def data_columns(self) -> tuple[str, ...]:
        """The columns that the study depends on."""
        read = {column for s in self.scenarios for column in (*s.splitter.columns, *s.splitter.also_reads)}
        asked = {name for name in (self.request.groups, self.request.stratify_by_column) if name is not None}
        return tuple(sorted({*self.text_columns, self.column, *read, *asked}))

    @cached_property
    def keys(self) -> tuple[RunKey, ...]:
        """The keys of all runs, in the order in which they are done: what is shared comes first."""
        return tuple(key for family in self.families for key in family)

    @cached_property
    def families(self) -> tuple[tuple[RunKey, ...], ...]:
        """The keys of each model as trained, followed by those of its variants."""
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
        """Scenarios and shares kept, the 100% baseline that all scenarios share first."""
        baseline: list[tuple[str | None, float]] = [(None, 1.0)] if 1.0 in self.ood_kept else []
        return baseline + [(s.name, kept) for s in self.scenarios for kept in self.ood_kept if kept < 1]

    def _family(self, method: str, scenario: str | None, kept: float, split: int, train: int) -> tuple[RunKey, ...]:
        return tuple(
            RunKey(method=method, scenario=scenario, ood_kept=kept, variant=variant, split_seed=split, train_seed=train)
            for variant in ("", *self._variants_of(method))
        )

    def _variants_of(self, method: str) -> tuple[str, ...]:
        """The names of the variants of a method's models."""
        if self.methods[method] is None:
            return tuple(variant_name(WISE_FT, alpha) for alpha in self.wise_ft)
        if is_lora(self.methods[method]):
            return tuple(variant_name(ADAPTER, scale) for scale in self.adapter_scales)
        return ()


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How models are evaluated.

    Attributes:
        metrics: metrics of ``codeshift.metrics``.
        batch_size: rows at once.
        max_source_length: longest source, in tokens.
        max_target_length: longest target, in tokens.
        special_tokens: special tokens that are such in the columns too.
        decoding: how text is generated.
        generate_rows: number of rows of each part that text is generated for; None for all.
        seed: seed of that draw.
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


def is_lora(config: PeftConfig | None) -> bool:
    """Whether a method is LoRA."""
    return config is not None and config.peft_type == _LORA


def variant_name(kind: str, value: float) -> str:
    """The name of a variant.

    >>> variant_name(WISE_FT, 0.5)
    'wise_ft=0.5'
    """
    return f"{kind}={value:g}"
