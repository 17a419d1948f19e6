"""Rows as statistics that add up: the one form that every aggregate works on.

Row scores become the columns (w * v, w), whose sums give the (weighted) mean; a corpus metric has its own columns. Rows
are sorted, so a seed draws the same resamples in any order of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codeshift.checks import check_choice
from codeshift.errors import DataError, ParameterError
from codeshift.metrics.aggregates.components import effective_df
from codeshift.metrics.base import FloatArray, Metric, SufficientStatistics, column_sums

_NAN_POLICIES = ("propagate", "omit", "raise")


@dataclass(frozen=True)
class Sample:
    """Rows, and the estimator that turns sums over rows into a value.

    Attributes:
        rows: the statistics of each unit of resampling, shape (units, d): of a row, or summed over a group of rows.
        values_of: the function from sums, shape (resamples, d), to values, shape (resamples,).
        sizes: the number of rows of each unit, shape (units,); None if each unit is a row.
        scores: the hits and misses of each unit, shape (units, 2), if the score of each row is 0 or 1; None otherwise.
        bound: the score of every row, if it is the same in all rows and is a bound of scores or 0; None otherwise.
        span: the lowest and the highest score that a row can have, if there is a ``bound``.
    """

    rows: FloatArray
    values_of: Callable[[FloatArray], FloatArray]
    sizes: FloatArray | None = None
    scores: FloatArray | None = None
    bound: float | None = None
    span: tuple[float, float] = (0.0, 1.0)

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.rows) if self.sizes is None else int(self.sizes.sum())

    @property
    def units(self) -> int:
        """Number of units of resampling: of groups if there are any, else of rows."""
        return len(self.rows)

    @property
    def groups(self) -> int | None:
        """Number of groups; None if each unit is a row."""
        return None if self.units == self.n else self.units

    @property
    def df(self) -> float:
        """Degrees of freedom of the units."""
        return self.units - 1.0 if self.sizes is None else effective_df(self.sizes)

    @property
    def value(self) -> float:
        """Value of all rows, identical to the last bit in any order of the rows; NaN if there are none."""
        return float(self.values_of(column_sums(self.rows)[None, :])[0]) if self.n else float("nan")

    def sorted(self) -> Sample:
        """Return the same rows in an order that depends on their content alone."""
        keys = self.rows if self.sizes is None else np.column_stack([self.rows, self.sizes])
        order = np.lexsort(keys.T[::-1])
        sizes, scores = (None if of is None else of[order] for of in (self.sizes, self.scores))
        return replace(self, rows=self.rows[order], sizes=sizes, scores=scores)

    def grouped(self, labels: NDArray[np.int64] | None) -> Sample:
        """Return the sample with the rows of each label as one unit, their statistics added up."""
        if labels is None or self.units == 0 or len(np.unique(labels)) == self.units:
            return self
        scores = None if self.scores is None else sums_by_label(self.scores, labels)
        sizes = sums_by_label(np.ones((self.units, 1)), labels)[:, 0]
        return replace(self, rows=sums_by_label(self.rows, labels), sizes=sizes, scores=scores)


def sums_by_label(rows: FloatArray, labels: NDArray[np.int64]) -> FloatArray:
    """Return the sums of the rows of each label, shape (labels, d), the same to the last bit in any order of rows."""
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=labels[order][:1] - 1))
    ends = np.append(starts[1:], len(order))
    found = rows[order[starts]].copy()
    for place in np.flatnonzero(ends - starts > 1):
        found[place] = column_sums(rows[order[starts[place] : ends[place]]])
    return found


def group_labels(groups: Sequence[Hashable] | NDArray[Any] | None, n: int, name: str) -> NDArray[np.int64] | None:
    """Number n rows by group; rows of one group have the same number. Return None if there are no groups.

    Raises:
        ParameterError: if there are not as many labels as rows.
    """
    if groups is None:
        return None
    found = list(groups)
    if len(found) != n:
        raise ParameterError(name, f"one label for each of {n} rows", len(found), "give as many labels as rows")
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in found], dtype=np.int64)


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
    bounds, kept = _checked(bounds), None
    if metric is not None:
        bounds = (0.0, 1.0) if is_bounded(metric) else None
        rows = _metric_rows(values, weights, name)
    else:
        rows, kept = _score_rows(values, weights, name)
    labels = group_labels(groups, len(rows) if kept is None else len(kept), "groups")
    if labels is not None and kept is not None:
        labels = labels[kept]
    missing = np.isnan(rows).any(axis=1)
    if nan_policy == "raise" and missing.any():
        found = f"NaN in {int(missing.sum())} of {len(rows)} rows"
        raise DataError(name, "free of NaN", found, 'score those rows again, or pass nan_policy="omit"')
    if nan_policy == "omit":
        rows, labels = rows[~missing], None if labels is None else labels[~missing]
    values_of = _ratio_of_columns if metric is None else _corpus_values(metric)
    return _judged(Sample(rows, values_of), metric, bounds).grouped(labels)


def is_bounded(metric: SufficientStatistics | None) -> bool:
    """Return whether scores lie between 0 and 1, as those of higher-is-better metrics do (see ``CorpusScore``)."""
    return bool(getattr(metric, "higher_is_better", True))


def within(bounds: tuple[float, float] | None, *scores: ArrayLike) -> tuple[float, float] | None:
    """Return the bounds, or None if a score lies outside them, since then they cannot be the bounds of these scores.

    >>> within((0.0, 1.0), [0.0, 0.0], [0.5, 1.0]), within((0.0, 1.0), [0.0, 0.0], [-0.5, 1.0])
    ((0.0, 1.0), None)
    """
    if bounds is None:
        return None
    low, high = bounds
    found = [np.asarray(one, dtype=np.float64) for one in scores]
    return None if any(((one < low) | (one > high)).any() for one in found) else bounds


def _checked(bounds: tuple[float, float] | None) -> tuple[float, float] | None:
    if bounds is None or (len(bounds) == 2 and bounds[0] < bounds[1]):
        return bounds
    remedy = "(0, 1) for scores of this library, (-1, 1) for their differences, None if there is no bound"
    raise ParameterError("bounds", "the lowest and the highest score that a row can have", bounds, remedy)


def _judged(sample: Sample, metric: SufficientStatistics | None, bounds: tuple[float, float] | None) -> Sample:
    """Return the sample with ``scores`` and ``bound`` set from its rows, if all are 0 or 1, or all are equal."""
    if not sample.n or bounds is None:
        return sample
    if metric is not None and not _is_mean(metric) and sample.value not in bounds:
        return sample  # no need to look at each row
    found = sample.values_of(sample.rows)
    known = found[~np.isnan(found)]
    if not len(known) or within(bounds, known) is None:
        return sample
    alike = bool((known == known[0]).all()) and known[0] in (*bounds, 0.0)
    sample = replace(sample, bound=float(known[0]) if alike else None, span=bounds)
    if bounds != (0.0, 1.0) or not ((known == 0) | (known == 1)).all():
        return sample
    return replace(sample, scores=np.column_stack([found == 1, found == 0]).astype(np.float64))


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
    return getattr(type(metric), "from_statistics", None) is Metric.from_statistics
