"""The parser of all commands. It imports no command's library, so that help is quick."""

from __future__ import annotations

import argparse
import difflib
import re
from typing import NoReturn

from codeshift import __version__
from codeshift.cli import audit, demo, doctor, evaluate, languages, split, study, train

COMMANDS = (split, audit, train, evaluate, study, languages, doctor, demo)


class Parser(argparse.ArgumentParser):
    """A parser whose errors name the options and choices that come close to what was typed."""

    def error(self, message: str) -> NoReturn:
        """End the process with exit code 2."""
        super().error(message + self._hint(message))

    def _hint(self, message: str) -> str:
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*?)\)", message)
        unknown = re.match(r"unrecognized arguments: (--[\w-]+)", message)
        if choice:
            typed, options = choice[1], re.split(r"[',\s]+", choice[2].strip("'"))
        elif unknown:
            typed, options = unknown[1], [name for action in self._all_actions() for name in action.option_strings]
        else:
            return ""
        close = difflib.get_close_matches(typed, options, n=1)
        return f"; did you mean {close[0]}?" if close else ""

    def _all_actions(self) -> list[argparse.Action]:
        # Unknown options reach the outermost parser, whichever command they were meant for.
        found = list(self._actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                found += [inner for parser in action.choices.values() for inner in parser._all_actions()]
        return found


def make_parser() -> Parser:
    """The parser of ``codeshift``."""
    parser = Parser(
        prog="codeshift",
        description="Out-of-distribution splits, fine-tuning and evaluation for code models.",
        epilog="exit codes: 0 done, 1 the answer is no, 2 bad input, 3 a fault of codeshift, 130 interrupted",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"codeshift {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return parser
