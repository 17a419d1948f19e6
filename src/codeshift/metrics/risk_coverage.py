"""Selective prediction: the risk of a model that answers only where it is confident enough."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codeshift.checks import check_number
from codeshift.errors import DataError, ParameterError
from codeshift.metrics.aggregates import Estimate, bootstrap_ci
from codeshift.metrics.base import FloatArray, WeightedMetric


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """Risk of a model at every share of rows that it answers, the rows it is surest of.

    Attributes:
        coverage: Shares of rows answered, ascending to 1, shape (thresholds,).
        risk: Mean error of the rows answered, shape (thresholds,).
        area: Area under the curve (AURC), the mean risk over all coverages, with its interval; lower is better.
        best_area: Area of a confidence that ranks all rows by their error.
        random_area: Area of a confidence that says nothing: the mean error.

    >>> curve = risk_coverage([0.9, 0.8, 0.3], [0.0, 0.0, 1.0])
    >>> curve.coverage.round(2), curve.risk.round(2)
    (array([0.33, 0.67, 1.  ]), array([0.  , 0.  , 0.33]))
    """

    coverage: FloatArray
    risk: FloatArray
    area: Estimate
    best_area: float
    random_area: float

    def at(self, coverage: float) -> float:
        """Return the risk at the lowest coverage that is at least this one, above 0 and at most 1."""
        check_number("coverage", coverage, above=0, largest=1, remedy="0.8 answers four rows of five")
        return float(self.risk[int(np.searchsorted(self.coverage, coverage - 1e-12))])


def risk_coverage(
    confidence: ArrayLike,
    errors: ArrayLike,
    *,
    groups: Sequence[Hashable] | NDArray[Any] | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
) -> RiskCoverage:
    """Return the risk at every coverage, and the area under that curve with its bootstrap interval.

    Rows that are equally confident are answered together; the area takes them in random order.

    Args:
        confidence: Confidence of each row, shape (n,), in any unit; the highest is answered first.
        errors: Error of each row, shape (n,): 0 for a right class and 1 for a wrong one, or 1 minus a score.
        groups: One label a row, as in ``bootstrap_ci``.
        n_resamples: Number of resamples.
        seed: Seed of the resampling.

    Raises:
        ParameterError: if shapes differ, there is no row, or an option is wrong.
        DataError: if there is a NaN.

    Source: Geifman and El-Yaniv, Selective classification for deep neural networks (NeurIPS 2017); Geifman, Uziel and
    El-Yaniv, Bias-reduced uncertainty estimation for deep neural classifiers (ICLR 2019) for the area.

    >>> curve = risk_coverage([0.9, 0.8, 0.7, 0.6], [0.0, 0.0, 1.0, 1.0])
    >>> round(curve.area.value, 4), round(curve.best_area, 4), curve.random_area, curve.at(0.5)
    (0.2083, 0.2083, 0.5, 0.0)
    """
    sure, wrong = np.asarray(confidence, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    if sure.ndim != 1 or sure.shape != wrong.shape or not len(sure):
        shapes = (sure.shape, wrong.shape)
        raise ParameterError("confidence and errors", "1-D and equally long", shapes, "give one number a row to each")
    missing = int((np.isnan(sure) | np.isnan(wrong)).sum())
    if missing:
        remedy = "leave those rows out, and tell how many they are"
        raise DataError("confidence and errors", "free of NaN", f"NaN in {missing} of {len(sure)} rows", remedy)
    rows = np.column_stack([np.ones_like(sure), sure, wrong])
    area, n = _Area(), len(sure)
    order = np.argsort(-sure, kind="stable")
    last = np.flatnonzero(np.append(np.diff(sure[order]) != 0, True))
    risk = np.cumsum(wrong[order])[last] / (last + 1)
    best = area.of_rows(np.column_stack([np.ones(n), -wrong, wrong])).value
    estimate = bootstrap_ci(rows, metric=area, n_resamples=n_resamples, seed=seed, groups=groups)
    return RiskCoverage((last + 1) / n, risk, estimate, best, float(wrong.mean()))


@dataclass(frozen=True)
class _Area(WeightedMetric, abstract=True):
    """Area under the risk-coverage curve of rows of (1, confidence, error)."""

    higher_is_better = False

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return (1, confidence, error) of each row: confidences are the predictions, errors the references."""
        left, right = (np.array(list(side), dtype=np.float64) for side in (predictions, references))
        return np.column_stack([np.ones_like(left), left, right])

    def weighted_values(self, statistics: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the mean over all rows of the risk when they are the last to be answered, shape (r,).

        Of m rows that tie, with e errors, after K rows with E errors, the j-th has the risk (E + e j / m) / (K + j) on
        average; with harmonic numbers H these add up to e + (E - e K / m) (H(K + m) - H(K)).
        """
        confidence, error = statistics[:, 1], statistics[:, 2]
        order = np.argsort(-confidence, kind="stable")
        last = np.flatnonzero(np.append(np.diff(confidence[order]) != 0, True))
        ordered = weights[:, order]
        rows = np.cumsum(ordered, axis=1)[:, last]
        errors = np.cumsum(ordered * error[order], axis=1)[:, last]
        tied, tied_errors = (np.diff(cumulative, axis=1, prepend=0.0) for cumulative in (rows, errors))
        before, errors_before = rows - tied, errors - tied_errors
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, rows.max() + 1))])
        spread = harmonic[rows.astype(np.int64)] - harmonic[before.astype(np.int64)]
        share = np.divide(tied_errors, tied, out=np.zeros_like(tied), where=tied > 0)
        total = (tied_errors + (errors_before - share * before) * spread).sum(axis=1)
        return np.asarray(np.divide(total, rows[:, -1], out=np.full(len(weights), np.nan), where=rows[:, -1] > 0))
