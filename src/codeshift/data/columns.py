"""The columns of a dataset under other names."""

from __future__ import annotations

from collections.abc import Mapping

from datasets import Dataset

from codeshift.errors import DataError, ParameterError, closest


def rename_columns(rows: Dataset, rename: Mapping[str, str] | None) -> Dataset:
    """The same rows with columns renamed, from old to new; others keep their names.

    Raises:
        ParameterError: if the mapping is none, or gives two columns one name.
        DataError: if a column is not there.

    >>> rename_columns(Dataset.from_dict({"func": ["x = 1"], "id": [0]}), {"func": "code"}).column_names
    ['code', 'id']
    """
    if not rename:
        return rows
    pairs = rename.items() if isinstance(rename, Mapping) else [("", "")]
    if not all(isinstance(name, str) and name for pair in pairs for name in pair):
        raise ParameterError("rename", "a mapping of old names to new ones", rename, 'such as {"func": "code"}')
    for column in rename:
        if column not in rows.column_names:
            raise DataError("rename", "a mapping from columns of the data", column, closest(column, rows.column_names))
    names = [rename.get(column, column) for column in rows.column_names]
    for name in names:
        if names.count(name) > 1:
            remedy = "rename or remove the other column first"
            raise ParameterError("rename", "a mapping that leaves each column a name of its own", name, remedy)
    return rows.rename_columns(dict(rename))
