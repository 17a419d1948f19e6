"""Files of rows: JSON Lines, CSV or Parquet; the first two may be compressed by gzip or Zstandard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset

from codeshift.data.csv_rows import csv_table
from codeshift.data.joining import Piece
from codeshift.data.json_rows import json_table
from codeshift.errors import DataError
from codeshift.file_formats import CSV_SEPARATORS, JSON, PARQUET, format_of
from codeshift.wording import closest


def _read_parquet(path: Path) -> Dataset:
    try:
        return Dataset(pq.read_table(path))
    except pa.ArrowException as error:
        raise DataError("source", "a Parquet file", str(path), f"it cannot be read: {error}") from error


def _json(path: Path) -> Dataset:
    return Dataset(json_table(path))


FILE_FORMATS: dict[str, Callable[[Path], Dataset | pa.Table]] = {
    **dict.fromkeys(JSON, _json),
    **{ending: partial(csv_table, separator=separator) for ending, separator in CSV_SEPARATORS.items()},
    PARQUET: _read_parquet,
}
"""Functions that read a file, by its extension; all but Parquet may be followed by ``.gz`` or ``.zst``."""


def read_file(path: Path) -> Piece:
    """Read the rows of a file into memory.

    Raises:
        DataError: if its extension is unknown, or it cannot be read; the message names the line.
    """
    ending = format_of(path)
    if ending is None:
        raise DataError("source", f"a file of {', '.join(FILE_FORMATS)}", str(path), closest(path.suffix, FILE_FORMATS))
    return Piece(path.name, FILE_FORMATS[ending](path))
