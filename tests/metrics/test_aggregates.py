"""Means, intervals, comparisons and groups: what they estimate, and what they refuse to."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from codeshift.errors import DataError, ParameterError
from codeshift.metrics import (
    BLEU,
    NegativeLogLikelihood,
    bootstrap_ci,
    generalization_gap,
    grouped,
    hierarchical_bootstrap,
    holm,
    mean,
    paired_difference,
    relative_performance,
    worst_group,
)
from codeshift.metrics.aggregates.copies import copies
from codeshift.metrics.aggregates.intervals import INTERVAL_METHODS
from codeshift.metrics.aggregates.sample import as_sample
from codeshift.metrics.aggregates.units import resampled_counts, weighted_sums

SCORES = st.lists(st.floats(0, 1), min_size=2, max_size=25)
RNG = np.random.default_rng(20)
SKEWED = RNG.beta(0.5, 2, size=60)
OTHER = np.clip(SKEWED + RNG.normal(0.05, 0.1, size=60), 0, 1)
WORDS = ["if", "(", "x", ")", "{", "return", "y", ";", "}", "else", "f", "(", "z", ")"]
TEXTS = [" ".join(RNG.choice(WORDS, size=RNG.integers(3, 15))) for _ in range(40)]
REFERENCES = [" ".join(RNG.choice(WORDS, size=RNG.integers(3, 15))) for _ in range(40)]
NEARER = [text if i % 3 else reference for i, (text, reference) in enumerate(zip(TEXTS, REFERENCES, strict=True))]


@pytest.mark.parametrize("method", ["percentile", "BCa"])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_intervals_agree_with_scipy(method, confidence):
    """Both ends are scipy's, but for the noise of resampling (a tenth of the interval's half width)."""
    theirs = stats.bootstrap(
        (SKEWED,),
        np.mean,
        method=method,
        confidence_level=confidence,
        n_resamples=20000,
        random_state=np.random.default_rng(1),
    ).confidence_interval
    ours = bootstrap_ci(SKEWED, method=method, confidence=confidence, n_resamples=20000)
    noise = 0.05 * (theirs.high - theirs.low)
    assert ours.value == pytest.approx(SKEWED.mean())
    assert (ours.low, ours.high) == (pytest.approx(theirs.low, abs=noise), pytest.approx(theirs.high, abs=noise))
    assert (ours.n, ours.method, ours.confidence) == (60, method, confidence)


def test_bca_shifts_a_skewed_interval():
    """On right-skewed scores the BCa interval lies above the percentile interval."""
    plain, accelerated = (bootstrap_ci(SKEWED**3, method=m, n_resamples=20000) for m in ("percentile", "BCa"))
    assert accelerated.low > plain.low
    assert accelerated.high > plain.high


@pytest.mark.parametrize("method", ["percentile", "BCa"])
def test_intervals_cover(method):
    """About 95% of the 95% intervals of 400 samples of 40 rows hold the true mean."""
    rng = np.random.default_rng(3)
    samples = rng.beta(2, 3, size=(400, 40))
    found = [bootstrap_ci(s, method=method, n_resamples=600, seed=i) for i, s in enumerate(samples)]
    covered = np.mean([e.low <= 0.4 <= e.high for e in found])
    assert 0.90 < covered < 0.98


@given(values=SCORES, rng=st.randoms(use_true_random=False), method=st.sampled_from(["percentile", "BCa"]))
def test_order_of_rows_changes_nothing(values, rng, method):
    """The same rows in another order give the same estimate to the last bit."""
    before = bootstrap_ci(values, method=method, n_resamples=50)
    rng.shuffle(values)
    assert str(before) == str(bootstrap_ci(values, method=method, n_resamples=50))
    after = bootstrap_ci(values, method=method, n_resamples=50)
    np.testing.assert_array_equal((before.value, before.low, before.high), (after.value, after.low, after.high))


@given(values=SCORES, shift=st.floats(-5, 5))
def test_intervals_move_with_their_values(values, shift):
    """Percentile intervals lie within the values' range and move with a constant added to all."""
    found = bootstrap_ci(values, n_resamples=50)
    if set(values) in ({0.0}, {1.0}):
        assert found.method == "Wilson"
        return
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    if len(set(values)) == 1:
        assert found.low == pytest.approx(found.high)
    moved = bootstrap_ci(np.array(values) + shift, n_resamples=50)
    assert moved.value == pytest.approx(found.value + shift, abs=1e-9)


