"""The two-sample tests and the distances agree with their definitions in plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon, pdist
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from codeshift.audit import (
    classifier_two_sample_test,
    jensen_shannon,
    maximum_mean_discrepancy,
    memberships,
    standardised_effect,
    wasserstein,
)
from codeshift.audit.distances import presence_effects
from codeshift.audit.two_sample import _rank_auc
from codeshift.errors import ParameterError
from codeshift.properties import ElementCounts

TESTS = [classifier_two_sample_test, maximum_mean_discrepancy]
NUMBERS = st.lists(st.integers(-5, 5), min_size=1, max_size=20).map(lambda found: np.array(found, dtype=np.float64))


def normal(seed: int, rows: int, mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1, size=(rows, 3))


@pytest.mark.parametrize("test", TESTS)
def test_level_holds(test):
    """For samples of one distribution, about a tenth have p <= .1: the test keeps its level without being idle."""
    p_values = [
        test(normal(2 * seed, 30), normal(2 * seed + 1, 20), n_permutations=19, seed=seed).p_value for seed in range(24)
    ]
    rejected = sum(p <= 0.1 for p in p_values)
    assert binom.cdf(rejected, 24, 0.1) > 0.001
    assert binom.sf(rejected - 1, 24, 0.1) > 0.001
    assert 0.3 < np.mean(p_values) < 0.75


@pytest.mark.parametrize("test", TESTS)
def test_moved_sample_is_found(test):
    """A shifted sample gets the smallest p-value that the permutations allow, and lies above the null."""
    result = test(normal(0, 50), normal(1, 40, mean=1.5), n_permutations=39)
    assert result.p_value == 1 / 40
    assert result.statistic > result.null_95
    assert (result.n_first, result.n_second) == (50, 40)


@pytest.mark.parametrize("test", TESTS)
def test_seed_decides(test):
    """The same seed gives the same figures; another seed draws other permutations."""
    samples = normal(0, 40), normal(1, 40, mean=0.2)
    first = test(*samples, n_permutations=29, seed=1)
    assert first == test(*samples, n_permutations=29, seed=1)
    assert first.null_95 != test(*samples, n_permutations=29, seed=2).null_95


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("rows", [0, 1, 9])
def test_too_few_rows_are_nan(test, rows):
    """With fewer rows than folds, the result is NaN with its n, never 0 or .5."""
    result = test(normal(0, 40), normal(1, rows), n_permutations=19)
    assert math.isnan(result.statistic)
    assert math.isnan(result.p_value)
    assert math.isnan(result.null_95)
    assert result.n_second == rows


@pytest.mark.parametrize("test", TESTS)
def test_constant_rows_show_no_shift(test):
    """Rows that are all the same cannot be told apart."""
    result = test(np.ones((20, 2)), np.ones((20, 2)), n_permutations=19)
    assert result.p_value == 1
    assert result.statistic == pytest.approx(0.5 if test is classifier_two_sample_test else 0.0)


@pytest.mark.parametrize("test", TESTS)
def test_arguments_are_checked(test):
    """Too few permutations for a p-value of .05, and vectors of different lengths, raise an error."""
    with pytest.raises(ParameterError, match=r"^n_permutations must be a whole number from 19 up, got 18: .*1 / \(n"):
        test(normal(0, 20), normal(1, 20), n_permutations=18)
    with pytest.raises(
        ParameterError, match=r"^first and second must be vectors of one length, one a row, got \(\(20,"
    ):
        test(normal(0, 20), normal(1, 20)[:, :2])


@given(labels=st.lists(st.booleans(), min_size=2, max_size=30), data=st.data())
def test_auc_is_that_of_sklearn(labels, data):
    """The rank formula gives scikit-learn's AUC, also with ties."""
    if len(set(labels)) < 2:
        return
    scores = data.draw(arrays(np.float64, len(labels), elements=st.sampled_from([0.0, 0.1, 0.5, 1.0])))
    assert _rank_auc(scores, np.array(labels, dtype=int)) == pytest.approx(roc_auc_score(labels, scores))


@given(seed=st.integers(0, 10**6), rows=st.tuples(st.integers(10, 25), st.integers(10, 25)))
def test_mmd_is_its_definition(seed, rows):
    """The matrix products give the double sums of Gretton et al., with the median distance as the width."""
    first, second = normal(seed, rows[0]), normal(seed + 1, rows[1], mean=0.5)
    width = np.median(pdist(np.concatenate([first, second])) ** 2)

    def mean_kernel(a: np.ndarray, b: np.ndarray, skip: bool) -> float:
        pairs = [(i, j) for i in range(len(a)) for j in range(len(b)) if not (skip and i == j)]
        return float(np.mean([math.exp(-((a[i] - b[j]) ** 2).sum() / (2 * width)) for i, j in pairs]))

    expected = mean_kernel(first, first, True) + mean_kernel(second, second, True)
    expected -= 2 * mean_kernel(first, second, False)
    result = maximum_mean_discrepancy(first, second, n_permutations=19, seed=0)
    assert result.statistic == pytest.approx(expected, abs=1e-9)


