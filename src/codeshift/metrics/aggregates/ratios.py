"""Relative performance and the generalization gap: one set of rows, or one run, against another."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.intervals import (
    METHODS,
    check_options,
    generator,
    interval,
    jackknife,
    quantiles,
    resampled_sums,
)
from codeshift.metrics.aggregates.pairs import paired_sample
from codeshift.metrics.aggregates.sample import Sample, as_sample
from codeshift.metrics.base import FloatArray, SufficientStatistics

_Combine = Callable[[FloatArray, FloatArray], FloatArray]


def relative_performance(
    values: ArrayLike,
    baseline: ArrayLike,
    *,
    paired: bool = True,
    metric: SufficientStatistics | None = None,
    confidence: float = 0.95,
    method: str = "percentile",
    n_resamples: int = 2000,
    seed: int = 0,
    nan_policy: str = "propagate",
) -> Estimate:
    """The score over the 100% baseline's: the value of ``values`` divided by that of ``baseline``.

    After SimSCOOD (arXiv 2210.04802), where the baseline is the same method fine-tuned on all rows. A share of 1 means
    that nothing was lost. The ratio is of two noisy numbers: where the baseline is near 0 its interval is wide or
    unbounded, and the ratio should not be read without it. Ratios of lower-is-better metrics grow with the loss.

    Args:
        values: row scores under the shift, shape (n,); with ``metric``, row statistics, shape (n, d).
        baseline: the baseline's, on the same rows in the same order if ``paired``.
        paired: whether both are of the same rows; resampling then keeps each row's two scores together, which makes the
            interval much shorter.
        metric: the corpus metric whose ``statistics`` the rows are.
        confidence: nominal coverage of the interval.
        method: ``"percentile"``; ``"BCa"`` (paired only); or ``"delta"``, the normal interval from the delta method.
        n_resamples: resamples of the bootstrap.
        seed: seed of the bootstrap. The order of the rows has no effect.
        nan_policy: as in ``mean``; in pairs ``"omit"`` leaves a row out where either score is NaN.

    Returns:
        The ratio; ``n`` counts the pairs, or the rows of the smaller side. NaN where the baseline is 0. There is no
        interval where a resample had 0 over 0.

    Raises:
        ParameterError: if shapes differ or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    Source of the delta method: van der Vaart, Asymptotic Statistics (1998), chapter 3; influences by the jackknife.

    >>> print(relative_performance([1.0, 0.0, 1.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0], method="delta"))
    0.6667 [0.2535, 1.08] (95% delta, n=6)
    """
    if paired:
        sample = paired_sample(values, baseline, _ratio, ("values", "baseline"), None, metric, nan_policy)
        check_options(confidence, method, n_resamples, (*METHODS, "delta"))
        if method != "delta":
            return _finite(interval(sample, confidence=confidence, method=method, n_resamples=n_resamples, seed=seed))
        sample = sample.sorted()
        return _normal(sample.value, [jackknife(sample)] if sample.n > 1 else [], sample.n, confidence)
    sides = [as_sample(side, metric=metric, nan_policy=nan_policy) for side in (values, baseline)]
    return _independent(sides, _ratio, confidence, method, n_resamples, seed)


def generalization_gap(
    id_values: ArrayLike,
    ood_values: ArrayLike,
    *,
    metric: SufficientStatistics | None = None,
    confidence: float = 0.95,
    method: str = "percentile",
    n_resamples: int = 2000,
    seed: int = 0,
    nan_policy: str = "propagate",
) -> Estimate:
    """In-distribution minus out-of-distribution: by how much the model is worse on the region.

    The two sets hold different rows, so each is resampled by itself. The gap also holds any difference in difficulty
    between the two sets; ``relative_performance`` against the 100% baseline on the same OOD rows does not. Of a
    lower-is-better metric a gap below 0 means worse on the region.

    Args:
        id_values: row scores on in-distribution rows, shape (n,); with ``metric``, row statistics, shape (n, d).
        ood_values: the same on out-of-distribution rows, shape (m,) or (m, d).
        metric: the corpus metric whose ``statistics`` the rows are.
        confidence: nominal coverage of the interval.
        method: ``"percentile"``, or ``"delta"``, the normal interval with both sides' variances.
        n_resamples: resamples of the bootstrap.
        seed: seed of the bootstrap. The order of the rows has no effect.
        nan_policy: as in ``mean``.

    Returns:
        The gap; ``n`` counts the rows of the smaller side, so an empty side is NaN with n=0.

    Raises:
        ParameterError: if a shape or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    >>> print(generalization_gap([1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]))
    0.5 [0, 1] (95% percentile, n=4)
    """
    sides = [
        as_sample(id_values, metric=metric, nan_policy=nan_policy, name="id_values"),
        as_sample(ood_values, metric=metric, nan_policy=nan_policy, name="ood_values"),
    ]
    return _independent(sides, lambda x, y: x - y, confidence, method, n_resamples, seed)


def _independent(
    sides: list[Sample], combine: _Combine, confidence: float, method: str, n_resamples: int, seed: int
) -> Estimate:
    """Two sets of different rows, each resampled by itself."""
    check_options(confidence, method, n_resamples, ("percentile", "delta"))
    a, b = (side.sorted() for side in sides)
    values = np.array([[a.value], [b.value]])
    value, n = float(combine(values[0], values[1])[0]), min(a.n, b.n)
    if method == "delta":
        without = [combine(jackknife(a), values[1]), combine(values[0], jackknife(b))] if n > 1 else []
        return _normal(value, without, n, confidence)
    if n < 2:
        return _finite(Estimate(value, math.nan, math.nan, n, confidence, method))
    rng = generator(seed)
    drawn = [
        np.concatenate([side.values_of(sums) for sums in resampled_sums(side.rows, n_resamples, rng)])
        for side in (a, b)
    ]
    ends = quantiles(combine(*drawn), (1 - confidence) / 2, (1 + confidence) / 2)
    return _finite(Estimate(value, *ends, n, confidence, method))


def _normal(value: float, without: list[FloatArray], n: int, confidence: float) -> Estimate:
    """The normal interval whose variance the jackknife gives, summed over independent sets of rows."""
    if not without:
        return _finite(Estimate(value, math.nan, math.nan, n, confidence, "delta"))
    variance = sum((len(w) - 1) / len(w) * float(((w - w.mean()) ** 2).sum()) for w in without)
    half = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(variance)
    return _finite(Estimate(value, value - half, value + half, n, confidence, "delta"))


def _ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(a / b)


def _finite(found: Estimate) -> Estimate:
    """A ratio to a baseline of 0 is undefined, and so is its interval."""
    if math.isfinite(found.value):
        return found
    return Estimate(math.nan, math.nan, math.nan, found.n, found.confidence, found.method)
