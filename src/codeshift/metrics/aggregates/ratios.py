"""Relative performance and the generalization gap: the scores of one set of rows, or one run, relative to another."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codeshift.checks import check_bool
from codeshift.metrics.aggregates.components import Component, fieller, fsum, half_width
from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.intervals import (
    INTERVAL_METHODS,
    at_bound,
    bootstrap_interval,
    check_options,
    expanded,
    influences,
    quantile_levels,
    quantiles,
    resampling_generator,
    without_missing,
)
from codeshift.metrics.aggregates.pairs import paired_samples
from codeshift.metrics.aggregates.sample import as_sample, within
from codeshift.metrics.aggregates.units import Sample
from codeshift.metrics.base import FloatArray, SufficientStatistics
from codeshift.metrics.notes import joined_notes

_Labels = Sequence[Hashable] | NDArray[Any] | None


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
    groups: _Labels = None,
    baseline_groups: _Labels = None,
) -> Estimate:
    """Divide the value of ``values`` by that of ``baseline``, the run on 100% of the rows.

    After SimSCOOD (arXiv 2210.04802), where the baseline is the same method fine-tuned on all rows. A ratio of 1 means
    that nothing was lost. Both numbers are noisy: if the baseline is near 0, the interval is wide or unbounded, and the
    ratio should not be read without it. Ratios of lower-is-better metrics grow with the loss.

    Args:
        values: Row scores under the shift, shape (n,); with ``metric``, row statistics, shape (n, d).
        baseline: Row scores of the baseline, on the same rows in the same order if ``paired``.
        paired: Whether both are of the same rows; resampling then keeps each row's two scores together, which makes the
            interval much shorter.
        metric: Corpus metric whose ``statistics`` the rows are.
        confidence: Nominal coverage of the interval.
        method: Kind of interval: ``"percentile"``; ``"BCa"`` (paired only); or ``"Fieller"``, the ratios that a t
            test does not reject.
        n_resamples: Number of resamples of the bootstrap.
        seed: Seed of the bootstrap. The order of the rows has no effect.
        nan_policy: Treatment of NaN, as in ``mean``; if paired, ``"omit"`` leaves a row out if either score is NaN.
        groups: One label per row, as in ``bootstrap_ci``: of the pairs, or of ``values`` if not paired.
        baseline_groups: One label per row of ``baseline``, if not paired.

    Returns:
        The ratio; ``n`` counts the pairs, or the rows of the smaller side. NaN if the baseline is 0. There is no
        interval if a resample had 0 over 0, and no Fieller interval if the baseline can be 0. If one side is a share at
        its bound, Wilson's limit for it is carried into the ratio.

    Raises:
        ParameterError: if shapes differ or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    Source: Fieller, Some problems in interval estimation (J. Royal Stat. Soc. B 1954); variances by the jackknife.

    >>> print(relative_performance([1.0, 0.0, 1.0, 0.0, 1.0, 1.0], [1.0, 0.0, 1.0, 1.0, 1.0, 1.0], method="Fieller"))
    0.8 [0.2127, 1.387] (95% Fieller, n=6)
    """
    check_bool("paired", paired)
    check_options(confidence, method, n_resamples, (*(INTERVAL_METHODS if paired else ["percentile"]), "Fieller"))
    if paired:
        names = ("values", "baseline")
        pairs = paired_samples(values, baseline, names, None, metric, nan_policy, groups)
        sides = [pairs.side(i).sorted() for i in (0, 1)]
        sample = replace(pairs.combined(_ratio).sorted(), bound=None)
        if method != "Fieller":
            estimate = bootstrap_interval(
                sample, confidence=confidence, method=method, n_resamples=n_resamples, seed=seed
            )
            return _defined_only(_carried(estimate, sides))
        return _defined_only(_fieller(sides, confidence, paired=True))
    sides = [
        as_sample(side, metric=metric, nan_policy=nan_policy, groups=of, name=name)
        for side, of, name in ((values, groups, "values"), (baseline, baseline_groups, "baseline"))
    ]
    if method == "Fieller":
        return _defined_only(_fieller([side.sorted() for side in sides], confidence, paired=False))
    estimate = _resampled(sides, _ratio, confidence, n_resamples, seed)
    return _defined_only(_carried(estimate, sides))


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
    id_groups: _Labels = None,
    ood_groups: _Labels = None,
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> Estimate:
    """Subtract the out-of-distribution value from the in-distribution value: how much worse the model is on the region.

    The two sets hold different rows, so each is resampled separately. The gap also contains any difference in
    difficulty between the two sets; ``relative_performance`` against the 100% baseline on the same OOD rows does not.
    For a lower-is-better metric, a gap below 0 means worse on the region.

    Args:
        id_values: Row scores on in-distribution rows, shape (n,); with ``metric``, row statistics, shape (n, d).
        ood_values: Same for out-of-distribution rows, shape (m,) or (m, d).
        metric: Corpus metric whose ``statistics`` the rows are.
        confidence: Nominal coverage of the interval.
        method: Kind of interval: ``"percentile"``, or ``"t"``, Welch's, from both sides' variances.
        n_resamples: Number of resamples of the bootstrap.
        seed: Seed of the bootstrap. The order of the rows has no effect.
        nan_policy: Treatment of NaN, as in ``mean``.
        id_groups: One label per row of ``id_values``, as in ``bootstrap_ci``.
        ood_groups: One label per row of ``ood_values``.
        bounds: Lowest and the highest score of both sides, as in ``bootstrap_ci``.

    Returns:
        The gap; ``n`` counts the rows of the smaller side, so an empty side gives NaN with n=0. If a side is a share at
        its bound, the interval combines both sides' own intervals (Newcombe's hybrid of Wilson intervals).

    Raises:
        ParameterError: if a shape or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    Source of the hybrid: Newcombe, Interval estimation for the difference between independent proportions (Stat. Med.
    1998), method 10.

    >>> print(generalization_gap([1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]))
    0.5 [-0.25, 1] (95% percentile, n=4)
    """
    check_options(confidence, method, n_resamples, ("percentile", "t"))
    bounds = within(bounds, id_values, ood_values) if metric is None else bounds
    sides = [
        as_sample(rows, metric=metric, nan_policy=nan_policy, groups=of, name=name, bounds=bounds)
        for rows, of, name in ((id_values, id_groups, "id_values"), (ood_values, ood_groups, "ood_values"))
    ]
    if min(side.units for side in sides) > 1 and any(side.bound is not None for side in sides):
        return _hybrid([
            bootstrap_interval(side, confidence=confidence, method="percentile", n_resamples=n_resamples, seed=seed)
            for side in sides
        ])  # fmt: skip
    if method == "percentile":
        return _defined_only(_resampled(sides, lambda x, y: x - y, confidence, n_resamples, seed))
    return _defined_only(_welch([side.sorted() for side in sides], confidence))


def _resampled(
    sides: list[Sample], combine: Callable[[FloatArray, FloatArray], FloatArray], confidence: float, n: int, seed: int
) -> Estimate:
    """Resample two sets of different rows, each separately."""
    a, b = (side.sorted() for side in sides)
    value = float(combine(np.array([a.value]), np.array([b.value]))[0])
    ends, lacking = (math.nan, math.nan), ""
    if min(a.units, b.units) > 1 and not math.isnan(value):
        rng = resampling_generator(seed)
        drawn = combine(*[side.resampled(n, rng) for side in (a, b)])
        slopes = (1.0, value) if combine is _ratio else (1.0, 1.0)
        values, lacking = without_missing(drawn, partial=a.partial or b.partial)
        if not lacking:
            ends = quantiles(values, *quantile_levels(_reach(a, b, slopes, confidence)))
    return _ratio_estimate([a, b], value, ends, confidence, "percentile", lacking)


def _reach(a: Sample, b: Sample, slopes: tuple[float, float], confidence: float) -> float:
    """Return the normal quantile at which to read resamples of two sides, with Welch's degrees of freedom."""
    variances = [slope * slope * fsum(influences(side) ** 2) for slope, side in zip(slopes, (a, b), strict=True)]
    total = math.fsum(variances)
    if not 0 < total < math.inf:  # both constant, or a value is NaN: no interval to widen
        return expanded(min(a.units, b.units) - 1, 1.0, confidence)
    dfs = [max((side.units if side.trials is None else side.trials) - 1, 1) for side in (a, b)]
    df = total * total / math.fsum(v * v / df for v, df in zip(variances, dfs, strict=True))
    shrunk = math.fsum(v * df / (df + 1) for v, df in zip(variances, dfs, strict=True)) / total
    return expanded(df, shrunk, confidence)


