"""Memory that a process and all that it started hold together, read while they work."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SECONDS = 0.25
_TIMES = 100  # the wait between two readings, in times of how long one takes: the pages of large processes take a while
_OWN = re.compile(r"^Pss_Anon:\s+(\d+) kB", re.MULTILINE)
_PARENT = re.compile(r"^PPid:\s+(\d+)", re.MULTILINE)


def held_mb(process: int) -> float:
    """The MB that a process and its descendants hold of their own: a page that several share counts once in all."""
    return sum(_number(_OWN, f"/proc/{each}/smaps_rollup") for each in family(process)) / 1024


def family(process: int) -> list[int]:
    """A process and its descendants."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            children.setdefault(_number(_PARENT, f"{path}/status"), []).append(int(path.name))
    found = [process]
    for each in found:
        found += children.get(each, [])
    return found


def _number(pattern: re.Pattern[str], path: str) -> int:
    """The number in a file of a process; 0 once the process has ended."""
    try:
        match = pattern.search(Path(path).read_text(encoding="utf-8"))
    except OSError:
        return 0
    return int(match[1]) if match else 0


@contextmanager
def watched(process: int) -> Iterator[list[float]]:
    """Yield a list to which ``held_mb`` of a process is added now, and again up to four times a second."""
    held = [held_mb(process)]
    over = threading.Event()

    def watch() -> None:
        wait = _SECONDS
        while not over.wait(wait):
            start = time.thread_time()
            held.append(held_mb(process))
            wait = max(_SECONDS, _TIMES * (time.thread_time() - start))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield held
    finally:
        over.set()
        watching.join()
