"""Rows of JSON files, which hold one object per line or a list of objects."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from codeshift.data.json_feature import json_array
from codeshift.data.text_file import no_text, opened_text
from codeshift.errors import DataError
from codeshift.wording import Verbatim

LocatedRow = tuple[str, dict[str, Any]]
"""Place of a row in words, such as ``line 3``, and the row."""

_NO_COLUMN = (pa.ArrowException, TypeError, ValueError, OverflowError, RecursionError)
_DEEPEST_ROW = 500  # levels of a row, all columns, which the recursion of any Python reads and writes
_DEEP = f"objects and lists are nested more than {_DEEPEST_ROW} deep"
_NESTING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{\]}]', re.DOTALL)
_DEEPEST = 30  # levels of a column that Arrow and Parquet are sure to take


def json_table(path: Path) -> pa.Table:
    r"""Read the rows of a file; a row that lacks a column has None there.

    A column of objects or lists that differ in their keys or types becomes JSON, in which each row keeps its own keys.

    Raises:
        DataError: if a line is no object of JSON or repeats a key, or if a column holds values of different types or
            numbers that no column can hold; the message names the line.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "rows.jsonl"
    ...     _ = path.write_text('{"code": "x", "meta": {"a": 1}}\n{"code": "y", "meta": {"b": 2}}\n')
    ...     json_table(path)["meta"].to_pylist()
    ['{"a": 1}', '{"b": 2}']
    """
    rows = list(json_objects(path))
    names: dict[str, str] = {}
    for place, row in rows:
        for key in row:
            names.setdefault(key, place)
    for key, place in names.items():
        if problem := no_text(key):
            raise DataError("source", "a file in UTF-8", str(path), f"{place}, a column's name: {problem}")
    return pa.table({key: _typed_column(key, rows, path) for key in names})


def json_objects(path: Path) -> Iterator[LocatedRow]:
    r"""Yield the objects of a file, each with its place in words.

    Raises:
        DataError: if a line is no object of JSON or repeats a key; the message names the line.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "rows.jsonl"
    ...     _ = path.write_text('{"a": 1}\n\n{"b": [2]}\n')
    ...     list(json_objects(path))
    [('line 1', {'a': 1}), ('line 3', {'b': [2]})]
    """
    with opened_text(path, newline=None) as text:
        lines = ((place, line) for place, line in _located_lines(text, path) if line.strip())
        first = next(lines, None)
        if first is None:
            return
        if first[1].lstrip().startswith("["):
            text.seek(0)
            yield from _rows_of_array("".join(line for _, line in _located_lines(text, path)), path)
            return
        yield _row_of_line(*first, path)
        yield from (_row_of_line(place, line, path) for place, line in lines)


def _located_lines(text: IO[str], path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text, start=1):
        if problem := no_text(line):
            raise DataError("source", "a file in UTF-8", str(path), f"line {number}: {problem}")
        yield f"line {number}", line


def _row_of_line(place: str, line: str, path: Path) -> LocatedRow:
    if _too_deep(line) is not None:
        raise DataError("source", "a file of JSON that can be held", str(path), f"{place}: {_DEEP}")
    try:
        row = _DECODER.decode(line)
    except json.JSONDecodeError as error:
        problem = f"{place}: {error.msg} at character {error.pos + 1}"
        raise DataError("source", "a file with an object of JSON on each line", str(path), problem) from error
    except (ValueError, RecursionError) as error:
        raise DataError("source", "a file of JSON that can be held", str(path), f"{place}: {error}") from error
    return place, _checked_object(place, row, path)


def _rows_of_array(text: str, path: Path) -> Iterable[LocatedRow]:
    if (deep := _too_deep(text)) is not None:
        place = f"line {text.count(chr(10), 0, deep) + 1}"
        raise DataError("source", "a file of JSON that can be held", str(path), f"{place}: {_DEEP}")
    try:
        rows = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        problem = f"line {error.lineno}: {error.msg}"
        raise DataError("source", "a list of objects in JSON", str(path), problem) from error
    except (ValueError, RecursionError) as error:
        problem = f"{_odd_item(text)}: {error}"
        raise DataError("source", "a file of JSON that can be held", str(path), problem) from error
    return [(f"item {i}", _checked_object(f"item {i}", row, path)) for i, row in enumerate(rows)]


def _too_deep(text: str) -> int | None:
    """Return the position where objects and lists are nested too deep for later readers; None if nowhere."""
    if text.count("[") + text.count("{") <= _DEEPEST_ROW:
        return None
    depth = 0
    for match in _NESTING.finditer(text):
        sign = match[0]
        if sign in "[{":
            depth += 1
            if depth > _DEEPEST_ROW:
                return match.start()
        elif sign in "]}":
            depth -= 1
    return None


def _odd_item(text: str) -> str:
    """Return the place of the first item of a list that cannot be read."""
    place, item = text.index("[") + 1, 0
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr] # it matches nothing as well
        try:
            place, item = _DECODER.raw_decode(text, place)[1], item + 1
        except (ValueError, RecursionError):
            return f"line {text.count(chr(10), 0, place) + 1}, item {item}"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is named twice in one object")
    return row


def _finite_number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is beyond the numbers of 64 bits: write it as text, in quotes")
    return number


_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_float=_finite_number)


def _checked_object(place: str, row: Any, path: Path) -> dict[str, Any]:
    if not isinstance(row, dict):
        problem = f"{place} holds {'a list' if isinstance(row, list) else Verbatim(repr(row)[:40])}"
        raise DataError("source", "a file of objects of JSON", str(path), f"{problem}; a row is {{column: value, ...}}")
    return row


def _typed_column(key: str, rows: list[LocatedRow], path: Path) -> pa.Array:
    values = [row.get(key) for _, row in rows]
    try:
        return _typed_array(values)
    except _NO_COLUMN as error:
        place = _first_odd(values)
        problem = f"column {key!r} at {rows[place][0]}: {_why(values[place], error)}"
        raise DataError("source", "a file whose columns hold values of one type", str(path), problem) from error


def _typed_array(values: list[Any]) -> pa.Array:
    nested = {type(value) for value in values if value is not None}
    if nested == {dict} or nested == {list}:
        return _nested(values)
    beyond_int64 = nested == {int} and max(value for value in values if value is not None) >= 2**63
    return pa.array(values, type=pa.uint64() if beyond_int64 else None)


def _nested(values: list[Any]) -> pa.Array:
    """Return a column of structs or lists if all values have the same keys and types, else of JSON."""
    if _of_one_shape(values):
        try:
            return pa.array(values)
        except UnicodeEncodeError:  # half a surrogate pair, which JSON would not hold either
            raise
        except _NO_COLUMN:  # values of several types, which JSON holds
            pass
    _check_integers(values)
    return json_array(values)


def _of_one_shape(values: list[Any], depth: int = 0) -> bool:
    """Tell whether, at every depth, objects have the same keys (at least one) and lists hold items of one kind."""
    filled = [value for value in values if value is not None]
    kinds = {type(value) for value in filled}
    if not kinds & {dict, list}:
        return True
    if len(kinds) > 1 or depth == _DEEPEST:
        return False
    if list in kinds:
        return _of_one_shape([item for value in filled for item in value], depth + 1)
    keys = filled[0].keys()
    same = bool(keys) and all(value.keys() == keys for value in filled)
    return same and all(_of_one_shape([value[key] for value in filled], depth + 1) for key in keys)


def _check_integers(value: Any) -> None:
    """Check that ``datasets`` can read all integers of a value back from JSON.

    Raises:
        OverflowError: if it cannot.
    """
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise OverflowError(f"{value} is beyond integers of 64 bits: write it as text, in quotes")
    for inner in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        _check_integers(inner)


def _first_odd(values: list[Any]) -> int:
    """Return the index of the first value that cannot be in a column with those before it."""
    low, high = 0, len(values)
    while high - low > 1:  # columns up to `low` can be made, up to `high` they cannot
        middle = (low + high) // 2
        try:
            _typed_array(values[:middle])
            low = middle
        except _NO_COLUMN:
            high = middle
    return high - 1


def _why(value: Any, error: Exception) -> str:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        beyond = value < 0 or value >= 2**64
        limit = "is beyond integers of 64 bits" if beyond else "and an integer below 0 have no type of 64 bits"
        return f"{value} {limit}: write it as text, in quotes"
    return (no_text(value) if isinstance(value, str) else None) or str(error)
