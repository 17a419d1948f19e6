"""Effect of the mix of classes alone on a score: reweighted by hand, with intervals that hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, f1_score

from codeshift.errors import ParameterError
from codeshift.metrics import AUROC, F1, Accuracy, AveragePrecision, prior_shift
from codeshift.metrics.aggregates.intervals import bootstrap_interval
from codeshift.metrics.aggregates.prior import prior_shift_sample
from helpers.classifiers import drawn

RNG = np.random.default_rng(0)


def test_scores_are_reweighted_by_hand():
    """The mean score of each class, by the shares of the other part's classes; in any order of the rows."""
    scores, inside = RNG.random(60), RNG.integers(0, 3, 60)
    outside = RNG.integers(0, 3, 25)
    shift = prior_shift(scores, inside, outside, n_resamples=100)
    by_hand = sum(np.mean(outside == k) * scores[inside == k].mean() for k in range(3))
    assert shift.reweighted == pytest.approx(by_hand)
    assert shift.id_value == pytest.approx(scores.mean())
    assert shift.value == pytest.approx(by_hand - scores.mean())
    assert shift.low < shift.value < shift.high
    again = prior_shift(scores[::-1], inside[::-1], outside[::-1], n_resamples=100)
    assert again.reweighted == pytest.approx(shift.reweighted)


@pytest.mark.parametrize(
    ("metric", "theirs"),
    [
        (Accuracy(), lambda y, p, w: accuracy_score(y, p > 0.5, sample_weight=w)),
        (F1(), lambda y, p, w: f1_score(y, p > 0.5, sample_weight=w)),
        (AveragePrecision(), lambda y, p, w: average_precision_score(y, p, sample_weight=w)),
    ],
)
def test_metrics_are_those_of_weighted_rows(metric, theirs):
    """Scikit-learn's with sample weights: the wanted share of the row's class over its own."""
    probabilities, inside = drawn(np.random.default_rng(1), n=80, classes=2, ties=False)
    outside = np.array([1] * 5 + [0] * 45)
    share = np.bincount(inside) / 80
    weights = np.array([0.9, 0.1])[inside] / share[inside]
    shift = prior_shift(metric.statistics(probabilities, inside), inside, outside, metric=metric, n_resamples=50)
    assert shift.reweighted == pytest.approx(theirs(inside, probabilities[:, 1], weights))


def test_a_ranking_of_two_classes_does_not_move():
    """AUROC does not depend on how frequent the classes are."""
    probabilities, inside = drawn(np.random.default_rng(2), n=80, classes=2, ties=False)
    rows = AUROC().statistics(probabilities, inside)
    shift = prior_shift(rows, inside, [0] * 30 + [1] * 2, metric=AUROC(), n_resamples=50)
    assert shift.value == pytest.approx(0.0, abs=1e-12)


def test_the_interval_holds_the_truth():
    """Classes of accuracy .9 and .5 move from halves to .2 and .8: by -.12; both sides' draws count."""
    rng, held = np.random.default_rng(3), []
    for _ in range(200):
        inside, outside = rng.integers(0, 2, 100), (rng.random(60) < 0.8).astype(int)
        scores = (rng.random(100) < np.array([0.9, 0.5])[inside]).astype(float)
        shift = prior_shift(scores, inside, outside, n_resamples=200)
        held.append(shift.low <= -0.12 <= shift.high)
    assert 0.9 < np.mean(held) < 0.99


def test_classes_that_are_not_seen_are_told():
    """They are left out and counted; without other classes there is no estimate."""
    shift = prior_shift([1.0, 0.0] * 20, ["a", "b"] * 20, ["a", "c", "c", "a"], n_resamples=50)
    assert shift.reweighted == 1.0
    assert "2 of 4 rows are of classes without an in-distribution row" in str(shift)
    assert math.isnan(prior_shift([1.0, 0.0], ["a", "b"], ["c"]).value)
    with pytest.raises(ParameterError, match="confidence must be a number above 0 and below 1, got 95"):
        prior_shift([1.0, 0.0], ["a", "b"], ["a"], confidence=95)
    with pytest.raises(ParameterError, match="id_classes must be one class for each of 2 rows, got 1"):
        prior_shift([1.0, 0.0], ["a"], ["a"])


@pytest.mark.parametrize("metric", [Accuracy(), F1(), AUROC()])
def test_the_sample_of_both_sides_is_the_same_estimate(metric):
    """Its value is that of prior_shift, its jackknife that of rows taken out by hand, its interval nearly the same."""
    rng = np.random.default_rng(4)
    probabilities, inside = drawn(rng, n=70, classes=2, ties=False)
    outside = (rng.random(50) < 0.7).astype(int)
    rows = metric.statistics(probabilities, inside)
    others = metric.statistics(drawn(rng, n=50, classes=2, ties=False)[0], outside)
    both = np.vstack([np.column_stack([np.zeros(70), inside, rows]), np.column_stack([np.ones(50), outside, others])])
    sample = prior_shift_sample(both, metric)
    shift = prior_shift(rows, inside, outside, metric=metric, n_resamples=500)
    assert sample.value == pytest.approx(shift.value, abs=1e-12)
    for i, without in enumerate(sample.without_each()):
        left = np.delete(both, i, axis=0)
        known = prior_shift(
            left[left[:, 0] == 0, 2:], left[left[:, 0] == 0, 1], left[left[:, 0] == 1, 1], metric=metric
        )
        assert without == pytest.approx(known.value, abs=1e-12)
    interval = bootstrap_interval(sample, confidence=0.95, method="percentile", n_resamples=500, seed=0)
    if metric != AUROC():  # it does not move
        assert interval.high - interval.low == pytest.approx(shift.high - shift.low, rel=0.2)


def test_the_sample_leaves_out_a_class_that_it_lacks():
    """Without its only in-distribution row, and in the value itself, a class is not compared."""
    rows = np.array(
        [[0, 0, 1, 1, 0], [0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 0, 1, 0, 0], [1, 1, 1, 0, 0], [1, 2, 1, 0, 0]]
    )
    sample = prior_shift_sample(rows.astype(float), Accuracy())
    assert sample.value == pytest.approx(0.75 - 2 / 3)
    assert sample.without_each()[2] == pytest.approx(0.0)
    assert sample.without_each()[5] == pytest.approx(sample.value)
