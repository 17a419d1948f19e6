"""Languages named row by row: ``language="column:lang"`` reads each row in the language that its column names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from codeshift.errors import DataError, ParameterError
from codeshift.formatting import counted
from codeshift.properties.counts import summed
from codeshift.properties.dataset_columns import column_values
from codeshift.properties.elements import ElementCounts
from codeshift.properties.grammars import check_language, language_remedy, languages

if TYPE_CHECKING:
    from datasets import Dataset

_PREFIX = "column:"
_SHOWN = 3


def language_column(language: str | None) -> str | None:
    """Return the column that names each row's language; None for one language of all rows.

    >>> language_column("column:lang"), language_column("java")
    ('lang', None)
    """
    by_row = isinstance(language, str) and language.startswith(_PREFIX)
    return language.removeprefix(_PREFIX) if by_row and language is not None else None


def check_languages(language: str) -> str:
    """Return ``language`` if it is a known one, or names a column of them.

    Raises:
        ParameterError: if it is neither.

    >>> check_languages("column:lang")
    'column:lang'
    """
    column = language_column(language)
    if column is None:
        return check_language(language)
    if not column.strip():
        raise ParameterError("language", "a language or a column of them", language, 'such as "column:lang"')
    return language


def rows_by_language(data: Dataset, column: str) -> dict[str, NDArray[np.int64]]:
    """Return the positions of the rows of each language that a column names, languages in order of their names.

    Raises:
        DataError: if there is no such column, or rows name an unknown language; it says how many.

    >>> from datasets import Dataset
    >>> by_language = rows_by_language(Dataset.from_dict({"lang": ["java", "python", "java"]}), "lang")
    >>> {language: rows.tolist() for language, rows in by_language.items()}
    {'java': [0, 2], 'python': [1]}
    """
    values = column_values(data, column, "language")
    names = known_languages(values, column)
    number_of = {name: number for number, name in enumerate(names)}
    numbers = np.fromiter((number_of[value] for value in values), np.int64, len(values))
    return {name: np.flatnonzero(numbers == number) for name, number in number_of.items()}


def known_languages(values: Sequence[Any], column: str) -> tuple[str, ...]:
    """Return the languages of rows, each once, sorted.

    Args:
        values: Language of each row.
        column: Column that holds them, for errors.

    Raises:
        DataError: if rows name an unknown language; it says how many.

    >>> known_languages(["java", "C#", "C#"], "lang")
    Traceback (most recent call last):
        ...
    codeshift.errors.DataError: language must be a column of known languages, got 'lang': 2 of 3 rows name others: \
'C#' (2 rows, did you mean c_sharp?); rename or leave them out with data.map or data.filter
    """
    return _known_languages(_value_counts(values), column)


def _value_counts(values: Sequence[Any]) -> Counter[str]:
    return Counter(value if isinstance(value, str) else repr(value) for value in values)


def _known_languages(named: Counter[str], column: str) -> tuple[str, ...]:
    """Return the languages that are counted, sorted.

    Raises:
        DataError: if rows name an unknown language; it says how many.
    """
    supported = languages()
    unknown = [(value, count) for value, count in named.most_common() if value not in supported]
    if unknown:
        rows = sum(count for _, count in unknown)
        shown = ", ".join(
            f"{value!r} ({counted(count, 'row')}, {language_remedy(value, supported)})"
            for value, count in unknown[:_SHOWN]
        )
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        others = f"{rows:,} of {named.total():,} rows name others: {shown}{more}"
        remedy = f"{others}; rename or leave them out with data.map or data.filter"
        raise DataError("language", "a column of known languages", column, remedy)
    return tuple(sorted(named))


class HasRows(Protocol):
    """Interface of a table, as the languages of its rows are read."""

    @property
    def data(self) -> Dataset:
        """Rows."""


@dataclass(frozen=True)
class RowLanguages:
    """Languages of all rows, each once, sorted.

    Attributes:
        column: Column that names each row's language.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> PropertyTable(Dataset.from_dict({"lang": ["python", "java", "python"]})).summarise(RowLanguages("lang"))
    ('java', 'python')
    """

    column: str

    def of(self, table: HasRows) -> Counter[str]:
        """Count the rows of one table by what they name.

        Raises:
            DataError: if there is no such column, or it contains None.
        """
        return _value_counts(column_values(table.data, self.column, "language"))

    def merged(self, parts: Sequence[Counter[str]]) -> tuple[str, ...]:
        """Return the languages of several tables.

        Raises:
            DataError: if rows name an unknown language; it says how many of all rows.
        """
        return _known_languages(summed(parts), self.column)


def unsuited(error: ParameterError, column: str, rows: int) -> DataError:
    """Return the error for rows of a language that something cannot read, from its error for the language alone."""
    return DataError(
        error.parameter, error.constraint, error.value, f"{counted(rows, 'row names', 'rows name')} it in {column!r}"
    )


def gathered(parts: Sequence[tuple[NDArray[np.int64], Any]], rows: int) -> Any:
    """Return values of rows in their order, of the values of some of them each: numbers, or counts of elements.

    Args:
        parts: Positions of some rows, and their values.
        rows: Number of all rows, each of which stands in one part.

    Raises:
        ParameterError: if the values are neither.

    >>> gathered([(np.array([1]), np.array([5.0])), (np.array([0]), np.array([3.0]))], 2)
    array([3., 5.])
    """
    if all(isinstance(values, ElementCounts) for _, values in parts):
        return ElementCounts.gathered(parts, rows)
    if not all(isinstance(values, np.ndarray) for _, values in parts):
        kind = type(next(values for _, values in parts if not isinstance(values, np.ndarray))).__name__
        raise ParameterError("language", "one language for a property of such values", kind, "name one language")
    joined = np.empty((rows, *parts[0][1].shape[1:]), dtype=np.result_type(*(values for _, values in parts)))
    for positions, values in parts:
        joined[positions] = values
    return joined
