"""Intervals hold the truth as often as they say: simulated with a fixed seed, against binomial bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from codeshift.errors import ParameterError
from codeshift.metrics import (
    BLEU,
    ExactMatch,
    NegativeLogLikelihood,
    bootstrap_ci,
    generalization_gap,
    grouped,
    hierarchical_bootstrap,
    paired_difference,
    relative_performance,
    worst_group,
)
from codeshift.metrics.aggregates.binomial import wilson
from codeshift.metrics.aggregates.components import crossed, half_width, nested, p_value_of
from codeshift.metrics.aggregates.seeds import log_odds

RUNS = 300
SEEN = 0.03  # more than two standard errors of a coverage of .95 over as many runs


def coverage(draw, *, runs=RUNS, **options):
    """The share of intervals of ``hierarchical_bootstrap`` that hold the truth, of those that there are."""
    rng = np.random.default_rng(11)
    found = []
    for _ in range(runs):
        scores, truth = draw(rng)
        one = hierarchical_bootstrap(scores, **options)
        if one.has_interval:
            found.append(one.low <= truth <= one.high)
    assert len(found) > runs / 2
    return np.mean(found)


def continuous(seeds, rows, spread, shared):
    """Rows of standard deviation 1, of which a share of the variance is the row's own; seeds of ``spread``."""

    def draw(rng):
        own = shared**0.5 * rng.normal(size=(1, rows)) + (1 - shared) ** 0.5 * rng.normal(size=(seeds, rows))
        return 3 + spread * rng.normal(size=(seeds, 1)) + own, 3.0

    return draw


@pytest.mark.parametrize("shared", [0.0, 0.5])
@pytest.mark.parametrize("spread", [0.0, 1.0, 10.0])
@pytest.mark.parametrize(("seeds", "rows"), [(3, 20), (3, 200), (5, 50), (20, 20)])
def test_seeds_and_rows(seeds, rows, spread, shared):
    """From 3 seeds on, whatever seeds and rows contribute, 92 to 98% of the intervals hold the mean."""
    covered = coverage(continuous(seeds, rows, spread, shared))
    assert 0.92 - SEEN < covered < 0.98 + SEEN / 2


@pytest.mark.parametrize("spread", [0.0, 1.0, 10.0])
def test_two_seeds_are_marked(spread):
    """Two seeds cover 88% at least and say that they are two."""
    assert coverage(continuous(2, 50, spread, 0.5)) > 0.88 - SEEN / 2
    found = hierarchical_bootstrap(np.random.default_rng(0).normal(size=(2, 30)))
    assert found.note == "two seeds"
    assert "two seeds" in str(found)


@pytest.mark.parametrize(("rows", "spread"), [(20, 1.0), (100, 0.3)])
def test_two_nested_seeds(rows, spread):
    """If two seeds with rows of their own differ just enough to be overlooked, at least 88% hold the mean."""
    assert coverage(continuous(2, rows, spread, 0.0), rows="nested", runs=1500) > 0.88


@pytest.mark.parametrize("spread", [0.0, 1.0, 10.0])
def test_seeds_with_rows_of_their_own(spread):
    """The same where every seed has its own rows."""
    covered = coverage(continuous(3, 40, spread, 0.0), rows="nested", runs=900)
    assert 0.92 - SEEN < covered < 0.98 + SEEN / 2


@pytest.mark.parametrize(("share", "spread"), [(0.1, 0.0), (0.1, 0.3), (0.3, 1.0), (0.5, 1.0), (0.7, 1.0), (0.9, 0.3)])
def test_shares(share, spread):
    """Shares of .1 to .9 of 200 rows and 5 seeds, which differ less at .1 and .9: there they would be very skewed."""
    limit = stats.norm.ppf(share) * math.hypot(1, spread)

    def draw(rng):
        own = (rng.normal(size=(1, 200)) + rng.normal(size=(5, 200))) / 2**0.5
        return (spread * rng.normal(size=(5, 1)) + own < limit).astype(float), share

    assert 0.92 - SEEN < coverage(draw) < 0.98 + SEEN / 2


