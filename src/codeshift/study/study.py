"""Studies: scenarios x regimes x methods x seeds, as one value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.checks import check_bool, settle
from codeshift.defaults import BATCH_SIZE
from codeshift.errors import ParameterError
from codeshift.metrics import Metric
from codeshift.properties.dataset_columns import columns_of_text
from codeshift.properties.processes import check_num_proc
from codeshift.properties.progress import bars
from codeshift.splits.config import CommonOptions
from codeshift.splitters import Scenario
from codeshift.study.folder.output_folder import output_folder
from codeshift.study.folder.records import RunRecord
from codeshift.study.folder.store import StudyStore
from codeshift.study.planning.plan import Plan
from codeshift.study.planning.power import PowerSettings
from codeshift.study.results.loading import load_results
from codeshift.study.results.study_results import StudyResults
from codeshift.study.running.executors import threads_each
from codeshift.study.running.jobs import jobs_left
from codeshift.study.running.prepare import forget_failures, prepare_folder
from codeshift.study.running.progress import StudyProgress
from codeshift.study.running.run_job import run_jobs
from codeshift.study.running.scheduler import refuse_unusable_workers, schedule
from codeshift.study.settings.axes import (
    check_adapter_scales,
    check_kept,
    check_methods,
    check_scenarios,
    check_seeds,
    check_wise_ft,
)
from codeshift.study.settings.keys import RunKey
from codeshift.study.settings.spec import StudySpec
from codeshift.study.settings.study_model import StudyModel, check_models, model_spec
from codeshift.study.settings.validate import (
    check_against,
    check_audit,
    check_configs,
    check_evaluation,
    check_metrics,
    check_split_config,
    check_task,
    check_test_size,
    check_transforms,
    check_watched,
    common_column,
    common_language,
    refuse_missing_columns,
)
from codeshift.study.splitting.study_splits import StudySplits
from codeshift.transforms import Chain, Transform

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict
    from peft import PeftConfig

    from codeshift.finetune import Decoding, TrainingConfig
    from codeshift.finetune.evaluation_settings import EvaluationSettings
    from codeshift.finetune.extraction import Extract
    from codeshift.finetune.models import ModelOrName, TokenizerOrName
    from codeshift.finetune.tasks import Source, Task, TaskName
    from codeshift.finetune.watching import Watch
    from codeshift.predictions.matching import Predictions
    from codeshift.study.planning.estimate import Throughput


@dataclass(frozen=True, kw_only=True, eq=False)
class Study(CommonOptions):
    r"""Study of what is out of distribution, how much of it training sees, and how models are trained.

    All scenarios share their test rows, so what does not depend on a scenario is done once: the split of the rows, a
    model's 100% baseline, the model without fine-tuning, and the evaluation of each model on all test rows.

    Attributes:
        dataset: Data: a ``Dataset``, which is split into ``train``, ``validation`` and ``test`` once for each split
            seed, or a ``DatasetDict`` with official ``train`` and ``test`` (and perhaps ``validation``), which stay as
            they are.
        scenarios: Named splitters, such as ``simscood_scenarios("code", language="java")``.
        source: Column of the model's input, or a template such as ``"{docstring}\n{signature}"``; for a classification
            also a pair of them, such as ``("query", "code")``; with ``chat`` also the turns before the answer.
        target: Column of the text that the model must write, or a template; for a classification the column of labels.
        task: "generation" of the target's text, or "classification" into its labels. A classifier's head is fresh, so
            there is no model without fine-tuning to compare with; its classes are all labels of the data, whatever a
            training sees of them.
        column: Column of the code; by default that of the scenarios.
        language: Language of the code, or ``"column:lang"`` for the one that each row names, for the audit and for
            metrics given by name; by default that of the scenarios.
        model: Hub name, folder or model of transformers; by default the small model that comes with codeshift, or
            none if there are ``models``.
        tokenizer: Tokenizer of the model; by default the one at the model's name or folder.
        revision: Branch, tag or commit of the model's hub name.
        models: Several models by name, each a hub name, folder, model or ``StudyModel``; an axis like the methods. With
            ``model`` they are further ones, by which the folder of a study of that model is extended.
        methods: Methods by name: None for full fine-tuning, or the config of any PEFT method.
        ood_kept: Shares of the region's training rows to keep, each from 0 (all are masked) to 1 (the 100%
            baseline, which is trained once for all scenarios).
        split_seeds: Seeds of the splits.
        train_seeds: Seeds of training: the order of rows, dropout, new weights.
        config: Training config for all methods, or one for each by name. Its seed is replaced by each train seed.
            If it writes no checkpoints, one is written each epoch, so that a killed training can resume.
        metrics: Metrics of ``codeshift.metrics``, or their names; by default negative log-likelihood and exact match,
            of a classification macro-F1 and accuracy. The first one is that of claims.
        general: General held-out set with the same columns, to see what fine-tuning forgets.
        test_size: Share or number of rows of ``test``; only for a ``Dataset``.
        validation_size: Size of ``validation``, as in ``SplitConfig``. ``train_size``, ``groups``,
            ``stratify_by_column``, ``near_duplicates``, ``tolerance`` and ``min_test_rows`` are as there too; all
            apply to the split of the rows and of each scenario.
        wise_ft: Weights between the pretrained and the fully fine-tuned model to evaluate as well, each between 0 and 1
            (see ``codeshift.finetune.wise_ft``).
        adapter_scales: Scales of LoRA adapters to evaluate as well (see ``codeshift.finetune.scale_adapter``).
        audit: Whether each split is audited, or settings of the audit, such as ``{"n_permutations": 99}``.
        against: Corpora by name, such as what a model was pretrained on: paths of files as in
            ``codeshift.audit.overlap``, datasets, streams, or ``"embedded"`` for what the embedded model has read. The
            test rows of each split are looked for in them once, by every text of the task, and the report has each
            score for rows that a corpus holds and that none does. A ``codeshift.audit.Corpus`` names the column of its
            code, or its columns by those of the data; ``RowMarks`` of ``run_parts(key)["test"]`` stand for a corpus
            that was searched elsewhere.
        watch: Parts to score while a model trains, such as ``("test_id", "test_ood")`` or ``{"test_id": 200,
            "test_ood": 200}``, as in ``Trainer``: what is in the region and what is not, of the scenario that is
            masked, whenever validation takes place. It chooses nothing.
        detection: Whether the model's confidence in each output and the distance of its source from training rows are
            kept, for the report's section on whether they tell the shift. They cost about a fifth of an evaluation.
            Probabilities of classes are always kept.
        transforms: Rewrites that keep what code does, of ``codeshift.transforms``, by name; those of a list have the
            names of their classes. Models are scored on the test rows as each leaves them too, and the report compares
            ``test_transformed_NAME`` with ``test_id`` row by row.
        generate_rows: Number of rows of each part of each scenario to generate text for, drawn by their places in the
            data, so that rows in another order are another study; None for all.
        decoding: Settings of generation.
        chat: Whether rows become conversations by the chat template of the tokenizer, as in ``Trainer``.
        system: Text of a system turn before each source, with ``chat``.
        shots: Number of examples before each source in the evaluation, with ``chat``: training rows of the run (of the
            baseline without fine-tuning), drawn by the evaluation's seed.
        extract: "code" for the first fenced block of each output, or the whole if there is none; None for the whole.
        evaluation_batch_size: Number of rows in a batch of the evaluation.
        evaluation_seed: Seed of the draw of the rows to generate text for.
        keep_weights: Whether trained weights are kept in the folder.
        title: Title of the report.
        power: What a calculation of power assumes, such as ``{"seed_spread": 0.02}``, see ``PowerSettings``; the plan
            then says what differences the study can show. None makes none. Results do not depend on it.
        spec: Settings that the arguments come to, checked and with defaults filled in; the study is made from them.

    Raises:
        ParameterError: if a value is invalid.
        DataError: if the data lacks a column.

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
    source: Source
    target: str
    task: TaskName = "generation"
    column: str = ""
    language: str | None = None
    model: ModelOrName | None = None
    tokenizer: TokenizerOrName | None = field(default=None, repr=False)
    revision: str | None = None
    models: Mapping[str, StudyModel | ModelOrName] | None = None
    methods: Mapping[str, PeftConfig | None] = field(default_factory=lambda: {"full": None})
    ood_kept: Sequence[float] = (0.0, 0.5, 1.0)
    split_seeds: Sequence[int] = (0,)
    train_seeds: Sequence[int] = (0,)
    config: TrainingConfig | Mapping[str, TrainingConfig] | None = None
    metrics: Sequence[Metric | str] | None = None
    general: Dataset | None = field(default=None, repr=False)
    test_size: float = 0.2
    wise_ft: Sequence[float] = ()
    adapter_scales: Sequence[float] = ()
    audit: bool | Mapping[str, Any] = True
    against: Mapping[str, Any] | None = None
    watch: Watch | None = None
    detection: bool = True
    transforms: Mapping[str, Transform | Chain] | Sequence[Transform | Chain] | Transform | Chain | None = None
    generate_rows: int | None = None
    decoding: Decoding | None = None
    chat: bool = False
    system: str | None = None
    shots: int = 0
    extract: Extract | None = None
    evaluation_batch_size: int = BATCH_SIZE
    evaluation_seed: int = 0
    keep_weights: bool = True
    title: str = ""
    power: PowerSettings | Mapping[str, Any] | None = None
    spec: StudySpec = field(init=False, repr=False)

    def __post_init__(self) -> None:
        settle(self, power=PowerSettings.of(self.power))
        settle(self, spec=self._checked())

    def _checked(self) -> StudySpec:
        """Check each argument once, and return the spec; the arguments themselves stay as they were given."""
        scenarios, methods = check_scenarios(self.scenarios), check_methods(self.methods)
        column = self.column or common_column(scenarios)
        language = self.language or common_language(scenarios)
        configs = check_configs(self.config, methods)
        task = check_task(self.task, self.source, self.target, self.dataset, chat=self.chat, system=self.system)
        for config in configs.values():
            task.check_config(config)
        metrics = check_metrics(self.metrics, task, language)
        split_config = check_split_config(self)
        texts = columns_of_text(self.dataset, task.text_columns)
        own = partial(self._task_of, task), partial(self._evaluation, metrics)
        models = {name: model_spec(model, methods, configs, *own, name) for name, model in self._given_models().items()}
        spec = StudySpec(
            title=self.title,
            dataset=self.dataset,
            general=self.general,
            scenarios=scenarios,
            task=task,
            column=column,
            language=language,
            models=models,
            methods=methods,
            configs=configs,
            ood_kept=check_kept(self.ood_kept),
            split_seeds=check_seeds("split_seeds", self.split_seeds),
            train_seeds=check_seeds("train_seeds", self.train_seeds),
            wise_ft=check_wise_ft(self.wise_ft, methods),
            adapter_scales=check_adapter_scales(self.adapter_scales, methods),
            metrics=metrics,
            split_config=split_config,
            test_size=check_test_size(self.test_size),
            audit=check_audit(self.audit, column, language, split_config, texts),
            against=check_against(self.against),
            evaluation=next(iter(models.values())).evaluation,
            watch=check_watched(self.watch, models.values()),
            detection=check_bool("detection", self.detection),
            keep_weights=check_bool("keep_weights", self.keep_weights),
            transforms=check_transforms(self.transforms, task),
        )
        refuse_missing_columns(spec)
        return spec

    def _given_models(self) -> Mapping[str | None, StudyModel]:
        """Return the models by name, first the one without a name, which there is unless others are named alone."""
        named: dict[str | None, StudyModel] = dict(check_models(self.models).items())
        if named and self.model is None:
            for argument, value in (("tokenizer", self.tokenizer), ("revision", self.revision)):
                if value is not None:
                    remedy = f"give it to a model: StudyModel(model=..., {argument}=...)"
                    raise ParameterError(argument, "left out where models are named", value, remedy)
            return named
        return {None: StudyModel(model=self.model, tokenizer=self.tokenizer, revision=self.revision)} | named

    def _task_of(self, task: Task, model: StudyModel) -> Task:
        """Return the task of a model: the study's, unless the model has a chat or a system turn of its own."""
        if model.chat is None and model.system is None:
            return task
        chat = self.chat if model.chat is None else model.chat
        system = model.system if model.system is not None or not chat else self.system
        return check_task(self.task, self.source, self.target, self.dataset, chat=chat, system=system)

    def _evaluation(
        self, metrics: tuple[Metric, ...], task: Task, configs: Mapping[str, TrainingConfig]
    ) -> EvaluationSettings:
        return check_evaluation(
            metrics,
            task,
            configs.values(),
            evaluation_batch_size=self.evaluation_batch_size,
            generate_rows=self.generate_rows,
            decoding=self.decoding,
            shots=self.shots,
            extract=self.extract,
            evaluation_seed=self.evaluation_seed,
        )

    @cached_property
    def splits(self) -> StudySplits:
        """Splits of every split seed and scenario, made at the first access."""
        return StudySplits(self.spec)

    def plan(
        self,
        *,
        tokens_per_second: Throughput | None = None,
        probe_steps: int = 0,
        power: PowerSettings | Mapping[str, Any] | None = None,
    ) -> Plan:
        """List all trainings, evaluations and variants with their estimated cost, before anything runs.

        The plan splits the rows, so a scenario that cannot work raises its error here.

        Args:
            tokens_per_second: Target tokens that training processes in a second: a number, or by name of a method; of
                several models by name of a model, such as ``{"t5": 4000, "smollm2": {"full": 500, "lora": 700}}``.
                What is not named takes an unknown time.
            probe_steps: Number of training steps to measure the speed on instead; scoring and generation are measured
                on a few rows.
            power: What a calculation of power assumes; by default that of the study. Without ``row_spread`` and
                ``pilot``, 100 test rows of each scenario are scored by the model without fine-tuning.

        Raises:
            ParameterError: if a scenario cannot be split, a method does not fit its model, or an argument is invalid.
            MissingExtraError: if a config quantises weights, and bitsandbytes is not installed.
        """
        from codeshift.study.planning.estimate import estimate
        from codeshift.study.planning.forecast import forecast
        from codeshift.study.settings.finetuning import check_methods_fit

        settings = PowerSettings.of(self.power if power is None else power)
        check_methods_fit(self.spec)
        plan = estimate(
            Plan.of(self.spec), self.spec, self.splits, tokens_per_second=tokens_per_second, probe_steps=probe_steps
        )
        if settings is None:
            return plan
        return replace(plan, power=forecast(self.spec, self.splits, plan.tests, settings))

    def run(
        self,
        folder: str | os.PathLike[str],
        *,
        workers: int = 1,
        executor: Executor | None = None,
        threads: int | None = None,
        num_proc: int | None = None,
        progress: bool | Callable[[RunRecord], None] = True,
        retry: bool = False,
        extend: bool = False,
    ) -> StudyResults:
        """Do all runs that are left, and return the results.

        A run that is done is never done again. A study that was stopped, at any moment and for any reason, resumes
        where it was when it is run again in the same folder, and ends with the same results. A run that fails is
        recorded with its error, and the others go on.

        Args:
            folder: Folder for the results, splits and weights of the study.
            workers: Number of processes on this machine; 1 works in this process. A script that uses more must call
                ``run`` beneath ``if __name__ == "__main__":``.
            executor: Any ``concurrent.futures.Executor`` to use instead, such as that of a cluster whose workers see
                ``folder`` (see the guide "Scaling out").
            threads: Number of threads of torch and numerical libraries in each worker; by default an equal share of
                this machine's cores, but at most ``OMP_NUM_THREADS``, and with an ``executor`` what its workers have.
                Another number can change the last bits of a sum.
            num_proc: Number of processes that compute the properties of the rows, as in ``Splitter.assign``, and that
                search a corpus; None for one a core from 20,000 rows on, and one in a worker. No result depends on it.
            progress: Whether to show bars, of the whole study and of the work in this process, unless those of
                ``datasets`` are turned off; or a function that is called with the record of each run as it ends.
            retry: Whether to do failed runs once more.
            extend: Whether to allow more scenarios, methods, shares, seeds or variants than the folder was made with.

        Raises:
            ParameterError: if the folder is that of another study; the message says what differs. If a method does not
                fit its model.
            MissingExtraError: if a config quantises weights, and bitsandbytes is not installed.
            StudyError: if no worker can be started, or the executor takes no more work.
        """
        refuse_unusable_workers(workers, executor, threads)
        check_bool("retry", retry)
        check_bool("extend", extend)
        self.splits.data.table.num_proc = check_num_proc(num_proc)
        if not callable(progress):
            check_bool("progress", progress)
        from codeshift.study.settings.finetuning import check_methods_fit

        check_methods_fit(self.spec)
        store = StudyStore(Path(folder).resolve())
        if executor is None and threads is None:
            threads = threads_each(workers)
        plan = Plan.of(self.spec)
        with bars(progress is True):
            prepare_folder(self.spec, plan, self.splits, store, extend=extend)
            if retry:
                forget_failures(plan, store)
            jobs = jobs_left(plan, self.spec, self.splits, store, threads)
            with StudyProgress(plan.keys, store, jobs, progress) as shown:
                schedule(jobs, executor, workers, threads, shown)
        return self.results(store.root)

    def key(
        self,
        *,
        method: str,
        model: str | None = None,
        scenario: str | None = None,
        ood_kept: float | None = None,
        split_seed: int | None = None,
        train_seed: int | None = None,
    ) -> RunKey:
        """Return the key of a run of the study, which ``run_parts`` and ``add_run`` take.

        Args:
            method: Name of the method, or ``"none"`` for a model without fine-tuning.
            model: Name of the model in ``models``; None for the study's first.
            scenario: Name of the scenario; None for ``"none"`` and for the 100% baseline.
            ood_kept: Share of the region that is kept; 1 for the 100% baseline, None for ``"none"``.
            split_seed: Seed of the split; None for the study's first.
            train_seed: Seed of the training; None for the study's first.

        Raises:
            ParameterError: if the study has no such run.
        """
        return Plan.of(self.spec).key(
            method=method,
            model=next(iter(self.spec.models)) if model is None else model,
            scenario=scenario,
            ood_kept=ood_kept,
            split_seed=self.spec.split_seeds[0] if split_seed is None else split_seed,
            train_seed=self.spec.train_seeds[0] if train_seed is None else train_seed,
        )

    def run_parts(self, key: RunKey) -> DatasetDict:
        """Return the rows that a run trains, validates and is scored on, to train or generate elsewhere.

        Args:
            key: Key of the run, as ``key`` returns it.

        Returns:
            ``train`` and ``validation``, if there are any, the ``test`` rows of all scenarios, ``general`` if the study
            has such a set, and ``rewritten_NAME``, the test rows as a transform leaves them, of each.
            ``codeshift.predictions.export_parts`` writes them.

        Raises:
            ParameterError: if the study has no such run.
        """
        Plan.of(self.spec).check_key(key)
        return self.splits.run_parts(key)

    def add_run(
        self,
        folder: str | os.PathLike[str],
        predictions: Predictions,
        key: RunKey,
        *,
        model: str | None = None,
        prediction_column: str = "prediction",
        extract: Extract | None = None,
    ) -> RunRecord:
        """Put outputs that were made elsewhere into the study, as the run that they are of.

        They are matched with the rows by the identities that ``export_parts`` wrote for ``run_parts``. Results and
        report treat the run as the study's own, and the report lists it as given. ``run`` does what is left.

        Args:
            folder: Folder of the study, new or not.
            predictions: Outputs, as in ``codeshift.predictions.score_predictions``, for the test rows that text is
                generated for.
            key: Key of the run, as ``key`` returns it.
            model: Name of the model, for the record.
            prediction_column: Column of the text in the predictions.
            extract: ``"code"`` scores the first fenced block of each output, or the whole if there is none.

        Raises:
            ParameterError: if the study has no such run, the run is done, or a metric needs the model itself.
            PredictionsError: if outputs and rows do not match one to one; all that do not are listed.
        """
        from codeshift.finetune.tasks import Generation
        from codeshift.study.running.given_runs import add_given_run

        task = self.spec.task
        if not isinstance(task, Generation):
            raise ParameterError("task", "generation", task.name, "outputs of a classification cannot be given")
        store, plan = StudyStore(output_folder("folder", folder).resolve()), Plan.of(self.spec)
        plan.check_key(key)
        run = next(run for run in run_jobs(plan, self.spec, store.root, None) if key in run.keys)
        prepare_folder(self.spec, plan, self.splits, store, extend=False)
        return add_given_run(run, task, predictions, prediction_column=prediction_column, extract=extract, model=model)

    def results(self, folder: str | os.PathLike[str]) -> StudyResults:
        """Return the results in a folder so far, at any time.

        Raises:
            ParameterError: if there is no study in the folder.
        """
        return load_results(folder, metrics=self.spec.metrics)
