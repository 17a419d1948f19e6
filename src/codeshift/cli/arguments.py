"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from codeshift.cli.output import quiet_unless_watched
from codeshift.errors import ParameterError
from codeshift.wording import Verbatim

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from codeshift.audit import Corpus

    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
else:
    Commands = argparse._SubParsersAction


def add_command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    summary: str,
    description: str,
    example: str,
    json: bool = True,
) -> argparse.ArgumentParser:
    """Add a command whose help ends with an example."""
    command = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=f"example: {example}",
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    command.set_defaults(run=run, command=command, interrupted="")
    if json:
        command.add_argument("--json", action="store_true", help="print the result as JSON")
    return command


class _Formatter(argparse.HelpFormatter):
    """A help formatter that keeps the line breaks of an example."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" not in text:
            return super()._fill_text(text, width, indent)
        return "\n".join(indent + line for line in text.splitlines())


def add_data(command: argparse.ArgumentParser, what: str) -> None:
    """Add the arguments that name the data and rename or require its columns."""
    command.add_argument(
        "data",
        metavar="DATA",
        help=f"{what}: a JSONL, CSV or Parquet file, a folder of such files, or owner/name of the Hugging Face Hub",
    )
    command.add_argument(
        "--rename",
        action="append",
        default=[],
        type=_renamed,
        metavar="OLD=NEW",
        help="rename a column of the data; may be given several times",
    )
    command.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="COLUMN",
        help="leave out rows in which it is None or blank; may be given several times",
    )
    command.add_argument("--config", metavar="NAME", help="configuration (subset) of a dataset of the hub")
    command.add_argument("--revision", metavar="NAME", help="revision of a dataset of the hub")


def add_against(command: argparse.ArgumentParser, what: str) -> None:
    """Add the argument that names corpora to look for rows in."""
    command.add_argument(
        "--against",
        action="append",
        default=[],
        type=_named_corpus,
        metavar="NAME=CORPUS",
        help=f"corpus to look for {what} in: a file, a folder with all below it or a pattern, of Parquet, JSON "
        "Lines, JSON or CSV, the texts compressed or not (.gz, .zst); or embedded for what the embedded model has "
        "read; may be given several times",
    )
    command.add_argument("--corpus-column", metavar="NAME", help="column of the code in these corpora [the same]")


def corpora_of(arguments: argparse.Namespace) -> dict[str, str | Corpus] | None:
    """Return the corpora that the arguments of ``add_against`` name; None if there are none."""
    if arguments.corpus_column is None:
        return dict(arguments.against) or None
    from codeshift.audit import Corpus as OfColumn

    return {name: OfColumn(path, arguments.corpus_column) for name, path in arguments.against} or None


def _named_corpus(text: str) -> tuple[str, str]:
    name, equals, corpus = text.partition("=")
    if not (name and equals and corpus):
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=CORPUS, such as web=pretraining/*.parquet")
    return name, corpus


def add_processes(command: argparse.ArgumentParser) -> None:
    """Add the argument that says how many processes work on rows."""
    command.add_argument(
        "--num-proc",
        type=int,
        metavar="N",
        help="processes that work on the rows [one a core from 20,000 rows on]",
    )


def data_of(arguments: argparse.Namespace, *, split: str | None = None) -> Dataset | DatasetDict:
    """Load the data that the arguments of ``add_data`` name."""
    quiet_unless_watched()
    from codeshift.data import load_data

    return load_data(arguments.data, split=split, **_how(arguments))


def as_parts(data: Dataset | DatasetDict) -> Mapping[str, Dataset]:
    """Return parts unchanged, and a single dataset as a part named "rows"."""
    return data if isinstance(data, Mapping) else {"rows": data}


def splits_of(arguments: argparse.Namespace) -> DatasetDict:
    """Load all parts of the data that the arguments of ``add_data`` name."""
    quiet_unless_watched()
    from codeshift.data import load_splits

    return load_splits(arguments.data, **_how(arguments))


def _how(arguments: argparse.Namespace) -> dict[str, Any]:
    rename: dict[str, str] = {}
    for old, new in arguments.rename:
        if rename.setdefault(old, new) != new:
            remedy = f"it becomes {rename[old]!r} already"
            raise ParameterError("--rename", "one new name a column", Verbatim(f"{old}={new}"), remedy)
    named = {"config": arguments.config, "revision": arguments.revision}
    return {"rename": rename, "require": arguments.require, **named}


def size(text: str) -> float | str:
    """Parse a share of rows (0.1, 1.0), a number of rows (500), or "match".

    Raises:
        argparse.ArgumentTypeError: if it is none of these.

    >>> size("0.1"), size("500"), size("match")
    (0.1, 500, 'match')
    """
    if text == "match":
        return text
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a share (0.1) nor a number of rows (500)") from None


def near_duplicates(text: str) -> str | dict[str, Any] | None:
    """Parse the handling of near-duplicates: None for "none", and with columns the arguments of a search.

    >>> near_duplicates("bind"), near_duplicates("none"), near_duplicates("drop:doc,code")
    ('bind', None, {'columns': ['doc', 'code'], 'drop': True})
    """
    how, colon, columns = text.partition(":")
    if how not in ("bind", "drop") or not colon:
        return None if text == "none" else text
    return {"columns": columns_of(columns), "drop": how == "drop"}


def columns_of(text: str) -> list[str]:
    """Parse the names of columns, with commas between them.

    >>> columns_of("doc, code")
    ['doc', 'code']
    """
    return [column.strip() for column in text.split(",")]


def _renamed(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise argparse.ArgumentTypeError(f"{text!r} is not OLD=NEW, such as func=code")
    return old, new
