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

import numpy as np

from codeshift.properties.near_duplicates.arrays import Bools, Floats, Ints, changes, ragged
from codeshift.properties.near_duplicates.partners import least_overlap
from codeshift.properties.near_duplicates.shingles import ShingleSets
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
_CHUNK_SHINGLES = 1 << 22


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
    numbers: Ints
    positions: Ints
    low: Ints

    @property
    def candidates(self) -> int:
        """How many pairs of entries there are to look at."""
        return int((np.arange(self.low.size) - self.low).sum())


def prefixes(sets: ShingleSets, threshold: float) -> Prefixes:
    """The index that the join walks through."""
    shared = np.diff(sets.indptr)
    unshared = sets.sizes - shared
    lengths = np.minimum(np.maximum(sets.sizes - least_overlap(threshold, sets.sizes) + 1 - unshared, 0), shared)
    taken = ragged(sets.indptr[:-1], lengths)
    shingles = sets.shingles[taken]
    order = np.argsort(shingles, kind="stable")
    shingles, positions = shingles[order], taken[order]
    numbers = np.repeat(np.arange(lengths.size), lengths)[order]
    del taken, order  # the arrays of entries are the longest: few are held at once
    positions -= sets.indptr[numbers]
    positions += unshared[numbers]
    return index_of(sets, threshold, shingles, numbers, positions)


def index_of(sets: ShingleSets, threshold: float, shingles: Ints, numbers: Ints, positions: Ints) -> Prefixes:
    """The index of entries that are sorted by shingle and then by set."""
    smallest = np.searchsorted(sets.sizes, least_overlap(threshold, sets.sizes))
    width = max(sets.sizes.size, 1)
    lowest = shingles * width
    keys = lowest + numbers
    lowest += smallest[numbers]
    low = np.searchsorted(keys, lowest)
    return Prefixes(sets=sets, threshold=threshold, numbers=numbers, positions=positions, low=low)


def all_pairs(index: Prefixes, wanted: Wanted | None = None) -> SimilarPairs:
    """Every pair at least as similar as the threshold, in order; ``wanted`` says which pairs are asked for at all."""
    return sorted_unique(index, [similar_among(index, *pair) for pair in all_candidates(index, wanted)])


def all_candidates(index: Prefixes, wanted: Wanted | None = None) -> Iterator[tuple[Ints, Ints]]:
    """Every pair that passes all filters, in chunks; one may come again in another chunk."""
    entries = np.arange(index.low.size)
    return candidates_between(index, entries, index.low, entries, wanted)


def candidates_between(
    index: Prefixes, entries: Ints, start: Ints, stop: Ints, wanted: Wanted | None
) -> Iterator[tuple[Ints, Ints]]:
    """Distinct pairs of sets that pass all filters, of each entry with those from ``start`` up to ``stop``."""
    totals = np.cumsum(stop - start)
    begin = 0
    with progress_bar("Near-duplicates: pairs", int(totals[-1]) if totals.size else 0, "pair") as bar:
        while begin < entries.size:
            done = totals[begin - 1] if begin else 0
            end = max(int(np.searchsorted(totals, done + _CHUNK_CANDIDATES, side="right")), begin + 1)
            part = slice(begin, end)
            left = ragged(start[part], stop[part] - start[part])
            right = np.repeat(entries[part], stop[part] - start[part])
            yield _filtered(index, left, right, wanted)
            bar.update(left.size)
            begin = end


def _filtered(index: Prefixes, left: Ints, right: Ints, wanted: Wanted | None) -> tuple[Ints, Ints]:
    a, b = index.numbers[left], index.numbers[right]
    sizes = index.sets.sizes
    needed = least_overlap(index.threshold / (1 + index.threshold), sizes[a] + sizes[b])
    keep = np.minimum(sizes[a] - index.positions[left], sizes[b] - index.positions[right]) >= needed
    if wanted is not None:
        keep &= wanted(a, b)
    keys = a[keep] * sizes.size + b[keep]
    keys.sort()
    keys = keys[changes(keys)]
    return np.divmod(keys, max(sizes.size, 1))


def similar_among(index: Prefixes, left: Ints, right: Ints, *, least: float | None = None) -> SimilarPairs:
    """Compares candidates in full and keeps those that are similar enough: by the threshold, or as ``least`` says."""
    from scipy import sparse

    sets = index.sets
    width = int(sets.shingles.max(initial=0)) + 1
    table = sparse.csr_array(
        (np.ones(sets.shingles.size, np.int8), sets.shingles, sets.indptr), shape=(len(sets.sizes), width)
    )
    work = np.cumsum(np.diff(sets.indptr)[left] + np.diff(sets.indptr)[right])
    cuts = np.searchsorted(work, np.arange(_CHUNK_SHINGLES, work[-1] if work.size else 0, _CHUNK_SHINGLES))
    overlaps = [
        np.diff((table[a] * table[b]).indptr) for a, b in zip(np.split(left, cuts), np.split(right, cuts), strict=True)
    ]
    overlap = np.concatenate(overlaps).astype(np.int64)
    jaccard = overlap / (sets.sizes[left] + sets.sizes[right] - overlap)
    keep = jaccard >= (index.threshold if least is None else least)
    return SimilarPairs(left=left[keep], right=right[keep], jaccard=jaccard[keep])


def sorted_unique(index: Prefixes, chunks: list[SimilarPairs]) -> SimilarPairs:
    """The pairs found in any chunk, each once."""
    left, right = (np.concatenate([np.empty(0, np.int64), *(getattr(p, s) for p in chunks)]) for s in ("left", "right"))
    jaccard = np.concatenate([np.empty(0), *(pairs.jaccard for pairs in chunks)])
    _, first = np.unique(left * index.sets.sizes.size + right, return_index=True)
    return SimilarPairs(left=left[first], right=right[first], jaccard=jaccard[first])
