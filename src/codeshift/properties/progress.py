"""Progress bars of long work, on stderr, shown whenever those of ``datasets`` are.

There is one switch for all: ``datasets.disable_progress_bars()`` turns these off as well, and ``progress=False`` of a
call does so until it returns.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm.auto import tqdm

from codeshift.checks import check_bool

_LONG = 1.0  # seconds; shorter work is over before anybody could read the bar
_MANY = 1_000  # rows; ``datasets`` itself computes, and shows, from this many

# A bar below another one is removed when it is full; the outermost one stays.
_LEAVE: Any = None


def bars_shown() -> bool:
    """Return whether bars are shown at all.

    >>> import datasets
    >>> datasets.disable_progress_bars()
    >>> bars_shown()
    False
    >>> datasets.enable_progress_bars()
    """
    if "datasets" not in sys.modules:  # nobody has turned its bars off, and importing it takes a while
        return True
    from datasets.utils import are_progress_bars_disabled

    return not are_progress_bars_disabled()


@contextmanager
def bars(shown: bool) -> Iterator[None]:
    """Show bars inside as set, or none at all.

    Args:
        shown: Whether to show bars, an argument ``progress``; False turns off ours and those of ``datasets``.

    Raises:
        ParameterError: if it is no truth value.
    """
    if check_bool("progress", shown) or not bars_shown():
        yield
        return
    from datasets.utils import disable_progress_bars, enable_progress_bars

    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


def progress_bar(what: str, total: int | None, unit: str, over: Iterable[Any] | None = None) -> Any:
    """Return a bar of equal steps, which appears once the work has taken a second.

    Args:
        what: Work that is being done.
        total: Number of steps; None if unknown.
        unit: Name of a step.
        over: Items to iterate over; None for a bar whose ``update`` is called.

    >>> list(progress_bar("Counting", 3, "number", over=range(3)))
    [0, 1, 2]
    """
    shown = bars_shown()
    return tqdm(over, desc=what, total=total, unit=f" {unit}", delay=_LONG, leave=_LEAVE, disable=not shown)


class Stages:
    """Bar over stages of different lengths, which shows what is being done.

    Args:
        what: Name of the whole work.
        count: Number of stages.
        rows: Number of rows it is done for; few rows need no bar.

    >>> with Stages("Audit", 2, rows=10) as stages:
    ...     stages.at("leakage")
    ...     stages.at("strength")
    """

    def __init__(self, what: str, count: int, rows: int) -> None:
        self._what, self._entered = what, False
        shown = bars_shown() and rows >= _MANY
        self._bar = tqdm(total=count, unit=" stage", leave=_LEAVE, disable=not shown)

    def at(self, stage: str) -> None:
        """End the current stage and begin this one."""
        if self._entered:
            self._bar.update()
        self._entered = True
        self._bar.set_description(f"{self._what}: {stage}")

    def __enter__(self) -> Stages:
        return self

    def __exit__(self, kind: Any, *error: Any) -> None:
        if kind is None and self._entered:
            self._bar.set_description(self._what, refresh=False)
            self._bar.update()
        self._bar.close()
