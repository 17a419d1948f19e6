"""The checks of a study's arguments: each returns the value as the study keeps it."""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from codeshift.errors import DataError, ParameterError, closest
from codeshift.metrics import Metric, metric_by_name
from codeshift.splits.config import SplitConfig
from codeshift.splitters import Scenario
from codeshift.study.keys import NONE

if TYPE_CHECKING:
    from codeshift.finetune import TrainingConfig
    from codeshift.study.study import Study


def checked_scenarios(scenarios: Any) -> tuple[Scenario, ...]:
    """Scenarios with names that differ.

    >>> checked_scenarios([])
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: scenarios must be at least one Scenario, got []: such as
    simscood_scenarios("code", "java")
    """
    remedy = 'such as simscood_scenarios("code", "java")'
    found = _sequence("scenarios", scenarios, remedy)
    if not found:
        raise ParameterError("scenarios", "at least one Scenario", scenarios, remedy)
    for one in found:
        if not isinstance(one, Scenario):
            remedy = 'write Scenario("a name", splitter)'
            if isinstance(one, str):
                remedy = f'take scenarios_by_name("{one}", column=...) of codeshift.splitters'
            raise ParameterError("scenarios", "Scenario objects", one, remedy)
    _differ("scenarios", [one.name for one in found])
    return found


def common_column(scenarios: Sequence[Scenario]) -> str:
    """The one column of code that all scenarios read.

    Raises:
        ParameterError: they read several.
    """
    columns = sorted({column for scenario in scenarios for column in scenario.splitter.columns})
    if len(columns) > 1:
        raise ParameterError("column", "given where scenarios read several", columns, "name the column of the code")
    return columns[0]


def checked_methods(methods: Any) -> dict[str, Any]:
    """Methods by name; each is None or a config of PEFT."""
    remedy = 'such as {"full": None, "lora": LoraConfig(r=8)}'
    if not isinstance(methods, Mapping) or not methods:
        raise ParameterError("methods", "configs by name, at least one", methods, remedy)
    for name, config in methods.items():
        if not isinstance(name, str) or not name or name == NONE:
            taken = f"; {NONE!r} is the model without fine-tuning, which is always evaluated"
            raise ParameterError("methods", "configs by names of text", name, remedy + taken)
        if config is not None:
            _check_peft(name, config)
    return dict(methods)


def _check_peft(name: str, config: Any) -> None:
    from peft import PeftConfig

    if not isinstance(config, PeftConfig):
        remedy = "give None for full fine-tuning, or a config such as peft.LoraConfig(r=8)"
        raise ParameterError(f"methods[{name!r}]", "None or a config of PEFT", config, remedy)


def checked_config(config: Any, methods: Mapping[str, Any]) -> dict[str, TrainingConfig]:
    """The training config of each method."""
    from codeshift.finetune import TrainingConfig

    if config is None or isinstance(config, TrainingConfig):
        return dict.fromkeys(methods, config or TrainingConfig())
    if not isinstance(config, Mapping):
        raise ParameterError(
            "config", "a TrainingConfig, or one for each method by name", config, "see codeshift.finetune"
        )
    for name, one in config.items():
        if name not in methods:
            raise ParameterError("config", "of names of methods", name, closest(name, methods))
        if not isinstance(one, TrainingConfig):
            raise ParameterError(f"config[{name!r}]", "a TrainingConfig", one, "see codeshift.finetune")
    missing = [name for name in methods if name not in config]
    if missing:
        raise ParameterError("config", "given for each method", missing, "add these, or give one config for all")
    return {name: config[name] for name in methods}


def checked_metrics(metrics: Any, language: str | None) -> tuple[Metric, ...]:
    """Metrics whose names differ; a name becomes its metric."""
    from codeshift.finetune.evaluator import check_one_output

    remedy = "such as [NegativeLogLikelihood(), ExactMatch()]"
    found = []
    for one in _sequence("metrics", metrics, remedy):
        metric = metric_by_name(one, language=language) if isinstance(one, str) else one
        if not isinstance(metric, Metric):
            raise ParameterError("metrics", "made of metrics of codeshift.metrics or their names", one, remedy)
        found.append(metric)
    if not found:
        raise ParameterError("metrics", "at least one metric", metrics, remedy)
    _differ("metrics", [metric.name for metric in found])
    check_one_output(found)
    return tuple(found)


def checked_kept(shares: Any) -> tuple[float, ...]:
    """Shares from 0 to 1 that differ, ascending.

    >>> checked_kept((1, 0.5))
    (0.5, 1.0)
    """
    remedy = "0 masks the region, 1 is the 100% baseline"
    found = _sequence("ood_kept", shares, remedy)
    if not found:
        raise ParameterError("ood_kept", "at least one share", shares, remedy)
    for share in found:
        if not _is_number(share) or not 0 <= share <= 1:
            raise ParameterError("ood_kept", "shares from 0 to 1", share, remedy)
    _differ("ood_kept", [float(share) for share in found])
    return tuple(sorted(float(share) for share in found))


