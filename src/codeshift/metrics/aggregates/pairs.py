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
from codeshift.metrics.aggregates.intervals import bootstrap_interval, resampling_generator
from codeshift.metrics.aggregates.sample import as_sample, group_labels
from codeshift.metrics.aggregates.units import Sample, SummedSample, WeightedSample, weighted_sums
from codeshift.metrics.base import FloatArray, SufficientStatistics, WeightedMetric, column_sums

Combine = Callable[[FloatArray, FloatArray], FloatArray]
"""Function of two systems' values, each of shape (r,)."""

_BLOCK = 1 << 21  # swaps held at once: 16 MiB


@dataclass(frozen=True)
class PairedDifference(Estimate):
    """Difference of two systems on the same rows, with its interval.

    Attributes:
        p_value: Two-sided p-value of a paired permutation test of no difference; NaN if there are no rows.

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
        a: First system's row scores, shape (n,); with ``metric``, its row statistics, shape (n, d).
        b: Second system's scores of the same rows in the same order.
        weights: One weight per row, shape (n,), as in ``bootstrap_ci``.
        metric: Corpus metric whose ``statistics`` the rows are.
        confidence: Nominal coverage of the interval.
        method: Kind of interval, ``"percentile"`` or ``"BCa"``.
        n_resamples: Number of resamples of the bootstrap.
        n_permutations: Number of permutations of the test.
        seed: Seed of bootstrap and test. The order of the rows has no effect.
        nan_policy: Treatment of NaN, as in ``mean``; ``"omit"`` leaves a row out if either score is NaN.
        groups: One label per row, as in ``bootstrap_ci``; groups are resampled, and swapped, as a whole.

    Raises:
        ParameterError: if shapes differ or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    Source: Noreen, Computer-Intensive Methods for Testing Hypotheses (1989); Koehn (EMNLP 2004); Phipson and Smyth
    (Stat. Appl. Genet. Mol. Biol. 2010) for the p-value's count of one.

    >>> print(paired_difference([1.0, 1.0, 1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]))
    0.6667 [0.1667, 1] (95% percentile, n=6), p = 0.125
    """
    check_integer("n_permutations", n_permutations, smallest=1, remedy="leave it out to take 9999")
    pairs = paired_samples(a, b, ("a", "b"), weights, metric, nan_policy, groups)
    sample = pairs.combined(lambda x, y: x - y).sorted()
    estimate = bootstrap_interval(sample, confidence=confidence, method=method, n_resamples=n_resamples, seed=seed)
    swapped = _swaps(sample, metric)
    p_value = _permutation_p(swapped, estimate.value, n_permutations, resampling_generator(seed, stream=1))
    return PairedDifference(
        estimate.value, estimate.low, estimate.high, estimate.n, confidence, estimate.method, p_value,
        groups=estimate.groups, note=estimate.note,
    )  # fmt: skip


@dataclass(frozen=True)
class Pairs:
    """Two systems' samples of the same rows.

    Attributes:
        left: Sample of the first system, in which each row is a unit.
        right: That of the second system.
        rows: Statistics of both, side by side.
        labels: Number of each row's group; None if each row is a group of its own.
    """

    left: Sample
    right: Sample
    rows: FloatArray
    labels: NDArray[np.int64] | None

    def combined(self, combine: Combine) -> Sample:
        """Return one sample of the rows side by side, whose value combines the two systems' values.

        If two shares have the same difference in every row, that difference is the sample's ``bound``.
        """
        return _combined(self.left, self.right, self.rows, combine).grouped(self.labels)

    def side(self, number: int) -> Sample:
        """Return one system's sample, 0 or 1, in units and an order that both share, with bounds of its own."""
        of: Combine = (lambda x, _: x) if number == 0 else (lambda _, y: y)
        alone = (self.left, self.right)[number].grouped(self.labels)
        about = {name: getattr(alone, name) for name in ("bound", "span", "trials", "partial", "note_of")}
        return replace(self.combined(of), scores=None, **about)


