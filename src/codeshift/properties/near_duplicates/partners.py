"""The shingles of many texts, of which no more is in memory at once than a part; and which texts may have a partner.

Shingles are hashes, so those of one part of all hashes can be counted without the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from codeshift.properties.near_duplicates.arrays import Bools, Ints, UInts, changes, parts_by_hash, parts_for
from codeshift.properties.near_duplicates.spool import Spool
from codeshift.properties.near_duplicates.threads import in_threads

__all__ = ["Shingles", "least_overlap", "settled"]

_SLACK = 1 - 1e-12  # bounds computed in floating point must never cut a pair that the exact quotient keeps
_PART = 1 << 20  # shingles of a part
_PIECE = 1 << 20


@dataclass(frozen=True, eq=False)
class Shingles:
    """The hash of each token n-gram of each text, repeated ones included, text after text.

    Attributes:
        counts: Number of each text's, shape (n,).
        hashes: Hashes.
        keys: Distinct ones of each text, as the hash's upper bits above the text's number, in parts by the hash;
            each part is sorted in runs.
    """

    counts: Ints
    hashes: Spool
    keys: Spool

    @classmethod
    def of(cls, blocks: Iterable[tuple[UInts, Ints]], texts: int, expected: int) -> Shingles:
        """Store the shingles.

        Args:
            blocks: Hashes of some of the texts and their number in each text, block by block.
            texts: Number of texts.
            expected: About how many shingles there are.
        """
        parts = parts_for(expected, _PART)
        hashes, keys = Spool(np.uint64), Spool(np.uint64, parts)
        bits = _row_bits(texts)
        counts = [np.empty(0, np.int64)]
        first = 0
        for of_block, counts_of_block in blocks:
            hashes.write(of_block)
            counts.append(counts_of_block)
            numbers = np.arange(first, first + counts_of_block.size, dtype=np.uint64)
            keyed = of_block >> bits << bits
            keyed |= np.repeat(numbers, counts_of_block)
            keyed.sort()
            keyed = keyed[changes(keyed)]
            cuts = np.searchsorted(parts_by_hash(keyed, parts), np.arange(1, parts))
            for part, run in enumerate(np.split(keyed, cuts)):
                keys.write(run, part)
            first += counts_of_block.size
        return cls(np.concatenate(counts), hashes, keys)

    def with_partner(self, threshold: float, threads: int = 1) -> Bools:
        """Return whether each text's set may have a partner, by how many of its shingles stand elsewhere too.

        A set whose shingles mostly stand nowhere else has no partner; without it others lose theirs, and so on until a
        round drops little. One sort of 64-bit keys, the hash's upper bits above the row's number, is the fastest way to
        count. Shingles that agree in the upper bits alone can only keep a set that could go: it is dropped by the join.

        Args:
            threshold: Least similarity.
            threads: Number of threads that count parts.
        """
        parts = range(len(self.keys.sizes))
        remaining = sum(self.keys.sizes)
        sizes, shared = np.zeros(self.counts.size, np.int64), np.zeros(self.counts.size, np.int64)
        for of_part, shared_of_part in in_threads(threads, self._counted, parts):
            sizes += of_part
            shared += shared_of_part
        # Two shingles of one row that agree in the upper bits make its count one too small, hence the one.
        needed = np.maximum(least_overlap(threshold, sizes) - 1, 1)
        while True:
            alive = shared >= needed
            before, remaining, shared = remaining, 0, np.zeros_like(sizes)
            for left, shared_of_part in in_threads(threads, partial(self._reduced, alive), parts):
                remaining += left
                shared += shared_of_part
            if settled(remaining, before):
                may_have: Bools = alive | (self.counts == 0)
                return may_have

    def _counted(self, part: int) -> tuple[Ints, Ints]:
        """Sort a part and leave in it what stands in several texts; count the shingles of each text, and these."""
        keys: UInts = self.keys.read(part)
        keys.sort()
        return self._by_text(keys), self._shared(keys, part)

    def _reduced(self, alive: Bools, part: int) -> tuple[int, Ints]:
        """Leave in a part what stands in several of some texts; count what these had in it, and what each has left."""
        keys: UInts = self.keys.read(part)
        keys = keys[alive[self._texts(keys)]]
        return keys.size, self._shared(keys, part)

    def _shared(self, keys: UInts, part: int) -> Ints:
        """Leave in a part those of its keys, given in order, whose hash stands in several texts; count them by text."""
        bits = _row_bits(self.counts.size)
        new = changes(keys >> bits)
        alone = new & np.append(new[1:], True)
        several: UInts = keys[~alone]
        self.keys.replace(several, part)
        return self._by_text(several)

    def _by_text(self, keys: UInts) -> Ints:
        return np.bincount(self._texts(keys), minlength=self.counts.size)

    def _texts(self, keys: UInts) -> Ints:
        bits = _row_bits(self.counts.size)
        return (keys & ((np.uint64(1) << bits) - np.uint64(1))).view(np.int64)

    def of_texts(self, kept: Bools) -> Iterator[tuple[UInts, Ints]]:
        """Yield the hashes of some texts and the text of each one, by its number among these, piece by piece."""
        ends = np.cumsum(self.counts)
        cuts = np.searchsorted(ends, np.arange(_PIECE, ends[-1] if ends.size else 0, _PIECE))
        pieces = np.split(np.arange(self.counts.size), np.unique(cuts))
        numbers = np.cumsum(kept) - 1
        read = 0
        for rows in pieces:
            counts = self.counts[rows]
            hashes: UInts = self.hashes.read(start=read, stop=read + int(counts.sum()))
            read += hashes.size
            mask = np.repeat(kept[rows], counts)
            yield hashes[mask], np.repeat(numbers[rows], counts)[mask]


def least_overlap(threshold: float, sizes: Ints) -> Ints:
    """Return the least number of shingles that sets of each size share with any set at least ``threshold`` similar."""
    overlap: Ints = np.maximum(np.ceil(threshold * _SLACK * sizes).astype(np.int64), 1)
    return overlap


def settled(remaining: int, before: int) -> bool:
    """Return whether a round dropped too little for another one: else rows in a chain would go one by one."""
    return remaining >= 0.99 * before


def _row_bits(texts: int) -> np.uint64:
    return np.uint64(max(texts - 1, 1).bit_length())
