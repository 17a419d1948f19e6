"""``codeshift doctor``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from codeshift import __version__
from codeshift.cli.arguments import Commands, add_command
from codeshift.cli.output import DONE, NO, as_table, report

if TYPE_CHECKING:
    from codeshift.cli.installation import Installation


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(
        commands,
        "doctor",
        run,
        summary="say what is installed and what is wrong with it",
        description="Lists the versions of Python, libraries and grammars, and which extras are there. Ends with "
        "1 where something is wrong: a library is missing or too old, a grammar does not load, or another project that "
        "is imported as codeshift is installed beside this one.",
        example="codeshift doctor",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run it."""
    from codeshift.cli.installation import look_at, where

    found = look_at()
    plain = {"codeshift": __version__, "environment": where(), **asdict(found)}
    report(arguments, _in_words(found, where()), plain)
    return NO if found.problems else DONE


def _in_words(found: Installation, environment: str) -> str:
    lines = [f"codeshift {__version__}, Python {found.python}, in {environment}", ""]
    parts = list(dict.fromkeys(one.part for one in found.found))
    for part in parts:
        lines += [_title(found, part), _indented(found, part), ""]
    if found.problems:
        lines += [f"{len(found.problems)} problem{'s' if len(found.problems) > 1 else ''}:"]
        lines += [f"- {problem}" for problem in found.problems]
    else:
        lines.append("Nothing is wrong.")
    return "\n".join(lines)


def _title(found: Installation, part: str) -> str:
    if part in ("base", "grammars"):
        return {"base": "Libraries", "grammars": "Grammars"}[part]
    whole = all(one.version for one in found.of(part))
    return f"Extra {part}" + ("" if whole else f" (not there whole: pip install 'codeshift-ood[{part}]')")


def _indented(found: Installation, part: str) -> str:
    table = as_table([(one.name, one.version or "-") for one in found.of(part)], header=("name", "version"))
    return "\n".join(f"  {line}" for line in table.splitlines()[1:])
