"""Values of a dataset's column, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import DataError, ParameterError
from codeshift.formatting import first_few
from codeshift.wording import Remedy, closest

if TYPE_CHECKING:
    from datasets import Dataset

_CHECKED_AT_ONCE = 100_000


def check_name(parameter: str, value: Any, *, example: str = "project") -> str:
    """Return the name of a column.

    Args:
        parameter: Argument that names the column, for errors.
        value: Value that was given.
        example: Name for the error to suggest.

    Raises:
        ParameterError: if it is not text.

    >>> check_name("label", ["label"], example="label")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: label must be the name of a column, got ['label']: such as "label"
    """
    if not isinstance(value, str) or not value:
        raise ParameterError(parameter, "the name of a column", value, f'such as "{example}"')
    return str(value)


def check_column(data: Dataset, column: str, parameter: str, *, of: str = "the dataset") -> None:
    """Check that a dataset has a column.

    Args:
        data: Dataset.
        column: Column.
        parameter: Argument that names the column, for errors.
        of: Words for the dataset, for errors.

    Raises:
        DataError: if it has none of that name; the error names ``parameter`` and close matches.
    """
    if column not in data.column_names:
        raise DataError(parameter, f"a column of {of}", column, closest(column, data.column_names))


def columns_of_text(data: Any, columns: Iterable[str]) -> tuple[str, ...]:
    """Return those of some columns that hold text, as far as a dataset, or the first part of several, says so.

    >>> from datasets import Dataset
    >>> columns_of_text(Dataset.from_dict({"doc": ["Add."], "year": [1999]}), ("doc", "year", "code"))
    ('doc',)
    """
    from datasets import Value

    rows = next(iter(data.values()), None) if isinstance(data, Mapping) else data
    features = getattr(rows, "features", None) or {}
    text = (Value("string"), Value("large_string"))
    return tuple(column for column in dict.fromkeys(columns) if features.get(column) in text)


def column_values(data: Dataset, column: str, parameter: str) -> list[Any]:
    """Return the values of any column.

    Args:
        data: Dataset.
        column: Column.
        parameter: Argument that names the column, for errors.

    Raises:
        DataError: if there is no such column, or it contains None.

    >>> from datasets import Dataset
    >>> column_values(Dataset.from_dict({"year": [1999, 2001]}), "year", "by")
    [1999, 2001]
    """
    check_column(data, column, parameter)
    values: list[Any] = data.with_format(None)[column][:]
    _check_given([i for i, value in enumerate(values) if value is None], len(values), column, parameter)
    return values


def check_none_missing(data: Dataset, column: str, parameter: str) -> None:
    """Check that a column contains no None.

    Args:
        data: Dataset.
        column: Column.
        parameter: Argument that names the column, for errors.

    Raises:
        DataError: if it does; the error names ``parameter``.
    """
    if not data.data.column(column).null_count:  # of all rows of the table, of which ``data`` may be a selection
        return
    rows = data.with_format("arrow").select_columns([column])
    missing: list[int] = []
    for start in range(0, len(rows), _CHECKED_AT_ONCE):
        is_none = rows[start : start + _CHECKED_AT_ONCE].column(column).is_null().to_numpy()
        missing += (start + np.flatnonzero(is_none)).tolist()
    _check_given(missing, len(data), column, parameter)


def _check_given(missing: Sequence[int], rows: int, column: str, parameter: str) -> None:
    if missing:
        where = f"{len(missing):,} of {rows:,} rows are None ({first_few('row', missing)})"
        code = f"data.filter(lambda row: row[{column!r}] is not None)"
        remedy = Remedy(f"{where}; leave them out with ", code, option="require", value=column)
        raise DataError(parameter, "a column without None", column, remedy)
