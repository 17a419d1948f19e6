"""Whether a model knows the shift: scores by hand, figures by scikit-learn, selective prediction row by row."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist, mahalanobis
from scipy.special import logsumexp, softmax
from scipy.stats import entropy
from sklearn.covariance import LedoitWolf
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
from sklearn.neighbors import NearestNeighbors

from codeshift.errors import DataError, ParameterError
from codeshift.metrics import ModelOutputs, TrainFeatures, ood_detection, ood_scores, risk_coverage
from codeshift.metrics.ood_scores import mahalanobis_distance

RNG = np.random.default_rng(0)
INSIDE = RNG.normal(size=(60, 4)) + 3 * np.eye(4)[RNG.integers(0, 4, 60)]
OUTSIDE = RNG.normal(size=(40, 4))


def test_scores_of_logits_by_hand():
    """Scipy's softmax, entropy and logsumexp, row by row; the energy has a temperature."""
    scores = ood_scores(ModelOutputs(logits=INSIDE), temperature=2.0)
    for i, row in enumerate(INSIDE):
        p = softmax(row)
        assert scores["maximum softmax probability"][i] == pytest.approx(1 - p.max())
        assert scores["entropy"][i] == pytest.approx(entropy(p))
        assert scores["energy"][i] == pytest.approx(-2 * logsumexp(row / 2))


def test_scores_of_probabilities_are_those_of_logits():
    """But for the energy, which probabilities do not have; a probability of 0 is no NaN."""
    scores = ood_scores(ModelOutputs(probabilities=softmax(INSIDE, axis=1)))
    of_logits = ood_scores(ModelOutputs(logits=INSIDE))
    assert list(scores) == ["maximum softmax probability", "entropy"]
    for name, values in scores.items():
        np.testing.assert_allclose(values, of_logits[name])
    assert ood_scores(ModelOutputs(probabilities=[[1.0, 0.0]]))["entropy"].tolist() == [0.0]
    extreme = ood_scores(ModelOutputs(logits=[[1e4, 0.0], [-1e4, -1e4]]))
    assert extreme["entropy"] == pytest.approx([0.0, math.log(2)])
    assert extreme["energy"] == pytest.approx([-1e4, 1e4 - math.log(2)])


def test_scores_of_tokens_are_their_negatives():
    """The surer, the lower; a row without a token is NaN, and stays so."""
    outputs = ModelOutputs(
        mean_log_probability=[-0.5, np.nan], min_log_probability=[-2.0, np.nan],
        sequence_log_probability=[-3.0, np.nan], margin=[1.5, np.nan],
    )  # fmt: skip
    scores = ood_scores(outputs)
    assert {name: values[0] for name, values in scores.items()} == {
        "mean token log-probability": 0.5, "minimum token log-probability": 2.0, "sequence log-probability": 3.0,
        "margin": -1.5,
    }  # fmt: skip
    assert all(np.isnan(values[1]) for values in scores.values())


@pytest.mark.parametrize("labelled", [False, True])
def test_mahalanobis_is_scipys(labelled):
    """The distance is that from the nearest class mean, with scikit-learn's shrunk covariance of all classes."""
    train = RNG.normal(size=(90, 5)) * [1, 2, 3, 4, 5]
    labels = np.repeat(["a", "b", "c"], 30) if labelled else None
    rows = RNG.normal(size=(7, 5))
    scores = ood_scores(ModelOutputs(features=rows), TrainFeatures(features=train, labels=labels))
    of_class = np.zeros(90) if labels is None else labels
    means = {label: train[of_class == label].mean(axis=0) for label in np.unique(of_class)}
    centred = train - np.array([means[label] for label in of_class])
    precision = np.linalg.inv(LedoitWolf(assume_centered=True).fit(centred).covariance_)
    expected = [min(mahalanobis(row, mean, precision) for mean in means.values()) for row in rows]
    np.testing.assert_allclose(scores["Mahalanobis distance"], expected, rtol=1e-6)


def test_few_rows_of_many_features_have_a_distance():
    """Their covariance is singular but for the shrinkage."""
    train = TrainFeatures(features=RNG.normal(size=(6, 40)))
    near, far = train.features[:1], train.features[:1] + 10
    found = ood_scores(ModelOutputs(features=np.vstack([near, far])), train)["Mahalanobis distance"]
    assert np.isfinite(found).all()
    assert found[0] < found[1]


