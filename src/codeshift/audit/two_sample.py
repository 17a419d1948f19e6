"""Two-sample tests of whether two samples differ: by a classifier, and by the maximum mean discrepancy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.audit.logistic import HeldOutScores, held_out_scores
from codeshift.audit.rounding import DECIMALS, SLACK, agreed, ranks_of
from codeshift.audit.settings import FEWEST_IN_SAMPLE, FOLDS, check_permutations
from codeshift.defaults import N_PERMUTATIONS
from codeshift.errors import ParameterError
from codeshift.hashing import generator
from codeshift.properties.progress import progress_bar

_CELLS = 1 << 18  # rows of all fits that are made together


@dataclass(frozen=True, kw_only=True)
class TwoSampleTest:
    """Result of a two-sample test, whose statistic is large if two samples differ. NaN if a sample is too small.

    Attributes:
        statistic: AUC or MMD^2.
        p_value: Share of permutations with at least this statistic, the observed one included:
            ``(1 + hits) / (1 + n_permutations)``.
        null_95: 95% quantile of the statistics of permuted samples, which are typical without a shift at this size.
        n_first: Number of rows of the first sample.
        n_second: Number of rows of the second sample.

    >>> test = TwoSampleTest(statistic=0.84, p_value=0.005, null_95=0.53, n_first=900, n_second=200)
    >>> test.statistic > test.null_95
    True
    """

    statistic: float
    p_value: float
    null_95: float
    n_first: int
    n_second: int


def classifier_two_sample_test(
    first: np.ndarray, second: np.ndarray, *, n_permutations: int = N_PERMUTATIONS, seed: int = 0
) -> TwoSampleTest:
    """Test whether a classifier can distinguish two samples: an AUC of .5 means not at all, 1 always.

    The statistic is the mean AUC over the five folds of a cross-validated logistic regression. The p-value refits it on
    permuted rows, since the folds are not independent of each other.

    Source: Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests (ICLR 2017), with AUC for accuracy, which
    samples of unequal size would distort.

    Args:
        first: Vectors of the first sample, of shape ``(n, d)``.
        second: Vectors of the second sample, of shape ``(m, d)``.
        n_permutations: Number of permutations, at least 19.
        seed: Seed of the folds and the permutations.

    Raises:
        ParameterError: if the shapes do not fit or there are too few permutations.

    >>> rng = np.random.default_rng(0)
    >>> same = classifier_two_sample_test(rng.normal(size=(60, 3)), rng.normal(size=(60, 3)), n_permutations=39)
    >>> moved = classifier_two_sample_test(rng.normal(size=(60, 3)), rng.normal(2, size=(60, 3)), n_permutations=39)
    >>> same.p_value > 0.05, moved.statistic > 0.95, moved.p_value
    (True, True, 0.025)
    """
    rows = _stacked(first, second, n_permutations)
    if min(len(first), len(second)) < FEWEST_IN_SAMPLE:
        return _too_small(first, second)
    rng = generator(seed, "classifier")
    labels, held_out = _folds(first, second, rng)
    observed = _mean_auc(rows, labels, held_out)
    null = np.empty(n_permutations)
    scores, step = HeldOutScores(rows, many=True), max(1, _CELLS // (FOLDS * len(rows)))
    with progress_bar("Two-sample test by a classifier", n_permutations, "permutation") as bar:
        for start in range(0, n_permutations, step):
            places = [rng.permutation(len(rows)) for _ in range(min(step, n_permutations - start))]
            null[start : start + step] = _permuted_aucs(scores, labels, held_out, places)
            bar.update(len(places))
    return _tested(observed, null, first, second)


def classifier_auc(first: np.ndarray, second: np.ndarray, *, seed: int = 0) -> float:
    """Return the statistic of ``classifier_two_sample_test`` without its permutations.

    Args:
        first: Vectors of the first sample, of shape ``(n, d)`` with n at least 10.
        second: Vectors of the second sample, of shape ``(m, d)`` with m at least 10.
        seed: Seed of the folds.

    >>> rng = np.random.default_rng(0)
    >>> first, second = rng.normal(size=(60, 3)), rng.normal(size=(60, 3))
    >>> tested = classifier_two_sample_test(first, second, n_permutations=19)
    >>> classifier_auc(first, second) == tested.statistic
    True
    """
    labels, held_out = _folds(first, second, generator(seed, "classifier"))
    return agreed(_mean_auc(np.concatenate([first, second]), labels, held_out))


def _folds(first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the sample of each row, 0 or 1, and whether a fold holds it out, of shape ``(folds, n)``."""
    from sklearn.model_selection import StratifiedKFold

    labels = np.repeat([0, 1], [len(first), len(second)])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=int(rng.integers(2**32)))
    held_out = np.zeros((FOLDS, len(labels)), dtype=bool)
    for fold, (_, tested) in enumerate(folds.split(labels[:, None], labels)):
        held_out[fold, tested] = True
    return labels, held_out