def paired_samples(
    a: ArrayLike,
    b: ArrayLike,
    names: tuple[str, str],
    weights: ArrayLike | None,
    metric: SufficientStatistics | None,
    nan_policy: str,
    groups: Sequence[Hashable] | NDArray[Any] | None = None,
) -> Pairs:
    """Return the samples of two systems' scores of the same rows.

    Raises:
        ParameterError: if the systems have different rows, or ``nan_policy`` or the groups are invalid.
    """
    as_sample([], nan_policy=nan_policy)  # checks the policy's name
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if second.shape != first.shape:
        remedy = "score both on the same rows, in the same order"
        raise ParameterError(names[1], f"of shape {first.shape}, as {names[0]}", second.shape, remedy)
    labels = group_labels(groups, len(first), "groups")
    row_weights = None if weights is None else np.asarray(weights, dtype=np.float64)
    if nan_policy == "omit":
        kept = ~np.asarray(np.isnan(first + second).reshape(len(first), -1).any(axis=1))
        first, second = first[kept], second[kept]
        labels = None if labels is None else labels[kept]
        row_weights = row_weights if row_weights is None or len(row_weights) != len(kept) else row_weights[kept]
    left = as_sample(first, weights=row_weights, metric=metric, name=names[0])
    right = as_sample(second, weights=row_weights, metric=metric, name=names[1])
    rows = np.hstack([left.rows, right.rows])
    missing = np.isnan(rows).any(axis=1)
    if nan_policy == "raise" and missing.any():
        undefined = f"NaN in {int(missing.sum())} of {len(rows)} pairs"
        remedy = 'score those rows again, or pass nan_policy="omit"'
        raise DataError(f"{names[0]} and {names[1]}", "free of NaN", undefined, remedy)
    if labels is not None and row_weights is not None:
        labels = labels[row_weights > 0]
    return Pairs(left, right, rows, labels)


def _bound_if_constant(left: Sample, right: Sample) -> dict[str, Any]:
    """Return the bound of the difference of two shares, if it is the same in every row."""
    if left.scores is None or right.scores is None or not len(left.scores):
        return {}
    difference = left.scores[:, 0] - right.scores[:, 0]
    if (difference != difference[0]).any():
        return {}
    return {"scores": left.scores, "bound": float(difference[0]), "span": (-1.0, 1.0)}


def _combined(left: Sample, right: Sample, rows: FloatArray, combine: Combine) -> Sample:
    """Return the sample of two systems' rows side by side."""
    trials = [side.trials for side in (left, right) if side.trials is not None]
    about = _bound_if_constant(left, right) | {
        "trials": min(trials, default=None),
        "partial": left.partial or right.partial,
        "note_of": lambda: left.note or right.note,
    }
    if isinstance(left, WeightedSample) and isinstance(right, WeightedSample):
        without_of = _combine_without(left, right, combine)
        return WeightedSample(
            rows, _combine_both(left.values_of, right.values_of, combine), without_of=without_of, **about
        )
    if isinstance(left, SummedSample):
        d, value = left.rows.shape[1], left.values_of
        return SummedSample(rows, lambda sums: combine(value(sums[:, :d]), value(sums[:, d:])), **about)
    raise TypeError("two systems have the same metric")


def _combine_both(left: Combine, right: Combine, combine: Combine) -> Combine:
    """Return the value of two systems' rows side by side with weights, from the values of each."""

    def values(rows: FloatArray, weights: FloatArray) -> FloatArray:
        d = rows.shape[1] // 2
        return combine(left(rows[:, :d], weights), right(rows[:, d:], weights))

    return values


def _combine_without(
    left: WeightedSample, right: WeightedSample, combine: Combine
) -> Callable[[FloatArray], FloatArray | None]:
    """Return the function from two systems' rows side by side to the values without each row."""

    def without(rows: FloatArray) -> FloatArray | None:
        if left.without_of is None or right.without_of is None:
            return None
        d = rows.shape[1] // 2
        first, second = left.without_of(rows[:, :d]), right.without_of(rows[:, d:])
        return None if first is None or second is None else combine(first, second)

    return without


