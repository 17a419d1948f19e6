"""The entry point of the command line, which turns the outcome of a command into an exit code."""

from __future__ import annotations

import argparse
import os
import shlex
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
from codeshift.errors import CodeshiftError, CodeshiftWarning, ParameterError
from codeshift.wording import Remedy


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; see ``codeshift.cli`` for the codes.

    Args:
        arguments: Arguments of the command line; None takes those of the process.
    """
    parsed = make_parser().parse_args(arguments)
    try:
        with any_character(), _warnings_in_one_line(), results_alone():
            return int(parsed.run(parsed))
    except CodeshiftError as error:
        complain("error", _in_options(error, parsed))
        return BAD_INPUT
    except BrokenPipeError:  # a reader such as head has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        complain("error", " ".join(str(error).split()))
        return BAD_INPUT
    except KeyboardInterrupt:
        complain("interrupted", *filter(None, [parsed.interrupted]))
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - its traceback is shown; Python's own exit code would mean the answer "no"
        traceback.print_exc()
        return FAULT
    finally:
        bars_as_before()


def _in_options(error: CodeshiftError, parsed: argparse.Namespace) -> str:
    """Return the message of an error, with an option of the command line for the Python in its remedy."""
    fault: BaseException | None = error
    while fault is not None:
        if isinstance(fault, ParameterError) and isinstance(fault.remedy, Remedy):
            return str(error).removesuffix(fault.remedy.code) + _as_option(fault.remedy, parsed)
        fault = fault.__cause__
    return str(error)


def _as_option(remedy: Remedy, parsed: argparse.Namespace) -> str:
    if not hasattr(parsed, remedy.option):  # a study says in its file what other commands are given by options
        return remedy.code if remedy.value is None else f"{remedy.option}: [{remedy.value}] under data"
    return f"give --{remedy.option}" if remedy.value is None else f"--{remedy.option} {shlex.quote(remedy.value)}"


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Show our warnings without the line of source, which is of no use on the command line; others as usual.

    ``FutureWarning``, with which libraries warn each other, is ignored.
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
