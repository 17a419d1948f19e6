"""The four parts of CodeBLEU from the statistics of rows, or from their sums.

All functions take an array of shape (n, d), one row of statistics (or of sums) per row, and work for one corpus as well
as for many rows or bootstrap resamples at once.
"""

from __future__ import annotations

import numpy as np

from codeshift.metrics.base import FloatArray


def bleu(matches: FloatArray, totals: FloatArray, penalty: FloatArray) -> FloatArray:
    """Return BLEU as in ``codeshift.metrics.BLEU()``: exponential smoothing, orders beyond all predictions left out.

    ``matches`` and ``totals`` have shape (n, orders), ``penalty`` and the result (n,).
    """
    counted = totals > 0
    zeros = counted & (matches == 0)
    # The k-th order without a match counts as 1 / 2**k of a match.
    smoothed = np.where(zeros, 0.5 ** np.cumsum(zeros, axis=1), matches)
    logs = np.log(np.where(counted, smoothed, 1.0) / np.where(counted, totals, 1.0))
    orders = np.maximum(counted.sum(axis=1), 1)
    return np.where(matches.any(axis=1), penalty * np.exp(across(logs) / orders), 0.0)


def nltk_bleu(matches: FloatArray, totals: FloatArray, penalty: FloatArray) -> FloatArray:
    """Return BLEU as in the public implementations of CodeBLEU: no match counts as .1 of a match (NLTK's method 1)."""
    logs = np.log(np.where(matches == 0, 0.1, matches) / np.where(totals == 0, 1.0, totals))
    return np.where(matches[:, 0] > 0, penalty * np.exp(across(logs) / logs.shape[1]), 0.0)


def brevity_penalty(length: FloatArray, reference_length: FloatArray) -> FloatArray:
    """Return 1 for a prediction as long as the reference, exp(1 - r / c) for a shorter one, 0 for an empty one."""
    shorter = np.exp(1 - reference_length / np.where(length > 0, length, 1.0))
    return np.where(length >= reference_length, 1.0, np.where(length > 0, shorter, 0.0))


def quotient(part: FloatArray, total: FloatArray) -> FloatArray:
    """Return ``part / total``; NaN if the total is 0."""
    return np.divide(part, total, out=np.full_like(part, np.nan), where=total != 0)


def weighted_mean(parts: FloatArray, weights: tuple[float, ...]) -> FloatArray:
    """Return the weighted mean of the parts that are not NaN; NaN if those have no weight. (n, 4) -> (n,)."""
    present = np.where(np.isnan(parts), 0.0, np.asarray(weights))
    return quotient(across(np.nan_to_num(parts) * present), across(present))


def across(rows: FloatArray) -> FloatArray:
    """Return the sum of each row, added column by column: numpy's own sums round by the shape of the batch."""
    total = np.zeros(len(rows))
    for column in rows.T:
        total = total + column
    return total
