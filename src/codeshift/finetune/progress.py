"""How far a training or an evaluation has come: a bar where somebody watches, a line a minute where a log is kept."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TextIO

from tqdm.auto import tqdm

_EVERY = 60.0  # seconds


class Progress(Protocol):
    """What a bar of tqdm has, and ``LogLines`` too."""

    n: int
    initial: int

    def update(self, count: int = 1, /) -> object:
        """So many more steps are done."""

    def set_postfix(self, *, refresh: bool = True, **values: str) -> None:
        """What is said beside the count."""

    def close(self) -> None:
        """It is over."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


def progress_of(what: str, total: int, unit: str, *, done: int = 0, shown: bool = True) -> Progress:
    """A bar of tqdm, or where stderr is no terminal a ``LogLines``.

    Args:
        what: is being done.
        total: steps in all.
        unit: what a step is.
        done: steps that were done before.
        shown: False for neither.
    """
    if shown and not watched():
        return LogLines(what, total, unit, done=done)
    bar: Progress = tqdm(total=total, initial=done, desc=what, unit=unit, leave=None, disable=not shown)
    return bar


def watched() -> bool:
    """Whether a bar is seen as one: on a terminal, or in a notebook."""
    kernel = sys.modules.get("ipykernel.kernelapp")  # which others may import as well: what counts is one that runs
    return sys.stderr.isatty() or (kernel is not None and kernel.IPKernelApp.initialized())


class LogLines:
    """One line a minute on stderr, once the first minute is over: work that takes less says nothing.

    Args:
        what: is being done.
        total: steps in all.
        unit: what a step is.
        done: steps that were done before.
        every: seconds between two lines.
        clock: tells seconds.
        file: to write to; None takes stderr.

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
        self.n = self.initial = done  # as a bar has them
        self._every, self._clock = every, clock
        self._started = self._told = clock()
        self._postfix = ""

    def update(self, count: int = 1) -> None:
        """So many more steps are done."""
        self.n += count
        now = self._clock()
        if now - self._told >= self._every:
            self._told = now
            print(self._line(now - self._started), file=self._file or sys.stderr, flush=True)

    def set_postfix(self, refresh: bool = True, **values: str) -> None:
        """What the lines say beside the count; ``refresh`` is a bar's."""
        self._postfix = "".join(f", {name} {value}" for name, value in values.items())

    def close(self) -> None:
        """Nothing is left to close; a bar has something."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _line(self, seconds: float) -> str:
        done_here, left = self.n - self.initial, self._total - self.n
        share = self.n / self._total if self._total else 1.0
        rest = f", about {_clock_time(seconds * left / done_here)} left" if done_here and left > 0 else ""
        line = f"{self._what}: {self.n} of {self._total} {self._unit}s ({share:.0%}) in {_clock_time(seconds)}"
        return line + rest + self._postfix


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
