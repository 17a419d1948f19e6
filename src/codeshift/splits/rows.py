"""Data of a call as one list of rows: a ``Dataset``, or the official splits of a ``DatasetDict`` end to end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import DataError, Told, closest
from codeshift.properties import PropertyTable
from codeshift.properties.columns import typed_text
from codeshift.properties.selection import Selection
from codeshift.splits.digests import row_digests, whole_row_digest

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from codeshift.properties.near_duplicates import DuplicateComponents, NearDuplicates

OFFICIAL = ("train", "validation", "test")
"""Names of the official splits, in the order that ``source_of_rows`` refers to."""

WHOLE = "data"
"""Name of the only source if the data is not a ``DatasetDict``."""


@dataclass(frozen=True, eq=False)
class SplitRows:
    """Rows of a call.

    Attributes:
        names: the names of the official splits, or ``("data",)``.
        tables: the table of each name.
        digested: the digests computed so far, by columns of code and other columns.
    """

    names: tuple[str, ...]
    tables: tuple[PropertyTable, ...]
    digested: dict[tuple[tuple[str, ...], tuple[str, ...]], np.ndarray] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, data: Dataset | DatasetDict | PropertyTable) -> SplitRows:
        """Create the rows from a dataset, a table of one, or official splits.

        Raises:
            DataError: if the data is empty or lacks an official split.
            ParameterError: if it is of another type.
        """
        from datasets import DatasetDict

        if isinstance(data, DatasetDict):
            return cls._official(data)
        table = data if isinstance(data, PropertyTable) else PropertyTable(data)
        if len(table) == 0:
            raise DataError("data", "a dataset with rows", Told("0 rows"), "check how it was loaded or filtered")
        return cls((WHOLE,), (table,))

    @classmethod
    def _official(cls, data: DatasetDict) -> SplitRows:
        unknown = sorted(set(data) - set(OFFICIAL))
        if unknown or "train" not in data or "test" not in data:
            raise DataError(
                "data",
                'a Dataset, or a DatasetDict with "train", "test" and perhaps "validation"',
                sorted(data),
                "rename its splits, or join them with datasets.concatenate_datasets",
            )
        names = tuple(name for name in OFFICIAL if name in data)
        for name in names:
            if len(data[name]) == 0:
                count = Told(f"0 rows in {name!r}")
                remedy = "leave that split out" if name == "validation" else "check how it was loaded or filtered"
                raise DataError("data", "official splits with rows", count, remedy)
        return cls(names, tuple(PropertyTable(data[name]) for name in names))

    @property
    def is_official(self) -> bool:
        """Whether the data has its own train and test splits."""
        return self.names != (WHOLE,)

    @property
    def fitting(self) -> PropertyTable:
        """Table of the rows that a region is fitted on."""
        return self.tables[0]

    @property
    def offsets(self) -> np.ndarray:
        """Start of each source in the list of all rows, and the end of the last one."""
        return np.concatenate([[0], np.cumsum([len(table) for table in self.tables])])

    @property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Start and end of each source in the list of all rows."""
        bounds = self.offsets.tolist()
        return dict(zip(self.names, pairwise(bounds), strict=True))

    @property
    def lengths(self) -> tuple[int, ...]:
        """Number of rows of each source."""
        return tuple(len(table) for table in self.tables)

    def source_of_rows(self) -> np.ndarray:
        """Return the source of each row, as an index into ``OFFICIAL``: of shape ``(n,)``."""
        codes = [OFFICIAL.index(name) for name in self.names]
        return np.repeat(codes, [len(table) for table in self.tables])

    def texts(self, column: str) -> list[str]:
        """Return the texts of a column, all sources end to end."""
        return [text for table in self.tables for text in table.texts(column)]

    def values(self, column: str, parameter: str) -> list[str]:
        """Return the values of any column as texts that distinguish 1 from "1", all sources end to end.

        Raises:
            DataError: if there is no such column or it contains None; the error names ``parameter``.
        """
        values: list[str] = []
        for table in self.tables:
            if column not in table.data.column_names:
                hint = closest(column, table.data.column_names)
                raise DataError(parameter, "a column of the dataset", column, hint)
            of_table = table.data.with_format(None)[column][:]
            missing = [i for i, value in enumerate(of_table) if value is None]
            if missing:
                raise DataError(
                    parameter,
                    "a column without None",
                    column,
                    f"{len(missing)} rows are None, the first is row {missing[0]}; give them a value or leave them out",
                )
            values.extend(typed_text(value) for value in of_table)
        return values

    def digests(self, columns: tuple[str, ...], also: tuple[str, ...]) -> np.ndarray:
        """Return the digest of each row over columns of code and other columns that its part depends on.

        Each is computed once.
        """

        def taken() -> np.ndarray:
            return row_digests([*map(self.texts, columns), *(self.values(column, "column") for column in also)])

        if (columns, also) not in self.digested:
            shared = len(self.tables) == 1  # the scenarios of a sweep share a table
            self.digested[columns, also] = (
                self.tables[0].remember(("digests", columns, also), taken) if shared else taken()
            )
        return self.digested[columns, also]

    def stopped(self, parsed: Iterable[tuple[str, str]]) -> np.ndarray:
        """On which rows the parser gave up, of shape ``(n,)``.

        Args:
            parsed: the columns that were parsed, each with its language.
        """
        pairs = sorted(parsed)
        masks = [[table.stopped(*pair) for pair in pairs] for table in self.tables]
        no_row = [np.zeros(len(table), dtype=bool) for table in self.tables]
        return np.concatenate([np.logical_or.reduce([none, *found]) for none, found in zip(no_row, masks, strict=True)])

    def only(self, kept: np.ndarray) -> SplitRows:
        """Some of the rows, with what was found of them already.

        Args:
            kept: a mask over all rows.

        Raises:
            DataError: if a source has none of them.
        """
        for name, span in self.spans.items():
            if not kept[slice(*span)].any():
                whole = "data" if name == WHOLE else f"the {name} split"
                remedy = "check the language and the column: the parser gave up on every row"
                raise DataError(whole, "rows that can be parsed", Told("none"), remedy)
        positions = [np.flatnonzero(kept[slice(*span)]) for span in self.spans.values()]
        tables = [
            table.remember(("only", rows.tobytes()), partial(Selection, table, rows))
            for table, rows in zip(self.tables, positions, strict=True)
        ]
        return SplitRows(self.names, tuple(tables))

    def named(self, rows: np.ndarray) -> str:
        """The first few rows of a mask, in words."""
        found = []
        for name, (start, stop) in self.spans.items():
            of = "" if name == WHOLE else f" of {name}"
            found += [f"{row}{of}" for row in np.flatnonzero(rows[start:stop]).tolist()]
        return f"row{'s' if len(found) > 1 else ''} {', '.join(found[:5])}{', ...' if len(found) > 5 else ''}"

    def without_values(self) -> SplitRows:
        """Return the same rows with their digests, and without the texts and properties that tables keep in memory."""
        return replace(self, tables=tuple(PropertyTable(table.data) for table in self.tables))

    def are(self, others: SplitRows) -> bool:
        """Return whether both refer to the same dataset objects, so that no values need be compared."""
        pairs = zip(self.tables, others.tables, strict=False)
        return self.names == others.names and all(table.data is other.data for table, other in pairs)

    def identities(self, columns: tuple[str, ...], similar: DuplicateComponents | None) -> np.ndarray:
        """Return a number for each row, shared by its exact copies and, if searched for, its near-duplicates."""
        if similar is not None:
            return similar.labels
        return np.unique(self.digests(columns, ()), return_inverse=True)[1]

    def near_duplicates(self, columns: tuple[str, ...], search: NearDuplicates) -> DuplicateComponents:
        """Return the components of near-duplicates over all sources, found once for each table."""

        def found() -> DuplicateComponents:
            return search.components(["\n".join(row) for row in zip(*map(self.texts, columns), strict=True)])

        if len(self.tables) > 1:
            return found()
        return self.tables[0].remember(("near-duplicates", columns, search), found)

    def row_order(self, digests: np.ndarray) -> np.ndarray:
        """Return the rank of each row by digest, then by its whole content, which does not depend on the order of rows.

        Rows that tie in both are equal, so their relative order has no effect.
        """
        _, inverse, counts = np.unique(digests, return_inverse=True, return_counts=True)
        twins = np.flatnonzero(counts[inverse] > 1)
        contents = np.full(len(digests), "", dtype="U32")
        for row in twins.tolist():
            contents[row] = whole_row_digest(self._row(row))
        order = np.empty(len(digests), dtype=np.int64)
        order[np.lexsort((contents, digests))] = np.arange(len(digests))
        return order

    def _row(self, position: int) -> dict[str, Any]:
        source = int(np.searchsorted(self.offsets, position, side="right")) - 1
        # As Arrow, which does not decode images: a decoded image has no content to take a digest of.
        rows = self.tables[source].data.with_format("arrow")
        row: dict[str, Any] = rows[position - int(self.offsets[source])].to_pylist()[0]
        return row
