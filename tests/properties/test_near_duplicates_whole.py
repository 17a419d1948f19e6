"""Shingle sets that no one process holds: how they meet and are compared."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from codeshift.properties import near_duplicates
from codeshift.properties.near_duplicates import NearDuplicates, arrays
from codeshift.properties.near_duplicates.arrays import order_within_rows, unique_hashes
from codeshift.properties.near_duplicates.whole import Frequent, candidates, distinct_pairs, likely, similar, sketches


def test_whole_sets_meet_and_are_compared():
    """Every pair of similar sets is among the candidates, whatever is known of frequent shingles, and is found."""
    random = np.random.default_rng(0)
    words = [[f"w{i}" for i in random.integers(0, 12, random.integers(0, 12))] for _ in range(120)]
    texts = [" ".join(text) for text in words]
    exact = NearDuplicates(threshold=0.5, ngram=1)
    sets = exact.whole_sets(texts)
    expected = set()
    for (i, first), (j, second) in combinations(enumerate(map(set, words)), 2):
        if first != second and len(first & second) >= 0.5 * len(first | second):
            expected.add(frozenset((sets.names[i].tobytes(), sets.names[j].tobytes())))
    assert len(expected) > 50
    for frequent in (Frequent.of(sets), Frequent.of(sets.take(np.arange(0)))):
        listed = distinct_pairs(candidates(sets.prefixes(frequent, 0.5), 0.5, 10**6))
        left = likely(listed, sets.names, sketches(sets), 0.5)
        assert len(expected) <= len(left) < len(listed)
        pairs, jaccard = similar(left, sets, 0.5)
        assert {frozenset(side.tobytes() for side in pair) for pair in pairs} == expected
        assert len(pairs) == len(expected)
        assert jaccard.min() >= 0.5
    assert candidates(sets.prefixes(frequent, 0.5), 0.5, 10) > 10


def test_pairs_that_meet_in_pieces_are_those_that_meet_at_all(monkeypatch):
    """However few entries are sorted at once, the same pairs meet, and as many entries are counted."""
    random = np.random.default_rng(1)
    search = NearDuplicates(threshold=0.5, ngram=1)
    sets = search.whole_sets(" ".join(f"w{i}" for i in random.integers(0, 40, 9)) for _ in range(300))
    entries = sets.distinct().prefixes(Frequent.of(sets), 0.5)
    whole, count = distinct_pairs(candidates(entries, 0.5, 10**6)), candidates(entries, 0.5, 0)
    monkeypatch.setattr(near_duplicates.whole, "_ENTRIES", 100)
    assert len(list(near_duplicates.whole._pieces(entries))) > 4
    assert np.array_equal(distinct_pairs(candidates(entries, 0.5, 10**6)), whole)
    assert candidates(entries, 0.5, count - 1) == count
    assert len(whole) > 100


def test_orders_of_hashes(monkeypatch):
    """Fast sorts give what NumPy's do: also where upper bits are equal, of several blocks, and of rows of any size."""
    random = np.random.default_rng(0)
    monkeypatch.setattr(arrays, "_BLOCK", 500)
    counts = np.concatenate([[0, 0, 900], random.integers(0, 40, 200), [0]])
    rows = np.repeat(np.arange(counts.size), counts)
    for bits in (3, 12, 63):
        for shift in {0, 64 - bits}:
            hashes = random.integers(0, 2**bits, rows.size, dtype=np.uint64) << np.uint64(shift)
            assert np.array_equal(order_within_rows(hashes, counts), np.lexsort((hashes, rows)))
            expected = np.unique(hashes, return_inverse=True)
            assert all(map(np.array_equal, unique_hashes(hashes), expected))
    assert order_within_rows(hashes[:0], np.zeros(3, np.int64)).size == unique_hashes(hashes[:0])[0].size == 0