def test_bca_of_a_symmetric_sample_is_the_percentile_interval():
    """Rows at the mean have no part in the skewness: there is none, and no bias, so the levels are the normal ones."""
    levels = INTERVAL_METHODS["BCa"](np.linspace(0, 1, 1001), as_sample([0.0, 0.5, 0.5, 0.5, 1.0]), 1.96)
    assert levels == pytest.approx((stats.norm.cdf(-1.96), stats.norm.cdf(1.96)))


@pytest.mark.parametrize(
    "function", [bootstrap_ci, generalization_gap, hierarchical_bootstrap, paired_difference, relative_performance]
)
def test_defaults_are_those_that_the_errors_name(function):
    """``leave it out to take 2000``, and likewise a 95% interval and seed 0."""
    parameters = inspect.signature(function).parameters
    assert [parameters[name].default for name in ("n_resamples", "confidence", "seed")] == [2000, 0.95, 0]


@pytest.mark.parametrize("method", ["percentile", "BCa"])
def test_constant_scores_have_an_interval_of_no_width(method):
    """If all rows agree, the interval is the value."""
    found = bootstrap_ci([0.1] * 30, method=method)
    assert found.low == pytest.approx(0.1, abs=1e-12)
    assert found.high == pytest.approx(0.1, abs=1e-12)


def test_seeds_matter_and_repeat():
    """One seed, one interval; another seed, another interval."""
    assert bootstrap_ci(SKEWED, seed=4) == bootstrap_ci(SKEWED, seed=4)
    assert bootstrap_ci(SKEWED, seed=4) != bootstrap_ci(SKEWED, seed=5)


def test_empty_and_single():
    """No rows: NaN with n=0. One row: its value, no interval, and the text says so."""
    nothing, one = bootstrap_ci([]), bootstrap_ci([0.25])
    assert math.isnan(nothing.value)
    assert nothing.n == 0
    assert (one.value, one.n, one.has_interval) == (0.25, 1, False)
    assert str(one) == "0.25 (no interval: n=1)"
    assert math.isnan(mean([]).value)


def test_nan_policies():
    """A NaN reaches the result unless it is left out by name, or is an error by name."""
    values = [1.0, np.nan, 0.0]
    assert math.isnan(mean(values).value)
    assert math.isnan(bootstrap_ci(values).value)
    assert (mean(values, nan_policy="omit").value, mean(values, nan_policy="omit").n) == (0.5, 2)
    with pytest.raises(DataError, match="values must be free of NaN, got 'NaN in 1 of 3 rows'"):
        mean(values, nan_policy="raise")
    pair = paired_difference(values, [1.0, 1.0, 1.0], nan_policy="omit")
    assert (pair.value, pair.n) == (-0.5, 2)
    with pytest.raises(DataError, match="a and b must be free of NaN, got 'NaN in 1 of 3 pairs'"):
        paired_difference([1.0, 1.0, 1.0], values, nan_policy="raise")


@given(st.lists(st.tuples(st.floats(0, 9), st.integers(0, 30)), min_size=2, max_size=20))
def test_weighted_mean_is_the_ratio_estimator(rows):
    """The value is sum(w * v) / sum(w); rows of weight 0 do not count, whatever their score."""
    v, w = np.array(rows).T
    seen = w > 0
    v = np.where(seen, v, np.nan)
    found = bootstrap_ci(v, weights=w, n_resamples=50)
    assert found.n == seen.sum()
    if seen.any():
        assert found.value == pytest.approx((v[seen] * w[seen]).sum() / w.sum())
    else:
        assert math.isnan(found.value)


def test_nats_a_token_by_weights_or_by_statistics():
    """Row means with their tokens as weights, or the metric's own statistics, give one interval."""
    rng = np.random.default_rng(0)
    logs = [-rng.exponential(size=rng.integers(1, 30)) for _ in range(50)]
    ids = [np.arange(len(row)) for row in logs]
    metric = NegativeLogLikelihood()
    weighted = bootstrap_ci(metric.score(logs, ids), weights=[len(row) for row in logs], seed=1)
    summed = bootstrap_ci(metric.statistics(logs, ids), metric=metric, seed=1)
    assert weighted.value == pytest.approx(metric.corpus(logs, ids).value)
    width = summed.high - summed.low
    assert (weighted.low, weighted.high) == pytest.approx((summed.low, summed.high), abs=0.1 * width)


