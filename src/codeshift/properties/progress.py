"""Bars of long work, on stderr: shown wherever those of ``datasets`` are, and nowhere else.

There is one switch for all: ``datasets.disable_progress_bars()`` turns these off with its own, and ``progress=False``
of a call does so until it returns.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm.auto import tqdm

_LONG = 1.0  # seconds; what takes less is over before anybody could read it
_MANY = 1_000  # rows; ``datasets`` computes, and shows, from as many

# A bar that stands under another one is removed when it is full, the outermost one stays.
_LEAVE: Any = None


def bars_shown() -> bool:
    """Whether bars are shown at all.

    >>> import datasets
    >>> datasets.disable_progress_bars()
    >>> bars_shown()
    False
    >>> datasets.enable_progress_bars()
    """
    if "datasets" not in sys.modules:  # nobody has turned its bars off, and it takes a while to load
        return True
    from datasets.utils import are_progress_bars_disabled

    return not are_progress_bars_disabled()


@contextmanager
def bars(shown: bool) -> Iterator[None]:
    """Bars as they are inside, or none at all.

    Args:
        shown: False for none, neither ours nor those of ``datasets``.
    """
    if shown or not bars_shown():
        yield
        return
    from datasets.utils import disable_progress_bars, enable_progress_bars

    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


def counted(what: str, total: int | None, unit: str, over: Iterable[Any] | None = None) -> Any:
    """A bar of equal steps; it is seen once the work has taken a second.

    Args:
        what: is being done.
        total: steps; None where nobody knows.
        unit: what a step is.
        over: what is walked through; None for a bar whose ``update`` is called.

    >>> list(counted("Counting", 3, "number", over=range(3)))
    [0, 1, 2]
    """
    shown = bars_shown()
    return tqdm(over, desc=what, total=total, unit=f" {unit}", delay=_LONG, leave=_LEAVE, disable=not shown)


class Stages:
    """A bar over stages of unlike length, which says at once what is being done.

    Args:
        what: the whole of it.
        count: of stages.
        rows: that it is done for; a few need no bar.

    >>> with Stages("Audit", 2, rows=10) as stages:
    ...     stages.at("leakage")
    ...     stages.at("strength")
    """

    def __init__(self, what: str, count: int, rows: int) -> None:
        self._what, self._entered = what, False
        shown = bars_shown() and rows >= _MANY
        self._bar = tqdm(total=count, unit=" stage", leave=_LEAVE, disable=not shown)

    def at(self, stage: str) -> None:
        """The stage before is done, and this one begins."""
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
