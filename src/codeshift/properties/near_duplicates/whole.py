"""Shingle sets of texts in full, and what two processes need to find out that a text of each may be alike.

Where no process has all sets, none knows which shingles stand in several. What remains is the prefix filter of the
exact join (`join`), which holds for any order of shingles that all sets keep: here those that are known to be frequent
come last, the others are in the order of their hashes. Sets that are similar enough meet at a shingle of both prefixes,
as they may at an equal minimum of a hash, but always.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codeshift.properties.near_duplicates.arrays import (
    Ints,
    UInts,
    changes,
    mixed,
    order_within_rows,
    parts_by_hash,
    parts_for,
    ragged,
    unique_hashes,
)
from codeshift.properties.near_duplicates.join import Prefixes, SimilarPairs, all_candidates, index_of, similar_among
from codeshift.properties.near_duplicates.partners import least_overlap
from codeshift.properties.near_duplicates.renaming import Ignored
from codeshift.properties.near_duplicates.sets import ShingleSets
from codeshift.properties.near_duplicates.shingles import shingle_hashes
from codeshift.properties.near_duplicates.tokens import join_blocks

__all__ = [
    "ENTRY",
    "SET",
    "Array",
    "Frequent",
    "WholeSets",
    "candidates",
    "distinct_pairs",
    "distinct_sets",
    "likely",
    "similar",
    "sketches",
    "whole_sets",
]

SET = np.dtype([("size", np.int32), ("signature", np.uint64)])
"""What a shingle set is known by: its size and a hash of all its shingles."""

ENTRY = np.dtype([("shingle", np.uint64), ("position", np.int32), ("of", SET)])
"""A shingle of a set's prefix, its position, and the set."""

_WORDS = 16  # numbers of 64 bits of a sketch
_BIT = np.uint64(63)
_PAIRS = 1 << 16  # pairs whose sketches are compared at once
_ENTRIES = 1 << 19  # entries at most that are sorted at once
_ONES = np.array([number.bit_count() for number in range(256)], np.uint8)
_FREQUENT = 4  # sets of one process from which on a shingle may be counted as frequent
_LISTED = 1 << 17  # shingles at most that one process counts as frequent
_LAST = np.uint64(1 << 63)

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class WholeSets:
    """Shingle sets of texts.

    Attributes:
        names: What each is known by, shape (n,) and dtype ``SET``.
        indptr: Where each set's shingles start in ``shingles``, shape (n + 1,).
        shingles: Hashes of the shingles, ascending within each set.
    """

    names: Array
    indptr: Ints
    shingles: UInts

    def take(self, numbers: Ints) -> WholeSets:
        """Return some of the sets."""
        sizes = np.diff(self.indptr)[numbers]
        shingles = self.shingles[ragged(self.indptr[numbers], sizes)]
        return WholeSets(self.names[numbers], np.concatenate([[0], np.cumsum(sizes)]), shingles)

    def distinct(self) -> WholeSets:
        """Return each distinct set once, ordered by size."""
        return self.take(distinct_sets(self.names)[1])

    @staticmethod
    def joined(parts: Sequence[WholeSets]) -> WholeSets:
        """Return the sets of several processes, one after the other."""
        sizes = np.concatenate([np.diff(part.indptr) for part in parts])
        names, shingles = (np.concatenate([getattr(part, name) for part in parts]) for name in ("names", "shingles"))
        return WholeSets(names, np.concatenate([[0], np.cumsum(sizes)]), shingles)

    def prefixes(self, frequent: Frequent, threshold: float) -> Array:
        """Return the entries of the sets' prefixes, of dtype ``ENTRY``: similar sets share one of their shingles."""
        sizes = np.diff(self.indptr)
        rows = np.repeat(np.arange(sizes.size), sizes)
        order = order_within_rows(frequent.ranks(self.shingles), sizes)
        lengths = np.where(sizes > 0, sizes - least_overlap(threshold, sizes) + 1, 0)
        taken = order[ragged(self.indptr[:-1], lengths)]
        entries = np.empty(taken.size, ENTRY)
        entries["shingle"] = self.shingles[taken]
        entries["position"] = ragged(np.zeros_like(lengths), lengths)
        entries["of"] = self.names[rows[taken]]
        return entries


