"""Checks of the arguments of a study that are no axis: each returns the setting, or refuses what cannot work."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from datasets import Dataset, DatasetDict

from codeshift.audit.corpora import from_root, opened_corpora
from codeshift.audit.settings import AuditSettings, Thresholds
from codeshift.checks import check_bool, check_choice, check_integer
from codeshift.data import embedded_model_path
from codeshift.errors import DataError, ParameterError
from codeshift.marks import RowMarks
from codeshift.metrics import Metric, metric_by_name
from codeshift.parts import TEST_PARTS, WHOLE
from codeshift.splits.config import CommonOptions, SplitConfig, check_size
from codeshift.splitters import Scenario
from codeshift.study.settings.axes import as_sequence, refuse_repeated
from codeshift.study.settings.spec import ModelSpec, StudySpec, search_of_copies
from codeshift.transforms import Chain, Transform
from codeshift.transforms.by_name import transform_name
from codeshift.wording import closest

if TYPE_CHECKING:
    from peft import PeftConfig

    from codeshift.finetune import Decoding, TrainingConfig
    from codeshift.finetune.evaluation_settings import EvaluationSettings
    from codeshift.finetune.extraction import Extract
    from codeshift.finetune.models import ModelOrName, TokenizerOrName
    from codeshift.finetune.tasks import Source, Task, TaskName
    from codeshift.finetune.watching import Watch


def common_column(scenarios: Sequence[Scenario]) -> str:
    """Return the one column of code that all scenarios read.

    Raises:
        ParameterError: if they read several.
    """
    columns = sorted({column for scenario in scenarios for column in scenario.splitter.columns})
    if len(columns) > 1:
        raise ParameterError("column", "given where scenarios read several", columns, "name the column of the code")
    return columns[0]


def common_language(scenarios: Sequence[Scenario]) -> str | None:
    """Return the one language that scenarios name; None if they name none, or several."""
    named = {language for scenario in scenarios for language in scenario.splitter.languages}
    return named.pop() if len(named) == 1 else None


def check_configs(config: object, methods: Mapping[str, PeftConfig | None]) -> dict[str, TrainingConfig]:
    """Check the training configs, and return one for each method.

    Raises:
        ParameterError: if one is no ``TrainingConfig``, or configs by name are not those of the methods.
    """
    from codeshift.finetune import TrainingConfig

    if config is None or isinstance(config, TrainingConfig):
        return dict.fromkeys(methods, config or TrainingConfig())
    if not isinstance(config, Mapping):
        raise ParameterError(
            "config", "a TrainingConfig, or one for each method by name", config, "see codeshift.finetune"
        )
    for name, method_config in config.items():
        if name not in methods:
            raise ParameterError("config", "of names of methods", name, closest(name, methods))
        if not isinstance(method_config, TrainingConfig):
            raise ParameterError("config", "a TrainingConfig", method_config, "see codeshift.finetune", key=name)
    missing = [name for name in methods if name not in config]
    if missing:
        raise ParameterError("config", "given for each method", missing, "add these, or give one config for all")
    return {name: config[name] for name in methods}


def check_task(
    name: TaskName, source: Source, target: str, dataset: object, *, chat: bool = False, system: str | None = None
) -> Task:
    """Return the task; that of a classification has all classes of the data.

    Raises:
        ParameterError: if the name is unknown, or source or target is not what the task takes.
        DataError: if a column is not of the right kind, or a row has no label.
    """
    from codeshift.finetune.conversation import make_chat
    from codeshift.finetune.tasks import make_task

    task = make_task(name, source, target, make_chat(check_bool("chat", chat), system))
    parts = dataset.values() if isinstance(dataset, DatasetDict) else (dataset,)
    for rows in parts:
        if not isinstance(rows, Dataset):
            remedy = "load it with datasets"
            raise ParameterError("dataset", "a Dataset or a DatasetDict", type(rows).__name__, remedy)
        task.check(rows)
    return task.fitted(*parts)


def check_metrics(metrics: object, task: Task, language: str | None) -> tuple[Metric, ...]:
    """Check that metrics have distinct names and suit the task, and return them; a name becomes its metric.

    None stands for the usual ones of the task.

    Raises:
        ParameterError: if there is none, one is no metric or has an unknown name, or two have one name.
    """
    if metrics is None:
        return task.usual_metrics
    remedy = f"such as {[metric.name for metric in task.usual_metrics]}"
    checked = []
    for metric_or_name in as_sequence("metrics", metrics, remedy):
        metric = (
            metric_by_name(metric_or_name, language=language) if isinstance(metric_or_name, str) else metric_or_name
        )
        if not isinstance(metric, Metric):
            raise ParameterError(
                "metrics", "made of metrics of codeshift.metrics or their names", metric_or_name, remedy
            )
        checked.append(metric)
    if not checked:
        raise ParameterError("metrics", "at least one metric", metrics, remedy)
    refuse_repeated("metrics", [metric.name for metric in checked])
    return tuple(checked)


def check_test_size(value: Any) -> float:
    """Check the size of ``test``, which may not be all rows, and return it.

    Raises:
        ParameterError: if it is no size, or all rows.
    """
    size = check_size("test_size", value, none=False)
    if size == 1:
        raise ParameterError("test_size", "a share below 1.0", value, "rows must be left to train on")
    return size


def check_split_config(options: CommonOptions) -> SplitConfig:
    """Return the settings of all splits; the seed and the share kept are those of each run."""
    return SplitConfig(**{option.name: getattr(options, option.name) for option in fields(CommonOptions)})


def check_evaluation(
    metrics: tuple[Metric, ...],
    task: Task,
    configs: Collection[TrainingConfig],
    *,
    evaluation_batch_size: int,
    generate_rows: int | None,
    decoding: Decoding | None,
    shots: int,
    extract: Extract | None,
    evaluation_seed: int,
) -> EvaluationSettings:
    """Return the settings of the evaluation, with the longest source and target of any method's config.

    Args:
        metrics: Metrics of the study.
        task: Task of its models.
        configs: Training configs of its methods.
        evaluation_batch_size: Number of rows in a batch.
        generate_rows: Number of rows of each part to generate text for; None for all.
        decoding: Settings of generation.
        shots: Number of examples before each source.
        extract: What metrics of text are given of an output; None for the whole.
        evaluation_seed: Seed of the draw of the rows to generate text for.
    """
    from codeshift.finetune import Decoding
    from codeshift.finetune.evaluation_settings import EvaluationSettings
    from codeshift.finetune.limits import Limits

    limits = Limits(
        max_source_length=max(config.max_source_length for config in configs),
        max_target_length=max(config.max_target_length for config in configs),
        special_tokens=tuple(dict.fromkeys(token for config in configs for token in config.special_tokens)),
    )
    settings = EvaluationSettings(
        metrics={metric.name: metric for metric in metrics},
        decoding=Decoding() if decoding is None else decoding,
        shots=shots,
        extract=extract,
        generate_rows=generate_rows,
        batch_size=check_integer("evaluation_batch_size", evaluation_batch_size, smallest=1),
        seed=check_integer("evaluation_seed", evaluation_seed, smallest=0),
    ).within(limits)
    task.check_evaluation(settings)
    task.check_shots(settings.shots)
    return settings


def check_audit(
    audit: bool | Mapping[str, Any],
    column: str,
    language: str | None,
    split_config: SplitConfig,
    texts: Iterable[str] = (),
) -> AuditSettings | None:
    """Return the settings of the audit, those of the study overridden by those given; None for no audit.

    Args:
        audit: True, False or settings to override.
        column: Column of the code.
        language: Language of the code.
        split_config: Groups and near-duplicates of the splits.
        texts: Columns of text that the task reads; leakage is looked for in each of them, and in the code.

    Raises:
        ParameterError: if a name or a value is invalid; the message names the setting.
    """
    if audit is False:
        return None
    if audit is not True and not isinstance(audit, Mapping):
        remedy = 'such as {"n_permutations": 99}'
        raise ParameterError("audit", "True, False or settings of an audit", audit, remedy)
    overriding = {} if audit is True else dict(audit)
    setting_names = [setting.name for setting in fields(AuditSettings)]
    for name in overriding:
        if name not in setting_names:
            raise ParameterError("audit", "of names of settings of an audit", name, closest(name, setting_names))
    options: dict[str, Any] = {
        "column": column,
        "language": language,
        "groups": split_config.groups,
        "near_duplicates": search_of_copies(split_config, texts, column),
        "thresholds": Thresholds(),
    }
    try:
        return AuditSettings(**(options | overriding))
    except ParameterError as error:
        raise ParameterError("audit", error.constraint, error.value, error.remedy, key=error.parameter) from error


def check_against(against: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the corpora by name, with paths from the root, which workers need; {} for none.

    ``refuse_missing_columns`` opens them.

    Raises:
        ParameterError: if they have no names.
    """
    if against is None:
        return {}
    remedy = 'such as {"pretraining": "pretraining/*.parquet"}'
    if not isinstance(against, Mapping) or not all(isinstance(name, str) and name for name in against):
        raise ParameterError("against", "corpora by name", against, remedy)
    return {name: from_root(source) for name, source in against.items()}


