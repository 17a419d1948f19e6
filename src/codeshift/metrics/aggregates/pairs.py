"""Two systems on the same rows: their difference, with an interval and a test."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codeshift.checks import check_integer
from codeshift.errors import DataError, ParameterError
from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.intervals import generator, interval, weighted_sums
from codeshift.metrics.aggregates.sample import Sample, as_sample, group_labels
from codeshift.metrics.base import FloatArray, SufficientStatistics, column_sums

_BLOCK = 1 << 21  # swaps held at once: 16 MiB


@dataclass(frozen=True)
class PairedDifference(Estimate):
    """Difference of two systems on the same rows, with its interval.

    Attributes:
        p_value: the two-sided p-value of a paired permutation test of no difference; NaN if there are no rows.

    >>> print(PairedDifference(0.1, 0.02, 0.18, n=50, confidence=0.95, method="percentile", p_value=0.012))
    0.1 [0.02, 0.18] (95% percentile, n=50), p = 0.012
    """

    p_value: float

    def __str__(self) -> str:
        return f"{super().__str__()}, p = {self.p_value:.3g}"


def paired_difference(
    a: ArrayLike,
    b: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    metric: SufficientStatistics | None = None,
    confidence: float = 0.95,
    method: str = "percentile",
    n_resamples: int = 2000,
    n_permutations: int = 9999,
    seed: int = 0,
    nan_policy: str = "propagate",
    groups: Sequence[Hashable] | NDArray[Any] | None = None,
) -> PairedDifference:
    """Estimate the value of ``a`` minus that of ``b`` on the same rows, with a paired bootstrap and a permutation test.

    The interval resamples rows and keeps both systems' scores of each together. The test swaps the two systems' scores
    in random rows (approximate randomisation). If there are at most ``n_permutations`` ways to swap, it goes through
    all of them and the p-value is exact; otherwise it is (1 + hits) / (1 + n_permutations). Correct the p-values of
    several tests with ``holm``.

    Args:
        a: the first system's row scores, shape (n,); with ``metric``, its row statistics, shape (n, d).
        b: the second system's scores of the same rows in the same order.
        weights: one weight per row, shape (n,), as in ``bootstrap_ci``.
        metric: the corpus metric whose ``statistics`` the rows are.
        confidence: the nominal coverage of the interval.
        method: the kind of interval, ``"percentile"`` or ``"BCa"``.
        n_resamples: the number of resamples of the bootstrap.
        n_permutations: the number of permutations of the test.
        seed: the seed of bootstrap and test. The order of the rows has no effect.
        nan_policy: the treatment of NaN, as in ``mean``; ``"omit"`` leaves a row out if either score is NaN.
        groups: one label per row, as in ``bootstrap_ci``; groups are resampled, and swapped, as a whole.

    Raises:
        ParameterError: if shapes differ or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    Source: Noreen, Computer-Intensive Methods for Testing Hypotheses (1989); Koehn (EMNLP 2004); Phipson and Smyth
    (Stat. Appl. Genet. Mol. Biol. 2010) for the p-value's count of one.

    >>> print(paired_difference([1.0, 1.0, 1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]))
    0.6667 [0.1667, 1] (95% percentile, n=6), p = 0.125
    """
    check_integer("n_permutations", n_permutations, smallest=1, remedy="leave it out to take 9999")
    sample = paired_sample(a, b, lambda x, y: x - y, ("a", "b"), weights, metric, nan_policy, groups).sorted()
    found = interval(sample, confidence=confidence, method=method, n_resamples=n_resamples, seed=seed)
    p_value = _permutation_p(sample, found.value, n_permutations, generator(seed, stream=1))
    return PairedDifference(
        found.value, found.low, found.high, found.n, confidence, found.method, p_value, groups=found.groups
    )


def paired_sample(
    a: ArrayLike,
    b: ArrayLike,
    combine: Callable[[FloatArray, FloatArray], FloatArray],
    names: tuple[str, str],
    weights: ArrayLike | None,
    metric: SufficientStatistics | None,
    nan_policy: str,
    groups: Sequence[Hashable] | NDArray[Any] | None = None,
) -> Sample:
    """Return two systems' rows side by side as one sample, whose value combines the two systems' values.

    If two shares have the same difference in every row, that difference is the sample's ``bound``.
    """
    left = as_sample(a, weights=weights, metric=metric, name=names[0])
    shape = np.shape(np.asarray(a, dtype=np.float64))
    if np.shape(np.asarray(b, dtype=np.float64)) != shape:
        remedy = "score both on the same rows, in the same order"
        raise ParameterError(names[1], f"of shape {shape}, as {names[0]}", np.shape(b), remedy)
    right = as_sample(b, weights=weights, metric=metric, name=names[1])
    as_sample([], nan_policy=nan_policy)  # checks the policy's name
    rows = np.hstack([left.rows, right.rows])
    missing = np.asarray(np.isnan(rows).any(axis=1))
    if nan_policy == "raise" and missing.any():
        found = f"NaN in {int(missing.sum())} of {len(rows)} pairs"
        remedy = 'score those rows again, or pass nan_policy="omit"'
        raise DataError(f"{names[0]} and {names[1]}", "free of NaN", found, remedy)
    d = left.rows.shape[1]
    value = left.values_of
    labels = group_labels(groups, shape[0], "groups")
    if labels is not None and weights is not None:
        labels = labels[np.asarray(weights, dtype=np.float64) > 0]
    sample = Sample(rows, lambda sums: combine(value(sums[:, :d]), value(sums[:, d:])), **_alike(left, right))
    if nan_policy == "omit" and missing.any():
        kept, labels = ~missing, None if labels is None else labels[~missing]
        scores = None if sample.scores is None else sample.scores[kept]
        sample = replace(sample, rows=rows[kept], scores=scores)
    return sample.grouped(labels)


def _alike(left: Sample, right: Sample) -> dict[str, Any]:
    """Return the bound of the difference of two shares, if it is the same in every row."""
    if left.scores is None or right.scores is None or not len(left.scores):
        return {}
    difference = left.scores[:, 0] - right.scores[:, 0]
    if (difference != difference[0]).any():
        return {}
    return {"scores": left.scores, "bound": float(difference[0]), "span": (-1.0, 1.0)}


def _permutation_p(sample: Sample, observed: float, n_permutations: int, rng: np.random.Generator) -> float:
    """Return the share of swaps whose difference is at least as far from 0 as the observed one."""
    if not math.isfinite(observed):
        return math.nan
    d = sample.rows.shape[1] // 2
    change = sample.rows[:, d:] - sample.rows[:, :d]
    change = change[(change != 0).any(axis=1)]  # swapping equal rows does nothing
    sums = column_sums(sample.rows)
    exact = len(change) <= math.log2(n_permutations)
    masks = _all_masks(len(change)) if exact else _random_masks(len(change), n_permutations, rng)
    values = []
    for mask in masks:
        moved = weighted_sums(mask, change)
        values.append(sample.values_of(np.hstack([sums[:d] + moved, sums[d:] - moved])))
    differences = np.abs(np.concatenate(values))
    tie = 1e-12 * max(1.0, differences.max())
    hits = int((differences >= abs(observed) - tie).sum())
    return hits / len(differences) if exact else (1 + hits) / (1 + n_permutations)


def _all_masks(n: int) -> Iterator[FloatArray]:
    yield ((np.arange(1 << n)[:, None] >> np.arange(n)) & 1).astype(np.float64)


def _random_masks(n: int, count: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    block = max(1, _BLOCK // n)
    for start in range(0, count, block):
        yield rng.integers(0, 2, size=(min(block, count - start), n)).astype(np.float64)