def whole_sets(texts: Iterable[str], ngram: int, ignored: Ignored) -> WholeSets:
    """Return the shingle sets of n texts.

    >>> sets = whole_sets(["a b c", "c  b", "b c", "a b c"], 2, Ignored())
    >>> np.diff(sets.indptr).tolist(), (sets.names == sets.names[0]).tolist()
    ([2, 1, 1, 2], [True, False, False, True])
    """
    hashes, counts = join_blocks(shingle_hashes(texts, ngram, ignored))
    rows = np.repeat(np.arange(counts.size), counts)
    hashes = hashes[order_within_rows(hashes, counts)]
    new = changes(hashes) | changes(rows)
    hashes, sizes = hashes[new], np.bincount(rows[new], minlength=counts.size)
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    names = np.empty(counts.size, SET)
    names["size"] = sizes
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed(hashes))])
    names["signature"] = sums[indptr[1:]] - sums[indptr[:-1]]
    return WholeSets(names, indptr, hashes)


def distinct_sets(names: Array) -> tuple[Array, Ints, Ints]:
    """Return the distinct sets by their names, by size first, the first place of each, and the number of each given.

    It is what ``np.unique`` returns, which takes many times as long for values of two fields.
    """
    order = np.lexsort((names["signature"], names["size"]))
    ordered = names[order]
    new = changes(ordered["size"]) | changes(ordered["signature"])
    numbers = np.empty_like(order)
    numbers[order] = np.cumsum(new) - 1
    return ordered[new], order[new], numbers


def distinct_pairs(pairs: Array) -> Array:
    """Return each pair of sets once, in order.

    Args:
        pairs: Pairs, shape (p, 2) and dtype ``SET``.
    """
    keys = [pairs[:, side][name] for side in (1, 0) for name in ("signature", "size")]
    order = np.lexsort(keys)
    new = np.logical_or.reduce([changes(key[order]) for key in keys])
    return pairs[order][new]


@dataclass(frozen=True, eq=False)
class Frequent:
    """Shingles that are known to stand in many sets; any that are not known cost time alone.

    Attributes:
        shingles: Their hashes, ascending.
        counts: Number of sets that have each.
    """

    shingles: UInts
    counts: Ints

    @classmethod
    def of(cls, sets: WholeSets) -> Frequent:
        """Return the most frequent shingles of some sets."""
        shingles, numbers = unique_hashes(sets.shingles)
        counts = np.bincount(numbers, minlength=shingles.size)
        most = np.flatnonzero(counts >= _FREQUENT)
        most = np.sort(most[np.argsort(-counts[most], kind="stable")[:_LISTED]])
        return cls(shingles[most], counts[most])

    @classmethod
    def merged(cls, parts: Sequence[Frequent]) -> Frequent:
        """Add up the counts of several processes."""
        shingles, place = np.unique(np.concatenate([part.shingles for part in parts]), return_inverse=True)
        counts = np.bincount(place, np.concatenate([part.counts for part in parts]), shingles.size)
        return cls(shingles, counts.astype(np.int64))

    def ranks(self, shingles: UInts) -> UInts:
        """Return the place of shingles in the order that all sets keep; the most frequent ones come last."""
        ranks = shingles >> np.uint64(1)
        if self.shingles.size:
            place = np.minimum(np.searchsorted(self.shingles, shingles), self.shingles.size - 1)
            frequent = self.shingles[place] == shingles
            order = np.empty(self.shingles.size, np.uint64)
            order[np.argsort(self.counts, kind="stable")] = np.arange(self.shingles.size, dtype=np.uint64)
            # Ranks that differ in their upper bits are sorted faster.
            ranks[frequent] = _LAST | order[place[frequent]] << np.uint64(63 - self.shingles.size.bit_length())
        return ranks


def candidates(entries: Array, threshold: float, most: int) -> Array | int:
    """Return the pairs of sets that may be similar, of those that meet at some shingles.

    Args:
        entries: All entries of these shingles, of dtype ``ENTRY``.
        threshold: Least similarity.
        most: Number of pairs of entries beyond which none is listed.

    Returns:
        The pairs, shape (p, 2) and dtype ``SET``, of which some may come twice; the number of pairs of entries where
        these are too many.
    """
    listed = [np.empty((0, 2), SET)]
    count = 0
    for some in _pieces(entries):
        index, names = _index(some, threshold)
        count += index.candidates
        if count <= most:
            listed += [names[np.stack(pair, axis=1)] for pair in all_candidates(index)]
    return count if count > most else np.concatenate(listed)


