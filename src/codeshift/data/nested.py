"""Fields of columns of objects, by a dotted name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from datasets import Dataset

from codeshift.errors import DataError
from codeshift.wording import Verbatim, closest


def is_nested(rows: Dataset, name: str) -> bool:
    """Return whether a dotted name begins with a column.

    >>> rows = Dataset.from_dict({"meta": [{"repo": "a/b"}]})
    >>> is_nested(rows, "meta.repo"), is_nested(rows, "meta"), is_nested(rows, "other.repo")
    (True, False, False)
    """
    column, dot, _ = name.partition(".")
    return bool(dot) and column in rows.column_names


def nested_values(rows: Dataset, name: str) -> pa.Array:
    """Return the values of a field of a column of objects; None for a row whose object lacks it.

    Raises:
        DataError: if the column holds no objects, none of them has the field, or values differ in type.

    >>> nested_values(Dataset.from_dict({"meta": [{"repo": "a/b"}, None]}), "meta.repo").to_pylist()
    ['a/b', None]
    """
    column, _, path = name.partition(".")
    fields = path.split(".")
    values: list[Any] = []
    keys: set[str] = set()
    present = False
    for value in rows.with_format(None)[column]:
        for field in fields:
            if value is None:
                break
            if not isinstance(value, Mapping):
                kind = Verbatim(f"a value of type {type(value).__name__}")
                raise DataError(name, "a field of a column of objects", kind, f"{column} does not nest so deep")
            keys.update(map(str, value))
            present = present or (field == fields[-1] and field in value)
            value = value.get(field)
        values.append(value)
    if not present:
        raise DataError("rename", "a mapping from columns of the data", name, closest(fields[-1], sorted(keys)))
    try:
        return pa.array(values)
    except pa.ArrowException as error:
        raise DataError(name, "a field of one type", column, f"{error}") from error