def test_corpus_bootstrap_is_rescoring_of_resampled_rows():
    """Summed statistics of drawn rows give the same BLEU as scoring the drawn rows anew."""
    metric = BLEU()
    rows = metric.statistics(NEARER, REFERENCES)
    drawn = np.random.default_rng(8).integers(0, 40, size=(30, 40))
    rescored = [metric.corpus([NEARER[i] for i in d], [REFERENCES[i] for i in d]).value for d in drawn]
    sums = np.concatenate(list(resampled_counts(40, 30, np.random.default_rng(8)))) @ rows
    np.testing.assert_array_equal([metric.from_statistics(s).value for s in sums], rescored)
    for method in ("percentile", "BCa"):
        found = bootstrap_ci(rows, metric=metric, method=method, n_resamples=300)
        assert found.low < metric.corpus(NEARER, REFERENCES).value == found.value < found.high


def test_blocks_are_one_stream():
    """Many rows are drawn in blocks; each block draws its rows with replacement, n of n."""
    blocks = list(resampled_counts(30_000, 100, np.random.default_rng(0)))
    assert len(blocks) > 1
    counts = np.concatenate(blocks)
    assert counts.shape == (100, 30_000)
    assert (counts.sum(axis=1) == 30_000).all()
    assert len(set((counts @ np.arange(30_000)).tolist())) == 100
    smaller = list(resampled_counts(30_000, 100, np.random.default_rng(0), width=90_000))
    assert len(smaller) > len(blocks)
    np.testing.assert_array_equal(np.concatenate(smaller), counts)


def test_sums_of_a_resample_are_the_same_beside_others():
    """To the last bit, so that neither the size of a block nor BLAS shows in a result."""
    rows = RNG.normal(size=(501, 3))
    counts = np.concatenate(list(resampled_counts(501, 64, np.random.default_rng(0))))
    alone = np.concatenate([weighted_sums(count[None], rows) for count in counts])
    np.testing.assert_array_equal(weighted_sums(counts, rows), alone)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=7))