@given(first=NUMBERS, second=NUMBERS)
def test_jensen_shannon_of_few_values_is_that_of_scipy(first, second):
    """With fewer distinct values than bins, it is the distance of the relative frequencies."""
    both = np.concatenate([first, second])
    distance, p_value = jensen_shannon(memberships(both), np.arange(len(both)) >= len(first), n_permutations=19)
    counts = [np.array([(sample == value).sum() for value in range(-5, 6)]) for sample in (first, second)]
    if len(both) <= 20:  # then every value is a 20-quantile
        assert distance == pytest.approx(jensenshannon(*counts, base=2), abs=1e-6)
    assert 0 <= distance <= 1
    assert 1 / 20 <= p_value <= 1


@given(first=NUMBERS, second=NUMBERS)
def test_distances_are_symmetric_and_zero_on_equals(first, second):
    """Jensen-Shannon and Wasserstein are symmetric, and the effect changes its sign."""
    both, of_second = np.concatenate([first, second]), np.arange(len(first) + len(second)) >= len(first)
    one = jensen_shannon(memberships(both), of_second, n_permutations=19)[0]
    assert one == pytest.approx(jensen_shannon(memberships(both), ~of_second, n_permutations=19)[0])
    assert wasserstein(first, second) == pytest.approx(wasserstein(second, first))
    assert standardised_effect(first, second) == pytest.approx(-standardised_effect(second, first))
    twice, halves = np.concatenate([first, first]), np.arange(2 * len(first)) >= len(first)
    assert jensen_shannon(memberships(twice), halves, n_permutations=19) == (0.0, 1.0)
    assert wasserstein(first, first) == standardised_effect(first, first) == 0


@given(seed=st.integers(0, 10**6))
def test_jensen_shannon_p_is_of_the_permutations(seed):
    """The p-value equals a count over permuted samples, done here one by one."""
    rng = np.random.default_rng(seed)
    counts = _random_counts(rng)
    of_second = np.arange(16) >= 9
    distance, p_value = jensen_shannon(counts.counts, of_second, n_permutations=400, seed=seed)
    dense = counts.counts.toarray()

    def distance_of(mask: np.ndarray) -> float:
        divergent = jensenshannon(dense[~mask].sum(0), dense[mask].sum(0), base=2)
        return float(np.nan_to_num(divergent))  # scipy's rounding can take the root of -1e-17

    assert distance == pytest.approx(distance_of(of_second), abs=1e-6)
    other = np.random.default_rng(seed + 1)
    share = np.mean([distance_of(other.permutation(of_second)) >= distance - 1e-9 for _ in range(200)])
    assert abs(p_value - share) < 0.2


def _random_counts(rng: np.random.Generator) -> ElementCounts:
    rows = [sorted(set(row.tolist())) for row in rng.choice(list("abcd"), size=(16, 3))]
    return ElementCounts.from_rows(rows, [rng.integers(1, 4, len(row)).tolist() for row in rows])


def test_empty_samples_are_nan():
    """A distance to an empty sample is NaN."""
    some, none = np.array([1.0, 2.0]), np.empty(0)
    assert math.isnan(standardised_effect(some, none))
    assert math.isnan(wasserstein(none, some))
    assert all(map(math.isnan, jensen_shannon(memberships(some), np.zeros(2, dtype=bool), n_permutations=19)))
    assert all(map(math.isnan, jensen_shannon(memberships(none), np.zeros(0, dtype=bool), n_permutations=19)))


def test_effect_without_variance():
    """Without any variance, equal means have effect 0 and others an infinite one."""
    assert standardised_effect(np.ones(3), np.ones(2)) == 0
    assert standardised_effect(np.ones(3), np.zeros(2)) == -math.inf


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=20), st.integers(1, 19))
def test_presence_effect_is_the_effect_of_zeros_and_ones(rows, cut):
    """The formula for whether a row holds an element is the one for numbers."""
    elements = [[name for name, held in zip("ab", row, strict=True) if held] for row in rows]
    counts = ElementCounts.from_rows([*elements, ["a", "b"]], [[3] * len(e) for e in [*elements, ["a", "b"]]])
    matrix = counts.counts[: len(rows)]
    first, second = matrix[:cut], matrix[cut:]
    expected = [
        standardised_effect(*((part[:, [i]].toarray().ravel() > 0).astype(float) for part in (first, second)))
        for i in range(2)
    ]
    np.testing.assert_allclose(presence_effects(first, second), expected)


def test_labels_have_a_bin_each():
    """Labels that look the same but have different types are different labels."""
    values = np.array([1, "1", True, "x", "x"], dtype=object)
    assert memberships(values).toarray().sum(axis=0).tolist() in ([1, 1, 1, 2], [1, 1, 2, 1])
    assert memberships(values).shape == (5, 4)
