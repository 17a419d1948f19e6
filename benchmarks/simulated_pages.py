"""The command line of scripts that simulate intervals: how many simulations, and the page to write."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from pages import write_or_print


class Counts:
    """What was counted in each cell, and the CPU seconds of it, kept in a file so that a stopped run goes on.

    Args:
        path: the file, a line a cell; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path is not None and path.exists() else []
        self.known = {json.dumps(cell): (counts, seconds) for cell, counts, seconds in map(json.loads, lines)}

    def once(self, cell: tuple[object, ...], count: Callable[[], tuple[int, ...]]) -> tuple[int, ...]:
        """The counts of a cell: those in the file, or those of ``count``, which the file then has as well."""
        name = json.dumps(cell)
        if name not in self.known:
            start = time.process_time()
            self.known[name] = count(), time.process_time() - start
            if self.path is not None:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([cell, *self.known[name]]) + "\n")
        return tuple(self.known[name][0])

    @property
    def seconds(self) -> float:
        """CPU seconds of all cells."""
        return sum(seconds for _, seconds in self.known.values())


def write_page(description: str, pages: Callable[[int, Counts], Iterable[str]], *, runs: int) -> None:
    """Print the page, or write it.

    Args:
        description: what the script does, for ``--help``.
        pages: the function that returns the pieces of the page, given the simulations a cell and what is counted.
        runs: the simulations a cell unless told otherwise.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--runs", type=int, default=runs, help="simulations a cell")
    parser.add_argument("--out", type=Path, help="the page to write; printed without")
    parser.add_argument("--counts", type=Path, help="the file of what was counted, with which a stopped run goes on")
    arguments = parser.parse_args()
    start, counts = time.process_time(), Counts(arguments.counts)
    page = "\n".join(pages(arguments.runs, counts))
    page += f"\n\nAll of it took {counts.seconds or time.process_time() - start:.0f} CPU seconds.\n"
    write_or_print(page, arguments.out)