def test_exact_permutation_p_value_is_scipys(pairs):
    """With few rows every swap is tried, and the p-value is scipy's exact one."""
    a, b = np.array(pairs, dtype=float).T / 4
    expected = stats.permutation_test(
        (a, b),
        lambda x, y, axis: (x - y).mean(axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert paired_difference(a, b, n_resamples=10).p_value == pytest.approx(expected.pvalue)


def test_random_permutation_p_value():
    """With many rows swaps are drawn; the p-value is near scipy's, never 0, and the same for systems swapped."""
    a, b = SKEWED, OTHER
    expected = stats.permutation_test(
        (a, b),
        lambda x, y, axis: (x - y).mean(axis=axis),
        permutation_type="samples",
        n_resamples=9999,
        vectorized=True,
    )
    found = paired_difference(a, b)
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.01)
    assert paired_difference(b, a).p_value == pytest.approx(found.p_value, abs=0.01)
    assert paired_difference(a, a + 1).p_value == 1 / 10_000
    assert paired_difference(a, a).p_value == 1.0


def test_p_values_are_uniform_without_a_difference():
    """Under no difference at most about 5% of the tests fall below .05."""
    rng = np.random.default_rng(2)
    p = [paired_difference(*rng.random((2, 30)), n_resamples=1, n_permutations=199, seed=i).p_value for i in range(300)]
    assert 0.02 < np.mean(np.array(p) <= 0.05) < 0.09


def test_paired_interval_uses_the_pairs():
    """Systems that differ by a constant on every row differ by just that, though rows vary much."""
    found = paired_difference(SKEWED + 0.01, SKEWED)
    assert (found.low, found.high) == pytest.approx((0.01, 0.01))
    assert found.n == 60


def test_paired_difference_of_a_corpus_metric():
    """BLEU of two systems is compared from row statistics; swapping the systems turns the sign."""
    metric = BLEU()
    better, worse = metric.statistics(NEARER, REFERENCES), metric.statistics(TEXTS, REFERENCES)
    found = paired_difference(better, worse, metric=metric, n_resamples=200, n_permutations=199)
    assert found.value == metric.corpus(NEARER, REFERENCES).value - metric.corpus(TEXTS, REFERENCES).value
    assert 0 < found.low < found.value < found.high
    assert found.p_value == 1 / 200
    assert paired_difference(worse, better, metric=metric, n_resamples=2, n_permutations=9).value == -found.value


def test_relative_performance_is_a_ratio_with_a_paired_interval():
    """The value is the ratio of means; Fieller and bootstrap agree; without pairs the interval is longer."""
    a, b = SKEWED[:50] + 0.5, SKEWED[:50] + 0.6
    paired = relative_performance(a, b, n_resamples=5000)
    fieller = relative_performance(a, b, method="Fieller")
    bca = relative_performance(a, b, method="BCa", n_resamples=5000)
    loose = relative_performance(a, b, paired=False, n_resamples=5000)
    loose_fieller = relative_performance(a, b, paired=False, method="Fieller")
    assert paired.value == fieller.value == pytest.approx(a.mean() / b.mean())
    width = paired.high - paired.low
    for other in (fieller, bca):
        assert (other.low, other.high) == pytest.approx((paired.low, paired.high), abs=0.15 * width)
    assert loose.high - loose.low > 3 * width
    assert (loose_fieller.low, loose_fieller.high) == pytest.approx((loose.low, loose.high), abs=0.05)


def test_a_ratio_the_other_way_round_has_the_reciprocal_ends():
    """Also of few rows beside many, since the side that varies more decides the degrees of freedom."""
    few, many = np.array([1.7, 2.1, 1.9, 2.3]), 2 + 0.5 * np.random.default_rng(4).normal(size=30)
    there, back = (relative_performance(*each, paired=False, n_resamples=50_000) for each in ((few, many), (many, few)))
    assert (there.low, there.high) == pytest.approx((1 / back.high, 1 / back.low), abs=0.02 * (there.high - there.low))


def test_fieller_by_hand():
    """Each end is a ratio that the paired t test of ``a - ratio * b`` just rejects; of many rows, the delta method."""
    a, b = RNG.random(25) + 1, RNG.random(25) + 2
    found = relative_performance(a, b, method="Fieller")
    for end in (found.low, found.high):
        assert stats.ttest_1samp(a - end * b, 0).pvalue == pytest.approx(0.05, abs=1e-9)
    a, b = RNG.random(4000) + 1, RNG.random(4000) + 2
    ratio = a.mean() / b.mean()
    variance = np.var(a - ratio * b, ddof=1) / 4000 / b.mean() ** 2
    found = relative_performance(a, b, method="Fieller")
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * math.sqrt(variance), rel=2e-3)


def test_relative_performance_of_a_baseline_of_nothing():
    """A baseline of 0 gives no ratio, and a baseline that a resample can lose gives no interval."""
    nothing = relative_performance([1.0, 0.0], [0.0, 0.0])
    assert math.isnan(nothing.value)
    assert not nothing.has_interval
    rare = relative_performance([0.0] * 20, [1.0] + [0.0] * 19)
    assert rare.value == 0.0
    assert not rare.has_interval


def test_generalization_gap():
    """The gap is ID minus OOD, of rows that need not be as many; Welch and bootstrap agree; empty is NaN, n=0."""
    a, b = SKEWED, OTHER[:35] * 0.5
    boot, welch = generalization_gap(a, b, n_resamples=5000), generalization_gap(a, b, method="t")
    assert boot.value == welch.value == pytest.approx(a.mean() - b.mean())
    standard_error = math.sqrt(a.var(ddof=1) / 60 + b.var(ddof=1) / 35)
    theirs = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    assert (welch.low, welch.high) == pytest.approx((theirs.low, theirs.high))
    assert (boot.low, boot.high) == pytest.approx((welch.low, welch.high), abs=0.2 * standard_error)
    assert boot.n == 35
    few = stats.ttest_ind(a[:2], b[:2], equal_var=False).confidence_interval()
    assert generalization_gap(a[:2], b[:2], method="t").low == pytest.approx(few.low)
    empty = generalization_gap(a, [])
    assert math.isnan(empty.value)
    assert empty.n == 0
    assert not generalization_gap(a, [0.5]).has_interval
    assert not generalization_gap(a, [0.5], method="t").has_interval


