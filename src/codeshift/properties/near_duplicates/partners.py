"""The shingles of many texts, of which no more is in memory at once than a part; and which texts may have a partner.

Shingles are hashes, so those of one part of all hashes can be counted without the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from codeshift.properties.near_duplicates.arrays import Bools, Ints, UInts, changes, packed, parts_by_hash, parts_for
from codeshift.properties.near_duplicates.spool import Spool
from codeshift.properties.near_duplicates.threads import in_threads

__all__ = ["ShingleKeys", "Shingles", "least_overlap", "settled"]

_SLACK = 1 - 1e-12  # bounds computed in floating point must never cut a pair that the exact quotient keeps
_PART = 1 << 20  # shingles of a part
_PIECE = 1 << 19


@dataclass(frozen=True)
class ShingleKeys:
    """Makes one number of a hash and its text, which sorts by the hash: its upper bits above the text's number.

    Attributes:
        bits: Number of bits of a text's number.
        parts: Number of parts by the hash.
    """

    bits: int
    parts: int

    @classmethod
    def of(cls, texts: int, shingles: int) -> ShingleKeys:
        """Return what makes keys of so many texts, which have about so many shingles."""
        return cls(max(texts - 1, 1).bit_length(), parts_for(shingles, _PART))

    def distinct(self, hashes: UInts, counts: Ints, first: int) -> tuple[UInts, list[int]]:
        """Return the distinct keys of some texts, sorted, and how many lie in each part.

        Args:
            hashes: Hashes of the texts, one text after the other.
            counts: How many each text has.
            first: Number of the first text.
        """
        bits = np.uint64(self.bits)
        texts = np.repeat(np.arange(first, first + counts.size, dtype=np.uint64), counts)
        keys = packed(hashes >> bits, texts, bits)
        keys.sort()
        keys = keys[changes(keys)]
        cuts = np.searchsorted(parts_by_hash(keys, self.parts), np.arange(self.parts + 1))
        return keys, np.diff(cuts).tolist()

    def hashes(self, keys: UInts) -> UInts:
        """Return the upper bits of the hashes."""
        return keys >> np.uint64(self.bits)

    def texts(self, keys: UInts) -> Ints:
        """Return the numbers of the texts."""
        return (keys & np.uint64((1 << self.bits) - 1)).view(np.int64)


@dataclass(frozen=True, eq=False)
class Shingles:
    """The hash of each token n-gram of each text, repeated ones included, text after text.

    Attributes:
        counts: Number of each text's, shape (n,).
        hashes: Hashes.
        keys: Distinct ones of each text as ``ShingleKeys`` makes them, in parts by the hash; each part is sorted in
            runs.
        made_by: What made the keys.
    """

    counts: Ints
    hashes: Spool
    keys: Spool
    made_by: ShingleKeys

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
        keys = keys[alive[self.made_by.texts(keys)]]
        return keys.size, self._shared(keys, part)

    def _shared(self, keys: UInts, part: int) -> Ints:
        """Leave in a part those of its keys, given in order, whose hash stands in several texts; count them by text."""
        new = changes(self.made_by.hashes(keys))
        alone = new & np.append(new[1:], True)
        several: UInts = keys[~alone]
        self.keys.replace(several, part)
        return self._by_text(several)

    def _by_text(self, keys: UInts) -> Ints:
        return np.bincount(self.made_by.texts(keys), minlength=self.counts.size)

    def pieces(self) -> list[tuple[int, int, int]]:
        """Return the first and the end of the texts of each piece, and where the hashes of the first one begin."""
        ends = np.cumsum(self.counts)
        cuts = np.searchsorted(ends, np.arange(_PIECE, ends[-1] if ends.size else 0, _PIECE))
        bounds = np.unique(np.concatenate([[0], cuts, [self.counts.size]]))
        starts = np.concatenate([[0], ends])[bounds]
        return list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), starts[:-1].tolist(), strict=True))

    def of_piece(self, piece: tuple[int, int, int], numbers: Ints) -> tuple[UInts, Ints]:
        """Return the hashes of some texts of a piece, and the number of each one's text.

        Args:
            piece: Texts, as ``pieces`` gives them.
            numbers: Number of each text, of all pieces; -1 for those that are left out.
        """
        first, end, start = piece
        counts = self.counts[first:end]
        hashes: UInts = self.hashes.read(start=start, stop=start + int(counts.sum()))
        rows = np.repeat(numbers[first:end], counts)
        kept = rows >= 0
        return hashes[kept], rows[kept]


def least_overlap(threshold: float, sizes: Ints) -> Ints:
    """Return the least number of shingles that sets of each size share with any set at least ``threshold`` similar."""
    overlap: Ints = np.maximum(np.ceil(threshold * _SLACK * sizes).astype(np.int64), 1)
    return overlap


def settled(remaining: int, before: int) -> bool:
    """Return whether a round dropped too little for another one: else rows in a chain would go one by one."""
    return remaining >= 0.99 * before
