"""Rounding of figures to digits that are the same on every machine.

Matrix products differ in their last bits between the kernels that a BLAS picks for a processor. Without rounding, those
bits would appear in stored figures, break ties between equal rows, and so change p-values.
"""

from __future__ import annotations

import numpy as np

DECIMALS = 9
SLACK = 1e-9
"""Difference below which numbers are equal. Kernels were seen to differ by 1e-14 in a statistic, 1e-8 in a vector."""


def agreed(value: float) -> float:
    """Round a figure as the audit stores it: to 12 significant digits and 9 decimals.

    >>> agreed(0.1 + 0.2), agreed(1e-17), agreed(float("inf"))
    (0.3, 0.0, inf)
    """
    return round(float(f"{value:.12g}"), DECIMALS) + 0.0  # and no negative zero


def significant_digits(value: float) -> float:
    """Round a number that may be very small, such as a p-value, to 9 significant digits.

    >>> significant_digits(1 / 3 * 1e-20)
    3.33333333e-21
    """
    return float(f"{value:.{DECIMALS}g}")


def ranks_of(scores: np.ndarray) -> np.ndarray:
    """Return whole numbers in the order of the scores, equal for scores that differ by rounding errors only.

    Rounding each score instead would separate two equal ones on either side of a rounding boundary.

    Args:
        scores: Scores, of shape ``(n,)``.

    >>> ranks_of(np.array([2.0, 0.3, 0.1 + 0.2])).tolist()
    [1, 0, 0]
    """
    order = np.argsort(scores, kind="stable")
    numbers = np.empty(len(scores), dtype=np.int64)
    numbers[order] = np.cumsum(np.diff(scores[order], prepend=scores[order[:1]]) > SLACK)
    return numbers