def test_generalization_gap_of_a_corpus_metric():
    """A gap in BLEU comes from both sides' statistics."""
    metric = BLEU()
    sides = metric.statistics(NEARER[:25], REFERENCES[:25]), metric.statistics(TEXTS[25:], REFERENCES[25:])
    found = generalization_gap(*sides, metric=metric, n_resamples=200)
    assert (
        found.value
        == metric.corpus(NEARER[:25], REFERENCES[:25]).value - metric.corpus(TEXTS[25:], REFERENCES[25:]).value
    )
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("hits", "others", "low", "high"),
    [((0, 10), (0, 20), -0.1611, 0.2775), ((0, 10), (0, 10), -0.2775, 0.2775), ((10, 10), (0, 20), 0.6791, 1.0),
     ((10, 10), (0, 10), 0.6075, 1.0), ((0, 10), (10, 10), -1.0, -0.6075), ((0, 20), (0, 10), -0.2775, 0.1611)],
)  # fmt: skip
def test_gaps_of_shares_at_their_bound_are_newcombes(hits, others, low, high):
    """Cases (e) to (h) of table II of Newcombe (1998), method 10, and two with their sides exchanged."""
    scores = [np.arange(rows) < right for right, rows in (hits, others)]
    gap = generalization_gap(*np.array(scores, dtype=object))
    assert (gap.low, gap.high, gap.method) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5), "Newcombe")


def test_zeros_beside_scores_that_are_no_shares_are_none_either():
    """One side beyond 0 and 1 tells that the other, of zeros, is no share at its bound."""
    assert generalization_gap([0.0] * 10, [3.0, 1.0, 2.0, 4.0]).method == "percentile"


def test_groups():
    """Each group's estimate is that of its rows; masks may overlap or be empty."""
    labels = np.array(["a", "b", "c"])[np.arange(60) % 3]
    found = grouped(SKEWED, labels)
    assert list(found) == ["a", "b", "c"]
    assert found["b"] == bootstrap_ci(SKEWED[labels == "b"])
    masks = {"low": SKEWED < 0.2, "all": np.ones(60, dtype=bool), "none": np.zeros(60, dtype=bool)}
    found = grouped(SKEWED, masks, metric=None, weights=np.arange(60))
    assert list(found) == ["low", "all", "none"]
    assert found["all"].value == pytest.approx(np.average(SKEWED, weights=np.arange(60)))
    assert math.isnan(found["none"].value)
    assert found["none"].n == 0


def test_a_prompt_that_all_rows_have_is_no_frame():
    """Rows of one source with targets of a word are nearly the same; words that several sources share do not count."""
    prompt = (
        "Name the function that reads the lines of a file, leaves out those that are empty and returns the others: "
    )
    assert copies([prompt] * 2, ["lines", "rows"]).tolist() == [0, 0]
    assert copies([prompt + "f", prompt + "g"], ["lines", "rows"]).tolist() == [0, 1]


def test_groups_of_a_corpus_metric():
    """A group's BLEU is the corpus BLEU of its rows."""
    metric = BLEU()
    labels = [i % 2 for i in range(40)]
    found = grouped(metric.statistics(NEARER, REFERENCES), labels, metric=metric, n_resamples=20)
    assert found[1].value == metric.corpus(NEARER[1::2], REFERENCES[1::2]).value


def test_worst_group():
    """The worst group has the lowest value, or the highest; empty and small groups are not in the running."""
    values = [1.0, 0.9, 0.5, 0.5, 0.0]
    labels = ["a", "a", "b", "b", "c"]
    assert worst_group(values, labels).group == "c"
    worst = worst_group(values, labels, min_rows=2)
    assert (worst.group, worst.estimate.value, worst.estimate.n) == ("b", 0.5, 2)
    assert worst_group(values, labels, higher_is_better=False).group == "a"
    nats = NegativeLogLikelihood()
    rows = nats.statistics([[-1.0], [-2.0]], [[1], [1]])
    assert worst_group(rows, ["a", "b"], metric=nats).group == "b"
    assert list(grouped([0.0] * 3, [10, 9, 2])) == [2, 9, 10]
    assert len(grouped([0.0] * 3, [10, "x", None])) == 3
    masks = {"none": np.zeros(5, dtype=bool), "all": np.ones(5, dtype=bool)}
    assert worst_group(values, masks).group == "all"
    nobody = worst_group([], [])
    assert nobody.group is None
    assert (math.isnan(nobody.estimate.value), nobody.estimate.n, nobody.estimate.confidence) == (True, 0, 0.95)