@pytest.mark.parametrize(("seeds", "mirrored"), [(10, False), (5, True)])
def test_shares_whose_seeds_differ_much(seeds, mirrored):
    """Seeds' true shares have a beta distribution of mean .1 (or .9) and of half of the variance that there can be."""

    def draw(rng):
        own = (rng.normal(size=(1, 200)) + rng.normal(size=(seeds, 200))) / 2**0.5
        hits = own < stats.norm.ppf(rng.beta(0.1, 0.9, size=(seeds, 1)))
        return (hits != mirrored).astype(float), 0.9 if mirrored else 0.1

    assert coverage(draw, runs=600) > 0.92 - 0.02


def test_log_odds_by_hand():
    """Half a width of one trial's z: the variance is that of Agresti and Coull's share."""
    value, half = 0.2, 0.1
    trials = 1.96**2 * value * (1 - value) / half**2
    shrunk = (value * trials + 1.96**2 / 2) / (trials + 1.96**2)
    by_hand = half / 0.16 * math.sqrt(shrunk * (1 - shrunk) / 0.16)
    low, high = log_odds(value, half)
    for end, sign in ((low, -1), (high, 1)):
        assert math.log(end / (1 - end)) == pytest.approx(math.log(0.25) + sign * by_hand)
    assert log_odds(0.5, 0.0) == (0.5, 0.5)
    assert log_odds(1 - value, half) == pytest.approx((1 - high, 1 - low))


def test_intervals_are_not_those_of_seeds_alone():
    """If seeds are alike, three seeds with many rows have an interval near that of the rows, not t with 2 df."""
    rng = np.random.default_rng(3)
    widths = []
    for _ in range(50):
        row = rng.normal(size=(1, 200))
        found = hierarchical_bootstrap(row + 0.3 * rng.normal(size=(3, 200)))
        widths.append((found.high - found.low) / (2 * 1.96 * row.std() / 200**0.5))
    assert 0.95 < np.median(widths) < 1.25


def test_components_by_hand():
    """The moments are those of the two-way analysis of variance."""
    rng = np.random.default_rng(4)
    table = rng.normal(size=(4, 1)) + rng.normal(size=(1, 9)) + rng.normal(size=(4, 9))
    s, r = table.shape
    mean, seeds, rows = table.mean(), table.mean(axis=1), table.mean(axis=0)
    of_seeds = r * ((seeds - mean) ** 2).sum() / (s - 1)
    of_rows = s * ((rows - mean) ** 2).sum() / (r - 1)
    residual = ((table - seeds[:, None] - rows + mean) ** 2).sum() / ((s - 1) * (r - 1))
    moved = (table - seeds[:, None]) / r * (r / (r - 1)) ** 0.5
    part = stats.chi2(s - 1).median() / (s - 1)
    found = crossed(seeds, moved, r - 1)
    expected = [(of_seeds - part * residual, s - 1), (of_rows - residual, r - 1), (residual, (s - 1) * (r - 1))]
    assert [(one.variance * s * r, one.df) for one in found] == [pytest.approx(pair) for pair in expected]


def test_components_of_seeds_with_rows_of_their_own_by_hand():
    """The variance of seeds is what lies between them, less the part of that within them."""
    rng = np.random.default_rng(5)
    rows = [rng.normal(size=size) for size in (5, 8, 6)]
    moved = [(row - row.mean()) / len(row) for row in rows]
    means = np.array([1.0, 3.0, 2.5])
    within = sum((row.var() / len(row)) for row in rows) / 9
    seeds = means.var(ddof=1) / 3 - stats.chi2(2).median() / 2 * within
    expected = [(seeds, 2), (within, 16)]
    assert [(part.variance, part.df) for part in nested(means, moved, [4, 7, 5])] == [
        pytest.approx(p) for p in expected
    ]


def test_one_component_is_the_t_interval():
    """Without rows or residual to speak of, three seeds have Student's interval, and its p-value."""
    seeds = np.array([0.2, 0.5, 0.3])
    found = crossed(seeds, np.zeros((3, 10)), 9)
    theirs = stats.ttest_1samp(seeds, 0)
    ends = theirs.confidence_interval()
    assert seeds.mean() + half_width(found, 0.95) == pytest.approx(ends.high)
    assert p_value_of(seeds.mean(), found) == pytest.approx(theirs.pvalue)


