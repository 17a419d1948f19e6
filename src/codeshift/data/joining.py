"""Concatenation of files of rows, with column types that hold the values of all files exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import datasets
import pyarrow as pa
from datasets import Dataset, Value, concatenate_datasets

from codeshift.data.csv_rows import cast_cells, numbers_or_text
from codeshift.data.json_feature import Json, exact_json, json_array
from codeshift.errors import DataError
from codeshift.wording import Verbatim

_TEXTS = (Value("string"), Value("large_string"), Value("string_view"))
_WHOLE = tuple(Value(f"{kind}{bits}") for kind in ("int", "uint") for bits in (8, 16, 32, 64))
_NUMBERS = (*_WHOLE, Value("float32"), Value("float64"))
_BLANK = Value("null")


@dataclass(frozen=True)
class Piece:
    """The rows of one file, or of one part that ``datasets`` has loaded.

    Attributes:
        name: Name of the piece in messages.
        rows: Rows of the piece; a table of text for CSV, whose types depend on the cells of all pieces.
    """

    name: str
    rows: Dataset | pa.Table


def join(pieces: Sequence[Piece]) -> Dataset:
    """Concatenate the rows of all pieces.

    Raises:
        DataError: if the pieces differ in their columns, or no type can hold all values of a column.

    >>> join([Piece("a.csv", pa.table({"id": ["7"]})), Piece("b.csv", pa.table({"id": ["18"]}))])["id"][:]
    [7, 18]
    """
    return _concatenated(_of_one_type(pieces))


def join_parts(parts: Mapping[str, Sequence[Piece]]) -> dict[str, Dataset]:
    """Concatenate the pieces of each part; a column has one type in all parts if there is a type that can hold them.

    >>> cells = {"train": pa.table({"id": ["7"]}), "test": pa.table({"id": ["x9"]})}
    >>> parts = join_parts({part: [Piece(f"{part}.csv", table)] for part, table in cells.items()})
    >>> parts["train"]["id"][0]
    '7'
    """
    settled = iter(_of_one_type([piece for pieces in parts.values() for piece in pieces]))
    return {part: _concatenated([next(settled) for _ in pieces]) for part, pieces in parts.items()}


def _of_one_type(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with typed cells, and with one type per column in all of them if there is such a type."""
    settled = _typed_cells(pieces)
    for column in dict.fromkeys(name for piece in settled for name in piece.rows.column_names):
        holders = [i for i, piece in enumerate(settled) if column in piece.rows.column_names]
        feature = _common_type([settled[i].rows.features[column] for i in holders])
        for i in holders:
            if feature is not None and settled[i].rows.features[column] != feature:
                settled[i] = _recast(settled[i], column, feature)
    return settled


def _typed_cells(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces as datasets, with the type that all cells of a column allow."""
    tables = [piece.rows for piece in pieces if isinstance(piece.rows, pa.Table)]
    chunks: dict[str, list[pa.Array]] = {}
    for table in tables:
        for column in table.column_names:
            chunks.setdefault(column, []).extend(table[column].chunks)
    types = {column: numbers_or_text(pa.chunked_array(cells, pa.string())) for column, cells in chunks.items()}
    for piece in pieces:  # a column that is text in a file of JSON or Parquet is text in all files
        if not isinstance(piece.rows, pa.Table):
            texts = (name for name, feature in piece.rows.features.items() if feature in _TEXTS)
            types |= dict.fromkeys(texts, pa.string())

    def typed(rows: Dataset | pa.Table) -> Dataset:
        if isinstance(rows, pa.Table):
            return Dataset(pa.table({name: cast_cells(rows[name], types[name]) for name in rows.column_names}))
        return exact_json(rows)

    return [replace(piece, rows=typed(piece.rows)) for piece in pieces]


def _common_type(features: Sequence[Any]) -> Any:
    """Return the feature that can hold the values of all; None if there is none."""
    merged = reduce(_merged_types, features)
    nested = (dict, datasets.List, datasets.LargeList, Json)
    if merged is None and all(feature == _BLANK or isinstance(feature, nested) for feature in features):
        return Json()
    return merged


def _merged_types(left: Any, right: Any) -> Any:
    if left == right or right == _BLANK:
        return left
    if left == _BLANK:
        return right
    if left in _NUMBERS and right in _NUMBERS:
        return _wider(left.dtype, right.dtype)
    if left in _TEXTS and right in _TEXTS:
        return Value("large_string")
    if isinstance(left, datasets.List) and isinstance(right, datasets.List) and left.length == right.length:
        inner = _merged_types(left.feature, right.feature)
        return None if inner is None else datasets.List(inner, length=left.length)
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        fields = {name: _merged_types(feature, right[name]) for name, feature in left.items()}
        return None if None in fields.values() else fields
    return None


def _wider(left: str, right: str) -> Value:
    """Return a type for the numbers of two types; values that it cannot hold exactly raise an error later."""
    if "float" in left or "float" in right:
        return Value("float64")
    if left.startswith("u") == right.startswith("u"):
        return Value(max(left, right, key=lambda name: int(name.lstrip("uint"))))
    return Value("uint64" if "uint64" in (left, right) else "int64")


def _recast(piece: Piece, column: str, feature: Any) -> Piece:
    try:
        if isinstance(feature, Json):
            return _replaced(piece, column, json_array(piece.rows.with_format(None)[column][:]), feature)
        to = datasets.Features({column: feature}).arrow_schema.field(column).type
        return _replaced(piece, column, piece.rows.data.column(column).cast(to), feature)
    except (pa.ArrowException, TypeError) as error:
        message = f"column {column!r} of {piece.name}: {error}"
        raise DataError(
            "source", "files with columns of the same types", Verbatim(message), "give it one type"
        ) from error


def _replaced(piece: Piece, column: str, cells: pa.ChunkedArray | pa.Array, feature: Any = None) -> Piece:
    """Return the piece with other values in a column."""
    feature = feature or datasets.Features.from_arrow_schema(pa.schema([("x", cells.type)]))["x"]
    features = datasets.Features(piece.rows.features | {column: feature})
    table = piece.rows.data.table
    table = table.set_column(table.column_names.index(column), column, cells).replace_schema_metadata(None)
    return replace(piece, rows=Dataset(table, info=datasets.DatasetInfo(features=features)))


def _concatenated(pieces: Sequence[Piece]) -> Dataset:
    filled = [piece for piece in pieces if len(piece.rows)] or list(pieces[:1])
    if len(filled) < 2:
        return filled[0].rows
    first = filled[0]
    for piece in filled[1:]:
        names, others = sorted(first.rows.column_names), sorted(piece.rows.column_names)
        if names != others:
            differing = Verbatim(f"{others} in {piece.name}, {names} in {first.name}")
            raise DataError("source", "files with the same columns", differing, "name one of the files")
        for column, feature in first.rows.features.items():
            if piece.rows.features[column] != feature:
                differing = Verbatim(f"{piece.rows.features[column]} in {piece.name}, {feature} in {first.name}")
                raise DataError(
                    "source", "files with columns of the same types", differing, f"column {column!r} differs"
                )
    return concatenate_datasets([piece.rows for piece in filled])
