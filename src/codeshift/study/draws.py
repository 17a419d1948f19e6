"""Which rows are generated for, where not all are: so many of each part that is looked at, drawn fairly from it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def drawn(members: NDArray[np.bool_], count: int | None, seed: int) -> NDArray[np.bool_]:
    """The rows of a part that are generated for: the first ``count`` of them in the order that ``seed`` gives to rows.

    Args:
        members: the part, a mask over the rows of the set; shape (n,).
        count: how many; None for all.
        seed: of the order, which is one for all parts.

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
    """The rows that are generated for so that each of ``parts``, and the whole set, has its own.

    >>> half = np.array([True, True, False, False])
    >>> drawn_of_any([half, ~half], 4, 1, seed=0).sum() <= 3
    np.True_
    """
    wanted = drawn(np.ones(rows, dtype=bool), count, seed)
    for members in parts:
        wanted |= drawn(members, count, seed)
    return wanted
