"""The output of commands: results on stdout, all else on stderr."""

from __future__ import annotations

import argparse
import codecs
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from codeshift.documents import text
from codeshift.documents.document import Column, Table, Value
from codeshift.errors import ParameterError
from codeshift.files import finite
from codeshift.requirements import check_extra, check_folder
from codeshift.wording import closest

if TYPE_CHECKING:
    from codeshift.audit import AuditReport, Overlap
    from codeshift.study import RunRecord

DONE, NO, BAD_INPUT, FAULT, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141

_FORMATS: dict[str, Callable[[AuditReport | Overlap], str]] = {
    ".html": lambda findings: findings.to_html(),
    ".md": lambda findings: findings.to_markdown(),
    ".json": lambda findings: json.dumps(findings.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
}
"""Formats of full reports, by the ending of the file."""

_stdout: list[TextIO] = []  # the real one, inside results_alone


@contextmanager
def results_alone() -> Iterator[None]:
    """Send what libraries print to stderr inside this context, so that stdout holds only the result."""
    _stdout.append(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _stdout.pop()


@contextmanager
def any_character() -> Iterator[None]:
    """Print characters that the encoding of stdout lacks (an accent in ASCII) as escapes inside this context."""
    stdout = sys.stdout
    if not isinstance(stdout, io.TextIOWrapper) or codecs.lookup(stdout.encoding).name == "utf-8":
        yield
        return
    before = stdout.errors
    stdout.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        stdout.reconfigure(errors=before)


def say(line: str = "") -> None:
    """Print a line of the result."""
    print(line, file=_stdout[-1] if _stdout else sys.stdout, flush=True)


def complain(*words: str) -> None:
    """Print a line on stderr."""
    print("codeshift:", ": ".join(words), file=sys.stderr, flush=True)


def tell_run(run: RunRecord) -> None:
    """Print a line about a finished run of a study, for logs, in which bars are of no use."""
    took = f" in {run.seconds:,.0f} s" if run.status == "done" else ""
    complain(run.key.name, f"{run.status}{took}")


def on_terminal() -> bool:
    """Tell whether stderr is a terminal; progress bars in a log file are of no use."""
    return sys.stderr.isatty()


_undo: list[Callable[[], Any]] = []


def quiet_unless_watched() -> None:
    """Turn off the progress bars of ``datasets`` (parsing, downloads) until the command ends, unless on a terminal."""
    if not on_terminal():
        from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

        if not are_progress_bars_disabled():
            disable_progress_bars()
            _undo.append(enable_progress_bars)


def quiet_models_unless_watched() -> None:
    """Turn off the progress bars of ``transformers`` (loading of weights) until the command ends, unless on a terminal.

    Raises:
        MissingExtraError: a package that models need is not installed.
    """
    check_extra("finetune")
    if not on_terminal():
        from transformers.utils import logging

        if logging.is_progress_bar_enabled():
            logging.disable_progress_bar()
            _undo.append(logging.enable_progress_bar)


def bars_as_before() -> None:
    """Turn the progress bars of both libraries on again."""
    while _undo:
        _undo.pop()()


def report(arguments: argparse.Namespace, words: str, plain: Mapping[str, Any]) -> None:
    """Print the result for a person or, with ``--json``, for a machine."""
    say(json.dumps(finite(plain), indent=1, ensure_ascii=False, allow_nan=False) if arguments.json else words)


def check_report_file(out: str | None) -> None:
    """Check where ``write_report`` is to write, before the work begins; None writes nothing.

    Raises:
        ParameterError: the file has another ending, or its folder cannot be made.
    """
    if not out:
        return
    suffix = Path(out).suffix.lower()
    if suffix not in _FORMATS:
        raise ParameterError("--out", "a file that ends in .html, .md or .json", out, closest(suffix, _FORMATS))
    check_folder("--out", Path(out).parent)


def write_report(out: str, findings: AuditReport | Overlap) -> None:
    """Write a full report as HTML, Markdown or JSON, by the ending of the file; its folder is made if it is missing."""
    from codeshift.files import write_text

    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, _FORMATS[path.suffix.lower()](findings))


def as_table(rows: Sequence[Sequence[Any]], *, header: Sequence[str]) -> str:
    """Format rows as aligned columns, numbers to the right.

    >>> print(as_table([("java", 11), ("go", 2)], header=("language", "rows")))
    language  rows
    java        11
    go           2
    """
    numeric = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(header))]
    columns = tuple(map(Column, header, numeric))
    return text.table(Table(columns=columns, rows=tuple(tuple(Value(str(cell)) for cell in row) for row in rows)))
