"""The bootstrap: how far a value would move if other rows had been drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codeshift.checks import check_choice, check_integer, check_number
from codeshift.metrics.aggregates.binomial import WILSON, wilson
from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.sample import as_sample
from codeshift.metrics.aggregates.units import Sample, SummedSample, WeightedSample
from codeshift.metrics.base import CorpusScore, FloatArray, SufficientStatistics
from codeshift.metrics.notes import joined_notes

DIRECTIONAL = "directional"
FEWEST_TRIALS = 5
FEW_TRIALS = f"it rests on fewer than {FEWEST_TRIALS} rows"
ALIKE = "resamples of these rows all have the same value"
LACKING = "resamples of these rows lack a class"
_ROUNDING = 1e-12
MOST_WITHOUT = 0.1
"""Largest share of resamples without a value, such as those that lack a class, that an interval leaves out."""


def mean(values: ArrayLike, *, weights: ArrayLike | None = None, nan_policy: str = "propagate") -> CorpusScore:
    """Return the mean of row scores, or sum(w * v) / sum(w) with weights; NaN with n=0 for no rows.

    Args:
        values: One score per row, shape (n,).
        weights: One weight of at least 0 per row, shape (n,), such as the number of tokens for nats a token. Rows of
            weight 0 are left out.
        nan_policy: Treatment of NaN, as in scipy: ``"propagate"`` makes the mean NaN, ``"omit"`` leaves the row out
            (``n`` counts the rows that remain), ``"raise"`` raises an error.

    Raises:
        ParameterError: if a shape or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    >>> mean([1.0, 0.0, 0.0, 1.0])
    CorpusScore(value=0.5, parts={}, n=4)
    >>> mean([])
    CorpusScore(value=nan, parts={}, n=0)
    """
    sample = as_sample(values, weights=weights, nan_policy=nan_policy)
    return CorpusScore(sample.value, n=sample.n)


def bootstrap_ci(
    values: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    metric: SufficientStatistics | None = None,
    confidence: float = 0.95,
    method: str = "percentile",
    n_resamples: int = 2000,
    seed: int = 0,
    nan_policy: str = "propagate",
    groups: Sequence[Hashable] | NDArray[Any] | None = None,
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> Estimate:
    """Estimate the mean of row scores, or a corpus metric, with its bootstrap confidence interval over rows.

    If every row scores 0, or every row 1, all resamples are equal. The interval is then Wilson's, and ``method`` says
    so: it bounds the share of rows with another score, which may lie anywhere within ``bounds``. Resamples of few rows
    vary too little; their quantiles are taken further out, by the factor that turns a normal interval into Student's.

    Args:
        values: One score per row, shape (n,); with ``metric``, that metric's row statistics, shape (n, d). The
            statistics of resampled rows add up, so no row is scored twice.
        weights: One weight per row, shape (n,): the value is then the ratio estimator sum(w * v) / sum(w), and rows are
            resampled with their weights. For nats a token, v is a row's mean and w its number of tokens.
        metric: Corpus metric whose ``statistics`` the rows are.
        confidence: Nominal coverage, between 0 and 1.
        method: Kind of interval: ``"percentile"``, or ``"BCa"`` (bias-corrected and accelerated: second-order
            accurate, worth it for skewed scores).
        n_resamples: Number of resamples; the time grows with n * n_resamples.
        seed: Seed of the resampling. The order of the rows has no effect.
        nan_policy: Treatment of NaN, ``"propagate"``, ``"omit"`` or ``"raise"``, as in ``mean``.
        groups: One label per row, shape (n,): rows of one label, such as copies of one function or functions of one
            project, are not independent, so whole groups are resampled. If None, each row is a group of its own.
        bounds: Lowest and the highest score that a row can have; None if unbounded. For differences of scores use
            ``(-1, 1)``: if the difference is 0 in every row, the interval then shows how few rows can differ, in either
            direction. Bounds are ignored if a score lies outside them; a metric's scores have their own.

    Returns:
        The estimate. No rows: NaN with n=0. One row, or one group: its value without an interval (``low`` and ``high``
            are NaN). Likewise a metric of classes, such as the AUROC of a constant score, whose resamples have all the
            same value, which shows no spread; ``note`` tells.

    Raises:
        ParameterError: if a shape or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 14; for few rows Hesterberg,
    What teachers should know about the bootstrap (Am. Stat. 2015).

    >>> print(bootstrap_ci([1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0], seed=0))
    0.75 [0.375, 1] (95% percentile, n=8)
    >>> print(bootstrap_ci([1.0]))
    1 (no interval: n=1)
    >>> print(bootstrap_ci([0.0] * 6))
    0 [0, 0.3903] (95% Wilson, n=6)
    >>> print(bootstrap_ci([0.0] * 6, bounds=(-1, 1)))
    0 [-0.3903, 0.3903] (95% Wilson, n=6)
    >>> print(bootstrap_ci([1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0], groups="aaabcde"))
    0.5714 [0, 1] (95% percentile, n=7 in 5 groups)
    """
    sample = as_sample(values, weights=weights, metric=metric, nan_policy=nan_policy, groups=groups, bounds=bounds)
    return bootstrap_interval(sample, confidence=confidence, method=method, n_resamples=n_resamples, seed=seed)


def bootstrap_interval(sample: Sample, *, confidence: float, method: str, n_resamples: int, seed: int) -> Estimate:
    """Return the bootstrap interval of a sample, as in ``bootstrap_ci``."""
    check_options(confidence, method, n_resamples, INTERVAL_METHODS)
    sample = sample.sorted()
    value, note = sample.value, sample.note
    count = sample.units if sample.trials is None else min(float(sample.units), sample.trials)
    if sample.units < 2 or math.isnan(value):
        return Estimate(value, math.nan, math.nan, sample.n, confidence, method, groups=sample.groups, note=note)
    if sample.bound is not None:
        ends = at_bound(sample, confidence)
        return Estimate(value, *ends, sample.n, confidence, WILSON, groups=sample.groups, note=note)
    levels_of = quantile_levels(expanded(count - 1, (count - 1) / count, confidence))
    deviations = (
        sample.deviations(n_resamples, resampling_generator(seed)) if isinstance(sample, SummedSample) else None
    )
    if deviations is not None and not any((np.abs(side) > _ROUNDING).any() for side in deviations):
        note = joined_notes(note, ALIKE)
        return Estimate(value, math.nan, math.nan, sample.n, confidence, method, groups=sample.groups, note=note)
    if deviations is not None:
        above, below = quantiles(deviations[0], *levels_of)[1], quantiles(deviations[1], *levels_of)[0]
        ends = max(value - above, 0.0), value - below
        return Estimate(value, *ends, sample.n, confidence, DIRECTIONAL, groups=sample.groups, note=note)
    values, lacking = without_missing(sample.resampled(n_resamples, resampling_generator(seed)), partial=sample.partial)
    lacking = lacking or (FEW_TRIALS if sample.trials is not None and count < FEWEST_TRIALS else "")
    of_classes = sample.partial or isinstance(sample, WeightedSample)
    if not lacking and of_classes and n_resamples > 1 and np.ptp(values) <= _ROUNDING:
        lacking = ALIKE
    ends = (math.nan, math.nan)
    if not lacking:
        ends = quantiles(
            values, *INTERVAL_METHODS[method](values, sample, expanded(count - 1, (count - 1) / count, confidence))
        )
    note = joined_notes(note, lacking)
    return Estimate(value, *ends, sample.n, confidence, method, groups=sample.groups, note=note)


def without_missing(values: FloatArray, *, partial: bool) -> tuple[FloatArray, str]:
    """Return the values without the NaN of a sample whose resamples may lack a class, and why that is impossible.

    >>> without_missing(np.array([0.5, np.nan]), partial=True)[1]
    'resamples of these rows lack a class'
    """
    missing = np.isnan(values)
    if not partial or not missing.any():
        return values, ""
    return values[~missing], LACKING if missing.mean() > MOST_WITHOUT else ""


def expanded(df: float, shrunk: float, confidence: float) -> float:
    """Return the normal quantile at which to read resampled values, so that few rows have an interval as wide as t's.

    Resamples of n rows have (n - 1) / n of the variance of newly drawn rows, and treat it as known: without the
    correction, intervals of 20 rows cover 91 to 93%.

    Args:
        df: Degrees of freedom of the variance.
        shrunk: Variance of the resamples as a share of the unbiased one.
        confidence: Nominal coverage.

    Source: Hesterberg, What teachers should know about the bootstrap (Am. Stat. 2015), section 3.2: the expanded
    percentile interval.

    >>> round(expanded(1e9, 1.0, 0.95), 4), round(expanded(19, 0.95, 0.95), 4)
    (1.96, 2.1474)
    """
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + confidence) / 2)) / math.sqrt(shrunk)


def quantile_levels(reach: float) -> tuple[float, float]:
    """Return the two quantile levels at a normal quantile, below and above."""
    from scipy.special import ndtr

    return float(ndtr(-reach)), float(ndtr(reach))


def at_bound(sample: Sample, confidence: float) -> tuple[float, float]:
    """Return the interval of rows that all score a bound, by Wilson's limit of the share that scores otherwise."""
    if sample.bound is None:
        return math.nan, math.nan
    others = wilson(0, sample.trials or sample.units, confidence)[1]
    low, high = ((1 - others) * sample.bound + others * end for end in sample.span)
    return low, high