def test_p_values_agree_with_intervals():
    """A p-value lies below .05 just where the 95% interval leaves 0 out, and is half as sure for half the distance."""
    rng = np.random.default_rng(6)
    for _ in range(40):
        found = crossed(rng.normal(size=3), rng.normal(size=(3, 12)) / 12, 11)
        half = half_width(found, 0.95)
        assert p_value_of(half * 1.001, found) < 0.05 < p_value_of(half * 0.999, found)


@pytest.mark.parametrize(
    ("hits", "why"), [(4, "fewer than 5 hits"), (0, "fewer than 5 hits"), (56, "fewer than 5 misses")]
)
def test_a_share_of_few_hits_says_why_it_has_no_interval(hits, why):
    """Three seeds of 20 rows with too few hits, or too few misses."""
    scores = (np.arange(60) < hits).astype(float).reshape(20, 3).T
    found = hierarchical_bootstrap(scores)
    assert not found.has_interval
    assert found.note == why
    assert f"no interval: {why}" in str(found)
    assert hierarchical_bootstrap((np.arange(60) < 20).astype(float).reshape(20, 3).T).has_interval


def test_corpus_metrics_over_seeds():
    """BLEU and nats a token have intervals over seeds, the same in any order; a mean metric's are its scores'."""
    rng = np.random.default_rng(7)
    words = np.array(list("abcdefg"))
    texts = [[" ".join(rng.choice(words, 9)) for _ in range(20)] for _ in range(4)]
    metric = BLEU()
    runs = [metric.statistics(side, texts[0]) for side in texts[1:]]
    found = hierarchical_bootstrap(runs, metric=metric)
    assert 0 < found.low < found.value < found.high < 1
    order = rng.permutation(20)
    again = hierarchical_bootstrap([run[order] for run in runs[::-1]], metric=metric)
    assert (again.value, again.low, again.high) == (found.value, found.low, found.high)
    likelihoods = NegativeLogLikelihood()
    tokens = [[list(-rng.random(rng.integers(1, 9))) for _ in range(30)]] * 3
    nats = [likelihoods.statistics(side, [[1] * len(row) for row in side]) for side in tokens]
    assert hierarchical_bootstrap(nats, metric=likelihoods).has_interval
    exact = [(rng.random(40) < 0.5).astype(float) for _ in range(3)]
    by_metric = hierarchical_bootstrap([np.column_stack([np.ones(40), one]) for one in exact], metric=ExactMatch())
    assert str(by_metric) == str(hierarchical_bootstrap(exact))


# --- shares at their bound ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 6, 40])
@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_share_at_its_bound_has_the_interval_of_wilson(n, score):
    """Its ends are scipy's, and the estimate says whose they are; with a metric as without."""
    theirs = stats.binomtest(int(score * n), n).proportion_ci(method="wilson")
    for found in (
        bootstrap_ci([score] * n),
        bootstrap_ci(np.column_stack([np.ones(n), np.full(n, score)]), metric=ExactMatch()),
        bootstrap_ci([score] * n, weights=np.arange(1, n + 1), method="BCa"),
    ):
        assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))
        assert found.method == "Wilson"
        assert "Wilson" in str(found)
    assert wilson(2, 9, 0.9) == pytest.approx(tuple(stats.binomtest(2, 9).proportion_ci(0.9, "wilson")))


def test_scores_of_another_kind_keep_their_interval():
    """Constant scores that are no share, and likelihoods of 0, which have no bound above."""
    assert bootstrap_ci([0.25] * 6).high == 0.25
    rows = NegativeLogLikelihood().statistics([[0.0]] * 5, [[1]] * 5)
    assert bootstrap_ci(rows, metric=NegativeLogLikelihood()).high == 0.0
    assert bootstrap_ci(BLEU().statistics(["x"] * 5, ["a b"] * 5), metric=BLEU()).method == "Wilson"


def test_zeros_of_what_can_be_negative():
    """Differences that are all 0 bound the mean on both sides, by as much as a share; what has no bound, not at all."""
    end = wilson(0, 8, 0.95)[1]
    found = bootstrap_ci([0.0] * 8, bounds=(-1, 1))
    assert (found.low, found.high, found.method) == (-end, end, "Wilson")
    assert bootstrap_ci([-1.0] * 8, bounds=(-1, 1)).high == pytest.approx(-1 + 2 * end)
    assert bootstrap_ci([0.0] * 8, bounds=None).high == 0.0
    assert bootstrap_ci([2.0] * 8).method == "percentile"
    both = paired_difference([1.0, 0.0] * 4, [1.0, 0.0] * 4)
    assert (both.low, both.high) == (found.low, found.high)


