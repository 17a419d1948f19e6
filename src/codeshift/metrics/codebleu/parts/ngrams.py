"""N-grams that both sides of each row share, counted for many rows at once and only where the sides differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]

ORDERS = (1, 2, 3, 4)
_CONTEXT = ORDERS[-1] - 1  # an n-gram that touches a difference reaches this far from it


def shared_ngrams(rows: Sequence[tuple[list[str], list[str]]], keywords: frozenset[str]) -> Integers:
    """Count the shared n-grams of orders 1 to 4 (clipped), then the shared tokens that are ``keywords``; shape (n, 5).

    These are sizes of multiset intersections, so the common beginning and end of two sequences count by their length:
    ``|(A + C) & (B + C)| = |A & B| + |C|``. Outputs of a model often differ from the reference in only a few tokens,
    and then only the n-grams around those are compared.

    >>> shared_ngrams([("if a : b".split(), "if a : c".split())], frozenset({"if"})).tolist()
    [[3, 2, 1, 0, 1]]
    """
    ids: dict[str, int] = {}
    counts = np.zeros((len(rows), len(ORDERS) + 1), dtype=np.int64)
    flat: list[int] = []  # the tokens around the differences, alternately of the left and the right side
    lengths: list[int] = []
    for i, (left, right) in enumerate(rows):
        head, tail = common_ends(left, right)
        head, tail = max(0, head - _CONTEXT), max(0, tail - _CONTEXT)
        counts[i, :-1] = head + tail
        counts[i, -1] = keyword_count(left[:head], keywords) + keyword_count(left[len(left) - tail :], keywords)
        for side in (left, right):
            flat += [ids.setdefault(token, len(ids)) for token in side[head : len(side) - tail]]
            lengths.append(len(side) - tail - head)
    special = np.fromiter(map(keywords.__contains__, ids), dtype=bool, count=len(ids))
    _add_shared(counts, np.array(flat, dtype=np.int64), np.array(lengths, dtype=np.int64), special)
    return counts


def keyword_count(tokens: list[str], keywords: frozenset[str]) -> int:
    """Count the ``tokens`` that are ``keywords``."""
    return sum(map(keywords.__contains__, tokens))


def common_ends(left: Sequence[object], right: Sequence[object]) -> tuple[int, int]:
    """Return the length of the common beginning, and of the common end of the rest.

    >>> common_ends("abxcd", "abcd")
    (2, 2)
    """
    shortest = min(len(left), len(right))
    if left[:shortest] == right[:shortest]:
        return shortest, 0
    head = 0
    while left[head] == right[head]:
        head += 1
    tail = 0
    while tail < shortest - head and left[-1 - tail] == right[-1 - tail]:
        tail += 1
    return head, tail


def _add_shared(counts: Integers, tokens: Integers, lengths: Integers, special: NDArray[np.bool_]) -> None:
    """Add to ``counts`` what sequences ``2 * i`` and ``2 * i + 1`` share; ``tokens`` holds them one after another."""
    sequence = np.repeat(np.arange(len(lengths)), lengths)
    row, is_right = sequence // 2, sequence % 2
    kinds = max(1, len(special))
    gram = row
    for order in ORDERS:
        # The n-gram that begins at each position, as a number: the shorter one that begins there and one token more.
        # Each row's n-grams have their own numbers, since the row is where the numbers begin.
        size = len(tokens) - order + 1
        if size <= 0:
            return
        inside = np.flatnonzero(sequence[:size] == sequence[order - 1 :])
        distinct, number = np.unique(gram[inside] * kinds + tokens[inside + order - 1], return_inverse=True)
        left, right = (np.bincount(number[is_right[inside] == side], minlength=len(distinct)) for side in (0, 1))
        position = np.zeros(len(distinct), dtype=np.int64)
        position[number] = inside  # one of each
        both = np.minimum(left, right)
        np.add.at(counts[:, order - 1], row[position], both)
        if order == 1:
            np.add.at(counts[:, -1], row[position], both * special[tokens[position]])
        gram = np.zeros(len(tokens), dtype=np.int64)
        gram[inside] = number