def check_watched(watch: Watch | None, models: Iterable[ModelSpec]) -> dict[str, int | None]:
    """Return the numbers of rows to score while models train, None where they are left open; {} scores none.

    Raises:
        ParameterError: if a part is no test part of a scenario, a number is not whole, or a training validates never.
    """
    from codeshift.finetune.watching import check_watch, watched_counts

    counts = {} if watch is None else watched_counts(watch)
    for config in (config for model in models for config in model.configs.values()):
        check_watch(counts, config)
    for part in counts:
        check_choice("watch", part, TEST_PARTS)
    return counts


def check_transforms(transforms: object, task: Task) -> dict[str, Transform | Chain]:
    """Return the transforms of the test rows by name, those of a list under the names of their classes; {} for none.

    Raises:
        ParameterError: if one is no transform, has no name of its own, or rewrites nothing that a model is given or is
            to write.
    """
    if transforms is None:
        return {}
    listed = [transforms] if isinstance(transforms, Transform | Chain) else transforms
    remedy = 'such as {"renamed": RenameIdentifiers(language="python")}, of codeshift.transforms'
    if not isinstance(listed, Mapping | Sequence) or isinstance(listed, str):
        raise ParameterError("transforms", "transforms by name, or a list of them", listed, remedy)
    named = (
        list(listed.items())
        if isinstance(listed, Mapping)
        else [(transform_name(unnamed), unnamed) for unnamed in listed]
    )
    checked: dict[str, Transform | Chain] = {}
    for name, transform in named:
        if not isinstance(transform, Transform | Chain):
            raise ParameterError("transforms", "transforms by name, or a list of them", transform, remedy)
        if not isinstance(name, str) or not re.fullmatch(r"\w+", name) or name in checked:
            must = "of names of letters, digits and _, each another"
            raise ParameterError("transforms", must, name, "name them: {name: transform}")
        if not set(transform.columns) & set(task.columns):
            of_task = f"the task's are {', '.join(task.columns)}: give column=..."
            raise ParameterError("transforms", "of a column of the task", list(transform.columns), of_task, key=name)
        checked[name] = transform
    return checked


