"""N-grams that two token sequences share, at the price of what differs between them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

ORDERS = (1, 2, 3, 4)


def shared_ngrams(left: list[str], right: list[str], keywords: frozenset[str]) -> tuple[list[int], int]:
    """The clipped number of shared n-grams of orders 1 to 4, and how many of the shared tokens are ``keywords``.

    Both are sizes of multiset intersections, so what two sequences have in common at their ends can be counted by its
    length: ``|(A + C) & (B + C)| = |A & B| + |C|``. Outputs of a model often differ from the reference in a few tokens
    only, and then only the n-grams that touch those are compared.

    >>> shared_ngrams("if a : b".split(), "if a : c".split(), frozenset({"if"}))
    ([3, 2, 1, 0], 1)
    """
    head, tail = _common_ends(left, right)
    words = shared(left[head : len(left) - tail], right[head : len(right) - tail])
    counts = [head + tail + len(words)]
    for order in ORDERS[1:]:
        begin, after = max(0, head - order + 1), max(0, tail - order + 1)
        counts.append(
            begin + after + len(shared(_ngrams(left, order, begin, after), _ngrams(right, order, begin, after)))
        )
    words += left[:head] + left[len(left) - tail :]
    return counts, keyword_count(words, keywords)


def keyword_count(tokens: list[str], keywords: frozenset[str]) -> int:
    """How many of ``tokens`` are ``keywords``."""
    return sum(map(keywords.__contains__, tokens))


def shared(left: Iterable[T], right: Iterable[T]) -> list[T]:
    """The multiset intersection.

    >>> shared("aab", "aac")
    ['a', 'a']
    """
    free: dict[T, int] = {}
    for item in right:
        free[item] = free.get(item, 0) + 1
    if not free:
        return []
    both = []
    for item in left:
        count = free.get(item)
        if count:
            free[item] = count - 1
            both.append(item)
    return both


def shared_count(left: list[T], right: list[T]) -> int:
    """The size of the multiset intersection of two sequences that may begin and end alike.

    >>> shared_count([1, 2, 2, 3], [1, 3, 2, 3])
    3
    """
    head, tail = _common_ends(left, right)
    return head + tail + len(shared(left[head : len(left) - tail], right[head : len(right) - tail]))


def _common_ends(left: list[T], right: list[T]) -> tuple[int, int]:
    """How many tokens both begin with, and how many of the others both end with."""
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


def _ngrams(tokens: list[str], order: int, begin: int, after: int) -> Iterable[tuple[str, ...]]:
    """The n-grams of ``tokens`` without the first ``begin`` and the last ``after`` of them."""
    tokens = tokens[begin : len(tokens) - after]
    return zip(*[tokens[i:] for i in range(order)], strict=False)
