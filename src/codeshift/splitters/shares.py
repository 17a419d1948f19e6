"""Choice of whole groups that make up a share of rows, and the checks of its arguments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codeshift.errors import RegionError
from codeshift.splits.filling import fill

GROUP_TOLERANCE = 0.05
"""Largest distance of a region of whole groups from the requested share, in shares of all rows."""


def take_share(
    sizes: np.ndarray, order: np.ndarray, share: float, names: Sequence[str], noun: str, *, first: bool = False
) -> np.ndarray:
    """Take groups in ``order`` whose rows add up to ``share`` of all rows, or come nearest to it.

    A group that does not fit is skipped, as when rows are assigned; if that leaves a gap beyond the tolerance, the
    selection begins at another group. Groups are never taken by size, smallest first, which would make a region of odd
    ones.

    Args:
        sizes: Number of rows of each group, shape ``(g,)``.
        order: Positions of the groups, in the order in which to take them.
        share: Share of all rows.
        names: Names of the groups, for errors.
        noun: Noun for a group, for errors.
        first: Whether the first group must be among those taken.

    Returns:
        Positions of the groups taken, ascending.

    Raises:
        RegionError: if no set of them comes within ``GROUP_TOLERANCE`` of the share; it names the largest groups.

    >>> take_share(np.array([30, 5, 15, 50]), np.array([3, 0, 1, 2]), 0.2, "abcd", "project").tolist()
    [1, 2]
    """
    total = int(sizes.sum())
    target = round(share * total)
    if first:
        taken = order[:1] if sizes[order[0]] > target else order[fill(sizes[order], target)]
    else:
        taken = _nearest_fill(sizes, order, share * total)
    taken_rows = int(sizes[taken].sum())
    if abs(taken_rows - share * total) > GROUP_TOLERANCE * total:
        giants = [i for i in np.argsort(-sizes, kind="stable")[:3].tolist() if sizes[i] > target]
        raise RegionError(
            "share",
            f"a share that whole {noun}s can make up to within {GROUP_TOLERANCE:.0%} of all rows",
            share,
            f"the nearest is {taken_rows:,} of {total:,} rows ({taken_rows / total:.1%})"
            + "".join(f"; {noun} {names[i]} alone holds {sizes[i]:,} ({sizes[i] / total:.1%})" for i in giants)
            + f": ask for another share, or name the {noun}s",
        )
    return np.sort(taken)


def _nearest_fill(sizes: np.ndarray, order: np.ndarray, rows: float) -> np.ndarray:
    """Fill up in ``order``, beginning at a later group if the first ones leave a gap beyond the tolerance."""
    best: np.ndarray = order[fill(sizes[order], round(rows))]
    for begin in range(1, len(order)):
        if abs(sizes[best].sum() - rows) <= GROUP_TOLERANCE * sizes.sum():
            break
        turned = np.roll(order, -begin)
        other = turned[fill(sizes[turned], round(rows))]
        if abs(sizes[other].sum() - rows) < abs(sizes[best].sum() - rows):
            best = other
    return best
