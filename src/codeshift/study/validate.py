"""Checks of the arguments of a study, which make its spec: each argument is checked once, here."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

from datasets import Dataset

from codeshift.audit.settings import AuditSettings, Thresholds
from codeshift.checks import check_bool, check_integer, optional
from codeshift.data import embedded_model_path
from codeshift.errors import DataError, ParameterError, closest
from codeshift.metrics import Metric, metric_by_name
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.splits.config import CommonOptions, SplitConfig, check_size
from codeshift.splitters import Scenario
from codeshift.study.axes import (
    as_sequence,
    check_differ,
    checked_kept,
    checked_methods,
    checked_scenarios,
    checked_seeds,
    checked_shares,
)
from codeshift.study.spec import Evaluation, StudySpec

if TYPE_CHECKING:
    from peft import PeftConfig

    from codeshift.finetune import TrainingConfig

_AS_GIVEN = ("dataset", "source", "target", "general", "keep_weights", "title")


def validate(given: Mapping[str, Any]) -> StudySpec:
    """Check the arguments of a study, and return its spec.

    Args:
        given: Arguments of ``Study``, all of them, by name.

    Raises:
        ParameterError: if a value is invalid.
        DataError: if the data lacks a column.
    """
    scenarios = checked_scenarios(given["scenarios"])
    column = given["column"] or common_column(scenarios)
    methods = checked_methods(given["methods"])
    language = given["language"] or _common_language(scenarios)
    configs = checked_config(given["config"], methods)
    metrics = checked_metrics(given["metrics"], language)
    settled: dict[str, Any] = {
        "test_size": check_test_size(given["test_size"]),
        "ood_kept": checked_kept(given["ood_kept"]),
        "split_seeds": checked_seeds("split_seeds", given["split_seeds"]),
        "train_seeds": checked_seeds("train_seeds", given["train_seeds"]),
        "wise_ft": checked_shares("wise_ft", given["wise_ft"], methods, largest=1.0),
        "adapter_scales": checked_shares("adapter_scales", given["adapter_scales"], methods),
    }
    evaluation = checked_evaluation(given, metrics, configs.values())
    request = deal_request(given)
    check_bool("keep_weights", given["keep_weights"])
    model = str(embedded_model_path()) if given["model"] is None else given["model"]
    _check_tokenizer(model, given["tokenizer"])
    spec = StudySpec(
        scenarios=scenarios,
        column=column,
        language=language,
        model=model,
        tokenizer=model if given["tokenizer"] is None else given["tokenizer"],
        methods=methods,
        configs=configs,
        metrics=metrics,
        request=request,
        audit=checked_audit(given["audit"], column, language, request),
        evaluation=evaluation,
        **settled,
        **{name: given[name] for name in _AS_GIVEN},
    )
    check_columns(spec)
    return spec


def common_column(scenarios: Sequence[Scenario]) -> str:
    """Return the one column of code that all scenarios read.

    Raises:
        ParameterError: if they read several.
    """
    columns = sorted({column for scenario in scenarios for column in scenario.splitter.columns})
    if len(columns) > 1:
        raise ParameterError("column", "given where scenarios read several", columns, "name the column of the code")
    return columns[0]


def _common_language(scenarios: Sequence[Scenario]) -> str | None:
    """Return the one language that scenarios name; None if they name none, or several."""
    named = {language for scenario in scenarios if (language := getattr(scenario.splitter, "language", None))}
    return named.pop() if len(named) == 1 else None


def checked_config(config: object, methods: Mapping[str, PeftConfig | None]) -> dict[str, TrainingConfig]:
    """Check the training configs, and return one for each method."""
    from codeshift.finetune import TrainingConfig

    if config is None or isinstance(config, TrainingConfig):
        return dict.fromkeys(methods, config or TrainingConfig())
    if not isinstance(config, Mapping):
        raise ParameterError(
            "config", "a TrainingConfig, or one for each method by name", config, "see codeshift.finetune"
        )
    for name, given in config.items():
        if name not in methods:
            raise ParameterError("config", "of names of methods", name, closest(name, methods))
        if not isinstance(given, TrainingConfig):
            raise ParameterError("config", "a TrainingConfig", given, "see codeshift.finetune", key=name)
    missing = [name for name in methods if name not in config]
    if missing:
        raise ParameterError("config", "given for each method", missing, "add these, or give one config for all")
    return {name: config[name] for name in methods}


def checked_metrics(metrics: object, language: str | None) -> tuple[Metric, ...]:
    """Check that metrics have distinct names, and return them; a name becomes its metric."""
    from codeshift.finetune.program_tests import check_one_output

    remedy = "such as [NegativeLogLikelihood(), ExactMatch()]"
    checked = []
    for given in as_sequence("metrics", metrics, remedy):
        metric = metric_by_name(given, language=language) if isinstance(given, str) else given
        if not isinstance(metric, Metric):
            raise ParameterError("metrics", "made of metrics of codeshift.metrics or their names", given, remedy)
        checked.append(metric)
    if not checked:
        raise ParameterError("metrics", "at least one metric", metrics, remedy)
    check_differ("metrics", [metric.name for metric in checked])
    check_one_output(checked)
    return tuple(checked)


def check_test_size(value: Any) -> float:
    """Check the size of ``test``, which may not be all rows, and return it."""
    size = check_size("test_size", value, none=False)
    if size == 1:
        raise ParameterError("test_size", "a share below 1.0", value, "rows must be left to train on")
    return size


def deal_request(given: Mapping[str, Any]) -> SplitConfig:
    """Return the settings of all splits; the seed and the share kept are those of each run."""
    return SplitConfig(**{field.name: given[field.name] for field in fields(CommonOptions)})


def checked_evaluation(
    given: Mapping[str, Any], metrics: tuple[Metric, ...], configs: Collection[TrainingConfig]
) -> Evaluation:
    """Return the settings of the evaluation, with the longest source and target of any method's config."""
    from codeshift.finetune import Decoding

    if not isinstance(given["decoding"], Decoding | None):
        raise ParameterError("decoding", "a Decoding or None", given["decoding"], "such as Decoding(num_beams=5)")
    some_rows = partial(check_integer, smallest=1, remedy="leave metrics of text out for none")
    return Evaluation(
        metrics=metrics,
        batch_size=check_integer("evaluation_batch_size", given["evaluation_batch_size"], smallest=1),
        max_source_length=max(config.max_source_length for config in configs),
        max_target_length=max(config.max_target_length for config in configs),
        special_tokens=tuple(dict.fromkeys(token for config in configs for token in config.special_tokens)),
        decoding=given["decoding"],
        generate_rows=optional(some_rows)("generate_rows", given["generate_rows"]),
        seed=check_integer("evaluation_seed", given["evaluation_seed"], smallest=0),
    )