def test_a_group_of_zeros_among_negative_scores_is_no_share():
    """Other rows, the other side or another seed tell that scores can be negative: zeros are then no share."""
    scores, labels = np.array([0.0] * 6 + [-0.5, 0.5, 0.25]), ["a"] * 6 + ["b"] * 3
    assert grouped(scores, labels)["a"].method == "percentile"
    assert worst_group(scores, labels).estimate.method == "percentile"
    assert grouped(np.abs(scores), labels)["a"].method == "Wilson"
    end = wilson(0, 6, 0.95)[1]
    assert grouped(scores, labels, bounds=(-1, 1))["a"].low == pytest.approx(-end)
    assert generalization_gap([-0.5, 0.5, 0.25], [0.0] * 6).method == "percentile"
    assert generalization_gap([0.5, 0.25], [0.0] * 6).method == "Newcombe"
    zeros = [[0.0] * 6] * 3
    assert hierarchical_bootstrap(zeros).note == "fewer than 5 hits"
    assert hierarchical_bootstrap(zeros, bounds=(-1, 1)).note == "every row has the same score"
    assert hierarchical_bootstrap([*zeros, scores[3:]]).note == ""


def test_ratios_of_groups_at_their_bound():
    """A side of grouped rows that is a share at its bound carries Wilson's limit of the groups."""
    labels = np.repeat(np.arange(12), 2)
    lost = relative_performance([0.0] * 24, [1.0] * 18 + [0.0] * 6, groups=labels)
    assert (lost.low, lost.high) == pytest.approx((0.0, wilson(0, 12, 0.95)[1] / 0.75))


def test_differences_of_shares_at_their_bound():
    """Two models that are right on the same rows differ on few, not on none; the gap from a bound is no smaller."""
    same = paired_difference([1.0, 0.0] * 10, [1.0, 0.0] * 10)
    assert (same.low, same.high) == pytest.approx((-wilson(0, 20, 0.95)[1], wilson(0, 20, 0.95)[1]))
    apart = paired_difference([1.0] * 20, [0.0] * 20)
    assert (apart.low, apart.high) == pytest.approx((1 - 2 * wilson(0, 20, 0.95)[1], 1.0))
    gap = generalization_gap([1.0, 0.0] * 20, [0.0] * 6)
    assert gap.method == "Newcombe"
    assert gap.low < 0.5 - wilson(0, 6, 0.95)[1] + 0.01
    lost = relative_performance([0.0] * 12, [1.0] * 9 + [0.0] * 3)
    assert (lost.low, lost.high) == pytest.approx((0.0, wilson(0, 12, 0.95)[1] / 0.75))


def test_ratios_at_their_bounds_are_the_same_paired_or_not():
    """Where a side is constant, pairs say nothing more: Wilson's limits of each side, divided."""
    for n, top, bottom in ((3, 0.0, 1.0), (10, 0.0, 1.0), (2, 1.0, 1.0), (10, 1.0, 1.0)):
        other = wilson(0, n, 0.95)[1]
        expected = (0.0, other / (1 - other)) if top == 0 else (1 - other, 1 / (1 - other))
        for paired in (True, False):
            ratio = relative_performance([top] * n, [bottom] * n, paired=paired)
            assert (ratio.low, ratio.high) == pytest.approx(expected)
    assert relative_performance([0.0] * 10, [1.0] * 10).high == pytest.approx(0.3841, abs=1e-4)
    # Of pairs of which some are left out, those that are left; in groups, the groups.
    ratio = relative_performance([0.0] * 5 + [1.0], [1.0] * 5 + [np.nan], nan_policy="omit")
    assert (ratio.low, ratio.high) == pytest.approx((0.0, wilson(0, 5, 0.95)[1] / wilson(5, 5, 0.95)[0]))
    grouped = relative_performance([0.0] * 12, [1.0] * 12, groups=np.repeat(np.arange(4), 3))
    assert grouped.high == pytest.approx(wilson(0, 4, 0.95)[1] / wilson(4, 4, 0.95)[0])


