"""Rows of JSON: an object a line, or a list of objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

import pyarrow as pa

from codeshift.errors import DataError, Told

Row = tuple[str, dict[str, Any]]
"""Where a row stands, in words, and the row."""


def json_columns(file: IO[bytes], name: str) -> dict[str, pa.Array]:
    r"""The columns of a file; a row that lacks one of them has None there.

    Raises:
        DataError: if a line is no object of JSON, or a column holds values of different types; it names the line.

    >>> import io
    >>> lines = b'{"code": "x = 1"}\n{"code": "y", "id": 7}\n'
    >>> json_columns(io.BytesIO(lines), "rows.jsonl")["id"].to_pylist()
    [None, 7]
    """
    rows = list(_rows(file, name))
    names = dict.fromkeys(key for _, row in rows for key in row)
    return {key: _column(key, rows, name) for key in names}


def _rows(file: IO[bytes], name: str) -> Iterator[Row]:
    lines = _texts(file, name)
    first = next(((place, line) for place, line in lines if line.strip()), None)
    if first is None:
        return
    if first[1].lstrip().startswith("["):
        yield from _listed(first[1] + "".join(line for _, line in lines), name)
        return
    yield _row(*first, name)
    yield from (_row(place, line, name) for place, line in lines if line.strip())


def _texts(file: IO[bytes], name: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(file, start=1):
        try:
            yield f"line {number}", line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise DataError("source", "a file in UTF-8", name, f"line {number}: {error}") from error


def _row(place: str, line: str, name: str) -> Row:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        told = f"{place}: {error.msg} at character {error.pos + 1}"
        raise DataError("source", "a file with an object of JSON on each line", name, told) from error
    return place, _object(place, row, name)


def _listed(text: str, name: str) -> Iterable[Row]:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError("source", "a list of objects in JSON", name, f"line {error.lineno}: {error.msg}") from error
    return [(f"item {i}", _object(f"item {i}", row, name)) for i, row in enumerate(rows)]


def _object(place: str, row: Any, name: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        told = f"{place} holds {'a list' if isinstance(row, list) else Told(repr(row)[:40])}"
        raise DataError("source", "a file of objects of JSON", name, f"{told}; a row is {{column: value, ...}}")
    return row


def _column(key: str, rows: list[Row], name: str) -> pa.Array:
    values = [row.get(key) for _, row in rows]
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:  # a lone surrogate is a ValueError
        place = _first_odd(values)
        told = f"column {key!r} at {rows[place][0]}: {error}"
        raise DataError("source", "a file whose columns hold values of one type", name, told) from error


def _first_odd(values: list[Any]) -> int:
    """The first value that cannot stand in a column with those before it."""
    low, high = 0, len(values)
    while high - low > 1:  # columns up to `low` can be made, up to `high` they cannot
        middle = (low + high) // 2
        try:
            pa.array(values[:middle])
            low = middle
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            high = middle
    return high - 1
