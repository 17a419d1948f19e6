"""Metrics of classes: values equal scikit-learn's, missing classes are reported, and resamples are rescorings."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import sklearn.metrics as theirs

from codeshift.errors import DataError, ParameterError
from codeshift.metrics import (
    AUROC,
    F1,
    MCC,
    Accuracy,
    AveragePrecision,
    BalancedAccuracy,
    BrierScore,
    ExpectedCalibrationError,
    FalseNegativeRateAt,
    LogLoss,
    Metric,
    bootstrap_ci,
    generalization_gap,
    grouped,
    hierarchical_bootstrap,
    metric_by_name,
    paired_difference,
    prior_shift,
    relative_performance,
    reliability,
    worst_group,
)
from helpers.classifiers import OF_CLASSES, drawn

CASES = 1_000
OF_SCIKIT_LEARN = [metric for metric in OF_CLASSES if not isinstance(metric, ExpectedCalibrationError)]


def of_sklearn(metric: Metric, probabilities, references) -> float:
    """The same figure from scikit-learn; NaN where a class lacks that it needs."""
    n, classes = probabilities.shape
    predicted = probabilities.argmax(axis=1)
    counts = np.bincount(references + 1, minlength=classes + 1)
    one_class = (counts > 0).sum() < 2
    match metric:
        case Accuracy():
            return theirs.accuracy_score(references, predicted)
        case BalancedAccuracy():
            return math.nan if one_class else theirs.balanced_accuracy_score(references, predicted)
        case F1(average="binary"):
            return theirs.f1_score(references == 1, predicted == 1) if counts[2] else math.nan
        case F1():
            return theirs.f1_score(references, predicted, average=metric.average, zero_division=0)
        case MCC():
            return math.nan if one_class else theirs.matthews_corrcoef(references, predicted)
        case BrierScore() if classes == 2:
            return theirs.brier_score_loss(references, probabilities[:, 1], pos_label=1)
        case BrierScore():
            return float(((probabilities - np.eye(classes)[references]) ** 2).sum(axis=1).mean())
        case LogLoss():
            return theirs.log_loss(references, probabilities, labels=range(classes))
    scored = [k for k in ([1] if classes == 2 else range(classes)) if 0 < counts[k + 1] < n]
    if not scored:
        return math.nan
    return float(np.mean([_of_one_class(metric, references == k, probabilities[:, k]) for k in scored]))


def _of_one_class(metric, positive, score) -> float:
    if isinstance(metric, AUROC):
        return theirs.roc_auc_score(positive, score)
    if isinstance(metric, AveragePrecision):
        return theirs.average_precision_score(positive, score)
    false, true, _ = theirs.roc_curve(positive, score, drop_intermediate=False)
    return 1 - true[false <= metric.fpr + 1e-12].max()


@pytest.mark.parametrize("metric", OF_SCIKIT_LEARN, ids=lambda m: m.name)
def test_values_are_those_of_scikit_learn(metric):
    """On random cases of two to four classes, with ties, with labels that lack, and with labels outside."""
    rng = np.random.default_rng(1)
    compared = 0
    for case in range(CASES):
        outside = 0.2 if case % 4 == 3 and not isinstance(metric, BrierScore | LogLoss) else 0.0
        binary = isinstance(metric, F1) and metric.average == "binary"
        probabilities, references = drawn(rng, classes=2 if binary else None, outside=outside)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that are predicted and do not occur
            expected = of_sklearn(metric, probabilities, references)
        score = metric.corpus(probabilities, references)
        assert score.value == pytest.approx(expected, abs=1e-12, nan_ok=True)
        assert ("none of the classes" in score.note) == bool((references < 0).any())
        assert score.note or not math.isnan(score.value)
        compared += not math.isnan(expected)
    assert compared > 0.9 * CASES


def test_macro_auroc_is_one_versus_rest():
    """If every class occurs, it is scikit-learn's own multi-class figure."""
    probabilities, references = drawn(np.random.default_rng(2), n=80, classes=4, ties=False)
    expected = theirs.roc_auc_score(references, probabilities, multi_class="ovr")
    assert AUROC().corpus(probabilities, references).value == pytest.approx(expected)


def test_brier_score_of_several_classes_is_scikit_learns():
    """The sum over classes, since scikit-learn has it."""
    probabilities, references = drawn(np.random.default_rng(3), n=50, classes=3, ties=False)
    try:
        expected = theirs.brier_score_loss(references, probabilities)
    except ValueError:
        pytest.skip("this scikit-learn has the score of two classes only")
    assert BrierScore().corpus(probabilities, references).value == pytest.approx(expected)


