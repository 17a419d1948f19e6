"""Rows as statistics that add up: the one form on which every aggregate works.

Row scores become the columns (w * v, w), whose sums give the (weighted) mean. A corpus metric brings its own columns.
Rows are sorted, so a seed draws the same resamples whatever order the rows came in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codeshift.errors import DataError, ParameterError, closest
from codeshift.metrics.base import FloatArray, SufficientStatistics, column_sums

_NAN_POLICIES = ("propagate", "omit", "raise")


@dataclass(frozen=True)
class Sample:
    """Rows, and the estimator that turns sums over rows into a value.

    Attributes:
        rows: the statistics, shape (n, d).
        values_of: sums of shape (resamples, d) -> values of shape (resamples,).
    """

    rows: FloatArray
    values_of: Callable[[FloatArray], FloatArray]

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.rows)

    @property
    def value(self) -> float:
        """The value of all rows, the same to the last bit in any order of them; NaN where there is none."""
        return float(self.values_of(column_sums(self.rows)[None, :])[0]) if self.n else float("nan")

    def sorted(self) -> Sample:
        """The same rows in an order that depends on their content alone."""
        return Sample(self.rows[np.lexsort(self.rows.T[::-1])], self.values_of)

    def subset(self, mask: NDArray[np.bool_]) -> Sample:
        """The rows where ``mask`` is true."""
        return Sample(self.rows[mask], self.values_of)


def as_sample(
    values: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    metric: SufficientStatistics | None = None,
    nan_policy: str = "propagate",
    name: str = "values",
) -> Sample:
    """The sample of row scores (n,), or of a corpus metric's row statistics (n, d).

    Rows of weight 0 are left out: the weighted mean does not see them.

    Raises:
        ParameterError: if shapes do not fit, weights are negative or given with a metric, or ``nan_policy`` is unknown.
        DataError: if there is a NaN and ``nan_policy`` is ``"raise"``.
    """
    if nan_policy not in _NAN_POLICIES:
        raise ParameterError("nan_policy", "known", nan_policy, closest(nan_policy, _NAN_POLICIES))
    rows = _metric_rows(values, weights, name) if metric is not None else _score_rows(values, weights, name)
    missing = np.isnan(rows).any(axis=1)
    if nan_policy == "raise" and missing.any():
        found = f"NaN in {int(missing.sum())} of {len(rows)} rows"
        raise DataError(name, "free of NaN", found, 'score those rows anew, or pass nan_policy="omit"')
    if nan_policy == "omit":
        rows = rows[~missing]
    return Sample(rows, _ratio_of_columns if metric is None else _corpus_values(metric))


def _score_rows(values: ArrayLike, weights: ArrayLike | None, name: str) -> FloatArray:
    v = np.asarray(values, dtype=np.float64)
    if v.ndim != 1:
        remedy = "give one score a row; for row statistics name their metric (metric=...)"
        raise ParameterError(name, "1-D (one score a row)", v.shape, remedy)
    if weights is None:
        return np.column_stack([v, np.ones_like(v)])
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != v.shape:
        raise ParameterError("weights", f"of shape {v.shape}, as {name}", w.shape, "give one weight a row")
    if not (np.isfinite(w).all() and (w >= 0).all()):
        raise ParameterError("weights", "finite and at least 0", weights, "give counts such as the tokens of each row")
    seen = w > 0
    return np.column_stack([v[seen] * w[seen], w[seen]])


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
    return lambda sums: np.array([metric.from_statistics(s).value for s in sums], dtype=np.float64)