def test_hierarchical_bootstrap_holds_the_noise_of_seeds():
    """Seeds that differ widen the interval beyond that of rows; seeds that agree leave it alone."""
    rng = np.random.default_rng(5)
    base = rng.random(200)
    alike = hierarchical_bootstrap([base, base, base, base])
    rows_only = bootstrap_ci(base)
    assert alike.value == pytest.approx(rows_only.value)
    assert (alike.low, alike.high) == pytest.approx((rows_only.low, rows_only.high), abs=0.01)
    apart = hierarchical_bootstrap([base, base + 0.5, base - 0.5, base + 0.2])
    assert apart.high - apart.low > 4 * (alike.high - alike.low)
    assert apart.seed_values == pytest.approx((base.mean(), base.mean() + 0.5, base.mean() - 0.5, base.mean() + 0.2))


def test_crossed_rows_share_their_draw():
    """If all seeds see the same rows, averaging seeds does not average away the noise of rows; nested rows do."""
    base = np.random.default_rng(6).random(100)
    crossed, nested = (hierarchical_bootstrap([base] * 6, rows=r, n_resamples=4000) for r in ("crossed", "nested"))
    assert (crossed.high - crossed.low) / (nested.high - nested.low) == pytest.approx(math.sqrt(6), rel=0.1)


@pytest.mark.parametrize("rows", ["crossed", "nested"])
def test_hierarchical_bootstrap_in_any_order(rows):
    """The order of seeds and of rows changes nothing but the order of the seeds' values."""
    values = np.random.default_rng(7).random((3, 30))
    order = np.random.default_rng(1).permutation(30)
    before = hierarchical_bootstrap(values, rows=rows, n_resamples=100)
    after = hierarchical_bootstrap(values[::-1][:, order], rows=rows, n_resamples=100)
    assert (before.value, before.low, before.high) == (after.value, after.low, after.high)
    assert before.seed_values == after.seed_values[::-1]


def test_hierarchical_bootstrap_without_enough():
    """One seed or one row has no interval; no seed is NaN with n=0; nested seeds may have different rows."""
    one = hierarchical_bootstrap([SKEWED])
    assert not one.has_interval
    assert str(one).endswith("(no interval: n=60, 1 seed)")
    assert not hierarchical_bootstrap([[0.5], [0.6]]).has_interval
    assert math.isnan(hierarchical_bootstrap([]).value)
    assert hierarchical_bootstrap([]).n == 0
    assert hierarchical_bootstrap([SKEWED, OTHER[:20]], rows="nested").has_interval
    hits_and_others = hierarchical_bootstrap([[1.0, 0.0, 1.0, 1.0], [0.5, 0.2, 0.7, 0.9]])  # no share: no hits to count
    assert hits_and_others.has_interval
    assert hierarchical_bootstrap([[1.0, 0.0, 0.4, 0.7], [0.5, 0.0, 0.7, 1.0]]).has_interval


def test_pairs_of_no_weight_are_as_if_they_were_not_there():
    """The group of a pair that weighs nothing is left out with it."""
    first, second, groups = [0.5, 0.2, 0.7, 0.9, 0.1], [0.4, 0.3, 0.5, 0.6, 0.8], [0, 0, 1, 2, 2]
    whole = paired_difference(first, second, weights=[1, 1, 1, 1, 0], groups=groups)
    assert whole == paired_difference(first[:4], second[:4], weights=[1, 1, 1, 1], groups=groups[:4])


def test_hierarchical_bootstrap_of_a_corpus_metric():
    """The value is the mean of the seeds' corpus scores."""
    metric = BLEU()
    runs = [metric.statistics(t, REFERENCES) for t in (TEXTS, NEARER)]
    found = hierarchical_bootstrap(runs, metric=metric, n_resamples=100)
    assert found.value == pytest.approx(np.mean([metric.corpus(t, REFERENCES).value for t in (TEXTS, NEARER)]))
    assert found.has_interval


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_by_its_definition(p):
    """Adjusted values are the least alpha at which Holm's steps reject, and keep the order of the raw ones."""
    adjusted = holm(p)
    order = np.argsort(p, kind="stable")
    running = 0.0
    for step, i in enumerate(order):
        running = max(running, (len(p) - step) * p[i])
        assert adjusted[i] == pytest.approx(min(running, 1.0))
    assert (adjusted >= np.array(p)).all()


