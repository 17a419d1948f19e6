"""The shingle sets of many texts that can have a partner, numbered, without more in memory than a part of the shingles.

The shingles lie in a file, first in parts by their hash, where each can be counted without the other parts, then set
after set. What is in memory is a few numbers for each text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from threading import Lock

import numpy as np

from codeshift.properties.freed_memory import keep_freed_memory
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
    unpacked,
)
from codeshift.properties.near_duplicates.partners import ShingleKeys, Shingles, least_overlap, settled
from codeshift.properties.near_duplicates.renaming import Ignored
from codeshift.properties.near_duplicates.spool import Spool
from codeshift.properties.near_duplicates.stored_shingles import ShinglesOfRows
from codeshift.properties.near_duplicates.threads import in_threads
from codeshift.properties.progress import progress_bar

__all__ = ["ShingleSets", "blocks_of_sets", "shingle_sets"]

_NOTHING = Ignored()
_PART = 1 << 19  # shingles that are numbered or sorted at once
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
        processes: Number of processes that hash the n-grams, and of threads that then sort them.
        ignored: What does not count where tokens are compared.
    """
    keep_freed_memory()
    keys = ShingleKeys.of(rows.size, characters // _CHARACTERS_A_TOKEN)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        of_rows = ShinglesOfRows(ngram=ngram, ignored=ignored, keys=keys, folder=folder)
        with progress_bar("Near-duplicates: n-grams", len(rows), "row") as bar:
            shingles = of_rows.stored(texts, rows, processes, bar.update)
            alive = shingles.with_partner(threshold, processes)
            sizes, signatures, entries = _numbered(shingles, alive, processes)
        del shingles  # its files must be closed before the folder can go
    groups, examples = _equal_groups(sizes, signatures)
    members = np.full(alive.size, -1)
    members[alive] = groups
    sets_of = np.full(sizes.size, -1)
    sets_of[examples] = np.arange(examples.size)
    sizes = sizes[examples]
    needed = least_overlap(threshold, sizes)
    sets_of, shared = _shared(entries, sets_of, needed, total=int(sizes.sum()), threads=processes)
    indptr = np.concatenate([[0], np.cumsum(shared)])
    ranked, width = _rarest_first(entries, sets_of, indptr, processes)
    return ShingleSets(sizes=sizes, indptr=indptr, shingles=ranked, width=width, members=members)


def blocks_of_sets(indptr: Ints, size: int) -> Ints:
    """Return the first set of each block of sets that has about so many shingles, and the number of sets.

    >>> blocks_of_sets(np.array([0, 2, 4, 9, 10]), 4).tolist()
    [0, 2, 3, 4]
    """
    starts = np.searchsorted(indptr, np.arange(size, indptr[-1], size))
    return np.unique(np.concatenate([[0], starts, [indptr.size - 1]]))


def _numbered(shingles: Shingles, alive: Bools, threads: int) -> tuple[Ints, UInts, Spool]:
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
    hashes_of, rows_of = Spool(np.uint64, parts), Spool(np.uint32, parts)

    number_of = np.where(alive, np.cumsum(alive) - 1, -1)
    together = Lock()  # hashes and their rows stand at the same places

    def divided(piece: tuple[int, int, int]) -> None:
        hashes, rows = shingles.of_piece(piece, number_of)
        of_part = parts_by_hash(hashes, parts)
        order = np.argsort(of_part, kind="stable")
        cuts = np.searchsorted(of_part[order], np.arange(1, parts))
        for part, some in enumerate(np.split(order, cuts)):
            with together:
                hashes_of.write(hashes[some], part)
                rows_of.write(rows[some], part)

    def numbered(part: int) -> tuple[Ints, UInts]:
        rows, of_part, values = _distinct(hashes_of.read(part), rows_of.read(part))
        sizes_of_part = np.bincount(rows, minlength=texts)
        signatures_of_part = _segment_sums(mixed(values)[of_part], sizes_of_part)
        several = np.bincount(of_part) > 1 if of_part.size else np.empty(0, np.bool_)
        keep = several[of_part]
        numbers = (np.cumsum(several) - 1)[of_part[keep]]
        entries.write(packed(rows[keep], numbers, bits), part)
        return sizes_of_part, signatures_of_part

    for _ in in_threads(threads, divided, shingles.pieces()):
        pass
    for sizes_of_part, signatures_of_part in in_threads(threads, numbered, range(parts)):
        sizes += sizes_of_part
        signatures += signatures_of_part
    return sizes, signatures, entries


def _distinct(hashes: UInts, rows: Ints) -> tuple[Ints, Ints, UInts]:
    """Return the rows and shingle numbers of each row's distinct shingles, row after row, and the numbers' hashes."""
    order = order_of_hashes(hashes)
    in_order = hashes[order]
    new = changes(in_order)
    numbers: Ints = np.cumsum(new, dtype=np.int64)
    numbers -= 1
    bits = _below(int(rows.max(initial=0)) + 1)
    pairs = packed(rows[order], numbers, bits)
    pairs.sort()
    return *unpacked(pairs[changes(pairs)], bits), in_order[new]


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


def _shared(entries: Spool, sets_of: Ints, needed: Ints, *, total: int, threads: int) -> tuple[Ints, Ints]:
    """Drop shingles of one set alone, and sets that have fewer of the others than needed, until a round drops little.

    Args:
        entries: Text of each shingle and its number; those that are dropped leave it, but for those of the sets
            that the last round drops.
        sets_of: Number of the set that each text stands for, -1 for none.
        needed: Number of shingles that each set shares with any that is similar.
        total: Number of shingles of all sets, those that stand in one alone too.
        threads: Number of threads that count parts.

    Returns:
        ``sets_of`` without the sets that are dropped, and how many shingles are left of each set.
    """
    bits = _below(sets_of.size)
    before = total

    def counted(part: int) -> Ints:
        pairs = entries.read(part)
        texts, numbers = unpacked(pairs, bits)
        sets = sets_of[texts]
        keep = sets >= 0
        pairs, sets, numbers = pairs[keep], sets[keep], numbers[keep]
        several = (np.bincount(numbers) > 1)[numbers] if numbers.size else np.empty(0, np.bool_)
        entries.replace(pairs[several], part)
        return np.bincount(sets[several], minlength=needed.size)

    while True:
        counts = np.zeros(needed.size, np.int64)
        for counts_of_part in in_threads(threads, counted, range(len(entries.sizes))):
            counts += counts_of_part
        dropped = counts < needed
        counts[dropped] = 0
        sets_of = np.where((sets_of >= 0) & ~dropped[sets_of], sets_of, -1)
        left = int(counts.sum())
        if settled(left, before):
            return sets_of, counts
        before = left


def _rarest_first(entries: Spool, sets_of: Ints, indptr: Ints, threads: int) -> tuple[Spool, int]:
    """Number the shingles by how many sets have them, then by hash.

    Args:
        entries: Text of each shingle and its number, in parts by the hash.
        sets_of: Number of the set that each text stands for, -1 for none.
        indptr: Where each set's shingles start in the result.
        threads: Number of threads that sort parts.

    Returns:
        The numbers, set after set and sorted within each set, and how many shingles there are.
    """
    bits, parts = _below(sets_of.size), range(len(entries.sizes))

    def frequencies_of(part: int) -> tuple[Ints, Ints]:
        _, numbers = _entries_of_sets(entries, part, sets_of, bits)
        of_frequency = np.bincount(np.bincount(numbers))
        frequencies = np.flatnonzero(of_frequency)
        return frequencies, of_frequency[frequencies]

    # In how many sets shingles of a part stand, and how many of them in so many: few different numbers.
    frequencies_of_parts = list(in_threads(threads, frequencies_of, parts))
    largest = max((int(frequencies.max(initial=0)) for frequencies, _ in frequencies_of_parts), default=0)
    of_frequency = np.zeros(largest + 1, np.int64)
    for frequencies, counts in frequencies_of_parts:
        of_frequency[frequencies] += counts
    of_frequency[0] = 0
    width = int(of_frequency.sum())
    following = np.cumsum(of_frequency) - of_frequency  # the next number for a shingle of so many sets
    offsets = []  # by part and frequency: what makes a shingle's place, rarest first, its number among those of all
    for frequencies, counts in frequencies_of_parts:
        offsets.append(following[frequencies] - np.cumsum(counts) + counts)
        following[frequencies] += counts
    blocks = blocks_of_sets(indptr, _PART)
    of_sets = _below(indptr.size - 1)
    by_set = Spool(np.uint64, max(blocks.size - 1, 1))
    bounds = blocks[1:-1].astype(np.uint64) << of_sets

    def ranked_by_set(part: int) -> None:
        sets, numbers = _entries_of_sets(entries, part, sets_of, bits)
        order = np.argsort(np.bincount(numbers), kind="stable")
        ranks = np.empty_like(order)
        _, counts = frequencies_of_parts[part]
        ranks[order] = np.arange(order.size) + np.repeat(offsets[part], counts)
        pairs = packed(sets, ranks[numbers], of_sets)
        pairs.sort()
        for block, some in enumerate(np.split(pairs, np.searchsorted(pairs, bounds))):
            by_set.write(some, block)

    for _ in in_threads(threads, ranked_by_set, parts):
        pass

    def ranks_of(block: int) -> Ints:
        pairs = by_set.read(block)
        pairs.sort()
        return unpacked(pairs, of_sets)[1]

    ranked = Spool(np.int32 if width <= np.iinfo(np.int32).max else np.int64)
    for ranks in in_threads(threads, ranks_of, range(len(by_set.sizes))):
        ranked.write(ranks)
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