def _ratio_estimate(
    sides: Sequence[Sample], value: float, ends: tuple[float, float], confidence: float, method: str, lacking: str = ""
) -> Estimate:
    """Return the estimate, with the notes on its sides and the reason if there is no interval."""
    note = joined_notes(*(side.note for side in sides), lacking)
    smaller = min(sides, key=lambda side: (side.n, side.units))
    return Estimate(value, *ends, smaller.n, confidence, method, groups=smaller.groups, note=note)


def _welch(sides: list[Sample], confidence: float) -> Estimate:
    """Return the difference with both sides' variances, and Welch's degrees of freedom."""
    value, ends = sides[0].value - sides[1].value, (math.nan, math.nan)
    if min(side.units for side in sides) > 1:
        variances = [fsum(influences(side) ** 2) for side in sides]
        total = math.fsum(variances)
        below = math.fsum(v * v / side.df for v, side in zip(variances, sides, strict=True))
        half = half_width([Component(total, total * total / below)], confidence) if below else 0.0
        ends = value - half, value + half
    return _ratio_estimate(sides, value, ends, confidence, "t")


def _hybrid(sides: list[Estimate]) -> Estimate:
    """Return the first less the second, from the distance of each to the ends of its own interval."""
    a, b = sides
    value = a.value - b.value
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    high = value + math.hypot(a.high - a.value, b.value - b.low)
    smaller = min(sides, key=lambda side: side.n)
    return replace(smaller, value=value, low=low, high=high, method="Newcombe")


