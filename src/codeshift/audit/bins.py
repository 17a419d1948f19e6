"""Bins of histograms that do not distort whole numbers."""

from __future__ import annotations

import numpy as np


def whole_bins(edges: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return edges half-way between whole numbers if all numbers are whole, else the edges unchanged.

    Other bins would be empty or contain two whole numbers, and look like a comb. Numbers that ``edges`` separates stay
    separate, including the two largest.

    Args:
        edges: Edges, ascending from the smallest number to the largest.
        numbers: Numbers, at least one.

    >>> whole_bins(np.linspace(1, 3, 5), np.array([1.0, 2.0, 3.0])).tolist()
    [0.5, 1.5, 2.5, 3.5]
    >>> whole_bins(np.linspace(0, 1, 3), np.array([0.0, 0.3, 1.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    if (numbers != np.floor(numbers)).any():
        return edges
    high = numbers.max()  # the last edge may miss it by a rounding error
    starts = np.unique(np.floor(np.append(edges[:-1], high)))
    return np.append(starts, high + 1) - 0.5