@dataclass(frozen=True)
class _Swaps:
    """Differences after an exchange of the two systems in some units.

    Attributes:
        units: Number of units in which the systems differ; an exchange in the others does nothing.
        width: Number of numbers held for each exchange.
        differences: Function from masks of these units, shape (r, units), to differences, shape (r,).
    """

    units: int
    width: int
    differences: Callable[[FloatArray], FloatArray]


def _swaps(sample: Sample, metric: SufficientStatistics | None) -> _Swaps:
    if isinstance(sample, SummedSample):
        return _swaps_of_sums(sample)
    if isinstance(sample, WeightedSample) and isinstance(metric, WeightedMetric):
        return _swaps_of_rows(sample, metric)
    raise TypeError(f"{type(sample).__name__} has no swaps")


def _swaps_of_sums(sample: SummedSample) -> _Swaps:
    d = sample.rows.shape[1] // 2
    change = sample.rows[:, d:] - sample.rows[:, :d]
    change = change[(change != 0).any(axis=1)]
    sums = column_sums(sample.rows)

    def differences(masks: FloatArray) -> FloatArray:
        moved = weighted_sums(masks, change)
        return sample.values_of(np.hstack([sums[:d] + moved, sums[d:] - moved]))

    return _Swaps(len(change), len(change), differences)


def _swaps_of_rows(sample: WeightedSample, metric: WeightedMetric) -> _Swaps:
    """Return the exchanges of rows between systems: each is valued on the rows of both, with weights 0 and 1.

    Source: Venkatraman and Begg, A distribution-free procedure for comparing receiver operating characteristic curves
    from a paired experiment (Biometrika 1996), who exchange ranks, as ``comparable`` does.
    """
    n, d = sample.rows.shape[0], sample.rows.shape[1] // 2
    if not n:
        return _Swaps(0, 1, lambda masks: np.full(len(masks), np.nan))
    a, b = metric.comparable(sample.rows[:, :d]), metric.comparable(sample.rows[:, d:])
    both = np.vstack([a, b])
    unit_of = np.arange(n) if sample.unit_of is None else sample.unit_of
    changed = np.unique(unit_of[(a != b).any(axis=1)])

    def differences(masks: FloatArray) -> FloatArray:
        swapped = np.zeros((len(masks), sample.units))
        swapped[:, changed] = masks
        weights = swapped[:, unit_of]
        first = metric.weighted_values(both, np.hstack([1 - weights, weights]))
        return first - metric.weighted_values(both, np.hstack([weights, 1 - weights]))

    return _Swaps(len(changed), 2 * n, differences)


def _permutation_p(swaps: _Swaps, observed: float, n_permutations: int, rng: np.random.Generator) -> float:
    """Return the share of exchanges whose difference is at least as far from 0 as the observed one."""
    if not math.isfinite(observed):
        return math.nan
    exact = swaps.units <= math.log2(n_permutations)
    masks = _all_masks(swaps.units) if exact else _random_masks(swaps, n_permutations, rng)
    differences = np.abs(np.concatenate([swaps.differences(block) for block in masks]))
    differences = differences[~np.isnan(differences)]  # one system had no row of a class
    tie = 1e-12 * max(1.0, differences.max(initial=0.0))
    hits = int((differences >= abs(observed) - tie).sum())
    return hits / len(differences) if exact else (1 + hits) / (1 + len(differences))


def _all_masks(n: int) -> Iterator[FloatArray]:
    yield ((np.arange(1 << n)[:, None] >> np.arange(n)) & 1).astype(np.float64)


def _random_masks(swaps: _Swaps, count: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    block = max(1, _BLOCK // swaps.width)
    for start in range(0, count, block):
        yield rng.integers(0, 2, size=(min(block, count - start), swaps.units)).astype(np.float64)