def checked_audit(audit: object, column: str, language: str | None, request: SplitConfig) -> AuditSettings | None:
    """Return the settings of the audit, those of the study overridden by those given; None for no audit.

    Raises:
        ParameterError: if a name or a value is invalid; the message names the setting.
    """
    if audit is False:
        return None
    if audit is not True and not isinstance(audit, Mapping):
        remedy = 'such as {"n_permutations": 99}'
        raise ParameterError("audit", "True, False or settings of an audit", audit, remedy)
    given = {} if audit is True else dict(audit)
    known = [f.name for f in fields(AuditSettings)]
    for name in given:
        if name not in known:
            raise ParameterError("audit", "of names of settings of an audit", name, closest(name, known))
    options: dict[str, Any] = {
        "column": column,
        "language": language,
        "groups": request.groups,
        "near_duplicates": request.search or NearDuplicates(),
        "thresholds": Thresholds(),
    }
    try:
        return AuditSettings(**(options | given))
    except ParameterError as error:
        raise ParameterError("audit", error.constraint, error.value, error.remedy, key=error.parameter) from error


def _check_audited(audit: AuditSettings, name: str, columns: Collection[str]) -> None:
    """Check that some rows have the columns that an audit reads."""
    named = [("column", audit.column)] + ([] if audit.groups is None else [("groups", audit.groups)])
    named += [] if audit.label is None else [("label", audit.label)]
    for setting in ("properties", "intended"):
        named += [(setting, column) for prop in getattr(audit, setting) or () for column in prop.columns]
    for setting, column in named:
        if column not in columns:
            raise ParameterError("audit", f"a column of {name}", column, closest(column, columns), key=setting)


def _check_tokenizer(model: object, tokenizer: object) -> None:
    if not isinstance(model, str | os.PathLike) and tokenizer is None:
        raise ParameterError("tokenizer", "given with a model object", None, "pass the one that it was trained with")


def check_columns(spec: StudySpec) -> None:
    """Check that the data are datasets with all columns; raise a ParameterError or DataError if not."""
    from codeshift.finetune.program_tests import check_test_code
    from codeshift.finetune.template import Template

    sets = spec.data_splits | ({} if spec.general is None else {"general": spec.general})
    for name, rows in sets.items():
        if not isinstance(rows, Dataset):
            parameter = "dataset" if name == "data" else name
            raise ParameterError(parameter, "a Dataset or a DatasetDict", type(rows).__name__, "load it with datasets")
        for parameter in ("source", "target"):
            Template(getattr(spec, parameter), parameter).check(rows.features)
        check_test_code(spec.metrics, Template(spec.target, "target"), rows)
        if name != "general":
            for column in spec.data_columns:
                if column not in rows.column_names:
                    raise DataError("column", f"a column of {name}", column, closest(column, rows.column_names))
            if spec.audit is not None:
                _check_audited(spec.audit, name, rows.column_names)
