"""Sets of token n-grams ("shingles") of many texts, cut down to what a join at a threshold can need.

Broder, "On the resemblance and containment of documents" (1997), calls the set of a document's token n-grams its
shingling, and the Jaccard similarity of two shinglings the documents' resemblance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.properties.near_duplicates.arrays import Bools, Ints, UInts, changes, mixed, ragged
from codeshift.properties.near_duplicates.renaming import Ignored
from codeshift.properties.near_duplicates.tokens import joined
from codeshift.properties.progress import counted

__all__ = ["ShingleSets", "least_overlap", "shingle_hashes", "shingle_sets"]

_NOTHING = Ignored()
_BASE = np.uint64(0x9FB21C651E98DF25)  # odd, so that no multiplication loses a bit
_SLACK = 1 - 1e-12  # bounds computed in floating point must never cut a pair that the exact quotient keeps


@dataclass(frozen=True, kw_only=True)
class ShingleSets:
    """The distinct shingle sets that may have a partner, in an order of their content (size, then hash).

    Attributes:
        sizes: the number of shingles of each set, all of them counted, shape (m,).
        indptr: where each set's shared shingles start in ``shingles``, shape (m + 1,).
        shingles: numbers of the shingles that stand in several sets, rarest first within each set. The others,
            ``sizes - diff(indptr)`` of them, are rarer still, match nothing and are only counted.
        members: for each text the number of its set, -1 where its set can have no partner, shape (n,).
    """

    sizes: Ints
    indptr: Ints
    shingles: Ints
    members: Ints


def least_overlap(threshold: float, sizes: Ints) -> Ints:
    """The least number of shingles that a set of each size shares with any set at least ``threshold`` similar."""
    overlap: Ints = np.maximum(np.ceil(threshold * _SLACK * sizes).astype(np.int64), 1)
    return overlap


def shingle_hashes(texts: Sequence[str], ngram: int, ignored: Ignored = _NOTHING) -> tuple[UInts, Ints]:
    """A 64-bit hash of each token n-gram of each text, repeated ones included, and their number in each text.

    A text of fewer than ``ngram`` tokens has one shingle, the tuple of all its tokens; one without tokens has none.

    >>> hashes, counts = shingle_hashes(["a b c d", "a b", "c b a", ""], ngram=3)
    >>> counts.tolist()
    [2, 1, 1, 0]
    """
    with counted("Near-duplicates: n-grams", len(texts), "row") as bar:
        return joined(_told(_block_shingles(*block), bar) for block in ignored.blocks(texts, ngram))


def _told(block: tuple[UInts, Ints], bar: Any) -> tuple[UInts, Ints]:
    bar.update(block[1].size)
    return block


def _block_shingles(tokens: Sequence[UInts], counts: Ints) -> tuple[UInts, Ints]:
    """The shingles of a block, of its tokens as they count at each place of an n-gram."""
    ngram, size = len(tokens), tokens[0].size
    row_starts = np.cumsum(counts) - counts
    whole = max(size - ngram + 1, 0)
    hashes = np.zeros(size, np.uint64)
    hashes[:whole] = _polynomials([tokens[offset][offset : offset + whole] for offset in range(ngram)])
    for length in np.unique(counts[(counts > 0) & (counts < ngram)]).tolist():
        starts = row_starts[counts == length]
        hashes[starts] = _polynomials([tokens[offset][starts + offset] for offset in range(length)])
    windows = np.maximum(counts - ngram + 1, np.minimum(counts, 1))
    keep = np.ones(size, np.bool_)
    keep[ragged(row_starts + windows, counts - windows)] = False
    return mixed(hashes[keep]), windows


def shingle_sets(texts: Sequence[str], ngram: int, threshold: float, ignored: Ignored = _NOTHING) -> ShingleSets:
    """The shingle sets of texts, without those that no other can match at the threshold.

    A set whose shingles mostly stand nowhere else has no partner; without it others lose theirs, and so on until a
    round drops little. What remains of a corpus is a small part, and equal sets count once.
    """
    hashes, counts = shingle_hashes(texts, ngram, ignored)
    alive = _with_partner(hashes, counts, threshold)
    rows, shingles, values = _numbered(hashes[np.repeat(alive, counts)], counts[alive])
    sizes = np.bincount(rows, minlength=int(alive.sum()))
    signatures = _segment_sums(mixed(values)[shingles], sizes)
    groups, examples = _equal_groups(sizes, signatures)
    members = np.full(counts.size, -1)
    members[alive] = groups
    starts = np.cumsum(sizes) - sizes
    rows, shingles = (
        np.repeat(np.arange(examples.size), sizes[examples]),
        shingles[ragged(starts[examples], sizes[examples])],
    )
    sizes = sizes[examples]
    rows, shingles = _shared(rows, shingles, least_overlap(threshold, sizes))
    rows, shingles = _rarest_first(rows, shingles)
    indptr = np.searchsorted(rows, np.arange(sizes.size + 1))
    return ShingleSets(sizes=sizes, indptr=indptr, shingles=shingles, members=members)


def _polynomials(columns: Sequence[UInts]) -> UInts:
    """A hash of the rows of a table that is given column by column; tables of other widths start from another value."""
    hashes = np.full(columns[0].size, len(columns), np.uint64)
    for column in columns:
        hashes *= _BASE
        hashes += column
    return hashes


def _with_partner(hashes: UInts, counts: Ints, threshold: float) -> Bools:
    """Whether each text's set may have a partner, by counting how many of its shingles stand elsewhere too.

    One sort of 64-bit keys, the hash's upper bits above the row's number, is the fastest way to count. Shingles that
    agree in the upper bits alone can only keep a set that could go: it is dropped by the join.
    """
    bits = np.uint64(max(counts.size - 1, 1).bit_length())
    keys = hashes >> bits << bits
    keys |= np.repeat(np.arange(counts.size, dtype=np.uint64), counts)
    keys.sort()
    keys = keys[changes(keys)]
    rows = (keys & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    keys >>= bits
    sizes = np.bincount(rows, minlength=counts.size)
    # Two shingles of one row that agree in the upper bits make its count one too small, hence the one.
    needed = np.maximum(least_overlap(threshold, sizes) - 1, 1)
    while True:
        new = changes(keys)
        shared = ~(new & np.append(new[1:], True))
        alive = np.bincount(rows[shared], minlength=counts.size) >= needed
        keep = shared & alive[rows]
        keys, rows = keys[keep], rows[keep]
        if _settled(keep):
            kept: Bools = alive | (counts == 0)
            return kept


def _numbered(hashes: UInts, counts: Ints) -> tuple[Ints, Ints, UInts]:
    """The rows and the shingle numbers of the distinct shingles of each row, row after row, and the numbers' hashes."""
    order = np.argsort(hashes)
    new = changes(hashes[order])
    values = hashes[order[new]]
    numbers = np.empty_like(order)
    numbers[order] = np.cumsum(new) - 1
    rows, shingles = _sorted_pairs(np.repeat(np.arange(counts.size), counts), numbers)
    new = changes(rows) | changes(shingles)
    return rows[new], shingles[new], values


