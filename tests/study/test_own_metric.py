"""A metric of a user's own: found by its name, and shown in a report as its class says."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from codeshift.errors import ParameterError
from codeshift.metrics import Metric, metric_by_name
from codeshift.metrics.base import METRICS, PERCENT, Scale
from codeshift.study.report.study_report import Report
from codeshift.study.results.measures import measure_of
from helpers.study_results import study_results


@dataclass(frozen=True)
class LettersMissedOfATest(Metric):
    """How many letters longer the reference is."""

    title = "letters missed"
    scale = Scale(digits=2, unit=" letters")
    higher_is_better = False

    at_least: int = 0

    def score(self, predictions, references):
        pairs = zip(predictions, references, strict=True)
        return np.array([max(self.at_least, len(r) - len(p)) for p, r in pairs], dtype=np.float64)


@dataclass(frozen=True)
class PlainOfATest(LettersMissedOfATest):
    """One that says nothing of how it is shown beyond what it takes from another."""

    title = ""
    scale = PERCENT


def test_it_is_found_by_its_name() -> None:
    """A metric is found once it is defined, with its options; a misspelt name raises an error with close matches."""
    assert metric_by_name("lettersmissedofatest[at_least=2]") == LettersMissedOfATest(2)
    assert METRICS[LettersMissedOfATest.key] is LettersMissedOfATest
    with pytest.raises(ParameterError, match="did you mean lettersmissedofatest"):
        metric_by_name("letters_missedofatest")


def test_another_module_s_name_is_taken() -> None:
    """The library's own metrics stay what they are; a class that is defined again in its own module is no clash."""
    with pytest.raises(TypeError, match=r"'bleu' is already the name of codeshift\.metrics\.bleu\.BLEU"):
        type("BLEU", (Metric,), {"score": lambda self, p, r: p, "__module__": __name__})
    for _ in range(2):
        again = type("AgainOfATest", (Metric,), {"score": lambda self, p, r: p, "__module__": __name__})
    assert METRICS["againofatest"] is again


def test_it_is_shown_as_its_class_says() -> None:
    """Title, digits, unit and direction; what a class leaves out is made of its name."""
    measure = measure_of(LettersMissedOfATest(3))
    assert (measure.title, measure.higher_is_better) == ("letters missed (at_least=3)", False)
    assert (measure.text(1.25), measure.scale.unit, measure.step) == ("1.25", " letters", " letters")
    plain = measure_of(PlainOfATest())
    assert (plain.title, plain.text(0.5), plain.scale.unit) == ("plainofatest", "50.0", "%")


def test_a_report_shows_it() -> None:
    """Tables have its title and unit, and less of it is a gain."""
    results, metric = study_results(methods=("full",), general=0), LettersMissedOfATest()

    def load(key, part, before=results.load):
        scores = before(key, part)
        # Without fine-tuning nothing is written, with it all that there is to write.
        written = ["" if key.method == "none" else text for text in scores.references]
        statistics = {metric.name: metric.statistics(written, scores.references)}
        return dataclasses.replace(scores, statistics=statistics)

    results = dataclasses.replace(results, metrics={metric.name: metric}, load=load)
    report = Report(results, metric=metric.name, n_resamples=10)
    assert "letters missed (letters)" in report.to_markdown()
    changes = [one for one in report.findings.forgetting if one.part == "test_ood"]
    assert changes
    assert all(one.value < 0 for one in changes)  # below 0 is learned
    assert "better on test_ood than without fine-tuning (-" in changes[0].sentence
