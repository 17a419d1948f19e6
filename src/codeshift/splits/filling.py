"""Choice of groups, in a given order, whose sizes add up to a number of rows."""

from __future__ import annotations

import numpy as np


def fill(sizes: np.ndarray, target: int) -> np.ndarray:
    """Return positions of groups, taken in order while they fit, whose sizes add up to ``target`` or nearly.

    A group that does not fit is skipped, so a giant group cannot double a part. If a gap is left, the group that
    overshoots least closes it, unless the total would then be farther from the target.

    >>> fill(np.array([3, 9, 2, 1]), 6).tolist()
    [0, 2, 3]
    >>> fill(np.array([4, 4]), 6).tolist()
    [0, 1]
    """
    prefix = int(np.searchsorted(np.cumsum(sizes), target, side="right"))
    taken = list(range(prefix))
    room = target - int(sizes[:prefix].sum())
    passed = []
    for position in range(prefix, len(sizes)):
        if room == 0:
            break
        if sizes[position] <= room:
            taken.append(position)
            room -= int(sizes[position])
        else:
            passed.append(position)
    if room > 0 and passed:
        smallest = min(passed, key=lambda position: (sizes[position], position))
        if sizes[smallest] - room <= room:
            taken.append(smallest)
    return np.array(sorted(taken), dtype=np.int64)


def nearest_prefix(sizes: np.ndarray, target: int) -> int:
    """Return how many groups from the front come nearest to ``target`` rows in total (on a tie, the fewer groups).

    >>> nearest_prefix(np.array([2, 2, 2]), 5), nearest_prefix(np.array([1, 1, 1]), 2)
    (2, 2)
    """
    totals = np.concatenate([[0], np.cumsum(sizes)])
    return int(np.argmin(np.abs(totals - target)))


def interleave(order: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Rearrange groups so that every prefix contains each stratum in proportion.

    Within a stratum the order is kept: the i-th of m groups goes to the relative position (i + 1/2) / m.

    >>> interleave(np.array([0, 1, 2, 3, 4, 5]), np.array([7, 7, 7, 7, 9, 9])).tolist()
    [0, 4, 1, 2, 5, 3]
    """
    of_group = strata[order]
    _, inverse, counts = np.unique(of_group, return_inverse=True, return_counts=True)
    by_stratum = np.argsort(inverse, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)])[:-1]
    place = np.empty(len(order), dtype=np.float64)
    place[by_stratum] = (np.arange(len(order)) - np.repeat(starts, counts) + 0.5) / np.repeat(counts, counts)
    return np.asarray(order[np.argsort(place, kind="stable")])
