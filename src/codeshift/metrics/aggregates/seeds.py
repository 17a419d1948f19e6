"""Several training seeds: an interval that covers the noise of the seeds as well as that of the rows."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codeshift.arithmetic import exact_mean
from codeshift.checks import check_choice
from codeshift.errors import ParameterError
from codeshift.metrics.aggregates.components import Component, crossed, half_width, nested
from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.intervals import check_options, influences, resampling_generator
from codeshift.metrics.aggregates.sample import as_sample, bounds_of, clipped, group_labels, is_bounded, within
from codeshift.metrics.aggregates.units import Sample
from codeshift.metrics.base import FloatArray, SufficientStatistics
from codeshift.metrics.notes import joined_notes

_DESIGNS = ("crossed", "nested")
METHOD = "t over seeds and rows"
TWO_SEEDS = "two seeds"
FEWEST_EVENTS = 5
"""Lowest number of hits, and of misses, of a share that has an interval over seeds."""


@dataclass(frozen=True)
class SeedsEstimate(Estimate):
    """Value over several seeds, with its interval; ``n`` counts the rows of the smallest seed.

    Attributes:
        seed_values: Value of each seed, in the order given.

    >>> print(SeedsEstimate(0.5, math.nan, math.nan, 40, 0.95, "t over seeds and rows", seed_values=(0.5,)))
    0.5 (no interval: n=40, 1 seed)
    """

    seed_values: tuple[float, ...]

    @property
    def rows(self) -> str:
        """Number of rows and of seeds, in words."""
        count = len(self.seed_values)
        return f"{super().rows}, {count} seed{'s' if count != 1 else ''}"


def hierarchical_bootstrap(
    values: Sequence[ArrayLike],
    *,
    rows: str = "crossed",
    groups: Sequence[Any] | NDArray[Any] | None = None,
    metric: SufficientStatistics | None = None,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
    nan_policy: str = "propagate",
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> SeedsEstimate:
    """Estimate the mean over seeds of each seed's value, with an interval over seeds and rows.

    An interval over rows alone does not cover another seed; one over seeds alone does not cover other rows. This one
    estimates the variances of seeds, rows and their residual by the method of moments, and multiplies each by the t
    quantile of its own degrees of freedom. The name is older than the method: the former bootstrap over seeds and rows
    covers 71% with three seeds, since it sees two thirds of their variance and treats it as known. The page on metrics
    has the simulated coverage. Two seeds are marked in the output, since they say little about a third.

    A share (every score 0 or 1) has its interval on the scale of log odds, and none with fewer than 5 hits or 5 misses
    over all seeds. The same scale is used for a corpus metric whose values lie between 0 and 1.

    Args:
        values: One array of row scores per seed, each of shape (n,); with ``metric``, of row statistics, shape (n, d).
        rows: Design: ``"crossed"`` if every seed is scored on the same rows in the same order; ``"nested"`` if each
            seed has its own rows (a new split per seed).
        groups: One label per row, as in ``bootstrap_ci``, shape (n,); for ``"nested"`` one such sequence per seed.
        metric: Corpus metric whose ``statistics`` the rows are.
        confidence: Nominal coverage of the interval.
        n_resamples: Number without effect, since the interval has a closed form.
        seed: Number without effect, for the same reason.
        nan_policy: Treatment of NaN, as in ``mean``; ``"omit"`` needs ``rows="nested"``.
        bounds: Lowest and the highest score, as in ``bootstrap_ci``; scores are a share only if they are (0, 1).

    Returns:
        The estimate. One seed, or one row, has no interval; ``note`` gives the reason why a share has none.

    Raises:
        ParameterError: if a shape or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    Source: Searle, Casella and McCulloch, Variance Components (1992), chapter 4; for the quantiles Banerjee (Sankhya
    1961); Owen, The pigeonhole bootstrap (Ann. Appl. Stat. 2007) for why seeds and rows need both.

    >>> print(hierarchical_bootstrap([[0.5, 0.2, 0.7, 0.9], [0.6, 0.3, 0.7, 0.9], [0.4, 0.2, 0.8, 0.9]]))
    0.5917 [0.1318, 1.052] (95% t over seeds and rows, n=4, 3 seeds)
    >>> print(hierarchical_bootstrap([[1.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]]))
    0.75 (no interval: fewer than 5 misses, n=4, 3 seeds)
    """
    check_options(confidence, "percentile", n_resamples, ("percentile",))
    resampling_generator(seed)
    check_choice("rows", rows, _DESIGNS)
    if rows == "crossed" and nan_policy == "omit":
        raise ParameterError("nan_policy", '"propagate" or "raise" for crossed rows', nan_policy, "score every row")
    samples = _samples(values, rows, groups, metric, nan_policy, bounds)
    seed_values = tuple(s.value for s in samples)
    value = exact_mean(seed_values)
    smallest = min(samples, key=lambda s: (s.n, s.units), default=None)
    low = high = math.nan
    note, method = "", METHOD
    if smallest is not None and len(samples) > 1 and smallest.units > 1 and math.isfinite(value):
        note = few(samples)
        if not note:
            note = TWO_SEEDS if len(samples) == 2 else ""
            half = half_width(_variance_components(samples, rows), confidence)
            odds = _of_odds(samples, metric, value)
            method = f"{METHOD}, log odds" if odds else METHOD
            low, high = log_odds(value, half) if odds else (value - half, value + half)
            low, high = clipped(low, high, None if metric is None else within(bounds_of(metric), seed_values))
    n, of = (0, None) if smallest is None else (smallest.n, smallest.groups)
    notes = joined_notes(*(sample.note for sample in samples), note)
    return SeedsEstimate(value, low, high, n, confidence, method, seed_values, groups=of, note=notes)


def log_odds(value: float, half: float) -> tuple[float, float]:
    """Return the interval of a value between 0 and 1 that is symmetric in its log odds.

    A variance is proportional to ``value * (1 - value)``, so a value that is too low by chance has a variance that is
    too small. It is therefore taken at the value shrunk towards a half as by Agresti and Coull, with the effective
    number of trials that the variance implies. That matters if seeds differ much: without it, 10 seeds of a share of .1
    cover 85%.

    Source: Agresti and Coull, Approximate is better than "exact" (Am. Stat. 1998); Korn and Graubard, Confidence
    intervals for proportions with small expected number of positive counts (Survey Methodology 1998) for the trials.

    >>> [round(end, 3) for end in log_odds(0.1, 0.1)]
    [0.03, 0.287]
    """
    square = value * (1 - value)
    few = half * half / square  # z^2 over the effective number of trials
    shrunk = (value + few / 2) / (1 + few)
    scaled = half / square * math.sqrt(shrunk * (1 - shrunk) / square)
    ends = (math.log(value / (1 - value)) + sign * scaled for sign in (-1, 1))
    low, high = (1 / (1 + math.exp(-min(max(end, -700.0), 700.0))) for end in ends)
    return low, high


def few(samples: Sequence[Sample]) -> str:
    """Return why a share, or rows that all have the same score, have no interval over seeds; empty if they have one."""
    if any(sample.scores is None for sample in samples):
        alike = len({sample.bound for sample in samples}) == 1 and samples[0].bound is not None
        return "every row has the same score" if alike else ""
    hits, misses = (sum(int((s.scores[:, side] > 0).sum()) for s in samples if s.scores is not None) for side in (0, 1))
    counts = (("hits", hits), ("misses", misses))
    return " and ".join(f"fewer than {FEWEST_EVENTS} {what}" for what, count in counts if count < FEWEST_EVENTS)


def _of_odds(samples: Sequence[Sample], metric: SufficientStatistics | None, value: float) -> bool:
    """Return whether a value is bounded by 0 and 1 and lies strictly between them."""
    share = all(sample.scores is not None for sample in samples)
    metered = metric is not None and is_bounded(metric) and all(0 <= sample.value <= 1 for sample in samples)
    return 0 < value < 1 and (share or metered)


def _samples(
    values: Sequence[ArrayLike],
    rows: str,
    groups: Sequence[Any] | NDArray[Any] | None,
    metric: SufficientStatistics | None,
    nan_policy: str,
    bounds: tuple[float, float] | None,
) -> list[Sample]:
    bounds = within(bounds, *values) if metric is None else bounds
    labels = _group_labels(groups, rows, [len(np.asarray(v)) for v in values])
    samples = [
        as_sample(v, metric=metric, nan_policy=nan_policy, groups=of, name=f"values[{i}]", bounds=bounds)
        for i, (v, of) in enumerate(zip(values, labels, strict=True))
    ]
    if rows == "crossed" and len({(s.n, s.rows.shape) for s in samples}) > 1:
        remedy = 'score every seed on the same rows, or pass rows="nested"'
        raise ParameterError("values", "equally long for crossed rows", [s.n for s in samples], remedy)
    return samples


def _group_labels(
    groups: Sequence[Hashable] | NDArray[Any] | None, rows: str, lengths: list[int]
) -> list[NDArray[np.int64] | None]:
    if groups is None:
        return [None] * len(lengths)
    if rows == "crossed":
        return [group_labels(groups, n, "groups") for n in lengths]
    if len(groups) != len(lengths):
        remedy = "give as many sequences as seeds"
        raise ParameterError("groups", f"one sequence of labels for each of {len(lengths)} seeds", len(groups), remedy)
    return [group_labels(of, n, f"groups[{i}]") for i, (of, n) in enumerate(zip(groups, lengths, strict=True))]


def _variance_components(samples: Sequence[Sample], rows: str) -> list[Component]:
    seed_values: FloatArray = np.array([sample.value for sample in samples])
    moved = [influences(sample) for sample in samples]
    if rows == "nested":
        return nested(seed_values, moved, [sample.df for sample in samples])
    order = np.lexsort([seed_values])  # sums over seeds in an order that does not depend on the input's
    return crossed(seed_values, np.array(moved)[order], samples[0].df)