def test_nearest_neighbours_are_scikit_learns():
    """On features of length 1; fewer training rows than neighbours take the farthest; NaN features are no distance."""
    train, rows = RNG.normal(size=(50, 6)), RNG.normal(size=(9, 6))
    found = ood_scores(ModelOutputs(features=rows), TrainFeatures(features=train, neighbors=7))
    unit, other = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (train, rows))
    expected = NearestNeighbors(n_neighbors=7).fit(unit).kneighbors(other)[0][:, -1]
    np.testing.assert_allclose(found["nearest-neighbour distance"], expected)
    farthest = ood_scores(ModelOutputs(features=rows), TrainFeatures(features=train[:3]))["nearest-neighbour distance"]
    np.testing.assert_allclose(farthest, cdist(other, unit[:3]).max(axis=1))
    rows[2, 1] = np.nan
    for values in ood_scores(ModelOutputs(features=rows), TrainFeatures(features=train)).values():
        assert np.isnan(values).tolist() == [i == 2 for i in range(9)]


def test_figures_are_scikit_learns():
    """AUROC and AUPR with out-of-distribution rows positive; the rate with in-distribution rows positive."""
    detection = ood_detection(ModelOutputs(logits=INSIDE), ModelOutputs(logits=OUTSIDE), n_resamples=200)
    outside = np.repeat([0, 1], [60, 40])
    for name, inside_scores in ood_scores(ModelOutputs(logits=INSIDE)).items():
        scores = np.concatenate([inside_scores, ood_scores(ModelOutputs(logits=OUTSIDE))[name]])
        found = detection[name]
        assert found.auroc.value == pytest.approx(roc_auc_score(outside, scores))
        assert found.aupr.value == pytest.approx(average_precision_score(outside, scores))
        false, true, _ = roc_curve(1 - outside, -scores, drop_intermediate=False)
        assert found.fpr_at_95.value == pytest.approx(false[true >= 0.95 - 1e-12].min())
        assert found.auroc.low < found.auroc.value < found.auroc.high
        assert found.tells
    assert detection.best.auroc.value == max(one.auroc.value for one in detection.detectors.values())


def test_a_model_that_knows_nothing_is_told():
    """Scores of one distribution tell nothing, and a score that is surer outside does not either."""
    rng = np.random.default_rng(0)
    same = ood_detection(ModelOutputs(margin=rng.normal(size=300)), ModelOutputs(margin=rng.normal(size=300)))
    assert not same["margin"].tells
    assert same["margin"].auroc.low < 0.5 < same["margin"].auroc.high
    surer = ood_detection(ModelOutputs(margin=RNG.normal(size=99)), ModelOutputs(margin=RNG.normal(3, size=99)))
    assert not surer["margin"].tells
    assert surer["margin"].auroc.high < 0.5


def test_intervals_hold_the_truth():
    """The area of two normal distributions is known: 95% of the intervals hold it, but for chance."""
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(200):
        inside, outside = rng.normal(size=80), rng.normal(1.0, size=30)
        found = ood_detection(ModelOutputs(margin=-inside), ModelOutputs(margin=-outside), n_resamples=200)["margin"]
        hits += found.auroc.low <= 0.7602 <= found.auroc.high
    assert 0.9 < hits / 200 < 0.99


def test_rows_without_a_score_are_left_out_and_counted():
    """An empty output has no token; it does not change the others' scores, and is counted."""
    inside, outside = RNG.normal(size=20), RNG.normal(size=20)
    with_gap = np.append(inside, np.nan)
    gap = ood_detection(
        ModelOutputs(margin=with_gap, min_log_probability=-np.ones(21)),
        ModelOutputs(margin=outside, min_log_probability=-np.ones(20)), n_resamples=50,
    )  # fmt: skip
    whole = ood_detection(ModelOutputs(margin=inside), ModelOutputs(margin=outside), n_resamples=50)
    assert gap["margin"].auroc == whole["margin"].auroc
    assert (gap["margin"].left_out, gap["minimum token log-probability"].left_out) == (1, 0)
    assert "1 rows left out" in str(gap)
    assert gap["minimum token log-probability"].auroc.value == 0.5
    assert (gap.rows_id, gap.rows_ood) == (21, 20)