_SHARES = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=12)
_CONSTANT = st.builds(lambda n, a, b: [(a, b)] * n, st.integers(2, 12), st.booleans(), st.booleans())


@given(rows=_SHARES | _CONSTANT, fix=st.sampled_from([None, (0, 0), (0, 1), (1, 0), (1, 1)]))
def test_the_ends_of_an_interval_lie_on_both_sides_of_its_value(rows, fix):
    """Of means, differences, gaps and ratios of shares, also where a side has one score in all rows."""
    scores = np.array(rows, dtype=float)
    if fix is not None:
        scores[:, fix[0]] = fix[1]
    a, b = scores.T
    few = {"n_resamples": 200}
    for estimate in (
        bootstrap_ci(a, **few),
        paired_difference(a, b, n_permutations=9, **few),
        generalization_gap(a, b, **few),
        relative_performance(a, b, **few),
        relative_performance(a, b, paired=False, **few),
        relative_performance(a, b, groups=np.arange(len(a)) // 2, **few),
    ):
        assert not estimate.has_interval or estimate.low <= estimate.value <= estimate.high, estimate


def test_gaps_of_rare_hits_cover():
    """For shares .2 and .05 with 20 rows, a third of which are at their bound, at least 90% cover."""
    rng = np.random.default_rng(8)
    hits = 0
    for _ in range(RUNS):
        found = generalization_gap(rng.random(60) < 0.2, rng.random(20) < 0.05, n_resamples=200)
        hits += found.low <= 0.15 <= found.high
    assert hits / RUNS > 0.90


@pytest.mark.parametrize("rows", [20, 60])
def test_relative_performance_covers(rows):
    """Fieller's intervals of a ratio of shares."""
    rng = np.random.default_rng(9)
    found = []
    for _ in range(RUNS):
        row = rng.normal(size=rows)
        a, b = ((row + rng.normal(size=rows) < stats.norm.ppf(p) * 2**0.5).astype(float) for p in (0.4, 0.7))
        one = relative_performance(a, b, method="Fieller")
        if one.has_interval:
            found.append(one.low <= 4 / 7 <= one.high)
    assert len(found) > 0.9 * RUNS
    assert 0.92 - SEEN < np.mean(found) < 0.98 + SEEN / 2


# --- groups ------------------------------------------------------------------------------------------------------


def test_copies_of_one_function_count_as_one():
    """56 of 207 rows are one function that is always right: with it in a group, the interval is that of the issue."""
    scores = np.array([1.0] * 56 + [0.0] * 151)
    labels = np.array([0] * 56 + list(range(1, 152)))
    plain, found = bootstrap_ci(scores), bootstrap_ci(scores, groups=labels)
    assert (plain.low, plain.high) == pytest.approx((0.21, 0.33), abs=0.01)
    assert (found.low, found.high) == pytest.approx((0.0, 0.54), abs=0.02)
    assert (found.n, found.groups) == (207, 152)
    assert "n=207 in 152 groups" in str(found)


def test_groups_of_one_row_change_nothing():
    """Labels that are all different are no labels."""
    scores = np.random.default_rng(1).random(30)
    assert bootstrap_ci(scores, groups=range(30)) == bootstrap_ci(scores)
    assert paired_difference(scores, scores**2, groups=range(30)) == paired_difference(scores, scores**2)


@pytest.mark.parametrize("times", [2, 5])
def test_copies_add_nothing(times):
    """Repeated rows add no information in any aggregate that takes groups."""
    rng = np.random.default_rng(2)
    a, b = rng.random(25), rng.random(25)
    labels = np.repeat(np.arange(25), times)
    many = [np.repeat(side, times) for side in (a, b)]

    def ends(found):
        return pytest.approx((found.value, found.low, found.high), rel=1e-9)

    for once, again in (
        (bootstrap_ci(a), bootstrap_ci(many[0], groups=labels)),
        (paired_difference(a, b), paired_difference(*many, groups=labels)),
        (relative_performance(a, b), relative_performance(*many, groups=labels)),
        (relative_performance(a, b, method="Fieller"), relative_performance(*many, groups=labels, method="Fieller")),
        (generalization_gap(a, b), generalization_gap(*many, id_groups=labels, ood_groups=labels)),
        (hierarchical_bootstrap([a, b]), hierarchical_bootstrap(many, groups=labels)),
        (
            hierarchical_bootstrap([a, b], rows="nested"),
            hierarchical_bootstrap(many, groups=[labels, labels], rows="nested"),
        ),
        (grouped(a, ["x"] * 25)["x"], grouped(many[0], ["x"] * 25 * times, units=labels)["x"]),
        (worst_group(a, ["x"] * 25).estimate, worst_group(many[0], ["x"] * 25 * times, units=labels).estimate),
    ):
        assert (again.value, again.low, again.high) == ends(once)
        assert (again.n, again.groups) == (25 * times, 25)
    assert paired_difference(*many, groups=labels).p_value == pytest.approx(paired_difference(a, b).p_value, abs=0.02)


@pytest.mark.parametrize(("method", "groups"), [("percentile", True), ("BCa", False)])
def test_few_rows_and_few_groups_cover(method, groups):
    """Twenty rows, or groups of three alike, cover 92 to 98% in every aggregate that resamples."""
    rng = np.random.default_rng(15)
    labels = np.repeat(np.arange(20), 3) if groups else np.arange(20)
    hits = np.zeros(4)
    for _ in range(400):
        a, b, c = (rng.random(20)[labels] for _ in range(3))
        options = {"n_resamples": 200, "groups": labels}
        found = [
            (bootstrap_ci(a, method=method, **options), 0.5),
            (paired_difference(a + b, b, method=method, n_permutations=1, **options), 0.5),
            (relative_performance(a + 1, b + 2, method=method, **options), 0.6),
            (generalization_gap(a, c, n_resamples=200, id_groups=labels, ood_groups=labels), 0.0),
        ]
        hits += [one.low <= truth <= one.high for one, truth in found]
    assert (hits / 400 > 0.92 - 0.02).all(), hits
    assert (hits / 400 < 0.98 + 0.01).all(), hits


def test_few_rows_are_as_wide_as_t():
    """Normal quantiles of resamples of ten rows, read as far out as they are, reach as far as Student's interval."""
    scores = stats.norm.ppf((np.arange(10) + 0.5) / 10)
    theirs = stats.ttest_1samp(scores, 0).confidence_interval()
    found = bootstrap_ci(scores, n_resamples=20000)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=0.06)
    gap = generalization_gap(scores, np.tile(scores, 3), n_resamples=20000)
    welch = generalization_gap(scores, np.tile(scores, 3), method="t")
    assert (gap.low, gap.high) == pytest.approx((welch.low, welch.high), rel=0.06)


