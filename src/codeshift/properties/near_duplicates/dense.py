"""The join where so many sets are alike that nobody wants all their pairs listed.

Each set is first compared with the first of its window in the index, which many share, so that the links make stars
rather than chains; then with its neighbours and with ever more distant ones, in rounds of doubling reach. What the
rounds before have settled is passed over. The index is in an order of the sets' content, so the same sets give the
same pairs whatever order their rows had.

Many sets that are nearly similar enough would all have to be compared, in vain. The search stops after `most_compared`
pairs and `most_looked_at` pairs of index entries, both linear in the number of sets. The search for components binds
what was not compared: rows that belong together stay together, and some may be bound that do not. The search for the
nearest rows says which queries were not compared with all that may be similar to them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from codeshift.properties.near_duplicates.arrays import AnyInts, Bools, Ints, changes
from codeshift.properties.near_duplicates.join import (
    Prefixes,
    SimilarPairs,
    Wanted,
    candidates_between,
    similar_among,
    sorted_unique,
)

__all__ = ["enough_pairs", "spanning_pairs"]

_COMPARED, _COMPARED_A_SET = 2_000_000, 500
_LOOKED_AT, _LOOKED_AT_A_SET = 40_000_000, 5_000


def most_compared(sets: int) -> int:
    """Return how many pairs a search compares in full."""
    return _COMPARED + _COMPARED_A_SET * sets


def most_looked_at(sets: int) -> int:
    """Return how many pairs of index entries it looks at."""
    return _LOOKED_AT + _LOOKED_AT_A_SET * sets


def spanning_pairs(index: Prefixes) -> tuple[SimilarPairs, int]:
    """Return pairs enough to connect all that ``join.all_pairs`` connects: each connects what those before had not.

    Returns:
        The pairs, and how many of them are assumed: sets that share a rare shingle were not compared with all others
        that do, and are bound to the one before them, whatever the similarity of the two is.
    """
    labels = np.arange(index.sets.sizes.size)

    def apart(left: Ints, right: Ints) -> Bools:
        differ: Bools = labels[left] != labels[right]
        return differ

    def absorb(pairs: SimilarPairs) -> None:
        nonlocal labels
        labels = _merged(labels, pairs)

    def open_windows(entries: Ints, low: Ints, stop: Ints) -> Bools:
        runs = _run_starts(labels[index.numbers])
        return runs[entries] > low

    sets = index.sets.sizes.size
    linked, left_open = _in_rounds(index, apart, absorb, open_windows)
    # Where each entry of a window is bound to the one before it, the whole window is.
    numbers = index.numbers.astype(np.int64)
    left, right = numbers[left_open.entries - 1], numbers[left_open.entries]
    keep = apart(left, right)
    left, right = np.divmod(np.unique(left[keep] * sets + right[keep]), max(sets, 1))
    assumed = similar_among(index, left, right, least=0.0)
    return sorted_unique(index, [linked, assumed]), assumed.left.size


def enough_pairs(index: Prefixes, queries: Bools, corpus: Bools, enough: int) -> tuple[SimilarPairs, Bools]:
    """Return pairs of a query set and a corpus set, and whether each set is a query of which all pairs are found.

    A query is left alone once it has ``enough`` pairs, and all are once comparisons reach their bound.
    """
    counts = np.zeros(queries.size, np.int64)
    waiting = queries.copy()

    def wanted(left: Ints, right: Ints) -> Bools:
        return (waiting[left] & corpus[right]) | (corpus[left] & waiting[right])

    def absorb(pairs: SimilarPairs) -> None:
        nonlocal counts
        for side, other in ((pairs.left, pairs.right), (pairs.right, pairs.left)):
            counts += np.bincount(side[queries[side] & corpus[other]], minlength=counts.size)
        waiting[counts >= enough] = False

    def open_windows(entries: Ints, low: Ints, stop: Ints) -> Bools:
        numbers = index.numbers
        before_waiting, before_corpus = (_counts_before(mask[numbers]) for mask in (waiting, corpus))
        to_corpus = waiting[numbers[entries]] & (before_corpus[stop] > before_corpus[low])
        to_query = corpus[numbers[entries]] & (before_waiting[stop] > before_waiting[low])
        return to_corpus | to_query

    pairs, left_open = _in_rounds(index, wanted, absorb, open_windows)
    return pairs, waiting & ~_queries_in(left_open, index.numbers, waiting, corpus)


def _queries_in(left_open: _Windows, numbers: AnyInts, queries: Bools, corpus: Bools) -> Bools:
    """Tell for each set whether it is a query that stands beside a set of the corpus in a window left open."""
    entries, low, stop = left_open.entries, left_open.low, left_open.stop
    before = _counts_before(corpus[numbers])
    beside = np.zeros(queries.size, np.bool_)
    beside[numbers[entries[before[stop] > before[low]]]] = True
    of_corpus = corpus[numbers[entries]]
    ends = np.bincount(low[of_corpus], minlength=numbers.size + 1)
    ends -= np.bincount(stop[of_corpus], minlength=numbers.size + 1)
    beside[numbers[np.cumsum(ends)[:-1] > 0]] = True
    return beside & queries


@dataclass(frozen=True)
class _Windows:
    """Index entries, each with the entries from ``low`` up to ``stop`` that it may pair with."""

    entries: Ints
    low: Ints
    stop: Ints


def _in_rounds(
    index: Prefixes,
    wanted: Wanted,
    absorb: Callable[[SimilarPairs], None],
    open_windows: Callable[[Ints, Ints, Ints], Bools],
) -> tuple[SimilarPairs, _Windows]:
    """Compare until every window is closed, or until the bounds of what is compared or looked at are reached.

    ``open_windows(entries, low, stop)`` says which windows still matter.

    Returns:
        The pairs, and the windows that were left open.
    """
    sets = index.sets.sizes.size
    compared, looked_at = most_compared(sets), most_looked_at(sets)
    similar: list[SimilarPairs] = []

    def compare(entries: Ints, start: Ints, stop: Ints) -> None:
        nonlocal compared, looked_at
        totals = np.cumsum(stop - start)
        if totals.size and totals[-1] > looked_at:
            cut = int(np.searchsorted(totals, looked_at, side="right"))
            entries, start, stop = entries[:cut], start[:cut], stop[:cut]
        looked_at -= int(totals[-1]) if totals.size else 0
        for left, right in candidates_between(index, entries, start, stop, wanted):
            similar.append(similar_among(index, left, right))
            absorb(similar[-1])
            compared -= left.size
            if compared < 0:
                return

    entries = np.flatnonzero(index.low < np.arange(index.low.size))
    low = index.low[entries].astype(np.int64)
    compare(entries, low, low + 1)
    if compared < 0 or looked_at < 0:
        return sorted_unique(index, similar), _Windows(entries, low, entries)
    low, stop, reach = low + 1, entries, 1
    while entries.size:
        start = np.maximum(low, stop - reach)
        compare(entries, start, stop)
        if compared < 0 or looked_at < 0:
            return sorted_unique(index, similar), _Windows(entries, low, stop)
        keep = (start > low) & open_windows(entries, low, start)
        entries, low, stop, reach = entries[keep], low[keep], start[keep], 2 * reach
    return sorted_unique(index, similar), _Windows(entries, low, stop)


def _run_starts(labels: Ints) -> Ints:
    """Return where the run of equal labels around each place begins."""
    new = changes(labels)
    starts: Ints = np.flatnonzero(new)[np.cumsum(new) - 1]
    return starts


def _counts_before(mask: Bools) -> Ints:
    return np.concatenate([[0], np.cumsum(mask)])


def _merged(labels: Ints, pairs: SimilarPairs) -> Ints:
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    size = labels.size
    links = (np.ones(pairs.left.size, np.int8), (labels[pairs.left], labels[pairs.right]))
    components = connected_components(sparse.coo_array(links, shape=(size, size)), directed=False)[1]
    merged: Ints = components.astype(np.int64)[labels]
    return merged
