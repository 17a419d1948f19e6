"""Rows of CSV, whose first line names the columns."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pyarrow as pa

from codeshift.errors import DataError

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


def csv_columns(file: IO[bytes], name: str, separator: str) -> dict[str, pa.Array]:
    r"""The columns of a file. All are text but those of numbers alone, written as numbers are: ``007`` stays text.

    In a column of numbers an empty cell is None; in a column of text it is "".

    Raises:
        DataError: if the file cannot be taken apart, or a line has more or fewer cells than the first; it names it.

    >>> import io
    >>> csv_columns(io.BytesIO(b"code,id,tag\nx = 1,1,007\ny,,08\n"), "rows.csv", ",")["id"].to_pylist()
    [1, None]
    """
    columns: list[list[str]] = []
    names: list[str] = []
    with _long_cells():
        for line, cells in _lines(file, name, separator):
            if not names:
                names, columns = _header(cells, name), [[] for _ in cells]
                continue
            if len(cells) != len(names):
                told = f"line {line} has {len(cells)} cells"
                raise DataError("source", f"a file with {len(names)} cells on each line, as on the first", name, told)
            for column, cell in zip(columns, cells, strict=True):
                column.append(cell)
    return {key: _typed(values) for key, values in zip(names, columns, strict=True)}


def _lines(file: IO[bytes], name: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    reader = csv.reader(text, delimiter=separator, strict=True)
    try:
        yield from ((reader.line_num, cells) for cells in reader if cells)
    except csv.Error as error:
        raise DataError("source", "a file of CSV", name, f"line {reader.line_num}: {error}") from error
    except UnicodeDecodeError as error:
        raise DataError("source", "a file in UTF-8", name, f"after line {reader.line_num}: {error.reason}") from error


def _header(cells: list[str], name: str) -> list[str]:
    twice = sorted({cell for cell in cells if cells.count(cell) > 1})
    if twice:
        raise DataError("source", "a file whose first line names each column once", name, f"{twice[0]!r} stands twice")
    return cells


def _typed(values: list[str]) -> pa.Array:
    filled = [value for value in values if value]
    for pattern, number in ((_INTEGER, int), (_NUMBER, float)):
        if filled and all(pattern.fullmatch(value) for value in filled):
            return pa.array([number(value) if value else None for value in values])
    return pa.array(values, type=pa.string())


@contextmanager
def _long_cells() -> Iterator[None]:
    """Programs may be longer than the 131,072 characters that ``csv`` takes by default."""
    usual = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(usual)
