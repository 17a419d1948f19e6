"""Variance of a value over seeds and rows, in components that each have their own degrees of freedom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.metrics.base import FloatArray


def noise(df: float) -> float:
    """Return the share of the residual variance to subtract from the variance between seeds, by its degrees of freedom.

    It is the median of a chi-squared variable over its mean: if seeds do not matter, the rest is above 0 in half of the
    cases. With 1, the unbiased share, the component of few seeds is cut to 0 in three of five such cases, and in two of
    five if seeds matter a little; intervals of two seeds then cover 86%, of three 91%.

    >>> [round(noise(df), 2) for df in (1, 2, 19)]
    [0.45, 0.69, 0.97]
    """
    from scipy.special import chdtri

    return float(chdtri(df, 0.5)) / df


@dataclass(frozen=True)
class Component:
    """One independent part of a variance.

    Attributes:
        variance: Estimated variance, at least 0.
        df: Degrees of freedom of that estimate.
    """

    variance: float
    df: float


def crossed(seed_values: FloatArray, influences: FloatArray, row_df: float) -> list[Component]:
    """Return the components of a mean over seeds that were all scored on the same rows: seeds, rows, and the residual.

    They are estimated by the method of moments from the two-way table of seeds and rows.

    Args:
        seed_values: Value of each seed, shape (s,), s at least 2.
        influences: Influence of each row (or group) on each seed's value, shape (s, g): centred, and scaled so that
            their squares add up to the variance of the seed's value over rows, as in the jackknife.
        row_df: Degrees of freedom of the rows.
    """
    count = len(seed_values)
    of_rows = influences.mean(axis=0)
    rows = fsum(of_rows**2)
    residual = fsum((influences - of_rows) ** 2) / (count * (count - 1))
    seeds = spread(seed_values) - noise(count - 1) * residual
    return components((seeds, count - 1), (rows - residual, row_df), (residual, (count - 1) * row_df))


def nested(seed_values: FloatArray, influences: Sequence[FloatArray], row_dfs: Sequence[float]) -> list[Component]:
    """Return the components of a mean over seeds that each have their own rows: seeds, and rows within seeds.

    Args:
        seed_values: Value of each seed, shape (s,), s at least 2.
        influences: Influences of each seed's rows, as in ``crossed``; one array of shape (g,) per seed.
        row_dfs: Degrees of freedom of each seed's rows.
    """
    count = len(seed_values)
    rows = math.fsum(fsum(influence**2) for influence in influences) / count**2
    return components((spread(seed_values) - noise(count - 1) * rows, count - 1), (rows, math.fsum(row_dfs)))


def components(*variances: tuple[float, float]) -> list[Component]:
    """Return the components whose variance and degrees of freedom are both above 0."""
    return [Component(variance, df) for variance, df in variances if variance > 0 and df > 0]


def spread(values: FloatArray) -> float:
    """Return the squared standard error of the mean of independent values, shape (s,), s at least 2."""
    middle = math.fsum(values) / len(values)
    return fsum((np.asarray(values) - middle) ** 2) / (len(values) * (len(values) - 1))


def half_width(parts: Sequence[Component], confidence: float) -> float:
    """Return half the interval's width: the root of the sum of each variance times its own squared t quantile.

    For one component this is the t interval. For several it covers at least the nominal share if their estimates are
    independent, and close to it. A single t quantile with Satterthwaite's degrees of freedom covers 90% if three seeds
    matter as much as the rows.

    Source: Banerjee, On expressions for confidence intervals of a linear function of means (Sankhya 1961).
    """
    from scipy.special import stdtrit

    return math.sqrt(
        math.fsum(component.variance * float(stdtrit(component.df, (1 + confidence) / 2)) ** 2 for component in parts)
    )


def p_value_of(difference: float, parts: Sequence[Component]) -> float:
    """Return the two-sided p-value that matches ``half_width``: below .05 exactly if the 95% interval excludes 0.

    NaN if difference and variance are both 0, or if there is nothing to judge by.

    >>> round(p_value_of(2.0, [Component(1.0, 1e9)]), 4), p_value_of(0.0, [Component(1.0, 4)])
    (0.0455, 1.0)
    """
    if math.isnan(difference) or not parts:
        return math.nan
    if difference == 0:
        return 1.0
    low, high = 0.0, 1.0  # the confidence at which the interval just reaches 0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if half_width(parts, middle) <= abs(difference) else (low, middle)
    return 1.0 - low


def fieller(a: float, b: float, var_a: float, var_b: float, cov: float, t: float) -> tuple[float, float]:
    """Return the ratios r of a to b for which a - r b lies within t standard errors of 0; NaN if b itself may be 0.

    >>> [round(end, 3) for end in fieller(1.0, 2.0, 0.01, 0.01, 0.0, 2.0)]
    [0.393, 0.618]
    """
    square, linear, constant = b * b - t * t * var_b, a * b - t * t * cov, a * a - t * t * var_a
    root = linear * linear - square * constant
    if not square > 0 or not root >= 0:
        return math.nan, math.nan
    return (linear - math.sqrt(root)) / square, (linear + math.sqrt(root)) / square


def effective_df(sizes: FloatArray) -> float:
    """Return the degrees of freedom of groups of these sizes: their number less 1 if they are equally large.

    One large group among many small ones leaves few: it is Kish's effective number, (sum of sizes)^2 / sum of squares.

    >>> effective_df(np.ones(20)), round(effective_df(np.array([56.0] + [1.0] * 151)), 1)
    (19.0, 12.0)
    """
    squares = fsum(np.asarray(sizes) ** 2)
    return math.fsum(sizes) ** 2 / squares - 1 if squares else 0.0


def fsum(values: FloatArray) -> float:
    """Return the correctly rounded sum of an array, the same in any order."""
    return math.fsum(np.asarray(values).ravel().tolist())
