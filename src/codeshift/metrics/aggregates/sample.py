"""Samples of row scores and of row statistics: the one form that every aggregate works on.

Row scores become the columns (w * v, w), whose sums give the (weighted) mean; a corpus metric has its own columns.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codeshift.checks import check_choice
from codeshift.errors import DataError, ParameterError
from codeshift.metrics.aggregates.units import Sample, SummedSample, WeightedSample
from codeshift.metrics.base import FloatArray, Metric, SufficientStatistics, WeightedMetric

_NAN_POLICIES = ("propagate", "omit", "raise")


def group_labels(groups: Sequence[Hashable] | NDArray[Any] | None, n: int, name: str) -> NDArray[np.int64] | None:
    """Number n rows by group; rows of one group have the same number. Return None if there are no groups.

    Raises:
        ParameterError: if there are not as many labels as rows.
    """
    if groups is None:
        return None
    labels = list(groups)
    if len(labels) != n:
        raise ParameterError(name, f"one label for each of {n} rows", len(labels), "give as many labels as rows")
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)


def as_sample(
    values: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    metric: SufficientStatistics | None = None,
    nan_policy: str = "propagate",
    groups: Sequence[Hashable] | NDArray[Any] | None = None,
    name: str = "values",
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> Sample:
    """Return the sample of row scores (n,), or of a corpus metric's row statistics (n, d).

    Rows of weight 0 are left out: the weighted mean does not depend on them. Rows of one label of ``groups`` are drawn
    together. A metric's scores have bounds of their own.

    Raises:
        ParameterError: if ``bounds`` are not two numbers in order, shapes do not fit, weights are negative or given
            with a metric, or ``nan_policy`` is unknown.
        DataError: if there is a NaN and ``nan_policy`` is ``"raise"``.
    """
    check_choice("nan_policy", nan_policy, _NAN_POLICIES)
    bounds, kept = _checked_bounds(bounds), None
    if metric is not None:
        bounds = bounds_of(metric)
        rows = _metric_rows(values, weights, name)
    else:
        rows, kept = _score_rows(values, weights, name)
    labels = group_labels(groups, len(rows) if kept is None else len(kept), "groups")
    if labels is not None and kept is not None:
        labels = labels[kept]
    missing = np.isnan(rows).any(axis=1)
    if nan_policy == "raise" and missing.any():
        undefined = f"NaN in {int(missing.sum())} of {len(rows)} rows"
        raise DataError(name, "free of NaN", undefined, 'score those rows again, or pass nan_policy="omit"')
    if nan_policy == "omit":
        rows, labels = rows[~missing], None if labels is None else labels[~missing]
    return _judged(_sample_of_rows(rows, metric), rows, metric, bounds).grouped(labels)


def bounds_of(metric: SufficientStatistics | None) -> tuple[float, float] | None:
    """Return the lowest and the highest value of a metric, or of scores without one; None if they are unknown."""
    bounds = metric.bounds if isinstance(metric, Metric) else None
    return bounds or ((0.0, 1.0) if getattr(metric, "higher_is_better", True) else None)


def is_bounded(metric: SufficientStatistics | None) -> bool:
    """Return whether values lie between 0 and 1."""
    return bounds_of(metric) == (0.0, 1.0)


def _sample_of_rows(rows: FloatArray, metric: SufficientStatistics | None) -> Sample:
    if metric is None:
        return SummedSample(rows, _ratio_of_columns)
    about: dict[str, Any] = {}
    complete = bool(len(rows)) and not np.isnan(rows).any()
    if isinstance(metric, Metric) and complete:
        trials = metric.trials(rows)
        about = {"trials": trials, "partial": trials is not None, "note_of": lambda: metric.of_rows(rows).note}
    if isinstance(metric, WeightedMetric):
        if not complete:
            return WeightedSample(rows, _undefined, **about)
        return WeightedSample(rows, metric.weighted_values, without_of=metric.without_each, **about)
    if isinstance(metric, Metric) and type(metric).deviations is not Metric.deviations:
        about["deviations_of"] = metric.deviations
    return SummedSample(rows, _corpus_values(metric), **about)


def _undefined(rows: FloatArray, weights: FloatArray) -> FloatArray:
    """Return NaN for each row of weights: some rows were not scored."""
    return np.full(len(weights), np.nan)


def within(bounds: tuple[float, float] | None, *scores: ArrayLike) -> tuple[float, float] | None:
    """Return the bounds, or None if a score lies outside them, since then they cannot be the bounds of these scores.

    >>> within((0.0, 1.0), [0.0, 0.0], [0.5, 1.0]), within((0.0, 1.0), [0.0, 0.0], [-0.5, 1.0])
    ((0.0, 1.0), None)
    """
    if bounds is None:
        return None
    low, high = bounds
    arrays = [np.asarray(values, dtype=np.float64) for values in scores]
    return None if any(((values < low) | (values > high)).any() for values in arrays) else bounds


def clipped(low: float, high: float, bounds: tuple[float, float] | None) -> tuple[float, float]:
    """Return the part of an interval that lies within the bounds: no value can lie outside of them.

    >>> clipped(0.7, 1.2, (0.0, 1.0)), clipped(0.7, 1.2, None)
    ((0.7, 1.0), (0.7, 1.2))
    """
    return (low, high) if bounds is None else (max(low, bounds[0]), min(high, bounds[1]))


def _checked_bounds(bounds: tuple[float, float] | None) -> tuple[float, float] | None:
    if bounds is None or (len(bounds) == 2 and bounds[0] < bounds[1]):
        return bounds
    remedy = "(0, 1) for scores of this library, (-1, 1) for their differences, None if there is no bound"
    raise ParameterError("bounds", "the lowest and the highest score that a row can have", bounds, remedy)


def _judged(
    sample: Sample, rows: FloatArray, metric: SufficientStatistics | None, bounds: tuple[float, float] | None
) -> Sample:
    """Return the sample with ``scores`` and ``bound`` set from its rows, if all are 0 or 1, or all are equal."""
    if not sample.n or bounds is None:
        return sample
    if metric is not None and not _is_mean(metric):
        value = sample.value
        if value not in bounds:
            return sample  # no need to look at each row
        if sample.trials is not None:
            sample = replace(sample, bound=value, span=bounds)
    scores = _row_scores(sample, rows, metric)
    defined = scores[~np.isnan(scores)]
    if not len(defined) or within(bounds, defined) is None:
        return sample
    if sample.bound is None and (defined == defined[0]).all() and defined[0] in (*bounds, 0.0):
        sample = replace(sample, bound=float(defined[0]), span=bounds)
    if bounds != (0.0, 1.0) or not ((defined == 0) | (defined == 1)).all():
        return sample
    return replace(sample, scores=np.column_stack([scores == 1, scores == 0]).astype(np.float64))


def _row_scores(sample: Sample, rows: FloatArray, metric: SufficientStatistics | None) -> FloatArray:
    """Return the score of each row; NaN for a row that has none."""
    if isinstance(metric, Metric) and not _is_mean(metric):
        return metric.row_scores(rows)
    if isinstance(sample, SummedSample):
        return sample.values_of(sample.rows)
    return np.full(sample.n, np.nan)


def _score_rows(values: ArrayLike, weights: ArrayLike | None, name: str) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the rows of weight above 0, and a mask of them."""
    v = np.asarray(values, dtype=np.float64)
    if v.ndim != 1:
        remedy = "give one score a row; for row statistics name their metric (metric=...)"
        raise ParameterError(name, "1-D (one score a row)", v.shape, remedy)
    if weights is None:
        return np.column_stack([v, np.ones_like(v)]), np.ones(len(v), dtype=bool)
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != v.shape:
        raise ParameterError("weights", f"of shape {v.shape}, as {name}", w.shape, "give one weight a row")
    if not (np.isfinite(w).all() and (w >= 0).all()):
        raise ParameterError("weights", "finite and at least 0", weights, "give counts such as the tokens of each row")
    seen = w > 0
    return np.column_stack([v[seen] * w[seen], w[seen]]), seen


def _metric_rows(values: ArrayLike, weights: ArrayLike | None, name: str) -> FloatArray:
    if weights is not None:
        raise ParameterError("weights", "None with a metric", weights, "the statistics hold the rows' weight already")
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2:
        raise ParameterError(name, "2-D with a metric", rows.shape, "give metric.statistics(predictions, references)")
    return rows


def _ratio_of_columns(sums: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[:, 0] / sums[:, 1])


def _corpus_values(metric: SufficientStatistics) -> Callable[[FloatArray], FloatArray]:
    if _is_mean(metric):
        return lambda sums: _ratio_of_columns(sums[:, 1::-1])
    return lambda sums: np.array([metric.from_statistics(s).value for s in sums], dtype=np.float64)


def _is_mean(metric: SufficientStatistics) -> bool:
    """Return whether a metric's value is the mean of its rows' scores, the ratio of its columns 1 and 0."""
    return isinstance(metric, Metric) and metric.is_mean