def maximum_mean_discrepancy(
    first: np.ndarray, second: np.ndarray, *, n_permutations: int = N_PERMUTATIONS, seed: int = 0
) -> TwoSampleTest:
    """Test by an unbiased estimate of MMD^2 with an RBF kernel, with mean 0 if both samples have one distribution.

    The kernel is ``exp(-d^2 / (2 s^2))`` with s the median distance between rows of both samples together. The estimate
    can be below zero. Memory: two matrices of ``(n + m)^2`` floats.

    Source: Gretton, Borgwardt, Rasch, Schölkopf and Smola, A Kernel Two-Sample Test (JMLR 2012), lemma 6 and section 8.

    Args:
        first: Vectors of the first sample, of shape ``(n, d)``.
        second: Vectors of the second sample, of shape ``(m, d)``.
        n_permutations: Number of permutations, at least 19.
        seed: Seed of the permutations.

    Raises:
        ParameterError: if the shapes do not fit or there are too few permutations.

    >>> rng = np.random.default_rng(0)
    >>> moved = maximum_mean_discrepancy(rng.normal(size=(50, 2)), rng.normal(2, size=(50, 2)), n_permutations=39)
    >>> moved.statistic > moved.null_95, moved.p_value
    (True, 0.025)
    """
    rows = _stacked(first, second, n_permutations)
    if min(len(first), len(second)) < FEWEST_IN_SAMPLE:
        return _too_small(first, second)
    kernel = _kernel(rows)
    labels = np.zeros((len(rows), 1 + n_permutations))
    labels[: len(first), 0] = 1
    rng = generator(seed, "mmd")
    for permutation in range(1, 1 + n_permutations):
        labels[:, permutation] = rng.permutation(labels[:, 0])
    statistics = _unbiased(kernel, labels)
    return _tested(float(statistics[0]), statistics[1:], first, second)


def _mean_auc(rows: np.ndarray, labels: np.ndarray, held_out: np.ndarray) -> float:
    scores = held_out_scores(rows, labels, held_out)
    return float(
        np.mean([_rank_auc(of_fold, labels[tested]) for of_fold, tested in zip(scores, held_out, strict=True)])
    )


def _permuted_aucs(
    scores: HeldOutScores, labels: np.ndarray, held_out: np.ndarray, places: Sequence[np.ndarray]
) -> list[float]:
    """Return the mean AUC of each permutation, which says where a row stands that takes a label and a fold.

    Labels and folds move together, so that the folds are still stratified, and the rows stay.
    """
    moved = np.argsort(np.stack(places), axis=1)
    of_rows, tested = np.repeat(labels[moved], FOLDS, axis=0), held_out[:, moved].swapaxes(0, 1)
    tested = tested.reshape(of_rows.shape)
    aucs = [
        _rank_auc(of_fit, classes[kept])
        for of_fit, classes, kept in zip(scores.of(of_rows, tested), of_rows, tested, strict=True)
    ]
    return [float(np.mean(aucs[fit : fit + FOLDS])) for fit in range(0, len(aucs), FOLDS)]


def _rank_auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of pairs of a positive and a negative where the positive scores higher; ties count one half.

    Equal rows are a tie whatever the last bits of their scores.
    """
    groups = ranks_of(scores)
    sizes = np.bincount(groups)
    mean_ranks = np.cumsum(sizes) - (sizes - 1) / 2
    positive = int(labels.sum())
    ranks = float(mean_ranks[groups[labels == 1]].sum())
    return (ranks - positive * (positive + 1) / 2) / (positive * (len(labels) - positive))


def _kernel(rows: np.ndarray) -> np.ndarray:
    squares = (rows**2).sum(axis=1)
    distances: np.ndarray = rows @ rows.T
    distances *= -2
    distances += squares[:, None]
    distances += squares
    np.maximum(distances, 0, out=distances)
    np.round(distances, DECIMALS, out=distances)  # so that equal rows have distance 0
    median = float(np.median(np.concatenate([row[i + 1 :] for i, row in enumerate(distances)])))
    # If the median is 0, most rows are equal: any width will do, since the other distances are zero or far away.
    distances /= -2 * (median or 1.0)
    np.exp(distances, out=distances)
    np.fill_diagonal(distances, 0.0)
    return distances


def _unbiased(kernel: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return MMD^2 for each column of 0 and 1, from a kernel with zeros on its diagonal."""
    n = labels[:, 0].sum()
    m = len(labels) - n
    within = ((kernel @ labels) * labels).sum(axis=0)
    from_first = kernel.sum(axis=1) @ labels
    across = from_first - within
    rest = kernel.sum() - within - 2 * across
    squared: np.ndarray = within / (n * (n - 1)) + rest / (m * (m - 1)) - 2 * across / (n * m)
    return squared


def _stacked(first: np.ndarray, second: np.ndarray, n_permutations: int) -> Any:
    check_permutations(n_permutations)
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        shapes = (first.shape, second.shape)
        raise ParameterError("first and second", "vectors of one length, one a row", shapes, "reshape them to 2-D")
    return np.concatenate([first, second])


def _tested(observed: float, null: np.ndarray, first: np.ndarray, second: np.ndarray) -> TwoSampleTest:
    # Sums in another order differ in their last digits; a statistic that equals the observed one must count as a hit.
    hits = int((null >= observed - SLACK).sum())
    return TwoSampleTest(
        statistic=agreed(observed),
        p_value=agreed((1 + hits) / (1 + len(null))),
        null_95=agreed(float(np.quantile(null, 0.95))),
        n_first=len(first),
        n_second=len(second),
    )


def _too_small(first: np.ndarray, second: np.ndarray) -> TwoSampleTest:
    return TwoSampleTest(
        statistic=math.nan, p_value=math.nan, null_95=math.nan, n_first=len(first), n_second=len(second)
    )
