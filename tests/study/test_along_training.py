"""What is watched while models train: it changes no result, and the report tells what a choice by it loses."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from codeshift.errors import ParameterError
from codeshift.study import Findings, Report, StudyModel
from helpers.study_case import CONFIG, LOOPS, small_study
from helpers.study_results import study_results

WATCHING = replace(CONFIG, max_steps=2, eval_strategy="steps", eval_steps=1)


def _study(model, **changes):
    given = {"scenarios": (LOOPS,), "methods": {"full": None}, "metrics": ["negative_log_likelihood"]}
    return small_study(model, **(given | {"config": WATCHING} | changes))


@pytest.fixture(scope="module")
def watched(model, tmp_path_factory):
    """The results of a study that watches."""
    study = _study(model, watch=("test_id", "test_ood"))
    return study.run(tmp_path_factory.mktemp("watched"), threads=1, progress=False)


def test_watching_changes_no_score(watched, model, tmp_path):
    """The trained models score the same to the last bit, and the record has the loss at each step."""
    plain = _study(model).run(tmp_path, threads=1, progress=False)
    for record in plain.records:
        left, right = (results.scores(record.key).statistics for results in (plain, watched))
        np.testing.assert_array_equal(left["negative_log_likelihood"], right["negative_log_likelihood"])
        assert record.training is None or record.training.watched == {}
    masked, whole = (next(r for r in watched.records if r.key.ood_kept == kept) for kept in (0.0, 1.0))
    assert {part: [step for step, _ in steps] for part, steps in masked.training.watched.items()} == {
        "validation": [1, 2], "test_id": [1, 2], "test_ood": [1, 2],
    }  # fmt: skip
    assert whole.training.watched == {}  # all scenarios share it: it has no region
    assert "Along training" not in Report(plain, n_resamples=20).to_html()


def test_a_folder_may_begin_to_watch(watched, model):
    """Watching is a free setting: the folder of a study without it is the same study's."""
    from codeshift.study.settings.fingerprint import fingerprint, refuse_other_study

    plain = fingerprint(_study(model).spec)
    for watch in ({"test_ood": 4}, ["test_id", "test_ood"]):
        watching = fingerprint(_study(model, watch=watch).spec)
        refuse_other_study(watching, plain, "a", extend=False)
        refuse_other_study(plain, watching, "a", extend=False)


def test_the_report_shows_curves_and_regret(watched):
    """The figure has a panel of the scenario, the table a line."""
    report = Report(watched, n_resamples=20)
    assert len(report.plot("along_training").lines) == 6
    page = report.to_html()
    assert "Along training" in page
    assert "regret (nats)" in page
    assert "regret" in report.to_latex(["regrets"])


def _with_losses(*runs):
    """Results of two methods whose masked trainings of each seed have these losses."""
    results = study_results(train_seeds=range(len(runs)), ood_kept=(0.0, 1.0), scenarios=("length_a",))

    def record(one):
        if one.key.method == "none" or one.key.ood_kept == 1:
            return one
        watched = {
            part: [(step, loss) for step, loss in zip((10, 20, 30), losses, strict=True)]
            for part, losses in runs[one.key.train_seed].items()
        }
        return replace(one, training=replace(one.training, watched=watched))

    return replace(results, records=tuple(map(record, results.records)))


def test_regret_is_that_of_plain_arithmetic():
    """At the step that validation chooses minus at the best step, the mean over seeds with Student's interval."""
    runs = (
        {"validation": (3.0, 2.0, 1.0), "test_ood": (2.0, 2.5, 3.0)},  # chosen 30, best 10: 1.0
        {"validation": (3.0, 1.0, 2.0), "test_ood": (2.0, 1.5, 3.0)},  # chosen 20, best 20: 0
        {"validation": (1.0, math.nan, 2.0), "test_ood": (2.0, 1.0, 1.5)},  # chosen 10, best measured 30: .5
    )
    findings = Findings(results=_with_losses(*runs), n_resamples=10)
    regret = next(one for one in findings.regrets if one.cell.method == "full")
    assert regret.value == pytest.approx(0.5)
    assert (regret.chosen, regret.best, regret.seeds) == (20, pytest.approx(20), 3)
    half = 4.302652729911275 * 0.5 / math.sqrt(3)  # Student's quantile with two degrees of freedom
    assert (regret.low, regret.high) == (0.0, pytest.approx(0.5 + half))
    assert "0.500 [0.000," in regret.sentence
    curve = next(one for one in findings.training_curves if one.cell.method == "full" and one.part == "test_ood")
    assert curve.losses == pytest.approx((2.0, 5.0 / 3, 2.5))
    assert curve.steps == (10, 20, 30)


def test_one_seed_has_no_interval_and_no_validation_no_regret():
    """A single training says nothing of others; without validation there is no choice to regret."""
    one = Findings(results=_with_losses({"validation": (2.0, 1.0, 1.5), "test_ood": (1.0, 2.0, 3.0)}), n_resamples=10)
    assert one.regrets[0].value == 1.0
    assert not one.regrets[0].estimate.has_interval
    none = Findings(results=_with_losses({"test_ood": (1.0, 2.0, 3.0)}), n_resamples=10)
    assert none.regrets == ()
    assert len(none.training_curves) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"watch": {"test_od": 4}}, "watch must be"),
        ({"watch": {"test_ood": 0}}, "watch must be"),
        ({"watch": {"test_ood": 4}, "config": CONFIG}, "eval_strategy must be"),
        ({"watch": {"test_ood": 4}, "models": {"b": StudyModel(model="a/b", config=CONFIG)}}, "eval_strategy must be"),
    ],
)
def test_what_cannot_be_watched(model, change, words):
    """A part that is none, no rows, and a training that never validates are refused before anything runs."""
    with pytest.raises(ParameterError, match=words):
        _study(model, **change)