def test_holm_leaves_out_tests_that_were_not_made():
    """NaN stays NaN and does not count towards the number of tests."""
    np.testing.assert_allclose(holm([0.02, np.nan, 0.03]), [0.04, np.nan, 0.04])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_ci([[1.0]]), r"values must be 1-D \(one score a row\), got \(1, 1\)"),
        (lambda: bootstrap_ci([1.0], metric=BLEU()), r"values must be 2-D with a metric, got \(1,\)"),
        (lambda: bootstrap_ci([1.0], method="bca"), "method must be one of percentile, BCa, got 'bca': "),
        (lambda: bootstrap_ci([1.0], confidence=95), "confidence must be a number above 0 and below 1, got 95"),
        (lambda: bootstrap_ci([1.0], n_resamples=0), "n_resamples must be a whole number from 1 up, got 0"),
        (lambda: bootstrap_ci([1.0, 2.0], seed=-1), "seed must be a whole number from 0 up, got -1"),
        (lambda: hierarchical_bootstrap([[1.0]], seed=-1), "seed must be a whole number from 0 up, got -1"),
        (lambda: bootstrap_ci([1.0], weights=[1.0, 2.0]), r"weights must be of shape \(1,\), as values, got \(2,\)"),
        (lambda: bootstrap_ci([1.0], weights=[-1.0]), r"weights must be finite and at least 0, got \[-1.0\]"),
        (lambda: bootstrap_ci(np.ones((2, 11)), weights=[1, 1], metric=BLEU()), "weights must be None with a metric"),
        (lambda: mean([1.0], nan_policy="drop"), "nan_policy must be one of propagate, omit, raise, got 'drop'"),
        (lambda: paired_difference([[1.0]], [[1.0]]), r"a must be 1-D \(one score a row\), got \(1, 1\)"),
        (lambda: paired_difference([1.0], [1.0, 2.0]), r"b must be of shape \(1,\), as a, got \(2,\)"),
        (
            lambda: paired_difference([1.0], [1.0], n_permutations=0),
            "n_permutations must be a whole number from 1 up, got 0",
        ),
        (
            lambda: paired_difference([1.0], [1.0], nan_policy="drop"),
            "nan_policy must be one of propagate, omit, raise, got 'drop'",
        ),
        (lambda: relative_performance([1.0], [1.0, 2.0]), r"baseline must be of shape \(1,\), as values, got \(2,\)"),
        (
            lambda: relative_performance([1.0], [1.0], paired=False, method="BCa"),
            "method must be one of percentile, Fieller, got 'BCa'",
        ),
        (lambda: generalization_gap([1.0], [1.0], method="BCa"), "method must be one of percentile, t, got 'BCa'"),
        (lambda: grouped([1.0], ["a", "b"]), "groups must be one label for each of 1 rows, got 2"),
        (lambda: grouped([1.0], {"a": [1]}), r"groups\['a'\] must be a boolean mask of shape \(1,\), got array"),
        (lambda: worst_group([1.0], ["a"], higher_is_better="no"), "higher_is_better must be True or False, got 'no'"),
        (lambda: relative_performance([1.0], [1.0], paired="no"), "paired must be True or False, got 'no': give False"),
        (lambda: worst_group([1.0], ["a"], min_rows=0), "min_rows must be a whole number from 1 up, got 0"),
        (
            lambda: hierarchical_bootstrap([[1.0], [1.0, 2.0]]),
            r"values must be equally long for crossed rows, got \[1, 2\]",
        ),
        (lambda: hierarchical_bootstrap([[1.0]], rows="both"), "rows must be one of"),
        (
            lambda: hierarchical_bootstrap([[1.0]], nan_policy="omit"),
            'nan_policy must be "propagate" or "raise" for crossed',
        ),
        (lambda: holm([1.5]), r"p_values must be in \[0, 1\], got \[1.5\]"),
        (lambda: holm([[0.5]]), r"p_values must be 1-D, got \(1, 1\)"),
    ],
)
def test_bad_arguments_say_what_to_do(call, message):
    """An argument that cannot work is an error with its name, what it must be and what it was."""
    with pytest.raises(ParameterError, match=message):
        call()
