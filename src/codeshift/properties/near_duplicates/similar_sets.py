"""Texts that others are compared with, batch by batch: whether each has a near-duplicate among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np

from codeshift.properties.near_duplicates.arrays import Bools, Ints, UInts, ragged
from codeshift.properties.near_duplicates.search import NearDuplicates
from codeshift.properties.near_duplicates.whole import SET, Frequent, WholeSets, distinct_pairs, similar

__all__ = ["SimilarSets"]

_AT_ONCE = 1_000


@dataclass(frozen=True, eq=False)
class SimilarSets:
    """Shingle sets of texts, found by the shingles of their prefixes.

    Attributes:
        search: Definition of near-duplicates.
        sets: Distinct sets.
        frequent: Shingles that come last in all sets.
        shingles: Shingles of all prefixes, ascending.
        numbers: Set of each of these.

    >>> known = SimilarSets.of(NearDuplicates(), ["return [item.name for item in items]", "x = 1"])
    >>> known.near(["return  [item.name for item in items]", "y = 1", "x =1"]).tolist()
    [True, False, True]
    """

    search: NearDuplicates
    sets: WholeSets
    frequent: Frequent
    shingles: UInts
    numbers: Ints

    @classmethod
    def of(cls, search: NearDuplicates, texts: Iterable[str]) -> SimilarSets:
        """Return the sets of texts, which are read once, a thousand at a time."""
        rest = iter(texts)
        parts = [search.whole_sets([])]
        while texts_at_once := list(islice(rest, _AT_ONCE)):
            parts.append(search.whole_sets(texts_at_once).distinct())
        sets = WholeSets.joined(parts).distinct()
        frequent = Frequent.of(sets)
        entries = sets.prefixes(frequent, search.threshold)
        entries = entries[np.argsort(entries["shingle"], kind="stable")]
        return cls(search, sets, frequent, entries["shingle"].copy(), np.searchsorted(sets.names, entries["of"]))

    def near(self, texts: Iterable[str]) -> Bools:
        """Return whether each of n texts has a near-duplicate among the sets: shape (n,)."""
        queried = self.search.whole_sets(texts)
        similar_names = self._similar(queried)[:, 0]
        empty = self.sets.names[self.sets.names["size"] == 0]
        near: Bools = np.isin(_keys(queried.names), _keys(np.concatenate([similar_names, empty])))
        return near

    def matched(self, texts: Iterable[str]) -> Bools:
        """Return whether each of the m sets has a near-duplicate among some texts: shape (m,).

        >>> known = SimilarSets.of(NearDuplicates(), ["x = 1", "y = 1", ""])
        >>> int(known.matched(["x=1", "f(x)"]).sum()), int(known.matched([" "]).sum())
        (1, 1)
        """
        queried = self.search.whole_sets(texts)
        similar_names = self._similar(queried)[:, 1]
        empty = queried.names[queried.names["size"] == 0]
        matched: Bools = np.isin(_keys(self.sets.names), _keys(np.concatenate([similar_names, empty])))
        return matched

    def _similar(self, queried: WholeSets) -> np.ndarray:
        """Return the pairs of one of other sets and one of these that are similar, shape (p, 2)."""
        entries = queried.distinct().prefixes(self.frequent, self.search.threshold)
        low, high = (np.searchsorted(self.shingles, entries["shingle"], side=side) for side in ("left", "right"))
        meeting = self.numbers[ragged(low, high - low)]
        pairs = np.empty((meeting.size, 2), SET)
        pairs[:, 0], pairs[:, 1] = np.repeat(entries["of"], high - low), self.sets.names[meeting]
        compared = WholeSets.joined([queried, self.sets.take(np.unique(meeting))])
        return similar(distinct_pairs(pairs), compared, self.search.threshold)[0]


def _keys(names: np.ndarray) -> np.ndarray:
    """Return the names of sets as bytes, which NumPy compares fast."""
    return np.ascontiguousarray(names).view(f"V{SET.itemsize}")
