"""Some rows of a table as a separate table, which reuses what was computed for the whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from codeshift.properties.elements import ElementCounts
from codeshift.properties.syntax import SyntaxScan
from codeshift.properties.table import ComputedFromText, Evaluated, PropertyTable


class Selection(PropertyTable):
    """Properties of some rows of ``whole``, with the same values as in a table of these rows alone.

    Values that depend on each row alone (its parse, its length, the vector that a model gives it) are computed once,
    for the whole table, for all selections. Fitted values (a vocabulary, clusters) are fitted on the selected rows.

    Args:
        whole: the table of all rows.
        rows: the positions of the rows, in order, shape (n,).

    >>> from datasets import Dataset
    >>> from codeshift.properties import CharCount
    >>> whole = PropertyTable(Dataset.from_dict({"code": ["x", "xx", "xxx"]}))
    >>> Selection(whole, np.array([2, 0])).values(CharCount("code"))
    array([3., 1.])
    """

    def __init__(self, whole: PropertyTable, rows: NDArray[np.int64]) -> None:
        super().__init__(whole.data.select(rows), num_proc=whole.num_proc)
        self.whole, self.rows = whole, rows

    def values(self, prop: Evaluated) -> object:
        """Return the values of ``prop``, one per row."""
        if prop.row_by_row:
            return self.remember(prop, lambda: self.whole.values(prop)[self.rows])
        return super().values(prop)

    def texts(self, column: str) -> list[str]:
        """Return the texts of ``column``.

        Raises:
            DataError: if there is no such column, or it contains values that are not text.
        """
        if column not in self._texts:
            everything = self.whole.texts(column)
            self._texts[column] = [everything[row] for row in self.rows.tolist()]
        return self._texts[column]

    def syntax(self, column: str, language: str) -> SyntaxScan:
        """Return the result of one parse of each row."""

        def taken() -> SyntaxScan:
            scan = self.whole.syntax(column, language)
            return SyntaxScan(
                trees=scan.trees.of_rows(self.rows),
                tokens=scan.tokens[self.rows],
                depth=scan.depth[self.rows],
                has_error=scan.has_error[self.rows],
                stopped=scan.stopped[self.rows],
                api_names=_rows_of(scan.api_names, self.rows),
            )

        return self.remember(("syntax", column, language), taken)

    def compute_texts(self, prop: ComputedFromText) -> NDArray[np.float64]:
        """Compute the numbers of a text property."""
        return np.asarray(self.whole.values(prop)[self.rows])


def _rows_of(found: ElementCounts, rows: NDArray[np.int64]) -> ElementCounts:
    """Return the counts of some rows, without elements that none of them contains, as in a table of these rows."""
    counts = found.counts[rows]
    held = np.flatnonzero(np.asarray((counts != 0).sum(axis=0)).ravel())
    return ElementCounts(tuple(found.vocabulary[i] for i in held.tolist()), counts[:, held].tocsr())
