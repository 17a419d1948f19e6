"""Seeded draws of rows: those of a larger number hold those of a smaller one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from codeshift.hashing import keyed_hashes, row_digests

TRAIN_ROWS = 500
"""Largest number of training rows whose features distances are measured from."""


def order_of_contents(columns: Sequence[Iterable[str]], seed: int) -> NDArray[np.int64]:
    """Return the order of rows that a seed gives to their contents, wherever they stand; rows that are equal may swap.

    Args:
        columns: Texts of the rows, column by column; shape (columns, n).
        seed: Seed.

    Returns:
        The positions of the rows; shape (n,).

    >>> texts = ["a", "b", "c", "b"]
    >>> turned = texts[::-1]
    >>> [texts[i] for i in order_of_contents([texts], 0)] == [turned[i] for i in order_of_contents([turned], 0)]
    True
    """
    digests = row_digests(columns)
    by_digest = np.argsort(digests, kind="stable")
    _, first, counts = np.unique(digests[by_digest], return_index=True, return_counts=True)
    copies = np.empty(len(digests), dtype=np.int64)  # how many equal rows stand before each
    copies[by_digest] = np.arange(len(digests)) - np.repeat(first, counts)
    keys = row_digests([[digest.hex() for digest in digests.tolist()], map(str, copies.tolist())])
    return np.lexsort((keys, keyed_hashes(keys, seed, "draw")))


def drawn(
    members: NDArray[np.bool_], count: int | None, seed: int, *, order: NDArray[np.int64] | None = None
) -> NDArray[np.bool_]:
    """Draw rows of a part: the first ``count`` in the random order of all rows.

    Args:
        members: Mask of the part over the rows of the set; shape (n,).
        count: Number of rows to draw; None for all.
        seed: Seed of the order, which is the same for all parts.
        order: Order of all rows; None for one of their positions, by ``seed``.

    Returns:
        The mask of the drawn rows; shape (n,).

    >>> drawn(np.array([True, False, True, True]), 2, seed=0).sum()
    np.int64(2)
    """
    if count is None or count >= int(members.sum()):
        return members.copy()
    if order is None:
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
    is_drawn = drawn(np.ones(rows, dtype=bool), count, seed)
    for members in parts:
        is_drawn |= drawn(members, count, seed)
    return is_drawn