def test_calibration_error_by_hand():
    """Bins of confidence, one by one."""
    rng = np.random.default_rng(4)
    for _ in range(200):
        probabilities, references = drawn(rng, ties=False)
        confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == references
        error = 0.0
        for k in range(10):
            inside = (confidence > k / 10) & (confidence <= (k + 1) / 10)
            if inside.any():
                error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
        found = ExpectedCalibrationError(bins=10).corpus(probabilities, references)
        assert found.value == pytest.approx(error, abs=1e-12)


def test_reliability_has_the_rows_of_the_error():
    """Weighted by rows, the distances of a reliability plot are the error; an empty bin is NaN."""
    probabilities, references = drawn(np.random.default_rng(5), n=200, classes=3, ties=False)
    shown = reliability(probabilities, references, bins=12)
    seen = shown.rows > 0
    distance = np.abs(shown.confidence[seen] - shown.accuracy[seen])
    error = ExpectedCalibrationError(bins=12).corpus(probabilities, references).value
    assert (shown.rows[seen] * distance).sum() / 200 == pytest.approx(error)
    assert np.isnan(shown.accuracy[~seen]).all()
    assert (shown.low[seen] <= shown.accuracy[seen]).all()
    assert (shown.accuracy[seen] <= shown.high[seen]).all()


@pytest.mark.parametrize(
    ("metric", "references", "note"),
    [
        (BalancedAccuracy(), [0, 0, 0], "the rows are all of one class"),
        (MCC(), [1, 1, 1], "the rows are all of one class"),
        (F1(), [0, 0, 0], "no row is of the positive class"),
        (AUROC(), [0, 0, 0], "no row is of the positive class"),
        (AUROC(), [1, 1, 1], "every row is of the positive class"),
        (AveragePrecision(), [1, 1, 1], "every row is of the positive class"),
        (FalseNegativeRateAt(), [0, 0, 0], "no row is of the positive class"),
    ],
    ids=lambda value: value.name if isinstance(value, Metric) else str(value)[:9],
)
def test_a_part_without_a_class_is_nan_with_the_reason(metric, references, note):
    """In the score, and in the estimate of a part, a group or a difference."""
    probabilities = [[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]]
    score = metric.corpus(probabilities, references)
    assert math.isnan(score.value)
    assert score.note == note
    rows = metric.statistics(probabilities, references)
    for estimate in (
        bootstrap_ci(rows, metric=metric),
        grouped(rows, ["all"] * 3, metric=metric)["all"],
        paired_difference(rows, rows, metric=metric, n_permutations=9),
        generalization_gap(rows, rows, metric=metric),
        relative_performance(rows, rows, metric=metric),
        hierarchical_bootstrap([rows, rows, rows], metric=metric),
    ):
        assert math.isnan(estimate.value)
        assert note in str(estimate)


def test_the_positive_class_is_named_by_its_label():
    """An evaluation turns it into a number; without labels it is an error, as is a label that no class has."""
    probabilities, references = [[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]], [1, 2]
    named = AUROC(positive="leak")
    assert named.for_labels(["safe", "leak", "race"]) == AUROC(positive=1)
    assert named.name == "auroc[positive=leak]"
    assert Accuracy().for_labels(["a", "b"]) == Accuracy()
    with pytest.raises(ParameterError, match="positive must be the number of a class where labels are unknown"):
        named.corpus(probabilities, references)
    with pytest.raises(ParameterError, match=r"positive must be the label of a class, got 'leek': .*did you mean leak"):
        AUROC(positive="leek").for_labels(["safe", "leak", "race"])
    with pytest.raises(ParameterError, match="positive must be the number of one of 3 classes, got 3"):
        AUROC(positive=3).corpus(probabilities, references)
    with pytest.raises(ParameterError, match=r"positive must be one of 3 classes, got None: name it"):
        F1().corpus(probabilities, references)


