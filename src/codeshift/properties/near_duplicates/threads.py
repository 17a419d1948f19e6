"""Threads that share the parts of what is sorted: numpy's sorts, and most else that it does, run side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from codeshift.properties.near_duplicates.ahead import Argument, results_in_order

__all__ = ["in_threads"]

T = TypeVar("T")


def in_threads(count: int, function: Callable[[Argument], T], tasks: Iterable[Argument]) -> Iterator[T]:
    """Yield the result of a function for each task, in their order.

    Of the results no more wait to be taken than there are threads. The threads have ended when the last result is
    taken, so that a process that is started later is not a copy of one with threads.

    Args:
        count: Number of threads; with one, this thread calls the function.
        function: Function, which several threads call at once.
        tasks: Tasks.

    >>> list(in_threads(2, abs, [-2, 1, -3]))
    [2, 1, 3]
    """
    if count == 1:
        yield from map(function, tasks)
        return
    pool = ThreadPoolExecutor(count)
    try:
        yield from results_in_order(pool, function, tasks, count)
    finally:
        pool.shutdown(cancel_futures=True)
