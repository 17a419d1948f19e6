"""Metrics by the name that their results stand under: what a command line or a file of settings holds."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from codeshift.errors import ParameterError, closest
from codeshift.literals import literal
from codeshift.metrics.base import Metric, _snake_case
from codeshift.metrics.bleu import BLEU
from codeshift.metrics.chrf import ChrF
from codeshift.metrics.codebleu import CodeBLEU
from codeshift.metrics.edit import EditSimilarity
from codeshift.metrics.elements import ElementPrecision, ElementRecall
from codeshift.metrics.exact import ExactMatch
from codeshift.metrics.execution import PythonRunner
from codeshift.metrics.likelihood import NegativeLogLikelihood, TokenAccuracy
from codeshift.metrics.pass_at_k import PassAtK
from codeshift.metrics.validity import SyntacticValidity

_CLASSES: tuple[type[Metric], ...] = (
    BLEU,
    ChrF,
    CodeBLEU,
    EditSimilarity,
    ElementPrecision,
    ElementRecall,
    ExactMatch,
    NegativeLogLikelihood,
    SyntacticValidity,
    TokenAccuracy,
)

METRICS: dict[str, type[Metric]] = {_snake_case(cls.__name__): cls for cls in _CLASSES} | {"pass_at_k": PassAtK}
"""The metrics by name; ``pass@1`` and its like are ``pass_at_k`` as well."""

_FUNCTIONS = ("extractor",)  # a name must not decide what code runs
_RUNNERS = {"python": PythonRunner}


def metric_by_name(name: str, *, language: str | None = None) -> Metric:
    """The metric of a name; options stand in brackets, as in the names that metrics have.

    Args:
        name: such as ``"codebleu"``, ``"exact_match[normalize_whitespace=True]"``, or any metric's ``name``.
            ``"pass@1"`` runs nothing; ``"pass@1[runner=python,tests=test]"`` has a ``PythonRunner``, with
            ``allow_network=True`` among the options one that does without a cut-off network.
        language: of the rows, for metrics that need one and whose options do not name it.

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
    found = re.fullmatch(r"\s*([\w@]+)\s*(?:\[(.*)\])?\s*", name, flags=re.DOTALL) if isinstance(name, str) else None
    at_k = re.fullmatch(r"pass@([0-9]+)", found[1]) if found else None
    cls = PassAtK if at_k else METRICS.get(found[1]) if found else None
    if found is None or cls is None:
        raise ParameterError("metric", "the name of a metric", name, closest(found[1] if found else str(name), METRICS))
    options = _options(found[2] or "", name) | ({"k": int(at_k[1])} if at_k else {})
    if cls is PassAtK:
        options = _with_runner(options)
    known = [f.name for f in dataclasses.fields(cls) if f.name not in _FUNCTIONS]  # type: ignore[arg-type]
    for option in options:
        if option not in known:
            remedy = closest(option, known) if known else "it has none"
            raise ParameterError("metric", f"{found[1]} with options that it has", option, remedy)
    return _made(cls, found[1], options, language)


def _made(cls: type[Metric], name: str, options: dict[str, Any], language: str | None) -> Metric:
    """The metric, given a language where it cannot do without."""
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


def _with_runner(options: dict[str, Any]) -> dict[str, Any]:
    """The options of a ``PassAtK``, of which ``runner`` names a runner and ``allow_network`` is the runner's."""
    if "runner" not in options:
        return options
    runner, network = options["runner"], options.get("allow_network", False)
    if runner not in _RUNNERS:
        raise ParameterError("runner", "the name of a runner", runner, closest(str(runner), _RUNNERS))
    if not isinstance(network, bool):
        raise ParameterError("allow_network", "True or False", network, "leave it out for False")
    rest = {key: value for key, value in options.items() if key != "allow_network"}
    return rest | {"runner": _RUNNERS[runner](allow_network=network)}


def _options(text: str, name: str) -> dict[str, Any]:
    """Options as ``Metric.name`` writes them: values that are no literals of Python are text."""
    options = {}
    for option in re.split(r",(?![^(\[]*[)\]])", text) if text.strip() else []:
        key, equals, value = option.partition("=")
        if not equals:
            raise ParameterError("metric", "a name with options as [option=value]", name, f"{option!r} has no value")
        options[key.strip()] = literal(value.strip())
    return options


def _without_default(cls: type[Metric]) -> set[str]:
    return {f.name for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING}  # type: ignore[arg-type]