@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        ([[2.0, -1.0]], [0], r"predictions\[0\] must be probabilities that add up to 1"),
        ([[0.5, 0.5], [0.2, 0.3, 0.5]], [0, 1], r"predictions\[1\] must be 2 probabilities, as the first row has"),
        ([[1.0]], [0], "probabilities of at least two classes"),
        ([[0.5, np.nan]], [0], "probabilities that add up to 1"),
        (["a"], [0], "probabilities of at least two classes"),
        ([[0.5, 0.5]], [2], r"references\[0\] must be the number of one of 2 classes, or -1, got 2"),
        ([[0.5, 0.5]], ["a"], "the number of one of 2 classes, or -1, got 'a'"),
        ([[0.5, 0.5]], [0.0], "the number of one of 2 classes"),
        ([[0.5, 0.5]], [True], "the number of one of 2 classes"),
    ],
)
def test_rows_that_are_no_classes_are_named(predictions, references, message):
    """The error names the row, the constraint and the remedy."""
    with pytest.raises(DataError, match=message):
        Accuracy().score(predictions, references)


def test_names():
    """Metrics of classes are found by name, and a rate by its own spelling."""
    assert metric_by_name("f1[average=macro]") == F1(average="macro")
    assert metric_by_name("fnr@0.01") == FalseNegativeRateAt(fpr=0.01)
    assert metric_by_name("auroc[positive=vulnerable]") == AUROC(positive="vulnerable")
    for metric in OF_CLASSES:
        assert metric_by_name(metric.name) == metric
    assert FalseNegativeRateAt().describe() == "false negative rate at a false positive rate of 0.5%"


