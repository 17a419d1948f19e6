"""The few array operations that the steps share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["AnyInts", "Bools", "Floats", "Ints", "UInts", "changes", "mixed", "ragged", "stable_order"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
AnyInts = npt.NDArray[np.integer[Any]]
UInts = npt.NDArray[np.uint64]

_ODD = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


def changes(values: npt.NDArray[Any]) -> Bools:
    """Return whether each value differs from the one before it; the first one does.

    >>> changes(np.array([3, 3, 4])).tolist()
    [True, False, True]
    """
    new = np.ones(values.size, np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return new


def mixed(hashes: UInts) -> UInts:
    """Mix hashes one to one so that every bit depends on every bit given (two multiply-xorshift rounds)."""
    hashes = hashes ^ (hashes >> _HALF)
    hashes *= _ODD
    hashes ^= hashes >> _HALF
    hashes *= _ODD
    hashes ^= hashes >> _HALF
    return hashes


def ragged(starts: Ints, lengths: Ints) -> Ints:
    """Return the numbers ``start, start + 1, ...`` of each run, one run after the other.

    >>> ragged(np.array([10, 20]), np.array([2, 3])).tolist()
    [10, 11, 20, 21, 22]
    """
    before = np.cumsum(lengths) - lengths
    numbers: Ints = np.repeat(starts - before, lengths)
    numbers += np.arange(numbers.size)
    return numbers


def stable_order(values: Ints) -> Ints:
    """Return the order of numbers, equal ones as they stand; 16 bits are sorted by radix, in a third of the time.

    >>> stable_order(np.array([70_000, 1, 70_000, 0])).tolist()
    [3, 1, 0, 2]
    """
    order: Ints = np.argsort(values.astype(np.uint16), kind="stable")
    if values.max(initial=0) >> 16:
        order = order[np.argsort((values >> 16)[order], kind="stable")]
    return order
