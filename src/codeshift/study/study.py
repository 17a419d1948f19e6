"""A study: scenarios x regimes x methods x seeds, as one value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from codeshift.checks import check_bool
from codeshift.metrics import ExactMatch, Metric, NegativeLogLikelihood
from codeshift.properties.progress import bars
from codeshift.splits.config import CommonOptions
from codeshift.splitters import Scenario
from codeshift.study.auditing import audit_tasks
from codeshift.study.executors import threads_each
from codeshift.study.files import output_folder
from codeshift.study.keys import RunRecord
from codeshift.study.loading import load_results
from codeshift.study.plan import Plan
from codeshift.study.prepare import forget_failures, prepare
from codeshift.study.progress import StudyProgress
from codeshift.study.results import StudyResults
from codeshift.study.run_spec import run_specs
from codeshift.study.scheduler import Task, check_placing, is_done, run_tasks
from codeshift.study.spec import StudySpec
from codeshift.study.store import StudyStore
from codeshift.study.study_rows import StudyRows
from codeshift.study.validate import validate

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict
    from peft import PeftConfig

    from codeshift.finetune import Decoding, TrainingConfig
    from codeshift.finetune.models import ModelOrName, TokenizerOrName

_SETTLED = ("scenarios", "column", "language", "methods", "metrics", "ood_kept", "split_seeds", "train_seeds",
            "wise_ft", "adapter_scales")  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Study(CommonOptions):
    r"""What is out of distribution, how much of it training sees, how models are trained, and how often.

    All scenarios share their test rows, so what does not depend on a scenario is done once: the dealing of the rows, a
    model's 100% baseline, the model without fine-tuning, and the evaluation of each model on all test rows.

    Attributes:
        dataset: a ``Dataset``, which is dealt into ``train``, ``validation`` and ``test`` once for each split seed; or
            a ``DatasetDict`` with official ``train`` and ``test`` (and perhaps ``validation``), which stay as they are.
        scenarios: named splitters, such as ``simscood_scenarios("code", language="java")``.
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
        test_size: of all rows, how many are ``test``; for a ``Dataset`` alone.
        validation_size: as in ``SplitConfig``, and so are ``train_size``, ``groups``, ``stratify_by_column``,
            ``near_duplicates``, ``tolerance`` and ``min_test_rows``: they hold for the dealing of the rows and of each
            scenario.
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
        spec: all of this as it is settled, which the whole study is made from.

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
    ...               config=TrainingConfig(max_steps=20, train_batch_size=4), near_duplicates=None)
    >>> print(study.plan())
    2 trainings, 0 variants, 3 evaluations: 40 steps over ... target tokens; 36 rows scored, 36 generated
    method  scenario         ood_kept  runs  train rows  steps  target tokens  seconds
    none    all                     -     1           0      0              0        -
    full    all                     1     1          42     20            ...        -
    full    length_p70_p100         0     1          ...     20            ...        -
    <BLANKLINE>
    test rows of     test_ood  distinct  test_id  distinct
    length_p70_p100       ...
    """

    dataset: Dataset | DatasetDict = field(repr=False)
    scenarios: Sequence[Scenario]
    source: str
    target: str
    column: str = ""
    language: str | None = None
    model: ModelOrName | None = None
    tokenizer: TokenizerOrName | None = field(default=None, repr=False)
    methods: Mapping[str, PeftConfig | None] = field(default_factory=lambda: {"full": None})
    ood_kept: Sequence[float] = (0.0, 0.5, 1.0)
    split_seeds: Sequence[int] = (0,)
    train_seeds: Sequence[int] = (0,)
    config: TrainingConfig | Mapping[str, TrainingConfig] | None = None
    metrics: Sequence[Metric | str] = (NegativeLogLikelihood(), ExactMatch())
    general: Dataset | None = field(default=None, repr=False)
    test_size: float = 0.2
    wise_ft: Sequence[float] = ()
    adapter_scales: Sequence[float] = ()
    audit: bool | Mapping[str, Any] = True
    generate_rows: int | None = None
    decoding: Decoding | None = None
    evaluation_batch_size: int = 32
    evaluation_seed: int = 0
    keep_weights: bool = True
    title: str = ""
    spec: StudySpec = field(init=False, repr=False)

    def __post_init__(self) -> None:
        spec = validate({one.name: getattr(self, one.name) for one in fields(self) if one.init})
        settled = {name: getattr(spec, name) for name in _SETTLED} | {"config": spec.configs, "spec": spec}
        for name, value in settled.items():
            object.__setattr__(self, name, value)

    @cached_property
    def rows(self) -> StudyRows:
        """The rows of every part, dealt when they are first asked for."""
        return StudyRows(self.spec)

    def plan(self, *, tokens_per_second: float | Mapping[str, float] | None = None, probe_steps: int = 0) -> Plan:
        """Every training, evaluation and variant with what it is estimated to cost, before anything runs.

        The rows are dealt for it, so a scenario that cannot work says so here.

        Args:
            tokens_per_second: target tokens that training passes in a second, for all methods or by name.
            probe_steps: measure it instead: train for so many steps, and score and generate for a few rows.

        Raises:
            ParameterError: a scenario cannot be dealt, or an argument cannot work.
        """
        from codeshift.study.estimate import estimated_plan

        return estimated_plan(self.spec, self.rows, tokens_per_second=tokens_per_second, probe_steps=probe_steps)

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
        check_placing(workers, executor, threads)
        check_bool("retry", retry)
        check_bool("extend", extend)
        if not callable(progress):
            check_bool("progress", progress)
        store = StudyStore(output_folder("folder", folder).resolve())
        if executor is None and threads is None:
            threads = threads_each(workers)
        with bars(progress is True):
            prepare(self.spec, self.rows, store, extend=extend)
            if retry:
                forget_failures(self.spec, store)
            tasks: list[Task] = [*audit_tasks(self.spec, self.rows, store), *run_specs(self.spec, store.root, threads)]
            left = [task for task in tasks if not is_done(task)]
            with StudyProgress(self.spec.keys, store, left, progress) as shown:
                run_tasks(left, executor, workers, threads, shown)
        return self.results(store.root)

    def retry(self, folder: str | os.PathLike[str], **options: Any) -> StudyResults:
        """``run`` with ``retry=True``: do what failed once more, and what is left."""
        return self.run(folder, **(options | {"retry": True}))

    def results(self, folder: str | os.PathLike[str]) -> StudyResults:
        """What the runs in a folder have found so far, at any time.

        Raises:
            ParameterError: there is no study in the folder.
        """
        return load_results(folder, metrics=self.spec.metrics)
