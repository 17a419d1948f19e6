"""Several training seeds: an interval that holds the noise of the seeds as well as that of the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from codeshift.errors import ParameterError, closest
from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.intervals import check_options, generator, quantiles, resampled_sums
from codeshift.metrics.aggregates.sample import Sample, as_sample
from codeshift.metrics.base import FloatArray, SufficientStatistics

_DESIGNS = ("crossed", "nested")


@dataclass(frozen=True)
class SeedsEstimate(Estimate):
    """A value over several seeds, with its interval; ``n`` counts the rows of the smallest seed.

    Attributes:
        seed_values: each seed's value, in the order given.

    >>> print(SeedsEstimate(0.5, math.nan, math.nan, 40, 0.95, "percentile", seed_values=(0.5,)))
    0.5 (no interval: n=40, 1 seed)
    """

    seed_values: tuple[float, ...]

    def __str__(self) -> str:
        count = len(self.seed_values)
        return f"{super().__str__()[:-1]}, {count} seed{'s' if count != 1 else ''})"


def hierarchical_bootstrap(
    values: Sequence[ArrayLike],
    *,
    rows: str = "crossed",
    metric: SufficientStatistics | None = None,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
    nan_policy: str = "propagate",
) -> SeedsEstimate:
    """The mean over seeds of each seed's value, with a bootstrap over seeds and rows.

    Each resample draws seeds with replacement, then rows. An interval over rows alone says nothing of another seed; one
    over seeds alone nothing of other rows. With few seeds the bootstrap sees too little of their variance (a share
    (s - 1) / s of it: two thirds for three seeds), so the interval is then somewhat short.

    Args:
        values: one array of row scores a seed, each of shape (n,); with ``metric``, of row statistics, shape (n, d).
        rows: ``"crossed"`` where every seed is scored on the same rows in the same order, so one draw of rows holds for
            all seeds; ``"nested"`` where each seed has its own rows (a new split a seed), drawn for each by itself.
        metric: the corpus metric whose ``statistics`` the rows are.
        confidence: nominal coverage of the percentile interval.
        n_resamples: number of resamples.
        seed: seed of the resampling.
        nan_policy: as in ``mean``; ``"omit"`` needs ``rows="nested"``.

    Returns:
        The estimate. One seed, or one row, has no interval.

    Raises:
        ParameterError: if a shape or an option is wrong.
        DataError: if there is a NaN and ``nan_policy="raise"``.

    Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), section 3.8; for crossed designs Owen,
    The pigeonhole bootstrap (Ann. Appl. Stat. 2007).

    >>> print(hierarchical_bootstrap([[1.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]]))
    0.75 [0.3333, 1] (95% percentile, n=4, 3 seeds)
    """
    check_options(confidence, "percentile", n_resamples, ("percentile",))
    if rows not in _DESIGNS:
        raise ParameterError("rows", "known", rows, closest(str(rows), _DESIGNS))
    if rows == "crossed" and nan_policy == "omit":
        raise ParameterError("nan_policy", '"propagate" or "raise" for crossed rows', nan_policy, "score every row")
    samples = [as_sample(v, metric=metric, nan_policy=nan_policy, name=f"values[{i}]") for i, v in enumerate(values)]
    if rows == "crossed" and len({s.rows.shape for s in samples}) > 1:
        remedy = 'score every seed on the same rows, or pass rows="nested"'
        raise ParameterError("values", "equally long for crossed rows", [s.n for s in samples], remedy)
    seed_values = tuple(s.value for s in samples)
    value = math.fsum(seed_values) / len(seed_values) if seed_values else math.nan
    n = min((s.n for s in samples), default=0)
    low = high = math.nan
    if len(samples) > 1 and n > 1 and math.isfinite(value):
        draw = _crossed if rows == "crossed" else _nested
        means = draw(_in_canonical_order(samples), n_resamples, generator(seed))
        low, high = quantiles(means, (1 - confidence) / 2, (1 + confidence) / 2)
    return SeedsEstimate(value, low, high, n, confidence, "percentile", seed_values)


def _in_canonical_order(samples: list[Sample]) -> list[Sample]:
    """The seeds in an order that depends on their rows' content alone."""
    return sorted(samples, key=lambda s: (s.value, s.sorted().rows.tobytes()))


def _crossed(samples: list[Sample], n_resamples: int, rng: np.random.Generator) -> FloatArray:
    count, d = len(samples), samples[0].rows.shape[1]
    side_by_side = Sample(np.hstack([s.rows for s in samples]), samples[0].values_of).sorted()
    drawn = rng.integers(0, count, size=(n_resamples, count))
    blocks = []
    for sums in resampled_sums(side_by_side.rows, n_resamples, rng):
        blocks.append(side_by_side.values_of(sums.reshape(-1, d)).reshape(-1, count))
    values = np.concatenate(blocks)
    return np.asarray(np.take_along_axis(values, drawn, axis=1).mean(axis=1))


def _nested(samples: list[Sample], n_resamples: int, rng: np.random.Generator) -> FloatArray:
    count = len(samples)
    samples = [s.sorted() for s in samples]
    drawn = rng.integers(0, count, size=(n_resamples, count))
    values = np.empty(drawn.shape)
    for i, sample in enumerate(samples):
        here = drawn == i
        times = int(here.sum())
        blocks = [sample.values_of(sums) for sums in resampled_sums(sample.rows, times, rng)]
        values[here] = np.concatenate(blocks) if blocks else ()
    return np.asarray(values.mean(axis=1))