def quantiles(values: FloatArray, low: float, high: float) -> tuple[float, float]:
    """Return two quantiles of resampled values; NaN if a value or a level is NaN."""
    if math.isnan(low) or math.isnan(high) or np.isnan(values).any():
        return math.nan, math.nan
    with np.errstate(invalid="ignore"):  # between two ratios to 0
        ends = np.quantile(values, [low, high])
    return float(ends[0]), float(ends[1])


def influences(sample: Sample) -> FloatArray:
    """Return how far each unit moves the value, shape (units,): centred, the squares sum to jackknife's variance."""
    without = sample.without_each()
    middle = math.fsum(without) / len(without) if np.isfinite(without).all() else math.nan
    return (middle - without) * math.sqrt((len(without) - 1) / len(without))


def resampling_generator(seed: int, stream: int = 0) -> np.random.Generator:
    """Return a random generator; streams of one seed are independent of each other.

    Raises:
        ParameterError: if ``seed`` is not an integer of at least 0.
    """
    checked = check_integer("seed", seed, smallest=0, remedy="leave it out to take 0")
    return np.random.default_rng([checked, stream])


def check_options(confidence: float, method: str, n_resamples: int, methods: Iterable[str]) -> None:
    """Check the options of an interval.

    Raises:
        ParameterError: if one is invalid.
    """
    check_number("confidence", confidence, above=0, below=1, remedy="0.95 is a 95% interval")
    check_choice("method", method, methods)
    check_integer("n_resamples", n_resamples, smallest=1, remedy="leave it out to take 2000")