def test_order_changes_nothing_and_copies_count_once():
    """Rows in another order give the same figures; four copies of each row in groups, the same interval."""
    inside, outside = RNG.normal(size=40), RNG.normal(0.5, size=30)
    once = ood_detection(ModelOutputs(margin=inside), ModelOutputs(margin=outside), n_resamples=100)
    again = ood_detection(ModelOutputs(margin=inside[::-1]), ModelOutputs(margin=outside[::-1]), n_resamples=100)
    assert once == again
    copied = [
        ModelOutputs(margin=np.repeat(side, 4), groups=np.repeat(np.arange(len(side)), 4)) for side in (inside, outside)
    ]
    grouped = ood_detection(*copied, n_resamples=100)["margin"].auroc
    assert grouped.groups == 70
    assert (grouped.low, grouped.high) == pytest.approx((once["margin"].auroc.low, once["margin"].auroc.high), abs=0.01)


def test_risk_by_coverage_row_by_row():
    """The mean error of the surest k rows, for each k; ties are taken in every order."""
    confidence, errors = RNG.normal(size=30), RNG.random(30)
    curve = risk_coverage(confidence, errors, n_resamples=100)
    order = np.argsort(-confidence)
    risks = [errors[order[:k]].mean() for k in range(1, 31)]
    np.testing.assert_allclose(curve.risk, risks)
    np.testing.assert_allclose(curve.coverage, np.arange(1, 31) / 30)
    assert curve.area.value == pytest.approx(np.mean(risks))
    assert curve.best_area == pytest.approx(np.mean(np.cumsum(np.sort(errors)) / np.arange(1, 31)))
    assert curve.random_area == pytest.approx(errors.mean())
    assert curve.best_area < curve.area.low < curve.area.value < curve.area.high
    assert curve.at(0.5) == pytest.approx(risks[14])
    assert curve.at(1.0) == pytest.approx(errors.mean())
    with pytest.raises(ParameterError, match="coverage must be a number above 0"):
        curve.at(0.0)


def test_rows_that_tie_are_in_random_order():
    """The area is the mean over orders of the rows that tie."""
    confidence = np.array([1.0, 1.0, 0.5, 0.5, 0.5, 0.2])
    errors = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.3])
    areas = []
    rng = np.random.default_rng(1)
    for _ in range(4000):
        order = np.lexsort([rng.random(6), -confidence])
        areas.append(np.mean(np.cumsum(errors[order]) / np.arange(1, 7)))
    curve = risk_coverage(confidence, errors, n_resamples=10)
    assert curve.area.value == pytest.approx(np.mean(areas), abs=4 * np.std(areas) / 4000**0.5)
    assert curve.coverage.round(3).tolist() == [0.333, 0.833, 1.0]


def test_resamples_of_the_area_are_rescorings():
    """A row drawn twice is as good as two rows."""
    from codeshift.metrics.risk_coverage import _Area

    rows = np.column_stack([np.ones(12), RNG.integers(0, 5, 12), RNG.random(12)])
    weights = RNG.integers(0, 3, size=(20, 12)).astype(float)
    found = _Area().weighted_values(rows, weights)
    again = [_Area().of_rows(np.repeat(rows, counts.astype(int), axis=0)).value for counts in weights]
    np.testing.assert_allclose(found, again)