def _pieces(entries: Array) -> Iterator[Array]:
    """Yield entries in pieces by their shingle, which is a hash: those of a shingle stand in one."""
    pieces = parts_for(len(entries), _ENTRIES)
    if pieces == 1:
        yield entries
        return
    of_piece = parts_by_hash(entries["shingle"], pieces)
    for piece in range(pieces):
        yield entries[of_piece == piece]


def _index(entries: Array, threshold: float) -> tuple[Prefixes, Array]:
    """Return the index of entries, and the names of the sets in it."""
    shingles = unique_hashes(np.ascontiguousarray(entries["shingle"]))[1]
    several = np.bincount(shingles)[shingles] > 1
    entries, shingles = entries[several], shingles[several]
    names, _, numbers = distinct_sets(entries["of"])
    order = np.lexsort((numbers, shingles))
    new = changes(shingles[order]) | changes(numbers[order])  # an equal set of another process has the same entries
    order = order[new]
    sizes = names["size"].astype(np.int64)
    sets = ShingleSets.of(sizes, np.zeros(sizes.size + 1, np.int64), np.empty(0, np.int64))
    positions = entries["position"].astype(np.int64)
    return index_of(sets, threshold, shingles[order], numbers[order], positions[order]), names


def sketches(sets: WholeSets) -> UInts:
    """Return a sketch of each set, of shape (n, 16): its shingles' bits, of which those that come in pairs cancel out.

    Two sketches differ in no more bits than the sets differ in shingles (Sandes, Teodoro and Melo, "Bitmap filter",
    2020), so most pairs that are not similar are known by them, which are a tenth of the shingles.
    """
    rows = np.repeat(np.arange(sets.names.size), np.diff(sets.indptr))
    words = ((sets.shingles >> np.uint64(6)) % np.uint64(_WORDS)).astype(np.int64)
    bits = np.zeros(sets.names.size * _WORDS, np.uint64)
    np.bitwise_xor.at(bits, rows * _WORDS + words, np.uint64(1) << (sets.shingles & _BIT))
    return bits.reshape(-1, _WORDS)


def likely(pairs: Array, names: Array, of_names: UInts, threshold: float) -> Array:
    """Return the pairs that may be similar by their sketches.

    Args:
        pairs: Pairs, shape (p, 2) and dtype ``SET``.
        names: Sets of all pairs, in any order.
        of_names: Sketch of each.
        threshold: Least similarity.
    """
    names, first, _ = distinct_sets(names)
    places = first[np.searchsorted(names, pairs)]
    totals = pairs["size"].sum(axis=1, dtype=np.int64)
    most = totals - 2 * least_overlap(threshold / (1 + threshold), totals)
    keep = np.zeros(len(pairs), np.bool_)
    for start in range(0, len(pairs), _PAIRS):
        part = slice(start, start + _PAIRS)
        differing = of_names[places[part, 0]] ^ of_names[places[part, 1]]
        keep[part] = _ONES[differing.view(np.uint8)].sum(axis=1, dtype=np.int64) <= most[part]
    likely_pairs: Array = pairs[keep]
    return likely_pairs


def similar(pairs: Array, sets: WholeSets, threshold: float) -> tuple[Array, npt.NDArray[np.float64]]:
    """Compare pairs of sets in full.

    Args:
        pairs: Pairs, shape (p, 2) and dtype ``SET``.
        sets: Sets of all pairs.
        threshold: Least similarity.

    Returns:
        The pairs that are similar enough, and their Jaccard similarities.
    """
    sets = sets.distinct()
    numbers = np.searchsorted(sets.names, pairs)
    shingles = unique_hashes(sets.shingles)[1]
    nothing = np.empty(0, np.int64)
    whole = ShingleSets.of(np.diff(sets.indptr), sets.indptr, shingles)
    index = Prefixes(sets=whole, threshold=threshold, numbers=nothing, positions=nothing, low=nothing)
    similar_pairs: SimilarPairs = similar_among(index, numbers[:, 0], numbers[:, 1])
    return sets.names[np.stack([similar_pairs.left, similar_pairs.right], axis=1)], similar_pairs.jaccard