def checked_seeds(name: str, seeds: Any) -> tuple[int, ...]:
    """Whole numbers from 0 up that differ."""
    found = _sequence(name, seeds, "such as (0, 1, 2)")
    if not found:
        raise ParameterError(name, "at least one seed", seeds, "such as (0,)")
    for seed in found:
        if not isinstance(seed, numbers.Integral) or isinstance(seed, bool) or seed < 0:
            raise ParameterError(name, "whole numbers from 0 up", seed, "such as (0, 1, 2)")
    _differ(name, [int(seed) for seed in found])
    return tuple(int(seed) for seed in found)


def checked_shares(
    name: str, values: Any, methods: Mapping[str, Any], *, largest: float | None = None
) -> tuple[float, ...]:
    """Numbers above 0 (and below ``largest``) that differ, and a method that they apply to.

    Args:
        name: of the argument: ``wise_ft`` or ``adapter_scales``.
        values: as given.
        methods: of the study.
        largest: numbers must be below it; None for no bound.
    """
    found = _sequence(name, values, "such as (0.25, 0.5, 0.75)")
    for value in found:
        if not _is_number(value) or value <= 0 or (largest is not None and value >= largest) or value == 1:
            bound = "numbers above 0 other than 1" if largest is None else f"between 0 and {largest:g}, both excluded"
            remedy = "0 is the model without fine-tuning and 1 the fine-tuned one, which are evaluated anyway"
            raise ParameterError(name, bound, value, remedy)
    _differ(name, [float(value) for value in found])
    needed = "full fine-tuning" if name == "wise_ft" else "LoRA"
    fits = [is_lora(config) if name == "adapter_scales" else config is None for config in methods.values()]
    if found and not any(fits):
        raise ParameterError(
            name, f"left out where no method is {needed}", values, f"add such a method to {sorted(methods)}"
        )
    return tuple(sorted(float(value) for value in found))


def is_lora(config: Any) -> bool:
    """Whether a method is LoRA."""
    return getattr(getattr(config, "peft_type", None), "value", "") == "LORA"


def _sequence(name: str, values: Any, remedy: str) -> tuple[Any, ...]:
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise ParameterError(name, "a sequence", values, remedy)
    return tuple(values)


def _differ(name: str, values: Sequence[Any]) -> None:
    twice = [value for i, value in enumerate(values) if value in values[:i]]
    if twice:
        raise ParameterError(name, "without repetition", twice[0], "name each once")


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def check_size(name: str, value: Any) -> None:
    """Raise a ParameterError unless ``value`` is a share between 0 and 1 or a number of rows."""
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 2
    if not whole and not (_is_number(value) and 0 < value < 1):
        raise ParameterError(name, "a share between 0 and 1, or a number of rows from 2 up", value, "0.2 takes a fifth")


def deal_request(study: Study) -> SplitConfig:
    """What the study asks of each dealing; the seed and the share kept are those of the run."""
    return SplitConfig(
        seed=0,
        validation_size=study.validation_size,
        train_size=study.train_size,
        groups=study.groups,
        near_duplicates=study.near_duplicates,
    )


def check_evaluation(study: Study) -> None:
    """Raise a ParameterError where an argument of evaluation or audit cannot work."""
    from codeshift.audit.settings import AuditSettings
    from codeshift.finetune.config import check_count

    check_count("evaluation_batch_size", study.evaluation_batch_size, at_least=1)
    check_count("evaluation_seed", study.evaluation_seed, at_least=0)
    if study.generate_rows is not None:
        check_count("generate_rows", study.generate_rows, at_least=1, remedy="leave metrics of text out for none")
    if isinstance(study.audit, Mapping):
        known = [f.name for f in fields(AuditSettings)]
        for name in study.audit:
            if name not in known:
                raise ParameterError("audit", "of names of settings of an audit", name, closest(name, known))
    elif not isinstance(study.audit, bool):
        remedy = 'such as {"n_permutations": 99}'
        raise ParameterError("audit", "True, False or settings of an audit", study.audit, remedy)
    if isinstance(study.model_name, str | os.PathLike) or study.tokenizer is not None:
        return
    raise ParameterError("tokenizer", "given with a model object", None, "pass the one that it was trained with")


def check_columns(study: Study) -> None:
    """Raise a ParameterError or DataError where the data lacks a column, or is no data."""
    from datasets import Dataset

    from codeshift.finetune.evaluator import check_test_code
    from codeshift.finetune.template import Template

    splits = study.data_splits
    sets = splits | ({} if study.general is None else {"general": study.general})
    for name, rows in sets.items():
        if not isinstance(rows, Dataset):
            parameter = "dataset" if name == "data" else name
            raise ParameterError(parameter, "a Dataset or a DatasetDict", type(rows).__name__, "load it with datasets")
        for parameter in ("source", "target"):
            Template(getattr(study, parameter), parameter).check(rows.features)
        check_test_code(study.measured, Template(study.target, "target"), rows)
        if name != "general":
            for column in study.data_columns:
                if column not in rows.column_names:
                    raise DataError("column", f"a column of {name}", column, closest(column, rows.column_names))


def default_model() -> str:
    """The folder of the small model that codeshift brings."""
    from codeshift.data import embedded_model_path

    return str(embedded_model_path())