@pytest.mark.parametrize("metric", OF_CLASSES, ids=lambda m: m.name)
def test_resamples_are_rescorings(metric):
    """The bootstrap's values are those of the drawn rows scored anew, by rows and by groups."""
    probabilities, references = drawn(np.random.default_rng(7), n=40, classes=2)
    rows = metric.statistics(probabilities, references)
    ends = [bootstrap_ci(rows, metric=metric, n_resamples=200, seed=3)]
    from codeshift.metrics.aggregates.sample import as_sample

    for labels in (None, np.arange(40) // 3):
        sample = as_sample(rows, metric=metric, groups=labels).sorted()
        values = sample.resampled(30, np.random.default_rng(5))
        drawn_units = np.random.default_rng(5).integers(0, sample.units, size=(30, sample.units))
        by_unit = _rows_by_unit(sample)
        again = [metric.of_rows(np.concatenate([by_unit[u] for u in units])).value for units in drawn_units]
        if labels is None:
            np.testing.assert_allclose(values, again, atol=1e-12)
        else:
            assert sample.units == 14
            reversed_rows = as_sample(rows[::-1], metric=metric, groups=labels[::-1]).sorted()
            np.testing.assert_array_equal(values, reversed_rows.resampled(30, np.random.default_rng(5)))
    assert ends[0].low <= ends[0].value <= ends[0].high


def _rows_by_unit(sample):
    unit_of = getattr(sample, "unit_of", None)
    return [sample.rows[[u]] if unit_of is None else sample.rows[unit_of == u] for u in range(sample.units)]


@pytest.mark.parametrize("metric", [AUROC(), AveragePrecision(), FalseNegativeRateAt(fpr=0.2), MCC(), F1()])
def test_every_aggregate_takes_metrics_of_classes(metric):
    """Intervals, differences, groups, ratios, gaps and seeds, each with the corpus value as the value."""
    rng = np.random.default_rng(8)
    probabilities, references = drawn(rng, n=120, classes=2)
    other = 0.5 * probabilities + 0.5 * drawn(rng, n=120, classes=2)[0]
    a, b = (metric.statistics(p, references) for p in (probabilities, other))
    value, worse = metric.of_rows(a).value, metric.of_rows(b).value
    options = {"metric": metric, "n_resamples": 300}
    difference = paired_difference(a, b, n_permutations=199, **options)
    assert difference.value == pytest.approx(value - worse)
    assert difference.low <= difference.value <= difference.high
    assert 0 < difference.p_value <= 1
    ratio = relative_performance(b, a, method="Fieller", metric=metric)
    assert ratio.value == pytest.approx(worse / value)
    gap = generalization_gap(a[:60], b[60:], **options)
    assert gap.value == pytest.approx(metric.of_rows(a[:60]).value - metric.of_rows(b[60:]).value)
    assert gap.has_interval
    labels = ["x"] * 50 + ["y"] * 70
    by_group = grouped(a, labels, **options)
    assert by_group["y"].value == metric.of_rows(a[50:]).value
    worst = worst_group(a, labels, **options)
    sign = 1 if metric.higher_is_better else -1
    assert sign * worst.estimate.value == min(sign * e.value for e in by_group.values())
    seeds = hierarchical_bootstrap([a, b, a], metric=metric)
    assert seeds.value == pytest.approx((2 * value + worse) / 3)
    assert seeds.has_interval
    copies = bootstrap_ci(np.repeat(a, 3, axis=0), groups=np.repeat(np.arange(120), 3), **options)
    alone = bootstrap_ci(a, **options)
    assert (copies.low, copies.high) == pytest.approx((alone.low, alone.high), abs=1e-3)
    assert (copies.n, copies.groups) == (360, 120)


@pytest.mark.parametrize("metric", [MCC(), FalseNegativeRateAt(fpr=0.05)], ids=lambda m: m.name)
def test_an_interval_over_seeds_holds_possible_values_alone(metric):
    """Two seeds leave much open, but neither a correlation above 1 nor a rate above 1 or below 0."""
    truth = np.arange(40) % 2
    rng = np.random.default_rng(3)
    runs = []
    for wrong in (1, 2):
        score = np.where(truth, 0.8, 0.2) + rng.normal(0, 0.02, size=40)
        score[:wrong] = 1 - score[:wrong]
        runs.append(metric.statistics(np.column_stack([1 - score, score]), truth))
    estimate = hierarchical_bootstrap(runs, metric=metric)
    low, high = metric.bounds
    assert low <= estimate.low < estimate.value < estimate.high <= high
    if isinstance(metric, MCC):
        assert estimate.high == 1
        assert estimate.low < 2 * estimate.value - 1  # the other end is where it was


def test_seeds_rows_move_auroc_as_delongs_variance_says():
    """The jackknife's variance of AUROC is DeLong's."""
    from codeshift.metrics.aggregates.intervals import influences
    from codeshift.metrics.aggregates.sample import as_sample

    probabilities, references = drawn(np.random.default_rng(9), n=150, classes=2, ties=False)
    rows = AUROC().statistics(probabilities, references)
    variance = (influences(as_sample(rows, metric=AUROC())) ** 2).sum()
    score, positive = probabilities[:, 1], references == 1
    above = (score[positive][:, None] > score[~positive][None, :]).astype(float)
    of_positives, of_negatives = above.mean(axis=1), above.mean(axis=0)
    delong = of_positives.var(ddof=1) / positive.sum() + of_negatives.var(ddof=1) / (~positive).sum()
    assert variance == pytest.approx(delong, rel=0.02)


def test_exchanged_rows_are_exchanged_ranks():
    """The permutation test of two AUROCs does not see that one system's scores are on another scale."""
    probabilities, references = drawn(np.random.default_rng(10), n=60, classes=2)
    other, _ = drawn(np.random.default_rng(11), n=60, classes=2)
    squeezed = np.column_stack([1 - other[:, 1] / 100, other[:, 1] / 100])
    a, b, c = (AUROC().statistics(p, references) for p in (probabilities, other, squeezed))
    once = paired_difference(a, b, metric=AUROC(), n_permutations=299)
    again = paired_difference(a, c, metric=AUROC(), n_permutations=299)
    assert (once.value, once.p_value) == pytest.approx((again.value, again.p_value))


def test_a_difference_of_nothing_is_found_as_often_as_it_should_be():
    """Two systems that are equally good differ with p below .1 in about one of ten cases."""
    rng = np.random.default_rng(12)
    found = []
    for _ in range(200):
        references = rng.integers(0, 2, size=60)
        sides = []
        for scale in (1.0, 3.0):
            p = 1 / (1 + np.exp(-scale * (rng.normal(size=60) + references - 0.5)))
            sides.append(AUROC().statistics(np.column_stack([1 - p, p]), references))
        found.append(paired_difference(*sides, metric=AUROC(), n_resamples=1, n_permutations=99).p_value)
    assert 0.04 < np.mean(np.array(found) <= 0.1) < 0.17


@pytest.mark.parametrize("metric", [AUROC(), AveragePrecision(), BalancedAccuracy(), F1(), MCC()])
def test_a_perfect_score_of_few_rows_is_not_certain(metric):
    """If all of 4 positive rows among 500 are right, the interval is neither [1, 1] nor that of 500 rows."""
    references = np.array([1] * 4 + [0] * 496)
    probabilities = np.eye(2)[references] * 0.8 + 0.1
    found = bootstrap_ci(metric.statistics(probabilities, references), metric=metric)
    assert (found.value, found.high, found.method) == (1.0, 1.0, "Wilson")
    assert found.low < 0.8


def test_two_thousand_resamples_of_five_thousand_rows():
    """Sorted once, not for each resample: no slower than scoring 200 resamples of 2,000 anew would be."""
    probabilities, references = drawn(np.random.default_rng(13), n=5000, classes=2, ties=False)
    metric = AUROC()
    rows = metric.statistics(probabilities, references)
    found = bootstrap_ci(rows, metric=metric)
    assert found.high - found.low == pytest.approx(0.03, abs=0.02)


def test_exchanges_over_seeds_are_those_of_each_seed():
    """With one seed, a study's permutation test of AUROC is that of ``paired_difference``, and so with two."""
    from codeshift.study.findings.comparisons import _over_seeds

    probabilities, references = drawn(np.random.default_rng(14), n=50, classes=2)
    other, _ = drawn(np.random.default_rng(15), n=50, classes=2)
    a, b = (AUROC().statistics(p, references) for p in (probabilities, other))
    alone = paired_difference(a, b, metric=AUROC(), n_permutations=199)
    for seeds in (1, 2):
        over = _over_seeds(AUROC(), a.shape[1], seeds)
        both = paired_difference(np.tile(a, seeds), np.tile(b, seeds), metric=over, n_permutations=199)
        assert (both.value, both.p_value) == pytest.approx((alone.value, alone.p_value))


@pytest.mark.parametrize(("sharpness", "rows"), [(1.0, 100), (1.0, 500), (3.0, 300), (0.3, 300)])
def test_intervals_hold_the_calibration_error(sharpness, rows):
    """They hold that of a calibrated model, which is above 0 in any sample; that of a wrong model leaves 0 out."""

    def classifier(n, rng):
        classes = rng.integers(0, 2, size=n)
        logit = 1.5 * (rng.normal(size=n) + 1.5 * (classes - 0.5))
        p = 1 / (1 + np.exp(-sharpness * logit))
        return np.column_stack([1 - p, p]), classes

    metric, rng = ExpectedCalibrationError(), np.random.default_rng(16)
    truth = metric.corpus(*classifier(300_000, rng)).value
    found = []
    for _ in range(120):
        found.append(bootstrap_ci(metric.statistics(*classifier(rows, rng)), metric=metric, n_resamples=100))
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert covered > 0.91
    assert {one.method for one in found} == {"directional"}
    assert (np.mean([one.low for one in found]) > 0.02) == (sharpness != 1.0)


@pytest.mark.parametrize("metric", [AUROC(), AveragePrecision(), FalseNegativeRateAt(fpr=0.1), F1(), MCC()])
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_intervals_hold_the_truth(metric, share):
    """Rows are 200 of two normal distributions, of which one in two or ten is positive."""

    def classifier(n, rng):
        classes = (rng.random(n) < share).astype(int)
        p = 1 / (1 + np.exp(-np.log(share / (1 - share)) - 1.5 * (rng.normal(size=n) + 1.5 * (classes - 0.5))))
        return np.column_stack([1 - p, p]), classes

    rng = np.random.default_rng(17)
    truth = metric.corpus(*classifier(300_000, rng)).value
    covered = []
    for _ in range(150):
        found = bootstrap_ci(metric.statistics(*classifier(200, rng)), metric=metric, n_resamples=150)
        covered.append(found.low <= truth <= found.high)
    assert np.mean(covered) > 0.95 - 0.06


def test_fewer_than_five_rows_of_a_class_have_no_interval():
    """Resamples of them repeat the same few rows; the note says so."""
    references = np.array([1] * 4 + [0] * 96)
    score = np.append([0.9, 0.2, 0.8, 0.4], np.linspace(0, 1, 96))
    found = bootstrap_ci(AUROC().statistics(np.column_stack([1 - score, score]), references), metric=AUROC())
    assert not found.has_interval
    assert "it rests on fewer than 5 rows" in str(found)


@pytest.mark.parametrize("metric", [AUROC(), AveragePrecision(), FalseNegativeRateAt(fpr=0.15), FalseNegativeRateAt()])
@pytest.mark.parametrize("classes", [2, 3])
def test_values_without_each_row_are_rescorings(metric, classes):
    """Cumulative sums give the value without each row, with ties and with a class of one row."""
    rng = np.random.default_rng(18)
    for case in range(60):
        probabilities, references = drawn(rng, n=int(rng.integers(3, 25)), classes=classes, outside=0.1 * (case % 2))
        rows = metric.statistics(probabilities, references)
        found = metric.without_each(rows)
        again = [metric.of_rows(np.delete(rows, i, axis=0)).value for i in range(len(rows))]
        np.testing.assert_allclose(found, again, atol=1e-12)


def test_pairs_have_values_without_each_row_too():
    """BCa intervals of two systems' difference need them: the same by weights."""
    from dataclasses import replace

    from codeshift.metrics.aggregates.pairs import paired_samples

    probabilities, references = drawn(np.random.default_rng(19), n=30, classes=2)
    other, _ = drawn(np.random.default_rng(20), n=30, classes=2)
    a, b = (AUROC().statistics(p, references) for p in (probabilities, other))
    sample = paired_samples(a, b, ("a", "b"), None, AUROC(), "propagate").combined(lambda x, y: x - y)
    by_weights = replace(sample, without_of=None)
    np.testing.assert_allclose(sample.without_each(), by_weights.without_each(), atol=1e-12)


def test_groups_have_values_without_each_too():
    """Only groups of several rows are valued by weights, of which a group of one row needs none."""
    from dataclasses import replace

    from codeshift.metrics.aggregates.sample import as_sample

    probabilities, references = drawn(np.random.default_rng(21), n=40, classes=2)
    labels = np.array([0, 0, 0, 1, 1, *range(2, 37)])
    sample = as_sample(AUROC().statistics(probabilities, references), metric=AUROC()).grouped(labels)
    valued = []

    def values_of(rows, weights):
        valued.append(len(weights))
        return sample.values_of(rows, weights)

    found = replace(sample, values_of=values_of).without_each()
    np.testing.assert_allclose(found, replace(sample, without_of=None).without_each(), atol=1e-12)
    assert sum(valued) == 2


def test_accuracy_is_a_share_like_exact_match():
    """Its intervals are those of the same zeros and ones: of one run, of seeds, and of a difference of nothing."""
    classes = np.arange(60) % 2
    wrong = np.arange(60) < 2
    rows = Accuracy().statistics(np.eye(2)[np.where(wrong, 1 - classes, classes)], classes)
    scores = 1.0 - wrong
    assert np.array_equal(rows[:, 1], scores)
    assert bootstrap_ci(rows, metric=Accuracy()) == bootstrap_ci(scores)
    difference = paired_difference(rows, rows, metric=Accuracy(), n_permutations=9)
    assert (difference.low, difference.high) == paired_ends(scores)
    assert hierarchical_bootstrap([rows, rows], metric=Accuracy()).note == "fewer than 5 misses"


def paired_ends(scores):
    """The interval of the difference of scores from themselves."""
    found = paired_difference(scores, scores, n_permutations=9)
    assert found.low < 0 < found.high
    return found.low, found.high


def test_reweighted_rows_of_one_prediction_have_no_correlation():
    """With weights that are not whole, MCC of a constant prediction is 0 to the last digit."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        classes = rng.integers(0, 3, 37)
        rows = MCC().statistics(np.tile([0.2, 0.5, 0.3], (37, 1)), classes)
        found = prior_shift(rows, classes, rng.integers(0, 3, 31), metric=MCC(), n_resamples=50)
        assert (found.id_value, found.reweighted) == (0.0, 0.0)


@pytest.mark.parametrize("metric", [AUROC(), MCC(), BalancedAccuracy(), ExpectedCalibrationError()])
def test_resamples_that_do_not_differ_show_no_interval(metric):
    """Twenty rows with one prediction do not show that the value is exactly that of all rows."""
    sure = isinstance(metric, ExpectedCalibrationError)
    classes = np.zeros(20, dtype=int) if sure else np.arange(20) % 2
    found = bootstrap_ci(metric.statistics(np.tile([1.0, 0.0], (20, 1)), classes), metric=metric, n_resamples=99)
    assert found.value == (0.5 if metric in (AUROC(), BalancedAccuracy()) else 0.0)
    assert not found.has_interval
    assert found.note == "resamples of these rows all have the same value"


def test_ten_thousand_classes_take_the_memory_of_their_rows():
    """No table of classes by classes, which would take 800 MB, is made."""
    import tracemalloc

    probabilities = np.full((3, 10_000), 1e-4)
    tracemalloc.start()
    for metric in (Accuracy(), F1(average="macro"), BrierScore(), LogLoss()):
        metric.statistics(probabilities, [0, 9_999, -1])
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
