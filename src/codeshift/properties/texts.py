"""Texts of a dataset's column, read in batches: none of them stays in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from codeshift.errors import DataError
from codeshift.properties.dataset_columns import check_column, check_name, check_none_missing

if TYPE_CHECKING:
    from datasets import Dataset

BATCH = 1_000
"""Number of texts that are read at once."""


class Texts(Sequence[str]):
    """Texts of a column of text, in the order of the rows.

    A slice, or ``take``, gives a list; iterating reads ``BATCH`` texts at a time.

    Args:
        data: Dataset.
        column: Its column of text.

    >>> from datasets import Dataset
    >>> texts = Texts(Dataset.from_dict({"code": ["a", "b", "c"]}), "code")
    >>> len(texts), texts[-1], texts[:2], texts.take(np.array([2, 0]))
    (3, 'c', ['a', 'b'], ['c', 'a'])
    """

    def __init__(self, data: Dataset, column: str) -> None:
        self._rows = data.with_format(None).select_columns([column])
        self._column = column

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        value: str | list[str] = self._rows[place][self._column]
        return value

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), BATCH):
            yield from self[start : start + BATCH]

    def take(self, positions: NDArray[np.int64]) -> list[str]:
        """Return the texts at positions, in the order given."""
        texts: list[str] = self._rows[positions.tolist()][self._column] if len(positions) else []
        return texts


def column_texts(data: Dataset, column: str, parameter: str = "column") -> Texts:
    """Return the texts of a column.

    Args:
        data: Dataset.
        column: Column.
        parameter: Argument that names the column, for errors.

    Raises:
        ParameterError: if ``column`` is no name.
        DataError: if there is no such column, or it contains values that are not text.
    """
    check_column(data, check_name(parameter, column, example="code"), parameter)
    texts = Texts(data, column)
    if not _is_text(data, column):
        for row, text in enumerate(texts):
            if text is not None and not isinstance(text, str):
                remedy = f"row {row} holds a value of type {type(text).__name__}; name a column of text"
                raise DataError(parameter, "a column of text", column, remedy)
    check_none_missing(data, column, parameter)
    return texts


def _is_text(data: Dataset, column: str) -> bool:
    """Return whether the type of a column says that it holds text alone."""
    from datasets import Value

    return data.features[column] in (Value("string"), Value("large_string"))


@dataclass(frozen=True, eq=False)
class RowTexts(Sequence[str]):
    r"""Texts of rows, those of several columns joined by a line end; the rows of several datasets end to end.

    Attributes:
        datasets: Texts of each column of each dataset.

    >>> from datasets import Dataset
    >>> rows = Dataset.from_dict({"code": ["a", "b"], "test": ["c", "d"]})
    >>> texts = RowTexts(((Texts(rows, "code"), Texts(rows, "test")), (Texts(rows, "test"), Texts(rows, "code"))))
    >>> len(texts), texts[-1], texts[1:3]
    (4, 'd\nb', ['b\nd', 'c\na'])
    """

    datasets: tuple[tuple[Texts, ...], ...]

    def __len__(self) -> int:
        return sum(len(columns[0]) for columns in self.datasets)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if not isinstance(place, slice):
            place = range(len(self))[place]
            return self[place : place + 1][0]
        start, stop, step = place.indices(len(self))
        if step != 1:
            return [self[row] for row in range(start, stop, step)]
        texts: list[str] = []
        for columns in self.datasets:
            rows = len(columns[0])
            if start < rows and stop > 0:
                within = slice(max(start, 0), min(stop, rows))
                texts += map("\n".join, zip(*(column[within] for column in columns), strict=True))
            start, stop = start - rows, stop - rows
        return texts

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), BATCH):
            yield from self[start : start + BATCH]
