"""The few array operations that the steps share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "AnyInts",
    "Bools",
    "Floats",
    "Ints",
    "UInts",
    "changes",
    "mixed",
    "order_of_hashes",
    "order_within_rows",
    "packed",
    "parts_by_hash",
    "parts_for",
    "ragged",
    "unique_hashes",
    "unpacked",
]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
AnyInts = npt.NDArray[np.integer[Any]]
UInts = npt.NDArray[np.uint64]

_ODD = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_BLOCK = 1 << 18  # hashes that are sorted at once


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


def order_of_hashes(hashes: UInts) -> Ints:
    """Return the order of hashes, by a sort of their upper bits with the position below: faster than an argsort.

    >>> order_of_hashes(np.array([9, 1, 2**63, 1], np.uint64))[[0, 2, 3]].tolist() in ([1, 0, 2], [3, 0, 2])
    True
    """
    bits = np.uint64(max(hashes.size - 1, 1).bit_length())
    keys = hashes >> bits << bits
    keys |= np.arange(hashes.size, dtype=np.uint64)
    keys.sort()
    keys &= (np.uint64(1) << bits) - np.uint64(1)
    order = keys.view(np.int64)
    in_order = hashes[order]
    # Two that differ in their lower bits alone may stand the wrong way round, in one of some 60 parts of a million.
    return order if (in_order[1:] >= in_order[:-1]).all() else np.argsort(hashes)


def unique_hashes(hashes: UInts) -> tuple[UInts, Ints]:
    """Return the distinct hashes, ascending, and the number of each one given: as ``np.unique`` does, only faster.

    >>> values, numbers = unique_hashes(np.array([7, 3, 7], np.uint64))
    >>> values.tolist(), numbers.tolist()
    ([3, 7], [1, 0, 1])
    """
    order = order_of_hashes(hashes)
    in_order = hashes[order]
    new = changes(in_order)
    numbers = np.empty_like(order)
    numbers[order] = np.cumsum(new) - 1
    return in_order[new], numbers


def order_within_rows(hashes: UInts, counts: Ints) -> Ints:
    """Return the order of the hashes of rows that lie one after the other: by row, then by hash, then as they stand.

    It is what ``np.lexsort`` returns, in a tenth of its time: numbers of which the upper bits are those of the row, the
    next ones the first of the hash, and the lower ones the position are sorted as they are.

    Args:
        hashes: Hashes of all rows.
        counts: Number of hashes of each row.

    >>> order_within_rows(np.array([9, 2, 9, 8, 1], np.uint64), np.array([3, 0, 2])).tolist()
    [1, 0, 2, 4, 3]
    """
    order = np.empty(hashes.size, np.int64)
    ends = np.cumsum(counts)
    row = start = 0
    while start < hashes.size:
        last = max(int(np.searchsorted(ends, start + _BLOCK, side="right")), row + 1)
        end = int(ends[last - 1])
        order[start:end] = _order_of_block(hashes[start:end], counts[row:last]) + start
        row, start = last, end
    return order


def _order_of_block(hashes: UInts, counts: Ints) -> Ints:
    rows = np.repeat(np.arange(counts.size, dtype=np.uint64), counts)
    of_position = max(hashes.size - 1, 0).bit_length()
    of_row = counts.size.bit_length()
    keys = hashes >> np.uint64(of_position + of_row) << np.uint64(of_position)
    keys |= rows << np.uint64(64 - of_row)
    keys |= np.arange(hashes.size, dtype=np.uint64)
    keys.sort()
    keys &= np.uint64((1 << of_position) - 1)
    order = keys.astype(np.int64)
    in_order = hashes[order]
    # Two of a row that differ in their lower bits alone may stand the wrong way round.
    wrong = (in_order[1:] < in_order[:-1]) & ~changes(rows)[1:]
    return np.lexsort((hashes, rows)) if wrong.any() else order


def parts_for(count: int, size: int) -> int:
    """Return into how many parts by their hash so many values are divided, of about a size each: a power of two.

    >>> parts_for(1_000, 300), parts_for(3, 300)
    (2, 1)
    """
    return 1 << max(count // size, 1).bit_length() - 1


def parts_by_hash(hashes: UInts, parts: int) -> npt.NDArray[np.uint16]:
    """Return the part of each hash, by its upper bits, so that parts hold ascending hashes.

    Args:
        hashes: Hashes, shape (n,).
        parts: Number of parts, as ``parts_for`` returns it.

    >>> parts_by_hash(np.array([1, 2**63, 2**62], np.uint64), 4).tolist()
    [0, 2, 1]
    """
    if parts == 1:
        return np.zeros(hashes.size, np.uint16)
    return (hashes >> np.uint64(64 - parts.bit_length() + 1)).astype(np.uint16)


def packed(upper: AnyInts, lower: AnyInts, bits: np.uint64) -> UInts:
    """Return pairs of numbers as one number each, the second one in the lower bits: sorted far faster than two keys.

    >>> bits = np.uint64(2)
    >>> pairs = packed(np.array([5, 0]), np.array([1, 3]), bits)
    >>> pairs.tolist(), [numbers.tolist() for numbers in unpacked(pairs, bits)]
    ([21, 3], [[5, 0], [1, 3]])
    """
    pairs: UInts = upper.astype(np.uint64, copy=False) << bits
    pairs |= lower.astype(np.uint64, copy=False)
    return pairs


def unpacked(pairs: UInts, bits: np.uint64) -> tuple[Ints, Ints]:
    """Return the numbers that ``packed`` joined."""
    return (pairs >> bits).view(np.int64), (pairs & ((np.uint64(1) << bits) - np.uint64(1))).view(np.int64)
