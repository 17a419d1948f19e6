"""Results of calls that others make, in order, a few calls ahead of the result that is taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from itertools import islice
from typing import TypeVar

__all__ = ["results_in_order"]

T = TypeVar("T")
Argument = TypeVar("Argument")


def results_in_order(
    executor: Executor, function: Callable[[Argument], T], tasks: Iterable[Argument], ahead: int
) -> Iterator[T]:
    """Yield the result of a function for each task, in their order.

    Args:
        executor: Executor that calls the function.
        function: Function.
        tasks: Tasks, each of which is read when it is submitted.
        ahead: Number of tasks that are submitted beyond the one whose result is taken.
    """
    remaining = iter(tasks)
    waiting: deque[Future[T]] = deque(executor.submit(function, task) for task in islice(remaining, ahead))
    while waiting:
        result = waiting.popleft().result()
        waiting.extend(executor.submit(function, task) for task in islice(remaining, 1))
        yield result
