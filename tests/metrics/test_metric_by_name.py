"""Metrics by name: every name that a metric gives itself leads back to it, and typos are met with close matches."""

from __future__ import annotations

import re

import pytest

import codeshift.metrics as public
from codeshift.errors import ParameterError
from codeshift.metrics import (
    BLEU,
    F1,
    ChrF,
    CodeBLEU,
    EditSimilarity,
    ElementPrecision,
    ElementRecall,
    ExactMatch,
    Metric,
    NegativeLogLikelihood,
    PassAtK,
    SyntacticValidity,
    TokenAccuracy,
    WeightedMetric,
    metric_by_name,
)
from codeshift.metrics.by_name import METRICS
from codeshift.metrics.execution import PythonRunner
from helpers.classifiers import OF_CLASSES

MADE = [
    BLEU(),
    BLEU(smoothing="none", max_order=2),
    ChrF(word_order=2, beta=1.5),
    CodeBLEU("java"),
    CodeBLEU("java", weights=(0.1, 0.1, 0.4, 0.4), missing_dataflow="zero"),
    CodeBLEU("java", compat="codebleu-0.7"),
    EditSimilarity(unit="tokens"),
    ElementPrecision(elements="tokens"),
    ElementRecall(language="java", names=("if_statement", "for_statement")),
    ExactMatch(normalize_whitespace=True),
    NegativeLogLikelihood(),
    PassAtK(10),
    SyntacticValidity("java"),
    TokenAccuracy(),
    *OF_CLASSES,
    F1(positive="vulnerable"),
]


@pytest.mark.parametrize("metric", MADE, ids=lambda metric: metric.name)
def test_a_metric_s_own_name_leads_back_to_it(metric: Metric) -> None:
    """``metric_by_name(metric.name, language)`` is the metric."""
    assert metric_by_name(metric.name, language="java") == metric


def test_every_public_metric_has_a_name() -> None:
    """The table misses none."""
    classes = {
        value
        for value in vars(public).values()
        if isinstance(value, type) and issubclass(value, Metric) and value not in (Metric, WeightedMetric)
    }
    assert classes <= set(METRICS.values())
    assert all(METRICS[cls.key] is cls for cls in classes)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("pass@1", PassAtK(1)),
        ("pass_at_k", PassAtK(1)),
        ("pass_at_k[k=3]", PassAtK(3)),
        (" pass@100 ", PassAtK(100)),
        ("pass@1[runner=python]", PassAtK(1, runner=PythonRunner())),
        (
            "pass@2[runner=python,allow_network=True,tests={test}\ncheck({entry_point})]",
            PassAtK(2, runner=PythonRunner(allow_network=True), tests="{test}\ncheck({entry_point})"),
        ),
    ],
)
def test_pass_at_k_by_name(name: str, metric: Metric) -> None:
    """The name is as in papers; no program runs unless the name has the runner."""
    assert metric_by_name(name, language="python") == metric


def test_a_language_in_the_options_goes_before() -> None:
    """The argument is for metrics whose options do not name one."""
    assert metric_by_name("codebleu[language=python]", language="java") == CodeBLEU("python")
    assert metric_by_name("exact_match", language="java") == ExactMatch()
    assert metric_by_name("element_recall[elements=tokens]", language="java") == ElementRecall(elements="tokens")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("exactmatch", "metric must be the name of a metric, got 'exactmatch': did you mean exact_match?"),
        (3, "metric must be the name of a metric, got 3"),
        ("bleu[smoothin=exp]", "metric must be bleu with options that it has, got 'smoothin': did you mean smoothing?"),
        ("bleu[4]", "metric must be a name with options as [option=value], got 'bleu[4]': '4' has no value"),
        ("token_accuracy[k=1]", "metric must be token_accuracy with options that it has, got 'k': it has none"),
        ("element_recall[extractor=os:listdir]", "got 'extractor'"),
        ("codebleu", "language must be given for codebleu, got None: name the language of the rows"),
        ("element_recall", 'language must be given for elements="nodes"'),
        ("bleu[smoothing=maybe]", "smoothing"),
        ("pass@0", "k must be a whole number from 1 up, got 0"),
        ("pass@", "metric must be the name of a metric, got 'pass@'"),
        ("pass@1[runner=bash]", "runner must be one of python, got 'bash'"),
        ("pass@1[runner=os.system]", "runner must be one of python, got 'os.system'"),
        ("pass@1[allow_network=True]", "got 'allow_network'"),
        ("pass@1[runner=python,allow_network=yes]", "allow_network must be True or False, got 'yes'"),
    ],
)
def test_bad_names(name: object, message: str) -> None:
    """Invalid names are refused, with close matches."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        metric_by_name(name)  # type: ignore[arg-type]


def test_an_empty_name_lists_the_metrics() -> None:
    """From the first one on, those of users among them: other tests of this process may have made some."""
    first = ", ".join(sorted(METRICS)[:10])
    with pytest.raises(ParameterError, match=re.escape(f"the name of a metric, got '': choose one of {first}")):
        metric_by_name("")
    assert {"accuracy", "auroc"} <= set(METRICS)