def _sorted_pairs(rows: Ints, shingles: Ints) -> tuple[Ints, Ints]:
    """Sorted by row, then by shingle: as one number each, which is several times faster than a sort by two keys."""
    width = int(shingles.max(initial=0)) + 1
    keys = rows * width + shingles
    keys.sort()
    return np.divmod(keys, width)


def _segment_sums(values: UInts, lengths: Ints) -> UInts:
    """Sums modulo 2^64 of consecutive segments; empty ones are 0."""
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values)])
    ends = np.cumsum(lengths)
    totals: UInts = sums[ends] - sums[ends - lengths]
    return totals


def _equal_groups(sizes: Ints, signatures: UInts) -> tuple[Ints, Ints]:
    """A number for each distinct (size, signature), ascending, and one row that has it."""
    order = np.lexsort((signatures, sizes))
    new = changes(sizes[order]) | changes(signatures[order])
    groups = np.empty_like(order)
    groups[order] = np.cumsum(new) - 1
    return groups, order[new]


def _shared(rows: Ints, shingles: Ints, needed: Ints) -> tuple[Ints, Ints]:
    """The shingles of two sets or more, of sets that have as many of them as needed, and few others."""
    while True:
        shared = np.bincount(shingles)[shingles] > 1 if shingles.size else np.ones(0, np.bool_)
        keep = shared & (np.bincount(rows[shared], minlength=needed.size) >= needed)[rows]
        rows, shingles = rows[keep], shingles[keep]
        if _settled(keep):
            return rows, shingles


def _settled(keep: Bools) -> bool:
    """Whether a round dropped too little for another: without an end, rows in a chain would go one by one."""
    return bool(np.count_nonzero(keep) >= 0.99 * keep.size)


def _rarest_first(rows: Ints, shingles: Ints) -> tuple[Ints, Ints]:
    """Numbers the shingles by how many sets have them, then by hash, and sorts each set's by that number."""
    frequencies = np.bincount(shingles)
    order = np.argsort(frequencies, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size) - np.count_nonzero(frequencies == 0)
    return _sorted_pairs(rows, rank[shingles])