def test_errors_give_a_curve_for_each_score():
    """The curve is of the rows of both sides, if both have errors; the table shows it beside the figures."""
    errors = [RNG.integers(0, 2, 60).astype(float), RNG.integers(0, 2, 40).astype(float)]
    outputs = [ModelOutputs(logits=x, errors=e) for x, e in zip((INSIDE, OUTSIDE), errors, strict=True)]
    detection = ood_detection(*outputs, n_resamples=50)
    scores = np.concatenate([ood_scores(side)["entropy"] for side in outputs])
    alone = risk_coverage(-scores, np.concatenate(errors), n_resamples=50)
    assert detection.risk["entropy"].area == alone.area
    table = detection.rows()
    assert [row["score"] for row in table] == list(detection.detectors)
    assert table[1]["aurc"] == alone.area.value
    assert not ood_detection(outputs[0], ModelOutputs(logits=OUTSIDE), n_resamples=10).risk


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ModelOutputs(), ParameterError, "given something to score rows by"),
        (lambda: ModelOutputs(errors=[0.0]), ParameterError, "given something to score rows by"),
        (lambda: ModelOutputs(margin=[1.0], features=[[1.0], [2.0]]), ParameterError, "as many rows each"),
        (lambda: ModelOutputs(logits=[1.0, 2.0]), DataError, "logits must be a 2-D array"),
        (lambda: ModelOutputs(logits=[[1.0], [2.0, 3.0]]), DataError, "logits must be a 2-D array"),
        (lambda: TrainFeatures(features=[[1.0]]), DataError, "finite numbers of at least two rows"),
        (lambda: TrainFeatures(features=[[1.0], [2.0]], labels=["a"]), ParameterError, "one label for each of 2 rows"),
        (lambda: TrainFeatures(features=[[1.0], [2.0]], neighbors=0), ParameterError, "neighbors must be a whole"),
        (
            lambda: ood_scores(ModelOutputs(features=[[1.0, 2.0]]), TrainFeatures(features=[[1.0], [2.0]])),
            ParameterError, r"features must be as long as those of train \(1\), got 2",
        ),
        (lambda: ood_scores(ModelOutputs(margin=[1.0]), temperature=0), ParameterError, "temperature must be a number"),
        (lambda: ModelOutputs(margin=["a"]), DataError, "margin must be a 1-D array of numbers"),
        (
            lambda: ood_detection(ModelOutputs(margin=[1.0]), ModelOutputs(logits=[[1.0, 2.0]])), ParameterError,
            "a score that in_distribution has, got margin against maximum softmax probability, entropy, energy",
        ),
        (
            lambda: ood_detection(
                ModelOutputs(margin=[1.0]), ModelOutputs(margin=[2.0]), train=TrainFeatures(features=[[1.0], [2.0]])
            ),
            ParameterError, "train must be left out where a side has no features",
        ),
        (lambda: risk_coverage([1.0], [0.0, 1.0]), ParameterError, "1-D and equally long"),
        (lambda: risk_coverage([], []), ParameterError, "1-D and equally long"),
        (lambda: risk_coverage([np.nan], [0.0]), DataError, "NaN in 1 of 1 rows"),
    ],
)  # fmt: skip
def test_inputs_that_cannot_be_used(call, error, message):
    """The error says what is wrong, and what to do."""
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("rows", [[[3.0, -2.0]], [[0.9, 0.9]], [[0.5, 0.5], [0.2, 0.1]]])
def test_probabilities_that_are_none_are_refused(rows):
    """Logits given as probabilities would be ranked as nonsense; a row of NaN has no score."""
    with pytest.raises(DataError, match="probabilities must be at least 0, and add up to 1"):
        ModelOutputs(probabilities=rows)
    scores = ood_scores(ModelOutputs(probabilities=[[np.nan, 0.5], [0.2, 0.8]]))
    assert np.isnan(scores["entropy"]).tolist() == [True, False]


def test_logits_of_one_class_are_refused():
    """They carry no information, and would make every row as certain as possible."""
    with pytest.raises(DataError, match="of at least two classes"):
        ModelOutputs(logits=[[4.0], [1.0]])


def test_a_side_without_rows_is_told():
    """No figure has a value, and the text says why."""
    detection = ood_detection(ModelOutputs(logits=INSIDE), ModelOutputs(logits=np.empty((0, 4))))
    assert math.isnan(detection.best.auroc.value)
    assert not detection["energy"].tells
    assert str(detection).endswith("one side has no rows: there is nothing to tell apart")


def test_features_far_from_zero_keep_their_distance():
    """Distances do not depend on where zero is."""
    rng = np.random.default_rng(0)
    train, rows = rng.normal(size=(200, 3)), rng.normal(size=(20, 3))
    near = mahalanobis_distance(rows, TrainFeatures(features=train))
    far = mahalanobis_distance(rows + 1e7, TrainFeatures(features=train + 1e7))
    np.testing.assert_allclose(far, near, rtol=1e-5)


def test_features_without_a_covariance_are_refused():
    """Constant features, or one row a class, span nothing to measure a distance by."""
    constant, single = TrainFeatures(features=np.ones((5, 3))), TrainFeatures(features=np.eye(3), labels=[0, 1, 2])
    for train in (constant, single):
        with pytest.raises(DataError, match="different in rows of one class"):
            mahalanobis_distance(np.ones((2, 3)), train)


def test_a_curve_without_an_error_has_no_interval():
    """Twenty right rows do not show that no row is ever wrong."""
    area = risk_coverage(np.arange(20.0), np.zeros(20), n_resamples=50).area
    assert (area.value, area.has_interval) == (0.0, False)
    assert "all have the same value" in area.note
