"""Sums of counts that were taken of some rows each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


def summed(parts: Iterable[Mapping[T, int]]) -> Counter[T]:
    """Return the sum of counts, in the order in which they first occur.

    >>> summed([{"x": 2}, {"y": 1, "x": 1}])
    Counter({'x': 3, 'y': 1})
    """
    total: Counter[T] = Counter()
    for part in parts:
        total.update(part)
    return total
