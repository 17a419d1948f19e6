"""Rows of CSV files, whose cells stay text until all cells of a column are known."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from codeshift.data.text_file import no_text, opened_text
from codeshift.errors import DataError

_ROWS = 10_000
_EXACT = 2**53
_LONGEST = 25  # characters of a number that is written exactly

CsvLine = tuple[int, list[str]]
"""The number of the line that a row starts on, and the row's cells."""


def csv_table(path: Path, separator: str) -> pa.Table:
    r"""Read the rows of a file, with every cell as text; its first line names the columns.

    A column without a name is called ``Unnamed: 0``, as in pandas.

    Raises:
        DataError: if the file cannot be parsed, a line has more or fewer cells than the first, or a cell is not UTF-8;
            the message names the line.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "rows.csv"
    ...     _ = path.write_bytes(b'code,id\n"x = ""a""\r\n",007\n')
    ...     csv_table(path, ",").to_pylist()
    [{'code': 'x = "a"\r\n', 'id': '007'}]
    """
    with _long_cells():
        lines = _csv_lines(path, separator)
        names = _column_names(next(lines, (1, []))[1], path)
        schema = pa.schema([(name, pa.string()) for name in names])
        batches = []
        while rows := list(islice(lines, _ROWS)):
            batches.append(
                pa.record_batch([_texts_of_column(rows, i, names, path) for i in range(len(names))], schema=schema)
            )
        return pa.Table.from_batches(batches, schema=schema)


def numbers_or_text(column: pa.ChunkedArray) -> pa.DataType:
    """Return the type of a column of cells: numbers only if each cell is written exactly like its number, else text.

    So ``007``, ``+1``, ``1_000``, ``3.10``, ``1e5``, ``NA``, ``nan`` and ``True`` make a column text, and so does an
    integer beyond 64 bits. Empty cells are ignored; a column of empty cells only is text.

    >>> [str(numbers_or_text(pa.chunked_array([c]))) for c in (["1", ""], ["0.5", "2"], ["3.9", "3.10"], ["7", "NA"])]
    ['int64', 'double', 'string', 'string']
    """
    if not _all_match(column, r"^(-?[0-9]+(\.[0-9]+)?(e[-+][0-9]+)?)?$"):
        return pa.string()
    cells = [cell for cell in column.unique().to_pylist() if cell]
    if any(len(cell) > _LONGEST for cell in cells):
        return pa.string()
    if cells and all(cell.lstrip("-").isdigit() for cell in cells):
        exact = all(str(int(cell)) == cell and -(2**63) <= int(cell) < 2**63 for cell in cells)
        return pa.int64() if exact else pa.string()
    return pa.float64() if cells and _are_floats(cells) else pa.string()


def cast_cells(column: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    """Return cells as numbers, with None for empty cells, or unchanged as text."""
    return column if to == pa.string() else pc.if_else(pc.equal(column, ""), None, column).cast(to)


def _all_match(column: pa.ChunkedArray, pattern: str) -> bool:
    return all(pc.all(pc.match_substring_regex(chunk, pattern)).as_py() is not False for chunk in column.chunks)


def _are_floats(cells: list[str]) -> bool:
    """Tell whether Python, pandas or R would write floats so; 3 may stand for 3.0 only if no cell ends in .0."""
    integers = [cell for cell in cells if cell.lstrip("-").isdigit()]
    if integers and any(cell.endswith(".0") for cell in cells):
        return False
    if any(str(int(cell)) != cell or abs(int(cell)) > _EXACT for cell in integers):
        return False
    return all(repr(float(cell)) == cell for cell in set(cells).difference(integers))


def _csv_lines(path: Path, separator: str) -> Iterator[CsvLine]:
    with opened_text(path, newline="") as text:
        reader = csv.reader(text, delimiter=separator, strict=True)
        first = 1
        try:
            for cells in reader:
                if cells:
                    yield first, cells
                first = reader.line_num + 1
        except csv.Error as error:
            raise DataError("source", "a file of CSV", str(path), f"line {first}: {error}") from error


def _column_names(header: list[str], path: Path) -> list[str]:
    names = [name or f"Unnamed: {i}" for i, name in enumerate(header)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        remedy = f"line 1: {twice[0]!r} occurs twice"
        raise DataError("source", "a file whose first line names each column once", str(path), remedy)
    for name in names:
        if problem := no_text(name) or ("it holds a NUL: is it UTF-16?" if "\0" in name else None):
            raise DataError("source", "a file in UTF-8", str(path), f"line 1, a column's name: {problem}")
    return names


def _texts_of_column(rows: list[CsvLine], place: int, names: list[str], path: Path) -> pa.Array:
    for line, cells in rows if place == 0 else ():
        if len(cells) != len(names):
            remedy = f"a file with {len(names)} cells on each line, as on the first"
            raise DataError("source", remedy, str(path), f"line {line} has {len(cells)} cells")
    try:
        return pa.array([cells[place] for _, cells in rows], type=pa.string())
    except UnicodeEncodeError as error:
        line, problem = next((line, problem) for line, cells in rows if (problem := no_text(cells[place])))
        raise DataError(
            "source", "a file in UTF-8", str(path), f"line {line}, column {names[place]!r}: {problem}"
        ) from error


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let ``csv`` read cells of more than 131,072 characters, its default limit, because programs may be longer."""
    usual = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(usual)
