"""Seeded draws of rows: those of a larger number hold those of a smaller one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

TRAIN_ROWS = 500
"""Largest number of training rows whose features distances are measured from."""


def drawn(members: NDArray[np.bool_], count: int | None, seed: int) -> NDArray[np.bool_]:
    """Draw rows of a part: the first ``count`` in the random order of all rows.

    Args:
        members: the mask of the part over the rows of the set; shape (n,).
        count: the number of rows to draw; None for all.
        seed: the seed of the order, which is the same for all parts.

    Returns:
        The mask of the drawn rows; shape (n,).

    >>> drawn(np.array([True, False, True, True]), 2, seed=0).sum()
    np.int64(2)
    """
    if count is None or count >= int(members.sum()):
        return members.copy()
    order = np.random.default_rng(seed).permutation(len(members))
    chosen = np.zeros(len(members), dtype=bool)
    chosen[order[members[order]][:count]] = True
    return chosen


def drawn_of_any(parts: Iterable[NDArray[np.bool_]], rows: int, count: int | None, seed: int) -> NDArray[np.bool_]:
    """Draw rows so that each of ``parts``, and the whole set of ``rows`` rows, has ``count``; return their mask.

    >>> half = np.array([True, True, False, False])
    >>> drawn_of_any([half, ~half], 4, 1, seed=0).sum() <= 3
    np.True_
    """
    wanted = drawn(np.ones(rows, dtype=bool), count, seed)
    for members in parts:
        wanted |= drawn(members, count, seed)
    return wanted