def check_model(model: ModelOrName | None) -> ModelOrName:
    """Return the model, by default the small one that comes with codeshift."""
    return str(embedded_model_path()) if model is None else model


def check_tokenizer(tokenizer: TokenizerOrName | None, model: ModelOrName) -> TokenizerOrName:
    """Return the tokenizer, by default the one at the model's name or folder.

    Raises:
        ParameterError: if the model is an object that comes without one.
    """
    if tokenizer is not None:
        return tokenizer
    if not isinstance(model, str | os.PathLike):
        raise ParameterError("tokenizer", "given with a model object", None, "pass the one that it was trained with")
    return model


def _refuse_missing_audited(audit: AuditSettings, name: str, columns: Collection[str]) -> None:
    """Check that some rows have the columns that an audit reads."""
    named = [("column", audit.column)] + ([] if audit.groups is None else [("groups", audit.groups)])
    named += [] if audit.label is None else [("label", audit.label)]
    named += [("near_duplicates", searched) for searched in audit.near_duplicates.columns or ()]
    for setting in ("properties", "intended"):
        named += [(setting, column) for prop in getattr(audit, setting) or () for column in prop.columns]
    for setting, column in named:
        if column not in columns:
            raise ParameterError("audit", f"a column of {name}", column, closest(column, columns), key=setting)


def refuse_missing_columns(spec: StudySpec) -> None:
    """Check that the data are datasets with all columns.

    Raises:
        ParameterError: if they are no datasets.
        DataError: if a column is missing.
    """
    sets = spec.data_splits | ({} if spec.general is None else {"general": spec.general})
    for name, rows in sets.items():
        if not isinstance(rows, Dataset):
            parameter = "dataset" if name == WHOLE else name
            raise ParameterError(parameter, "a Dataset or a DatasetDict", type(rows).__name__, "load it with datasets")
        spec.task.check(rows, spec.metrics)
        if name != "general":
            for column in spec.data_columns:
                if column not in rows.column_names:
                    raise DataError("column", f"a column of {name}", column, closest(column, rows.column_names))
            if spec.audit is not None:
                _refuse_missing_audited(spec.audit, name, rows.column_names)
    _refuse_missing_in_corpora(spec)


def _refuse_missing_in_corpora(spec: StudySpec) -> None:
    """Open the corpora, and check that they have the columns that are looked for, as far as that is known so far."""
    columns = spec.searched_copies.columns_with(spec.column)
    for name, corpus in spec.against.items():
        if isinstance(corpus, RowMarks):
            continue
        try:
            opened_corpora({name: corpus}, columns, spec.column, None)
        except ParameterError as error:  # a DataError too
            raise type(error)("against", error.constraint, error.value, error.remedy, key=name) from error
