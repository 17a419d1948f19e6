"""Doing of a job under its lock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from filelock import Timeout

from codeshift.study.folder.locks import locked
from codeshift.study.folder.store import Outcome


def do_locked(lock: Path, do: Callable[[], object]) -> Outcome:
    """Do a job while holding its lock.

    Args:
        lock: File of the lock.
        do: Function that does the job.

    Returns:
        "done", or "busy" if another process holds the lock.
    """
    try:
        with locked(lock):
            do()
    except Timeout:
        return "busy"
    return "done"
