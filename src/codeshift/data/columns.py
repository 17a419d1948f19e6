"""Renaming of columns, and selection of the rows in which they are filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets import Dataset

from codeshift.data.nested import is_nested, nested_values
from codeshift.errors import DataError, LeftOutWarning, ParameterError, warn
from codeshift.wording import closest


def rename_columns(rows: Dataset, rename: Mapping[str, str] | None) -> Dataset:
    """Return the rows with columns renamed, from old to new names; other columns keep their names.

    A dotted name takes a field of a column of objects (``meta.repo``, ``meta.origin.url``) as a new column.

    Raises:
        ParameterError: if ``rename`` is not a mapping of names, or gives two columns the same name.
        DataError: if a column does not exist.

    >>> rename_columns(Dataset.from_dict({"func": ["x = 1"], "id": [0]}), {"func": "code"}).column_names
    ['code', 'id']
    >>> nested = Dataset.from_dict({"code": ["x = 1"], "meta": [{"repo": "a/b"}]})
    >>> rename_columns(nested, {"meta.repo": "repo"})["repo"][:]
    ['a/b']
    """
    if not rename:
        return rows
    pairs = rename.items() if isinstance(rename, Mapping) else [("", "")]
    if not all(isinstance(name, str) and name for pair in pairs for name in pair):
        raise ParameterError("rename", "a mapping of old names to new ones", rename, 'such as {"func": "code"}')
    nested = {old: new for old, new in rename.items() if old not in rows.column_names and is_nested(rows, old)}
    for column in rename:
        if column not in rows.column_names and column not in nested:
            raise DataError("rename", "a mapping from columns of the data", column, closest(column, rows.column_names))
    names = [*(rename.get(column, column) for column in rows.column_names), *nested.values()]
    for name in names:
        if names.count(name) > 1:
            remedy = "rename or remove the other column first"
            raise ParameterError("rename", "a mapping that gives each column a different name", name, remedy)
    fields = {new: nested_values(rows, old) for old, new in nested.items()}
    plain = {old: new for old, new in rename.items() if old not in nested}
    renamed = rows.rename_columns(plain) if plain else rows
    for name, values in fields.items():
        renamed = renamed.add_column(name, values)
    return renamed


def require_columns(rows: Dataset, require: Sequence[str] | None) -> Dataset:
    """Return the rows whose values in all columns of ``require`` are neither None nor blank text.

    A warning gives the number of rows left out.

    Raises:
        ParameterError: if ``require`` is not a list of names.
        DataError: if a column does not exist, or no row is left.

    >>> rows = Dataset.from_dict({"code": ["x = 1", None, " "]})
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     require_columns(rows, ["code"])["code"][:]
    ['x = 1']
    >>> print(told[0].message)
    2 of 3 rows hold nothing in code: they are left out
    """
    if not require:
        return rows
    if isinstance(require, str) or not all(isinstance(column, str) for column in require):
        raise ParameterError("require", "a list of columns", require, 'such as ["code"]')
    for column in require:
        if column not in rows.column_names:
            raise DataError("require", "made of columns of the data", column, closest(column, rows.column_names))
    columns = [rows.with_format(None)[column][:] for column in require]
    kept = [i for i, values in enumerate(zip(*columns, strict=True)) if all(map(_holds_something, values))]
    if len(kept) == len(rows):
        return rows
    where = " or ".join(require)
    if not kept:
        raise DataError("require", "columns that some row fills", where, "leave out those that no row fills")
    message = f"{len(rows) - len(kept):,} of {len(rows):,} rows hold nothing in {where}: they are left out"
    warn(LeftOutWarning(message))
    return rows.select(kept)


def _holds_something(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None
