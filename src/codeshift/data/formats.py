"""One file of rows: JSON Lines, CSV or Parquet, perhaps compressed by gzip."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset

from codeshift.data.csv_rows import csv_columns
from codeshift.data.json_rows import json_columns
from codeshift.errors import DataError, closest


def _parquet(path: Path) -> Dataset:
    try:
        return Dataset(pq.read_table(path))
    except pa.ArrowException as error:
        raise DataError("source", "a Parquet file", str(path), f"it cannot be read: {error}") from error


def _json(path: Path) -> Dataset:
    with _opened(path) as file:
        return Dataset(pa.table(json_columns(file, str(path))))


def _separated(separator: str) -> Callable[[Path], Dataset]:
    def read(path: Path) -> Dataset:
        with _opened(path) as file:
            return Dataset(pa.table(csv_columns(file, str(path), separator)))

    return read


FORMATS: dict[str, Callable[[Path], Dataset]] = {
    ".jsonl": _json,
    ".ndjson": _json,
    ".json": _json,
    ".csv": _separated(","),
    ".tsv": _separated("\t"),
    ".parquet": _parquet,
}
"""What reads a file, by its ending; all but Parquet may end in ``.gz`` as well."""


def format_of(path: Path) -> str | None:
    """The ending that says how a file is read; None for a file that holds no rows.

    >>> format_of(Path("train.jsonl.gz")), format_of(Path("manifest.yaml"))
    ('.jsonl', None)
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
        if suffixes and suffixes[-1] == ".parquet":
            return None
    return suffixes[-1] if suffixes and suffixes[-1] in FORMATS else None


def read_file(path: Path) -> Dataset:
    """The rows of a file, held in memory.

    Raises:
        DataError: if its ending is unknown, or it cannot be read; the message names the line.
    """
    ending = format_of(path)
    if ending is None:
        raise DataError("source", f"a file of {', '.join(FORMATS)}", str(path), closest(path.suffix, FORMATS))
    try:
        return FORMATS[ending](path)
    except (EOFError, gzip.BadGzipFile) as error:
        raise DataError("source", "a file compressed by gzip", str(path), f"{error}") from error


def _opened(path: Path) -> IO[bytes]:
    opened: Any = gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # noqa: SIM115 - callers do
    return cast(IO[bytes], opened)
