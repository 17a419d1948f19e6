"""Work on rows in batches that shrink if memory runs out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import numpy as np
import torch
from accelerate.utils.memory import should_reduce_batch_size
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Made = TypeVar("Made")


def in_batches(order: Rows, batch_size: int, work: Callable[[Rows], Made]) -> Iterator[tuple[Rows, Made]]:
    """Yield each batch of ``order`` and what ``work`` returns for it, halving the batch size if memory runs out.

    The halved size stays for the batches that follow. If a single row does not fit, the error of ``work`` is raised.

    >>> def work(rows):
    ...     if len(rows) > 2:
    ...         raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
    ...     return rows.sum()
    >>> [(len(rows), int(results)) for rows, results in in_batches(np.arange(5), 4, work)]
    [(2, 1), (2, 5), (1, 4)]
    """
    start = 0
    while start < len(order):
        rows = order[start : start + batch_size]
        result = _try(work, rows)
        if result is None:
            batch_size = max(1, len(rows) // 2)
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            continue
        yield rows, result[0]
        start += len(rows)


def results_by_row(
    order: Rows,
    batch_size: int,
    work: Callable[[Rows], list[Made]],
    *,
    done: Mapping[int, Made] | None = None,
    on_batch: Callable[[Rows, list[Made]], None] | None = None,
) -> dict[int, Made]:
    """Return the result of each row by its number; ``work`` gives those of a batch, as in ``in_batches``.

    Args:
        order: Numbers of the rows, in the order of the work.
        batch_size: Number of rows in a batch.
        work: Function that returns the results of some rows.
        done: Results that are there already.
        on_batch: Function called with the numbers and the results of the rows of each batch.

    >>> results_by_row(np.array([2, 0, 1]), 2, lambda rows: (rows * 10).tolist(), done={0: 7})
    {0: 7, 2: 20, 1: 10}
    """
    results = dict(done or {})
    remaining = np.array([row for row in order if row not in results], dtype=np.int64)
    for rows, of_batch in in_batches(remaining, batch_size, work):
        results.update(zip(rows.tolist(), of_batch, strict=True))
        if on_batch is not None:
            on_batch(rows, of_batch)
    return results


def _try(work: Callable[[Rows], Made], rows: Rows) -> tuple[Made] | None:
    """Return the result in a tuple, or None if memory ran out and there is more than one row."""
    try:
        return (work(rows),)
    except (RuntimeError, MemoryError) as error:
        if len(rows) > 1 and (isinstance(error, MemoryError) or should_reduce_batch_size(error)):
            return None
        raise
