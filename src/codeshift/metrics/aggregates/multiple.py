"""Several tests at once: Holm's correction."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from codeshift.errors import ParameterError
from codeshift.metrics.base import FloatArray


def holm(p_values: ArrayLike) -> FloatArray:
    """Adjust p-values for their number by Holm's step-down method.

    Rejecting if the adjusted value is at most alpha keeps the chance of any false rejection at alpha, however the tests
    depend on each other. NaN stands for a test that could not be made: it stays NaN and does not count.

    Args:
        p_values: P-values, shape (m,), in [0, 1] or NaN.

    Returns:
        Adjusted p-values in the same order, shape (m,).

    Raises:
        ParameterError: if a value lies outside [0, 1] or the shape is not 1-D.

    Source: Holm, A simple sequentially rejective multiple test procedure (Scand. J. Stat. 1979).

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1:
        raise ParameterError("p_values", "1-D", p.shape, "give one p-value a test")
    tested = np.flatnonzero(~np.isnan(p))
    if ((p[tested] < 0) | (p[tested] > 1)).any():
        raise ParameterError("p_values", "in [0, 1]", p_values, "give p-values, not statistics")
    order = tested[np.argsort(p[tested], kind="stable")]
    adjusted = np.full(p.shape, np.nan)
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
