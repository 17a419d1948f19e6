"""``codeshift cache``, which says what the cache of properties holds, or clears it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from codeshift.cli.arguments import Commands, add_command
from codeshift.cli.output import DONE, report
from codeshift.formatting import counted


def add_to(commands: Commands) -> None:
    """Add the command to ``commands``."""
    command = commands.add_parser(
        "cache",
        help="say what the cache of properties holds, or clear it",
        description="Parses and lengths of datasets of 1,000 rows or more are kept in $CODESHIFT_CACHE, by default "
        "~/.cache/codeshift, up to $CODESHIFT_CACHE_GB gigabytes (20); beyond, those that were not used for the "
        "longest time are removed. No result depends on them.",
        allow_abbrev=False,
    )
    actions = command.add_subparsers(title="commands", required=True, metavar="COMMAND")
    facts: tuple[tuple[str, Callable[[argparse.Namespace], int], str], ...] = (
        ("info", run_info, "say where the cache is, how much it holds and how much it may hold"),
        ("clear", run_clear, "remove all that it holds"),
    )
    for name, run, summary in facts:
        add_command(
            actions,
            name,
            run,
            summary=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            example=f"codeshift cache {name}",
        )


def run_info(arguments: argparse.Namespace) -> int:
    """Say what the cache holds and return the exit code."""
    from codeshift.properties.cache import cache_entries, cache_folder, size_limit

    entries = cache_entries()
    size = sum(entry.size for entry in entries)
    words = f"{cache_folder()}: {_amount(len(entries), size)} of {size_limit() / 1e9:g} GB at most."
    plain = {"folder": str(cache_folder()), "entries": len(entries), "bytes": size, "limit_bytes": int(size_limit())}
    report(arguments, words, plain)
    return DONE


def run_clear(arguments: argparse.Namespace) -> int:
    """Clear the cache and return the exit code."""
    from codeshift.properties.cache import cache_folder, clear_cache

    entries = clear_cache()
    size = sum(entry.size for entry in entries)
    plain: dict[str, Any] = {"folder": str(cache_folder()), "removed": len(entries), "bytes": size}
    report(arguments, f"{cache_folder()}: removed {_amount(len(entries), size)}.", plain)
    return DONE


def _amount(entries: int, size: int) -> str:
    return f"{counted(entries, 'entry', 'entries')}, {size / 1e9:.2f} GB"
