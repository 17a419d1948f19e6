"""Runs a command and turns what happens into an exit code."""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from codeshift.cli.output import (
    BAD_INPUT,
    FAULT,
    INTERRUPTED,
    PIPE_CLOSED,
    any_character,
    bars_as_before,
    complain,
    results_alone,
)
from codeshift.cli.parser import make_parser
from codeshift.errors import CodeshiftError, CodeshiftWarning


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code, as ``codeshift.cli`` lists them.

    Args:
        arguments: of the command line; None takes those of the process.
    """
    parsed = make_parser().parse_args(arguments)
    try:
        with any_character(), _warnings_in_one_line(), results_alone():
            return int(parsed.run(parsed))
    except CodeshiftError as error:
        complain("error", _in_options(str(error), parsed))
        return BAD_INPUT
    except BrokenPipeError:  # of a reader such as head that has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        complain("error", " ".join(str(error).split()))
        return BAD_INPUT
    except KeyboardInterrupt:
        complain("interrupted", *filter(None, [parsed.interrupted]))
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - it is shown whole; Python's own exit code would read as the answer "no"
        traceback.print_exc()
        return FAULT
    finally:
        bars_as_before()


def _in_options(message: str, parsed: argparse.Namespace) -> str:
    """An error's remedy as one types it at a command line: the library's speaks Python."""
    with_option = hasattr(parsed, "require")
    message = re.sub(
        r"(leave them out|exclude them) with data\.filter\(lambda row: .*\brow\['([^']*)'\].*\)$",
        r"leave them out with --require \2" if with_option else r"leave them out with require: [\2] under data",
        message,
    )
    return re.sub(r"\bor overwrite$", "or give --overwrite", message) if hasattr(parsed, "overwrite") else message


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Ours without the place in the source, which tells a user of commands nothing; others as ever.

    What libraries tell each other of their future is left out.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any, **keywords: Any) -> None:
            if issubclass(category, CodeshiftWarning):
                complain("warning", str(message))
            else:
                usual(message, category, *place, **keywords)

        warnings.showwarning = show
        yield
