"""Some rows of a table as a table of their own, which takes from the whole what was found there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from codeshift.properties.elements import ElementCounts
from codeshift.properties.syntax import SyntaxScan
from codeshift.properties.table import ComputedFromText, Evaluated, PropertyTable


class Selection(PropertyTable):
    """The properties of some rows of ``whole``: the same values as of a table of these rows alone.

    What follows from each row by itself (its parse, its length, the vector that a model gives it) is computed once,
    for the whole table, however many selections ask for it. What is fitted (a vocabulary, clusters) is fitted on the
    selected rows.

    Args:
        whole: the table of all rows.
        rows: which of them, in what order; shape (n,).

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
        """The values of ``prop``, one a row."""
        if prop.row_by_row:
            return self.remember(prop, lambda: self.whole.values(prop)[self.rows])
        return super().values(prop)

    def texts(self, column: str) -> list[str]:
        """The texts of ``column``.

        Raises:
            DataError: if there is no such column, it does not hold text, or rows of it are None.
        """
        if column not in self._texts:
            everything = self.whole.texts(column)
            self._texts[column] = [everything[row] for row in self.rows.tolist()]
        return self._texts[column]

    def syntax(self, column: str, language: str) -> SyntaxScan:
        """What one parse of each row found."""

        def taken() -> SyntaxScan:
            scan = self.whole.syntax(column, language)
            return SyntaxScan(
                node_types=_rows_of(scan.node_types, self.rows),
                tokens=scan.tokens[self.rows],
                depth=scan.depth[self.rows],
                has_error=scan.has_error[self.rows],
                stopped=scan.stopped[self.rows],
                api_names=_rows_of(scan.api_names, self.rows),
            )

        return self.remember(("syntax", column, language), taken)

    def compute_texts(self, prop: ComputedFromText) -> NDArray[np.float64]:
        """The numbers of a text property."""
        return np.asarray(self.whole.values(prop)[self.rows])


def _rows_of(found: ElementCounts, rows: NDArray[np.int64]) -> ElementCounts:
    """The counts of some rows; elements that none of them holds are left out, as in a table of these rows."""
    counts = found.counts[rows]
    held = np.flatnonzero(np.asarray((counts != 0).sum(axis=0)).ravel())
    return ElementCounts(tuple(found.vocabulary[i] for i in held.tolist()), counts[:, held].tocsr())
