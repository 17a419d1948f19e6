"""The parser of all commands, which imports no library that a command needs, so that help is quick."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from codeshift import __version__
from codeshift.cli import audit, cache, demo, doctor, evaluate, export, languages, overlap, score, split, study, train

COMMANDS = (split, audit, overlap, train, evaluate, export, score, study, languages, cache, doctor, demo)


class Parser(argparse.ArgumentParser):
    """A parser whose errors name the options and choices closest to what was typed."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse arguments; unknown ones are reported by the command that they were given to, not by the top parser."""
        parsed, rest = self.parse_known_args(args, namespace)
        if rest:
            getattr(parsed, "command", self).refuse(rest)
        return parsed

    def refuse(self, rest: Sequence[str]) -> NoReturn:
        """End the process over arguments that this command does not take."""
        first = rest[0].partition("=")[0]
        hint = self._near(first, self._option_string_actions) if first[:2] == "--" else self._surplus()
        super().error(f"unrecognized arguments: {' '.join(rest)}{hint}")

    def error(self, message: str) -> NoReturn:
        """End the process with exit code 2; what lacks altogether is met with an example of the command."""
        fault = sys.exc_info()[1]
        of_argument = isinstance(fault, argparse.ArgumentError) and fault.argument_name is not None
        super().error(message if of_argument else message + self._example())

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Check that a value is one of an argument's choices.

        Raises:
            argparse.ArgumentError: if it is none; the choice that comes close is named.
        """
        if action.choices is not None and value not in action.choices:
            choices = ", ".join(map(repr, action.choices))
            hint = self._near(str(value), map(str, action.choices))
            raise argparse.ArgumentError(action, f"invalid choice: {value!r} (choose from {choices}){hint}")

    def _near(self, typed: str, options: Iterable[str]) -> str:
        close = difflib.get_close_matches(typed, list(options), n=1)
        return f"; did you mean {close[0]}?" if close else f"; see {self.prog} --help"

    def _surplus(self) -> str:
        """Return a hint that names the arguments that are given without an option's name."""
        words = [str(action.metavar) for action in self._actions if not action.option_strings]
        alone = f"{' and '.join(words)} alone is" if len(words) == 1 else "nothing is"
        return f"; {alone} given without an option's name{self._example()}"

    def _example(self) -> str:
        inner = [action for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        if inner:
            return f"; choose one of {', '.join(inner[0].choices)}"
        return f"\n{self.epilog}" if self.epilog else ""


def make_parser() -> Parser:
    """Return the parser of ``codeshift``."""
    parser = Parser(
        prog="codeshift",
        description="Out-of-distribution splits, fine-tuning and evaluation for code models.",
        epilog="exit codes: 0 done, 1 the answer is no, 2 bad input, 3 a bug in codeshift, 130 interrupted",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"codeshift {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return parser
