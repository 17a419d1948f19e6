"""Look-up of metrics by name, as written on the command line or in a settings file."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

from codeshift.errors import ParameterError
from codeshift.literals import literal
from codeshift.metrics.base import METRICS, NOT_BY_NAME, Metric
from codeshift.wording import closest


def metric_by_name(name: str, *, language: str | None = None) -> Metric:
    """Return the metric of a name; options stand in brackets, as in ``Metric.name``.

    Args:
        name: Name, such as ``"codebleu"``, ``"exact_match[normalize_whitespace=True]"``, or any metric's ``name``.
            ``"pass@1"`` runs no code; ``"pass@1[runner=python,tests=test]"`` has a ``PythonRunner``, and the option
            ``allow_network=True`` lets it run where the network cannot be cut off.
        language: Language of the rows, for metrics that need one and whose options do not name it.

    Raises:
        ParameterError: if there is no such metric or option, or the metric needs a language.

    >>> metric_by_name("codebleu", language="java").name
    'codebleu'
    >>> metric_by_name("exact_match[normalize_whitespace=True]")
    ExactMatch(normalize_whitespace=True)
    >>> metric_by_name("exactmatch")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: metric must be the name of a metric, got 'exactmatch': did you mean exact_match?
    """
    parts = re.fullmatch(r"\s*([\w@.]+)\s*(?:\[(.*)\])?\s*", name, flags=re.DOTALL) if isinstance(name, str) else None
    cls, options = _class_of(parts[1]) if parts else (None, {})
    if parts is None or cls is None:
        raise ParameterError("metric", "the name of a metric", name, closest(parts[1] if parts else str(name), METRICS))
    options = cls.arguments(_options(parts[2] or "", name) | options)
    settings = [f.name for f in dataclasses.fields(cls) if not NOT_BY_NAME.items() <= f.metadata.items()]  # type: ignore[arg-type]
    for option in options:
        if option not in settings:
            remedy = closest(option, settings) if settings else "it has none"
            raise ParameterError("metric", f"{parts[1]} with options that it has", option, remedy)
    return _made(cls, parts[1], options, language)


def by_name(metrics: Iterable[Metric], such_as: str) -> dict[str, Metric]:
    """Return metrics by their names; ``such_as`` is one, in words, that an error proposes.

    Raises:
        ParameterError: if there is none, one is no metric, or two have the same name.
    """
    metrics = list(metrics) if isinstance(metrics, Iterable) else [metrics]
    for metric in metrics:
        if not isinstance(metric, Metric):
            raise ParameterError("metrics", "made of metrics of codeshift.metrics", metric, "such as ExactMatch()")
    named = {metric.name: metric for metric in metrics}
    if not metrics or len(named) < len(metrics):
        names = [metric.name for metric in metrics]
        raise ParameterError("metrics", "at least one, each once", names, f"give [{such_as}] for example")
    return named


def _class_of(name: str) -> tuple[type[Metric] | None, dict[str, Any]]:
    """Return the metric of a name without brackets and the options in that name; None if there is no such metric."""
    for cls in METRICS.values():
        if cls.spelling is not None and (spelt := cls.spelling.fullmatch(name)):
            return cls, {option: literal(text) for option, text in spelt.groupdict().items()}
    return METRICS.get(name), {}


def _made(cls: type[Metric], name: str, options: dict[str, Any], language: str | None) -> Metric:
    """Return the metric, with the language if it needs one."""
    if "language" in options:
        return cls(**options)
    if "language" in _without_default(cls):
        if language is None:
            raise ParameterError("language", f"given for {name}", None, "name the language of the rows")
        return cls(**{**options, "language": language})
    try:
        return cls(**options)
    except ParameterError as error:
        if error.parameter != "language" or language is None:
            raise
        return cls(**{**options, "language": language})


def _options(text: str, name: str) -> dict[str, Any]:
    """Parse options as ``Metric.name`` writes them; values that are not Python literals are text."""
    options = {}
    for option in re.split(r",(?![^(\[]*[)\]])", text) if text.strip() else []:
        key, equals, value = option.partition("=")
        if not equals:
            raise ParameterError("metric", "a name with options as [option=value]", name, f"{option!r} has no value")
        options[key.strip()] = literal(value.strip())
    return options


def _without_default(cls: type[Metric]) -> set[str]:
    return {f.name for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING}  # type: ignore[arg-type]
