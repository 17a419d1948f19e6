"""Some rows of a table as a separate table, which reuses what was computed for the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from codeshift.properties.elements import ElementCounts
from codeshift.properties.syntax import SyntaxScan
from codeshift.properties.table import ComputedFromText, Evaluated, PropertyTable
from codeshift.properties.texts import Texts


class Selection(PropertyTable):
    """Properties of some rows of ``whole``, with the same values as in a table of these rows alone.

    Values that depend on each row alone (its parse, its length, the vector that a model gives it) are computed once,
    for the whole table, for all selections. Fitted values (a vocabulary, clusters) are fitted on the selected rows.

    Args:
        source: Table that the rows are selected from.
        rows: Positions of the rows, in order, shape (n,).

    >>> from datasets import Dataset
    >>> from codeshift.properties import CharCount
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x", "xx", "xxx"]}))
    >>> Selection(table, np.array([2, 0])).values(CharCount("code"))
    array([3., 1.])
    """

    def __init__(self, source: PropertyTable, rows: NDArray[np.int64]) -> None:
        super().__init__(source.data.select(rows), num_proc=source.num_proc)
        self.source, self.rows = source, rows

    def values(self, prop: Evaluated) -> object:
        """Return the values of ``prop``, one per row."""
        if prop.row_by_row:
            return self.remember(prop, lambda: self._of_rows(self.source.values(prop)))
        return super().values(prop)

    def _of_rows(self, values: NDArray[Any] | ElementCounts) -> NDArray[Any] | ElementCounts:
        return values.of_rows(self.rows) if isinstance(values, ElementCounts) else values[self.rows]

    def texts(self, column: str) -> Texts:
        """Return the texts of ``column``, which are read when they are asked for.

        Raises:
            DataError: if there is no such column, or it contains values that are not text.
        """
        self.source.texts(column)  # which checks the column
        return Texts(self.data, column)

    def syntax(self, column: str, language: str) -> SyntaxScan:
        """Return the result of one parse of each row."""
        return self.remember(
            ("syntax", column, language), lambda: self.source.syntax(column, language).of_rows(self.rows)
        )

    def _by_language(self, column: str) -> dict[str, tuple[NDArray[np.int64], PropertyTable]]:
        selections: dict[str, tuple[NDArray[np.int64], PropertyTable]] = {}
        for name, (rows, table) in self.source.by_language(column).items():
            place = np.full(len(self.source), -1)
            place[rows] = np.arange(len(rows))
            within = place[self.rows]
            if (within >= 0).any():
                selections[name] = np.flatnonzero(within >= 0), Selection(table, within[within >= 0])
        return selections

    def compute_texts(self, prop: ComputedFromText) -> NDArray[np.float64]:
        """Compute the numbers of a text property."""
        return np.asarray(self.source.values(prop)[self.rows])
