"""The exact join: all pairs of shingle sets that are at least so similar, without comparing all pairs.

Filters that lose no pair, all of them over whole arrays:

- *prefix* (Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant, AllPairs, 2007): where two sets of sizes a and b
  have a Jaccard similarity of t or more, they share a shingle among the first ``a - ceil(t a) + 1`` of the one and
  the first ``b - ceil(t b) + 1`` of the other, in any order that all sets keep; rarest first leaves few to compare;
- *length*: the smaller has at least t times the size of the larger;
- *position* (Xiao et al., PPJoin, 2008): the first shingle that they share leaves enough on both sides for the overlap
  ``t / (1 + t) * (a + b)`` that the similarity needs.

What passes is compared in full. Memory is bounded whatever the input: candidates are made and compared in chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from codeshift.properties.near_duplicates.arrays import AnyInts, Bools, Floats, Ints, changes, packed, ragged, unpacked
from codeshift.properties.near_duplicates.partners import least_overlap
from codeshift.properties.near_duplicates.sets import ShingleSets, blocks_of_sets
from codeshift.properties.near_duplicates.spool import Spool
from codeshift.properties.progress import progress_bar

__all__ = [
    "Prefixes",
    "SimilarPairs",
    "all_candidates",
    "all_pairs",
    "candidates_between",
    "index_of",
    "prefixes",
    "similar_among",
    "sorted_unique",
]

Wanted = Callable[[Ints, Ints], Bools]

_CHUNK_CANDIDATES = 1 << 21
_AT_ONCE = 1 << 18  # of these, filtered at once
_CHUNK_SHINGLES = 1 << 22
_PART = 1 << 20  # entries that are sorted at once


@dataclass(frozen=True, kw_only=True)
class SimilarPairs:
    """Pairs of sets, ``left < right``, and their Jaccard similarity; each of shape (p,)."""

    left: Ints
    right: Ints
    jaccard: Floats


@dataclass(frozen=True, kw_only=True)
class Prefixes:
    """The entries (shingle, set, its position in the set) of all prefixes, by shingle and then by set.

    Sets are numbered by size, so the entries that may pair with one of them, of its shingle and of smaller sets that
    pass the length filter, stand right before it, from ``low`` on.
    """

    sets: ShingleSets
    threshold: float
    numbers: AnyInts
    positions: AnyInts
    low: AnyInts

    @property
    def candidates(self) -> int:
        """How many pairs of entries there are to look at."""
        return self.low.size * (self.low.size - 1) // 2 - int(self.low.sum(dtype=np.int64))


def prefixes(sets: ShingleSets, threshold: float) -> Prefixes:
    """Return the index that the join walks through; a shingle that stands in one prefix alone is left out of it."""
    shared = np.diff(sets.indptr)
    unshared = sets.sizes - shared
    lengths = np.minimum(np.maximum(sets.sizes - least_overlap(threshold, sets.sizes) + 1 - unshared, 0), shared)
    total = int(lengths.sum())
    numbers, positions = np.empty(total, np.int32), np.empty(total, np.int32)
    low: AnyInts = np.empty(total, np.int32 if total <= np.iinfo(np.int32).max else np.int64)
    end = 0
    for shingles, some, places in _by_shingle(sets, lengths, unshared):
        new = changes(shingles)
        several = ~(new & np.append(new[1:], True))
        begin, end = end, end + int(several.sum())
        numbers[begin:end], positions[begin:end] = some[several], places[several]
        low[begin:end] = _lowest(sets, threshold, shingles[several], some[several]) + begin
    return Prefixes(sets=sets, threshold=threshold, numbers=numbers[:end], positions=positions[:end], low=low[:end])


def _by_shingle(sets: ShingleSets, lengths: Ints, unshared: Ints) -> Iterator[tuple[Ints, Ints, AnyInts]]:
    """Yield shingle, set and position of the first shingles of each set, sorted by shingle and then by set, in parts.

    Args:
        sets: Sets.
        lengths: How many shingles of each are taken.
        unshared: Position of the first.
    """
    bits = np.uint64(sets.sizes.size.bit_length())
    parts = max(int(lengths.sum()) // _PART, 1)
    bounds = np.array([(sets.width * part // parts) << int(bits) for part in range(1, parts)], np.uint64)
    keys, positions = Spool(np.uint64, parts), Spool(np.int32, parts)
    for first, end in pairwise(blocks_of_sets(sets.indptr, _PART).tolist()):
        held, starts, taken = sets.block(first, end), sets.indptr[first:end] - sets.indptr[first], lengths[first:end]
        key = packed(held[ragged(starts, taken)], np.repeat(np.arange(first, end), taken), bits)
        order = np.argsort(key)
        key, position = key[order], ragged(unshared[first:end], taken)[order]
        cuts = np.searchsorted(key, bounds)
        for part, run in enumerate(zip(np.split(key, cuts), np.split(position, cuts), strict=True)):
            keys.write(run[0], part)
            positions.write(run[1], part)
    for part in range(parts):
        key = keys.read(part)
        order = np.argsort(key)
        yield *unpacked(key[order], bits), positions.read(part)[order]


def index_of(sets: ShingleSets, threshold: float, shingles: Ints, numbers: Ints, positions: Ints) -> Prefixes:
    """Return the index of entries that are sorted by shingle and then by set."""
    low = _lowest(sets, threshold, shingles, numbers)
    return Prefixes(sets=sets, threshold=threshold, numbers=numbers, positions=positions, low=low)


def _lowest(sets: ShingleSets, threshold: float, shingles: Ints, numbers: Ints) -> Ints:
    """Return for each entry the first one that may pair with it."""
    smallest = np.searchsorted(sets.sizes, least_overlap(threshold, sets.sizes))
    width = max(sets.sizes.size, 1)
    lowest = shingles * width
    keys = lowest + numbers
    lowest += smallest[numbers]
    return np.searchsorted(keys, lowest)


def all_pairs(index: Prefixes, wanted: Wanted | None = None) -> SimilarPairs:
    """Return every pair at least as similar as the threshold, in order, of those that ``wanted`` asks for."""
    return sorted_unique(index, [similar_among(index, *pair) for pair in all_candidates(index, wanted)])


def all_candidates(index: Prefixes, wanted: Wanted | None = None) -> Iterator[tuple[Ints, Ints]]:
    """Yield every pair that passes all filters, in chunks; one may come again in another chunk."""
    with progress_bar("Near-duplicates: pairs", index.candidates, "pair") as bar:
        for first in range(0, index.low.size, _PART):
            low = index.low[first : first + _PART].astype(np.int64)
            entries = np.arange(first, first + low.size)
            yield from _chunks(index, entries, low, entries, wanted, bar)


def candidates_between(
    index: Prefixes, entries: Ints, start: Ints, stop: Ints, wanted: Wanted | None
) -> Iterator[tuple[Ints, Ints]]:
    """Yield pairs of sets that pass all filters, of each entry with those from ``start`` up to ``stop``, in chunks."""
    with progress_bar("Near-duplicates: pairs", int((stop - start).sum()), "pair") as bar:
        yield from _chunks(index, entries, start, stop, wanted, bar)


def _chunks(
    index: Prefixes, entries: Ints, start: Ints, stop: Ints, wanted: Wanted | None, bar: Any
) -> Iterator[tuple[Ints, Ints]]:
    sets = max(index.sets.sizes.size, 1)
    totals = np.cumsum(stop - start, dtype=np.int64)
    for chunk in _slices(totals, slice(0, entries.size), _CHUNK_CANDIDATES):
        keys = np.empty(0, np.int64)
        for some in _slices(totals, chunk, _AT_ONCE):
            left = ragged(start[some], stop[some] - start[some])
            right = np.repeat(entries[some], stop[some] - start[some])
            keys = np.concatenate([keys, _passing(index, left, right, wanted)])
            bar.update(left.size)
        keys.sort()
        yield np.divmod(keys[changes(keys)], sets)


def _slices(totals: Ints, within: slice, size: int) -> Iterator[slice]:
    """Divide a slice of windows, whose sizes add up to ``totals``, into slices of at most a size, or of one window."""
    begin = within.start
    while begin < within.stop:
        done = int(totals[begin - 1]) if begin else 0
        end = max(int(np.searchsorted(totals, done + size, side="right")), begin + 1)
        yield slice(begin, min(end, within.stop))
        begin = end


def _passing(index: Prefixes, left: Ints, right: Ints, wanted: Wanted | None) -> Ints:
    """Return the pairs of sets, as one number each, of the pairs of entries that pass all filters."""
    a, b = index.numbers[left].astype(np.int64), index.numbers[right].astype(np.int64)
    sizes = index.sets.sizes
    needed = least_overlap(index.threshold / (1 + index.threshold), sizes[a] + sizes[b])
    keep = np.minimum(sizes[a] - index.positions[left], sizes[b] - index.positions[right]) >= needed
    if wanted is not None:
        keep &= wanted(a, b)
    keys: Ints = a[keep] * sizes.size + b[keep]
    return keys


def similar_among(index: Prefixes, left: Ints, right: Ints, *, least: float | None = None) -> SimilarPairs:
    """Compare candidates in full and keep those that are similar enough: by the threshold, or as ``least`` says."""
    overlap = np.zeros(left.size, np.int64)
    for pairs, table, of_left, of_right in _tables(index.sets, left, right):
        shingles = np.diff(table.indptr)
        work = np.cumsum(shingles[of_left] + shingles[of_right])
        cuts = np.searchsorted(work, np.arange(_CHUNK_SHINGLES, work[-1], _CHUNK_SHINGLES))
        for some, a, b in zip(*(np.split(each, cuts) for each in (pairs, of_left, of_right)), strict=True):
            overlap[some] = np.diff((table[a] * table[b]).indptr)
    sets = index.sets
    jaccard = overlap / (sets.sizes[left] + sets.sizes[right] - overlap)
    keep = jaccard >= (index.threshold if least is None else least)
    return SimilarPairs(left=left[keep], right=right[keep], jaccard=jaccard[keep])


def _tables(sets: ShingleSets, left: Ints, right: Ints) -> Iterator[tuple[Ints, Any, Ints, Ints]]:
    """Read the sets of pairs, of two blocks of sets at a time.

    Yields:
        The places of the pairs of a set of one block and a set of the other, the shingles of the sets of both blocks as
        a sparse matrix, and its rows for the first and for the second set of each pair.
    """
    starts = blocks_of_sets(sets.indptr, _CHUNK_SHINGLES)
    block_of_left, block_of_right = (np.searchsorted(starts, side, side="right") - 1 for side in (left, right))
    tiles = block_of_left * starts.size + block_of_right
    order = np.argsort(tiles, kind="stable")
    for pairs in np.split(order, np.flatnonzero(np.diff(tiles[order])) + 1 if order.size else []):
        if not pairs.size:
            continue
        first, second = int(block_of_left[pairs[0]]), int(block_of_right[pairs[0]])
        blocks = [(int(starts[block]), int(starts[block + 1])) for block in dict.fromkeys((first, second))]
        after_first = 0 if first == second else blocks[0][1] - blocks[0][0]
        rows_of_left, rows_of_right = left[pairs] - starts[first], right[pairs] - starts[second] + after_first
        yield pairs, _table(sets, blocks), rows_of_left, rows_of_right


def _table(sets: ShingleSets, blocks: list[tuple[int, int]]) -> Any:
    """Return the shingles of blocks of sets as a sparse matrix of ones, a row for each set."""
    from scipy import sparse

    shingles = np.concatenate([sets.block(first, end) for first, end in blocks])
    counts = np.concatenate([np.diff(sets.indptr[first : end + 1]) for first, end in blocks])
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(shingles.dtype)
    ones = np.ones(shingles.size, np.int8)
    return sparse.csr_array((ones, shingles, indptr), shape=(counts.size, max(sets.width, 1)))


def sorted_unique(index: Prefixes, chunks: list[SimilarPairs]) -> SimilarPairs:
    """Return the pairs found in any chunk, each once."""
    left, right = (np.concatenate([np.empty(0, np.int64), *(getattr(p, s) for p in chunks)]) for s in ("left", "right"))
    jaccard = np.concatenate([np.empty(0), *(pairs.jaccard for pairs in chunks)])
    _, first = np.unique(left * index.sets.sizes.size + right, return_index=True)
    return SimilarPairs(left=left[first], right=right[first], jaccard=jaccard[first])
