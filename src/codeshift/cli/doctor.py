"""``codeshift doctor``, which lists what is installed and what is wrong with it."""

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
    """Add the command to ``commands``."""
    add_command(
        commands,
        "doctor",
        run,
        summary="list what is installed and what is wrong with it",
        description="Lists the versions of Python, libraries and grammars, and the extras that are installed. The exit "
        "code is 1 if something is wrong: a library is missing or too old, a grammar does not load, or another project "
        "that is imported as codeshift is installed too.",
        example="codeshift doctor",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from codeshift.cli.installation import look_at, where

    installation = look_at()
    plain = {"codeshift": __version__, "environment": where(), **asdict(installation)}
    report(arguments, _report_text(installation, where()), plain)
    return NO if installation.problems else DONE


def _report_text(installation: Installation, environment: str) -> str:
    lines = [f"codeshift {__version__}, Python {installation.python}, in {environment}", ""]
    parts = list(dict.fromkeys(library.part for library in installation.libraries))
    for part in parts:
        lines += [_title(installation, part), _indented_part(installation, part), ""]
    if installation.problems:
        lines += [f"{len(installation.problems)} problem{'s' if len(installation.problems) > 1 else ''}:"]
        lines += [f"- {problem}" for problem in installation.problems]
    else:
        lines.append("Nothing is wrong.")
    return "\n".join(lines)


def _title(installation: Installation, part: str) -> str:
    if part in ("base", "grammars"):
        return {"base": "Libraries", "grammars": "Grammars"}[part]
    complete = all(library.version for library in installation.of(part))
    return f"Extra {part}" + ("" if complete else f" (incomplete: pip install 'codeshift-ood[{part}]')")


def _indented_part(installation: Installation, part: str) -> str:
    table = as_table(
        [(library.name, library.version or "-") for library in installation.of(part)], header=("name", "version")
    )
    return "\n".join(f"  {line}" for line in table.splitlines()[1:])
