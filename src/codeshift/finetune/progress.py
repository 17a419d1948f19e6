"""The progress of a training or an evaluation: a bar on a terminal, elsewhere one line a minute."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TextIO

from accelerate import PartialState
from tqdm.auto import tqdm

_EVERY = 60.0  # seconds


class Progress(Protocol):
    """Interface shared by a bar of tqdm and ``LogLines``."""

    n: int
    initial: int

    def update(self, count: int = 1, /) -> object:
        """Add ``count`` finished steps."""

    def set_postfix(self, *, refresh: bool = True, **values: str) -> None:
        """Set the values shown beside the count."""

    def close(self) -> None:
        """End the display."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


def progress_of(what: str, total: int, unit: str, *, done: int = 0, shown: bool = True) -> Progress:
    """Return a bar of tqdm, or a ``LogLines`` if stderr is no terminal.

    Args:
        what: Name of the work.
        total: Number of steps in all.
        unit: Name of one step.
        done: Number of steps that were done before.
        shown: Whether to show anything.
    """
    if shown and not watched():
        return LogLines(what, total, unit, done=done)
    bar: Progress = tqdm(total=total, initial=done, desc=what, unit=unit, leave=None, disable=not shown)
    return bar


def row_progress(what: str, total: int, done: int, *, shown: bool) -> Progress:
    """Return the progress of work on rows, shown by the first process of a machine alone."""
    return progress_of(what, total, "row", done=done, shown=shown and PartialState().is_local_main_process)


def watched() -> bool:
    """Tell whether a bar can be shown: on a terminal or in a notebook."""
    kernel = sys.modules.get("ipykernel.kernelapp")  # others may import it as well: it must be running
    return sys.stderr.isatty() or (kernel is not None and kernel.IPKernelApp.initialized())


class LogLines:
    """One line a minute on stderr, after the first minute: shorter work prints nothing.

    Args:
        what: Name of the work.
        total: Number of steps in all.
        unit: Name of one step.
        done: Number of steps that were done before.
        every: Number of seconds between two lines.
        clock: Function that returns seconds.
        file: File to write to; None takes stderr.

    >>> times = iter([0.0, 10.0, 70.0, 80.0, 130.0])
    >>> lines = LogLines("fine-tune", 40, "step", clock=lambda: next(times), file=sys.stdout)
    >>> for _ in range(4):
    ...     lines.update(10)
    fine-tune: 20 of 40 steps (50%) in 1:10, about 1:10 left
    fine-tune: 40 of 40 steps (100%) in 2:10
    """

    def __init__(
        self,
        what: str,
        total: int,
        unit: str,
        *,
        done: int = 0,
        every: float = _EVERY,
        clock: Callable[[], float] = time.monotonic,
        file: TextIO | None = None,
    ) -> None:
        self._what, self._total, self._unit, self._file = what, total, unit, file
        self.n = self.initial = done  # the attributes of a bar of tqdm
        self._every, self._clock = every, clock
        self._started = self._told = clock()
        self._postfix = ""

    def update(self, count: int = 1) -> None:
        """Add ``count`` finished steps, and print a line if one is due."""
        self.n += count
        now = self._clock()
        if now - self._told >= self._every:
            self._told = now
            print(self._line(now - self._started), file=self._file or sys.stderr, flush=True)

    def set_postfix(self, refresh: bool = True, **values: str) -> None:
        """Set the values shown beside the count; ``refresh`` is for bars."""
        self._postfix = "".join(f", {name} {value}" for name, value in values.items())

    def close(self) -> None:
        """Do nothing; a bar of tqdm has something to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _line(self, seconds: float) -> str:
        done_here, remaining = self.n - self.initial, self._total - self.n
        share = self.n / self._total if self._total else 1.0
        rest = f", about {_clock_time(seconds * remaining / done_here)} left" if done_here and remaining > 0 else ""
        line = f"{self._what}: {self.n} of {self._total} {self._unit}s ({share:.0%}) in {_clock_time(seconds)}"
        return line + rest + self._postfix


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