def test_grouped_rows_cover():
    """Rows that come in groups of four alike: their interval covers with the groups and does not without."""
    rng = np.random.default_rng(5)
    hits = np.zeros(2)
    for _ in range(RUNS):
        scores, labels = np.repeat(rng.random(40), 4), np.repeat(np.arange(40), 4)
        for i, groups in enumerate((labels, None)):
            found = bootstrap_ci(scores, groups=groups, n_resamples=200)
            hits[i] += found.low <= 0.5 <= found.high
    assert hits[0] / RUNS > 0.92 - SEEN
    assert hits[1] / RUNS < 0.8


def test_one_group_has_no_interval():
    """A single group says nothing of how groups differ."""
    found = bootstrap_ci([1.0, 0.0, 1.0], groups=["a"] * 3)
    assert not found.has_interval
    assert str(found) == "0.6667 (no interval: n=3 in 1 group)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_ci([1.0, 0.0], groups=["a"]), "groups must be one label for each of 2 rows, got 1"),
        (lambda: hierarchical_bootstrap([[1.0, 0.0]] * 2, groups=[0]), "groups must be one label for each of 2 rows"),
        (
            lambda: hierarchical_bootstrap([[1.0, 0.0]] * 2, groups=[[0, 1]], rows="nested"),
            "groups must be one sequence of labels for each of 2 seeds, got 1",
        ),
        (lambda: relative_performance([1.0], [1.0], method="delta"), "method must be one of percentile"),
        (lambda: bootstrap_ci([1.0], bounds=(1, 0)), r"bounds must be the lowest and the highest score .*got \(1, 0\)"),
    ],
)
def test_labels_that_do_not_fit(call, message):
    """Each error names the constraint."""
    with pytest.raises(ParameterError, match=message):
        call()
