"""A study: scenarios x regimes x methods x seeds, as one value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.metrics import ExactMatch, Metric, NegativeLogLikelihood
from codeshift.splitters import Scenario
from codeshift.splitters.request import DealRequest
from codeshift.study.checking import (
    check_columns,
    check_evaluation,
    check_size,
    checked_config,
    checked_kept,
    checked_methods,
    checked_metrics,
    checked_scenarios,
    checked_seeds,
    checked_shares,
    common_column,
    deal_request,
    default_model,
    is_lora,
)
from codeshift.study.keys import NONE, RunKey, RunRecord
from codeshift.study.plan import Plan
from codeshift.study.recipe import ADAPTER, WISE_FT, Evaluation, variant_name
from codeshift.study.results import StudyResults

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from codeshift.finetune import Decoding, TrainingConfig
    from codeshift.study.preparing import Dealing


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    r"""What is out of distribution, how much of it training sees, how models are trained, and how often.

    All scenarios share their test rows, so what does not depend on a scenario is done once: the dealing of the rows, a
    model's 100% baseline, the model without fine-tuning, and the evaluation of each model on all test rows.

    Attributes:
        dataset: a ``Dataset``, which is dealt into ``train``, ``validation`` and ``test`` once for each split seed; or
            a ``DatasetDict`` with official ``train`` and ``test`` (and perhaps ``validation``), which stay as they are.
        scenarios: named splitters, such as ``simscood_scenarios("code", "java")``.
        source: the column that the model is given, or a template such as ``"{docstring}\n{signature}"``.
        target: the column that it must write, or a template.
        column: the column of the code; by default that of the scenarios.
        language: of the code, for the audit and for metrics that are given by name; by default that of the scenarios.
        model: a hub name, a folder or a model of transformers; by default the small one that codeshift brings.
        tokenizer: its tokenizer; by default the one at the model's name or folder.
        methods: by name, None for full fine-tuning or the config of any method of PEFT.
        ood_kept: the shares of the region's training rows to keep, each from 0 (all are masked) to 1 (the 100%
            baseline, which is trained once for all scenarios).
        split_seeds: of the dealing of rows.
        train_seeds: of training: the order of rows, dropout, new weights.
        config: how to train; one for all methods, or one for each by name. Its seed is replaced by each train seed.
            Where it writes no checkpoints, one is written each epoch, so that what was killed can go on.
        metrics: what is measured: metrics of ``codeshift.metrics``, or their names.
        general: a general held-out set of the same columns, to see what fine-tuning forgets.
        groups: a column (project, author): rows that share its value stay on one side of train and test.
        near_duplicates: as in ``Splitter.assign``.
        test_size: of all rows, the share or number that is ``test``; for a ``Dataset`` alone.
        validation_size: likewise ``validation``; 0 for none.
        train_size: exactly so many training rows in every run, so that size is no confound.
        wise_ft: weights between the pretrained and the fully fine-tuned model to evaluate as well, each between 0 and 1
            (see ``codeshift.finetune.wise_ft``).
        adapter_scales: scales of LoRA adapters to evaluate as well (see ``codeshift.finetune.scale_adapter``).
        audit: whether each split is audited; or settings of the audit, such as ``{"n_permutations": 99}``.
        generate_rows: generate text for so many rows of each part of each scenario; None for all.
        decoding: how text is generated.
        evaluation_batch_size: rows at once in evaluation.
        evaluation_seed: of the rows that are drawn to be generated for.
        keep_weights: whether trained weights stay in the folder.
        title: what the study is called in its report.

    Raises:
        ParameterError: a value cannot work.

    >>> from datasets import Dataset
    >>> from codeshift.finetune import TrainingConfig
    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> from codeshift.splitters import length_bands
    >>> rows = Dataset.from_dict({"doc": [f"Give {i}." for i in range(60)],
    ...                           "code": [f"return {i}" + " + 1" * (i % 9) for i in range(60)]})
    >>> tokenizer = tiny_tokenizer(rows["code"])
    >>> study = Study(dataset=rows, scenarios=length_bands("code", bands=((0.7, 1),)), source="doc", target="code",
    ...               model=tiny_model("t5", tokenizer), tokenizer=tokenizer, ood_kept=(0, 1),
    ...               config=TrainingConfig(max_steps=20, batch_size=4), near_duplicates="ignore")
    >>> print(study.plan())
    2 trainings, 0 variants, 3 evaluations: 40 steps over ... target tokens; 36 rows scored, 36 generated
    method  scenario         ood_kept  runs  train rows  steps  target tokens  seconds
    none    all                     -     1           0      0              0        -
    full    all                     1     1          42     20            ...        -
    full    length_p70_p100         0     1          ...     20            ...        -
    """

    dataset: Dataset | DatasetDict = field(repr=False)
    scenarios: Sequence[Scenario]
    source: str
    target: str
    column: str = ""
    language: str | None = None
    model: Any = None
    tokenizer: Any = field(default=None, repr=False)
    methods: Mapping[str, Any] = field(default_factory=lambda: {"full": None})
    ood_kept: Sequence[float] = (0.0, 0.5, 1.0)
    split_seeds: Sequence[int] = (0,)
    train_seeds: Sequence[int] = (0,)
    config: TrainingConfig | Mapping[str, TrainingConfig] | None = None
    metrics: Sequence[Metric | str] = (NegativeLogLikelihood(), ExactMatch())
    general: Dataset | None = field(default=None, repr=False)
    groups: str | None = None
    near_duplicates: Any = "bind"
    test_size: float = 0.2
    validation_size: float = 0.1
    train_size: int | None = None
    wise_ft: Sequence[float] = ()
    adapter_scales: Sequence[float] = ()
    audit: bool | Mapping[str, Any] = True
    generate_rows: int | None = None
    decoding: Decoding | None = None
    evaluation_batch_size: int = 32
    evaluation_seed: int = 0
    keep_weights: bool = True
    title: str = ""
    request: DealRequest = field(init=False, repr=False)

    def __post_init__(self) -> None:
        def settle(**values: Any) -> None:
            for name, value in values.items():
                object.__setattr__(self, name, value)

        settle(scenarios=checked_scenarios(self.scenarios))
        settle(column=self.column or common_column(self.scenarios), methods=checked_methods(self.methods))
        settle(language=self.language or _language(self.scenarios))
        settle(config=checked_config(self.config, self.methods), metrics=checked_metrics(self.metrics, self.language))
        settle(ood_kept=checked_kept(self.ood_kept))
        for name in ("split_seeds", "train_seeds"):
            settle(**{name: checked_seeds(name, getattr(self, name))})
        settle(wise_ft=checked_shares("wise_ft", self.wise_ft, self.methods, largest=1.0))
        settle(adapter_scales=checked_shares("adapter_scales", self.adapter_scales, self.methods))
        check_size("test_size", self.test_size)
        check_evaluation(self)
        settle(request=deal_request(self))
        check_columns(self)

    @property
    def data_splits(self) -> dict[str, Dataset]:
        """The data as given: one dataset, or the official splits by name."""
        from datasets import DatasetDict

        return dict(self.dataset) if isinstance(self.dataset, DatasetDict) else {"data": self.dataset}

    @cached_property
    def text_columns(self) -> tuple[str, ...]:
        """The columns that source and target are made of, and the tests that outputs are run against."""
        from codeshift.finetune.evaluator import tests_template
        from codeshift.finetune.template import Template

        tests = [template for template in map(tests_template, self.measured) if template is not None]
        templates = (Template(self.source, "source"), Template(self.target, "target"), *tests)
        return tuple(sorted({column for template in templates for column in template.columns}))

    @cached_property
    def data_columns(self) -> tuple[str, ...]:
        """The columns that the study depends on."""
        read = {column for s in self.scenarios for column in (*s.splitter.columns, *s.splitter.also_reads)}
        groups = () if self.groups is None else (self.groups,)
        return tuple(sorted({*self.text_columns, self.column, *read, *groups}))

    @property
    def model_name(self) -> Any:
        """The model as given, or the folder of the one that codeshift brings."""
        return default_model() if self.model is None else self.model

    @property
    def tokenizer_name(self) -> Any:
        """The tokenizer as given, or the model's name or folder."""
        return self.model_name if self.tokenizer is None else self.tokenizer

    @cached_property
    def configs(self) -> dict[str, TrainingConfig]:
        """The training config of each method."""
        return dict(self.config)  # type: ignore[arg-type]  # settled when the study was made

    @cached_property
    def measured(self) -> tuple[Metric, ...]:
        """The metrics."""
        return tuple(self.metrics)  # type: ignore[arg-type]  # names are metrics by now

    @cached_property
    def evaluation(self) -> Evaluation:
        """How models are evaluated: with the longest source and target of any method's config."""
        configs = list(self.configs.values())
        return Evaluation(
            metrics=self.measured,
            batch_size=self.evaluation_batch_size,
            max_source_length=max(config.max_source_length for config in configs),
            max_target_length=max(config.max_target_length for config in configs),
            special_tokens=tuple(dict.fromkeys(token for config in configs for token in config.special_tokens)),
            decoding=self.decoding,
            generate_rows=self.generate_rows,
            seed=self.evaluation_seed,
        )

    @cached_property
    def keys(self) -> tuple[RunKey, ...]:
        """The keys of all runs, in the order in which they are done: what is shared comes first."""
        return tuple(key for family in self.families for key in family)

    @cached_property
    def families(self) -> tuple[tuple[RunKey, ...], ...]:
        """The keys of each model as trained, followed by those of its variants."""
        found: list[tuple[RunKey, ...]] = [(RunKey(method=NONE, split_seed=split),) for split in self.split_seeds]
        regimes: list[tuple[str | None, float]] = [(None, 1.0)] if 1.0 in self.ood_kept else []
        regimes += [(s.name, kept) for s in self.scenarios for kept in self.ood_kept if kept < 1]
        for train in self.train_seeds:
            for split in self.split_seeds:
                for scenario, kept in regimes:
                    for method in self.methods:
                        found.append(
                            tuple(
                                RunKey(
                                    method=method,
                                    scenario=scenario,
                                    ood_kept=kept,
                                    variant=variant,
                                    split_seed=split,
                                    train_seed=train,
                                )
                                for variant in ("", *self.variants_of(method))
                            )
                        )
        return tuple(found)

    def variants_of(self, method: str) -> tuple[str, ...]:
        """The names of the variants of a method's models."""
        if self.methods[method] is None:
            return tuple(variant_name(WISE_FT, alpha) for alpha in self.wise_ft)
        if is_lora(self.methods[method]):
            return tuple(variant_name(ADAPTER, scale) for scale in self.adapter_scales)
        return ()

    @cached_property
    def dealing(self) -> Dealing:
        """The rows of every part, dealt when they are first asked for."""
        from codeshift.study.preparing import Dealing

        return Dealing(self)

    def plan(self, *, tokens_per_second: float | Mapping[str, float] | None = None, probe_steps: int = 0) -> Plan:
        """Every training, evaluation and variant with what it is estimated to cost, before anything runs.

        The rows are dealt for it, so a scenario that cannot work says so here.

        Args:
            tokens_per_second: target tokens that training passes in a second, for all methods or by name.
            probe_steps: measure it instead: train for so many steps, and score and generate for a few rows.

        Raises:
            ParameterError: a scenario cannot be dealt, or an argument cannot work.
        """
        from codeshift.study.planning import make_plan

        return make_plan(self, tokens_per_second=tokens_per_second, probe_steps=probe_steps)

    def run(
        self,
        folder: str | os.PathLike[str],
        *,
        workers: int = 1,
        executor: Executor | None = None,
        threads: int | None = None,
        progress: bool | Callable[[RunRecord], None] = True,
        retry: bool = False,
        extend: bool = False,
    ) -> StudyResults:
        """Do what is left to do, and return the results.

        A run that is done is never done again. What was stopped, at any moment and by whatever, goes on where it was
        when the same study is run in the same folder, and ends with the same results. A run that fails is recorded
        with its error, and the others go on.

        Args:
            folder: of the study; results, splits and weights stand in it.
            workers: processes at once on this machine; 1 works in this process. A script that asks for more must do so
                beneath ``if __name__ == "__main__":``.
            executor: any ``concurrent.futures.Executor`` instead, such as that of a cluster whose workers see
                ``folder`` (see the guide "Scaling out").
            threads: of torch and numerical libraries in each worker; by default an equal share of this machine's
                cores, though no more than ``OMP_NUM_THREADS``, and with an ``executor`` what its workers have. Another
                number can change the last bits of a sum.
            progress: show bars, of the whole and of what is being done in this process, unless those of ``datasets``
                are turned off; or a function that is given the record of each run as it ends.
            retry: do what failed once more.
            extend: allow more scenarios, methods, shares, seeds or variants than the folder was made with.

        Raises:
            ParameterError: the folder is that of another study; the message says what differs.
            StudyError: no worker can be started, or the executor takes no more work.
        """
        from codeshift.study.running import run_study

        return run_study(
            self,
            Path(folder),
            workers=workers,
            executor=executor,
            threads=threads,
            progress=progress,
            retry=retry,
            extend=extend,
        )

    def retry(self, folder: str | os.PathLike[str], **options: Any) -> StudyResults:
        """``run`` with ``retry=True``: do what failed once more, and what is left."""
        return self.run(folder, **(options | {"retry": True}))

    def results(self, folder: str | os.PathLike[str]) -> StudyResults:
        """What the runs in a folder have found so far, at any time.

        Raises:
            ParameterError: there is no study in the folder.
        """
        from codeshift.study.loading import load_results

        return load_results(folder, metrics=self.measured)


def _language(scenarios: Sequence[Scenario]) -> str | None:
    """The one language that scenarios name, where they name one."""
    named = {language for scenario in scenarios if (language := getattr(scenario.splitter, "language", None))}
    return named.pop() if len(named) == 1 else None
