"""Processes that share one value and do tasks in order, a few of them ahead of what is taken."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, TypeVar

from codeshift.properties.near_duplicates.ahead import results_in_order

__all__ = ["Workers"]

T = TypeVar("T")

_SHARED: list[Any] = []


class Workers:
    """Processes for calls of one function.

    Args:
        count: Number of processes.
        shared: First argument of every call, which each process is given once.
    """

    def __init__(self, count: int, shared: Any) -> None:
        self._pool = ProcessPoolExecutor(count, initializer=_begin, initargs=(shared,))
        self._ahead = 2 * count

    def map(self, function: Callable[..., T], arguments: Iterable[tuple[Any, ...]]) -> Iterator[T]:
        """Yield ``function(shared, *arguments)`` in the order of the arguments."""
        return results_in_order(self._pool, partial(_call, function), arguments, self._ahead)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)


def _begin(shared: Any) -> None:
    gc.freeze()  # a collection would write to, and so copy, the memory that a fork has of the process that started it
    _SHARED[:] = [shared]


def _call(function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    return function(_SHARED[0], *arguments)