def _fieller(sides: Sequence[Sample], confidence: float, *, paired: bool) -> Estimate:
    (a, b), ends = sides, (math.nan, math.nan)
    if min(a.units, b.units) > 1:
        moved = [influences(side) for side in sides]
        variances = fsum(moved[0] ** 2), fsum(moved[1] ** 2), fsum(moved[0] * moved[1]) if paired else 0.0
        t = half_width([Component(1.0, min(a.df, b.df))], confidence)
        ends = fieller(a.value, b.value, *variances, t)
    estimate = _ratio_estimate(sides, float(_ratio(np.array(a.value), np.array(b.value))), ends, confidence, "Fieller")
    return _carried(estimate, sides)


def _carried(estimate: Estimate, sides: Sequence[Sample]) -> Estimate:
    """Return the interval of a ratio, widened by Wilson's limit for a side that is a share at its bound."""
    top, bottom = sides
    if not estimate.has_interval or not (top.value > 0 or top.bound == 0.0):
        return estimate
    low, high = estimate.low, estimate.high
    if top.bound is not None:
        ends = at_bound(top, estimate.confidence)
        low, high = (low * ends[0] / top.bound, high) if top.bound else (0.0, ends[1] / bottom.value)
    if bottom.bound is not None and bottom.bound > 0:
        least = at_bound(bottom, estimate.confidence)[0]
        low, high = (low, high * bottom.bound / least) if least > 0 else (math.nan, math.nan)
    return replace(estimate, low=low, high=high)


def _ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(a / b)


def _defined_only(estimate: Estimate) -> Estimate:
    """Return the estimate, with NaN for a ratio to a baseline of 0 and for its interval."""
    if math.isfinite(estimate.value):
        return estimate
    return replace(estimate, value=math.nan, low=math.nan, high=math.nan)
