"""How many processes work on the rows of a table."""

from __future__ import annotations

import multiprocessing
import os
import sys

from codeshift.checks import check_integer

PAYS_FROM = 20_000
"""Number of rows from which several processes are used unless told otherwise: for fewer, starting them takes longer."""


def check_num_proc(value: int | None) -> int | None:
    """Return a number of processes, or None to choose it by the rows.

    Raises:
        ParameterError: if it is no whole number above 0.
    """
    if value is None:
        return None
    return check_integer("num_proc", value, smallest=1, remedy="leave it out to use all cores where rows pay for it")


def processes_for(rows: int, num_proc: int | None = None) -> int:
    """Return how many processes work on some rows: as many as asked for, else one a core where the rows pay for it.

    One is used in a worker process, whose siblings have the other cores, and, unless asked for, where a process is
    started by importing the script again, which would run it again.

    >>> processes_for(100), processes_for(100, num_proc=3)
    (1, 3)
    """
    if num_proc is not None:
        return max(1, min(num_proc, rows))
    if rows < PAYS_FROM or not sys.platform.startswith("linux") or is_worker():
        return 1
    return len(os.sched_getaffinity(0))


def is_worker() -> bool:
    """Return whether this process was started by ``multiprocessing`` or the copy of it that ``datasets`` uses."""
    others = [sys.modules[name] for name in ("multiprocess",) if name in sys.modules]
    return any(module.parent_process() is not None for module in (multiprocessing, *others))