def _percentile_levels(values: FloatArray, sample: Sample, reach: float) -> tuple[float, float]:
    """Return the two quantile levels at a normal quantile, which do not depend on what was resampled."""
    return quantile_levels(reach)


def _bca_levels(values: FloatArray, sample: Sample, reach: float) -> tuple[float, float]:
    """Return the two quantile levels of the BCa interval (Efron 1987, equations 6.7 and 7.3) at a normal quantile."""
    from scipy.special import ndtr, ndtri

    value, without = sample.value, sample.without_each()
    tie = 1e-12 * np.abs(values).max()  # sums of other rows equal this value up to rounding
    below = ((values < value - tie).mean() + (values <= value + tie).mean()) / 2
    bias = float(ndtri(below))
    spread = without.mean() - without
    spread[np.abs(spread) <= tie] = 0.0
    scale = (spread**2).sum() ** 1.5
    acceleration = (spread**3).sum() / (6 * scale) if scale > 0 else 0.0
    z = bias + np.array([-reach, reach])
    with np.errstate(invalid="ignore"):  # all resamples on one side: no interval
        levels = ndtr(bias + z / (1 - acceleration * z))
    return float(levels[0]), float(levels[1])


INTERVAL_METHODS: Mapping[str, Callable[[FloatArray, Sample, float], tuple[float, float]]] = {
    "percentile": _percentile_levels, "BCa": _bca_levels,
}  # fmt: skip
"""Kinds of interval: each maps the resampled values, the sample and the normal quantile to two quantile levels."""
