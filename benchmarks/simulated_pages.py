"""The command line of scripts that simulate intervals: how many simulations, and the page to write."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from pathlib import Path


def write_page(description: str, pages: Callable[[int], Iterable[str]], *, runs: int) -> None:
    """Print the page, or write it.

    Args:
        description: what the script does, for ``--help``.
        pages: the function that returns the pieces of the page, given the simulations a cell.
        runs: the simulations a cell unless told otherwise.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--runs", type=int, default=runs, help="simulations a cell")
    parser.add_argument("--out", type=Path, help="the page to write; printed without")
    arguments = parser.parse_args()
    start = time.process_time()
    page = "\n".join(pages(arguments.runs))
    page += f"\n\nAll of it took {time.process_time() - start:.0f} CPU seconds.\n"
    if arguments.out is None:
        print(page)
    else:
        arguments.out.write_text(page, encoding="utf-8")
