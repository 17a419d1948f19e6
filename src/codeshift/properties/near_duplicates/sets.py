"""The shingle sets of many texts that can have a partner, numbered, without more in memory than a part of the shingles.

The shingles lie in a file, first in parts by their hash, where each can be counted without the other parts, then set
after set. What is in memory is a few numbers for each text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.properties.near_duplicates.arrays import (
    AnyInts,
    Bools,
    Ints,
    UInts,
    changes,
    mixed,
    order_of_hashes,
    packed,
    parts_by_hash,
    parts_for,
    stable_order,
    unpacked,
)
from codeshift.properties.near_duplicates.partners import Shingles, least_overlap, settled
from codeshift.properties.near_duplicates.renaming import Ignored
from codeshift.properties.near_duplicates.shingles import shingles_of_rows
from codeshift.properties.near_duplicates.spool import Spool
from codeshift.properties.progress import progress_bar

__all__ = ["ShingleSets", "blocks_of_sets", "shingle_sets"]

_NOTHING = Ignored()
_PART = 1 << 20  # shingles that are numbered or sorted at once
_CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, kw_only=True)
class ShingleSets:
    """The distinct shingle sets that may have a partner, in an order of their content (size, then hash).

    Attributes:
        sizes: Number of shingles of each set, all of them counted, shape (m,).
        indptr: Where each set's shared shingles start in ``shingles``, shape (m + 1,).
        shingles: Numbers of the shingles that stand in several sets, rarest first within each set. The others,
            ``sizes - diff(indptr)`` of them, are rarer still, match nothing and are only counted.
        width: Number of different shingles, of which none has a larger number.
        members: For each text the number of its set, -1 where its set can have no partner, shape (n,).
    """

    sizes: Ints
    indptr: Ints
    shingles: Spool
    width: int
    members: Ints

    @classmethod
    def of(cls, sizes: Ints, indptr: Ints, shingles: Ints) -> ShingleSets:
        """Return sets whose shingles are in memory, and of which no text is known."""
        held = Spool(np.int32, in_memory=4 * shingles.size + 1)
        held.write(shingles)
        width = int(shingles.max(initial=-1)) + 1
        return cls(sizes=sizes, indptr=indptr, shingles=held, width=width, members=np.empty(0, np.int64))

    def block(self, first: int, end: int) -> AnyInts:
        """Return the shingles of the sets from one up to another."""
        shingles: AnyInts = self.shingles.read(start=int(self.indptr[first]), stop=int(self.indptr[end]))
        return shingles


def shingle_sets(
    texts: Sequence[str],
    rows: Ints,
    ngram: int,
    threshold: float,
    *,
    characters: int,
    processes: int = 1,
    ignored: Ignored = _NOTHING,
) -> ShingleSets:
    """Return the shingle sets of some texts, without those that no other can match at the threshold.

    What remains of a corpus is a small part, and equal sets count once.

    Args:
        texts: Texts.
        rows: Positions of the texts to compare, ascending.
        ngram: Number of tokens in a shingle.
        threshold: Least similarity.
        characters: About how many characters these texts have.
        processes: Number of processes that hash the n-grams.
        ignored: What does not count where tokens are compared.
    """
    with progress_bar("Near-duplicates: n-grams", len(rows), "row") as bar:

        def followed() -> Iterator[tuple[UInts, Ints]]:
            for block in shingles_of_rows(texts, rows, ngram, processes, ignored):
                bar.update(block[1].size)
                yield block

        shingles = Shingles.of(followed(), len(rows), characters // _CHARACTERS_A_TOKEN)
        alive = shingles.with_partner(threshold)
        sizes, signatures, entries = _numbered(shingles, alive)
    del shingles
    groups, examples = _equal_groups(sizes, signatures)
    members = np.full(alive.size, -1)
    members[alive] = groups
    sets_of = np.full(sizes.size, -1)
    sets_of[examples] = np.arange(examples.size)
    sizes = sizes[examples]
    sets_of, shared = _shared(entries, sets_of, least_overlap(threshold, sizes), total=int(sizes.sum()))
    indptr = np.concatenate([[0], np.cumsum(shared)])
    ranked, width = _rarest_first(entries, sets_of, indptr)
    return ShingleSets(sizes=sizes, indptr=indptr, shingles=ranked, width=width, members=members)


def blocks_of_sets(indptr: Ints, size: int) -> Ints:
    """Return the first set of each block of sets that has about so many shingles, and the number of sets.

    >>> blocks_of_sets(np.array([0, 2, 4, 9, 10]), 4).tolist()
    [0, 2, 3, 4]
    """
    starts = np.searchsorted(indptr, np.arange(size, indptr[-1], size))
    return np.unique(np.concatenate([[0], starts, [indptr.size - 1]]))


def _numbered(shingles: Shingles, alive: Bools) -> tuple[Ints, UInts, Spool]:
    """Number the distinct shingles of some texts, in the order of their hashes, part by part.

    Returns:
        The number of shingles of each of these texts, a hash of all of them, and the shingles that stand in several of
        the texts, in parts: the text of each one in the upper bits and below its number, which begins at 0 in each
        part.
    """
    texts, total = int(alive.sum()), int(shingles.counts[alive].sum())
    sizes, signatures = np.zeros(texts, np.int64), np.zeros(texts, np.uint64)
    parts = parts_for(total, _PART)
    bits = _below(texts)
    entries = Spool(np.uint64, parts)
    for part, (hashes, rows) in enumerate(_parts(shingles.of_texts(alive), parts)):
        rows, of_part, values = _distinct(hashes, rows)
        sizes_of_part = np.bincount(rows, minlength=texts)
        sizes += sizes_of_part
        signatures += _segment_sums(mixed(values)[of_part], sizes_of_part)
        several = np.bincount(of_part) > 1 if of_part.size else np.empty(0, np.bool_)
        keep = several[of_part]
        numbers = (np.cumsum(several) - 1)[of_part[keep]]
        entries.write(packed(rows[keep], numbers, bits), part)
    return sizes, signatures, entries


def _parts(pieces: Iterable[tuple[UInts, Ints]], parts: int) -> Iterator[tuple[UInts, Ints]]:
    """Yield hashes and their rows in parts by the hash, ascending, so that no more than a part is in memory."""
    hashes_of, rows_of = Spool(np.uint64, parts), Spool(np.uint32, parts)
    for hashes, rows in pieces:
        of_part = parts_by_hash(hashes, parts)
        order = np.argsort(of_part, kind="stable")
        cuts = np.searchsorted(of_part[order], np.arange(1, parts))
        for part, some in enumerate(np.split(order, cuts)):
            hashes_of.write(hashes[some], part)
            rows_of.write(rows[some], part)
    for part in range(parts):
        yield hashes_of.read(part), rows_of.read(part)


def _distinct(hashes: UInts, rows: Ints) -> tuple[Ints, Ints, UInts]:
    """Return the rows and shingle numbers of each row's distinct shingles, row after row, and the numbers' hashes."""
    order = order_of_hashes(hashes)
    in_order = hashes[order]
    new = changes(in_order)
    values = in_order[new]
    numbers, rows = np.cumsum(new) - 1, rows[order]
    order = stable_order(rows)
    by_row, of_row = rows[order], numbers[order]
    new = changes(by_row) | changes(of_row)
    return by_row[new].astype(np.int64, copy=False), of_row[new].astype(np.int64, copy=False), values


def _segment_sums(values: UInts, lengths: Ints) -> UInts:
    """Return the sums modulo 2^64 of consecutive segments; empty ones are 0."""
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values)])
    ends = np.cumsum(lengths)
    totals: UInts = sums[ends] - sums[ends - lengths]
    return totals


def _equal_groups(sizes: Ints, signatures: UInts) -> tuple[Ints, Ints]:
    """Return a number for each distinct (size, signature), ascending, and one row that has it."""
    order = np.lexsort((signatures, sizes))
    new = changes(sizes[order]) | changes(signatures[order])
    groups = np.empty_like(order)
    groups[order] = np.cumsum(new) - 1
    return groups, order[new]


def _shared(entries: Spool, sets_of: Ints, needed: Ints, *, total: int) -> tuple[Ints, Ints]:
    """Drop shingles of one set alone, and sets that have fewer of the others than needed, until a round drops little.

    Args:
        entries: Text of each shingle and its number; those that are dropped leave it, but for those of the sets
            that the last round drops.
        sets_of: Number of the set that each text stands for, -1 for none.
        needed: Number of shingles that each set shares with any that is similar.
        total: Number of shingles of all sets, those that stand in one alone too.

    Returns:
        ``sets_of`` without the sets that are dropped, and how many shingles are left of each set.
    """
    bits = _below(sets_of.size)
    before = total
    while True:
        counts = np.zeros(needed.size, np.int64)
        for part in range(len(entries.sizes)):
            pairs = entries.read(part)
            texts, numbers = unpacked(pairs, bits)
            sets = sets_of[texts]
            keep = sets >= 0
            pairs, sets, numbers = pairs[keep], sets[keep], numbers[keep]
            several = (np.bincount(numbers) > 1)[numbers] if numbers.size else np.empty(0, np.bool_)
            counts += np.bincount(sets[several], minlength=counts.size)
            entries.replace(pairs[several], part)
        dropped = counts < needed
        counts[dropped] = 0
        sets_of = np.where((sets_of >= 0) & ~dropped[sets_of], sets_of, -1)
        left = int(counts.sum())
        if settled(left, before):
            return sets_of, counts
        before = left


def _rarest_first(entries: Spool, sets_of: Ints, indptr: Ints) -> tuple[Spool, int]:
    """Number the shingles by how many sets have them, then by hash.

    Args:
        entries: Text of each shingle and its number, in parts by the hash.
        sets_of: Number of the set that each text stands for, -1 for none.
        indptr: Where each set's shingles start in the result.

    Returns:
        The numbers, set after set and sorted within each set, and how many shingles there are.
    """
    bits = _below(sets_of.size)
    of_frequency = np.zeros(1, np.int64)  # how many shingles stand in so many sets
    for part in range(len(entries.sizes)):
        _, numbers = _entries_of_sets(entries, part, sets_of, bits)
        longer = np.bincount(np.bincount(numbers), minlength=of_frequency.size)
        longer[: of_frequency.size] += of_frequency
        of_frequency = longer
    of_frequency[0] = 0
    width = int(of_frequency.sum())
    first = np.cumsum(of_frequency) - of_frequency  # the next number for a shingle of so many sets
    blocks = blocks_of_sets(indptr, _PART)
    of_sets = _below(indptr.size - 1)
    by_set = Spool(np.uint64, max(blocks.size - 1, 1))
    bounds = blocks[1:-1].astype(np.uint64) << of_sets
    for part in range(len(entries.sizes)):
        sets, numbers = _entries_of_sets(entries, part, sets_of, bits)
        frequencies = np.bincount(numbers)
        order = np.argsort(frequencies, kind="stable")
        of_part = np.bincount(frequencies, minlength=first.size)
        ranks = np.empty_like(order)
        ranks[order] = np.arange(order.size) + (first - np.cumsum(of_part) + of_part)[frequencies[order]]
        first += of_part
        pairs = packed(sets, ranks[numbers], of_sets)
        pairs.sort()
        for block, some in enumerate(np.split(pairs, np.searchsorted(pairs, bounds))):
            by_set.write(some, block)
    ranked = Spool(np.int32 if width <= np.iinfo(np.int32).max else np.int64)
    for block in range(len(by_set.sizes)):
        pairs = by_set.read(block)
        pairs.sort()
        ranked.write(unpacked(pairs, of_sets)[1])
    return ranked, width


def _entries_of_sets(entries: Spool, part: int, sets_of: Ints, bits: np.uint64) -> tuple[Ints, Ints]:
    """Return the sets and the numbers of the shingles of a part, without those of texts that stand for no set."""
    texts, numbers = unpacked(entries.read(part), bits)
    sets = sets_of[texts]
    keep = sets >= 0
    return sets[keep], numbers[keep]


def _below(count: int) -> np.uint64:
    """Return the bits that are left of 64 below so many different numbers."""
    return np.uint64(64 - max(count, 1).bit_length())
