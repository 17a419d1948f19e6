"""Data of a call as one list of rows: a ``Dataset``, or the official splits of a ``DatasetDict`` end to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.errors import DataError, ParameterError
from codeshift.formatting import first_few
from codeshift.hashing import order_by_content, row_digests, whole_row_digest
from codeshift.memory import Memory
from codeshift.parts import OFFICIAL, WHOLE
from codeshift.properties import PropertyTable
from codeshift.properties.dataset_columns import check_name, column_values
from codeshift.properties.labels import typed_text
from codeshift.properties.near_duplicates import DuplicateComponents, NearDuplicates, components_over
from codeshift.properties.near_duplicates.workers import Workers
from codeshift.properties.processes import processes_for
from codeshift.properties.row_languages import language_column
from codeshift.properties.selection import Selection
from codeshift.properties.texts import RowTexts
from codeshift.regions.base import Region
from codeshift.splits.selecting import rows_at
from codeshift.wording import Verbatim

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

_DIGESTED_AT_ONCE = 10_000  # rows


@dataclass(frozen=True, eq=False)
class SplitRows:
    """Rows of a call.

    Attributes:
        names: Names of the official splits, or ``("data",)``.
        tables: Table of each name.
        memory: What was computed of the rows: their digests, by columns of code and other columns.
    """

    names: tuple[str, ...]
    tables: tuple[PropertyTable, ...]
    memory: Memory = field(default_factory=Memory, repr=False)

    @classmethod
    def of(cls, data: Dataset | DatasetDict | PropertyTable, *, num_proc: int | None = None) -> SplitRows:
        """Create the rows from a dataset, a table of one, or official splits.

        Args:
            data: Data.
            num_proc: Number of processes that compute properties; None to choose it by the rows.

        Raises:
            DataError: if the data is empty or lacks an official split.
            ParameterError: if it is of another type, or brings its own ``num_proc``.
        """
        from datasets import DatasetDict

        if isinstance(data, DatasetDict):
            return cls._official(data, num_proc)
        if isinstance(data, PropertyTable) and num_proc is not None:
            raise ParameterError("num_proc", "left out for a PropertyTable", num_proc, "give it to the table")
        table = data if isinstance(data, PropertyTable) else PropertyTable(data, num_proc=num_proc)
        if len(table) == 0:
            raise DataError("data", "a dataset with rows", Verbatim("0 rows"), "check how it was loaded or filtered")
        return cls((WHOLE,), (table,))

    @classmethod
    def _official(cls, data: DatasetDict, num_proc: int | None) -> SplitRows:
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
                count = Verbatim(f"0 rows in {name!r}")
                remedy = "leave that split out" if name == "validation" else "check how it was loaded or filtered"
                raise DataError("data", "official splits with rows", count, remedy)
        return cls(names, tuple(PropertyTable(data[name], num_proc=num_proc) for name in names))

    @property
    def is_official(self) -> bool:
        """Whether the data has its own train and test splits."""
        return self.names != (WHOLE,)

    @property
    def training_table(self) -> PropertyTable:
        """Table of the rows that a region is fitted on."""
        return self.tables[0]

    @property
    def offsets(self) -> np.ndarray:
        """Start of each official split in the list of all rows, and the end of the last one."""
        return np.concatenate([[0], np.cumsum([len(table) for table in self.tables])])

    @property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Start and end of each official split in the list of all rows."""
        bounds = self.offsets.tolist()
        return dict(zip(self.names, pairwise(bounds), strict=True))

    @property
    def lengths(self) -> tuple[int, ...]:
        """Number of rows of each official split."""
        return tuple(len(table) for table in self.tables)

    def split_of_rows(self) -> np.ndarray:
        """Return the official split of each row, as an index into ``OFFICIAL``: of shape ``(n,)``."""
        codes = [OFFICIAL.index(name) for name in self.names]
        return np.repeat(codes, [len(table) for table in self.tables])

    def texts(self, columns: tuple[str, ...]) -> RowTexts:
        """Return the texts of columns, those of a row joined by a line end, all sources end to end."""
        return RowTexts(tuple(tuple(table.texts(column) for column in columns) for table in self.tables))

    def values(self, column: str, parameter: str) -> list[str]:
        """Return the values of any column as texts that distinguish 1 from "1", all official splits end to end.

        Raises:
            DataError: if there is no such column or it contains None; the error names ``parameter``.
        """
        return [typed_text(value) for table in self.tables for value in column_values(table.data, column, parameter)]

    def digests(self, columns: tuple[str, ...], also: Mapping[str, str] = MappingProxyType({})) -> np.ndarray:
        """Return the digest of each row over columns of code and other columns that its part depends on.

        Each is computed once.

        Args:
            columns: Columns of code.
            also: Other columns, in order, each with the argument that names it, for errors.

        Raises:
            ParameterError: if a column is no name.
            DataError: if there is no such column, or it contains None; code must be text.
        """
        for column in columns:
            check_name("column", column)

        def taken() -> np.ndarray:
            texts = [self.texts((column,)) for column in columns]
            if also or not texts:
                return row_digests([*texts, *(self.values(*named) for named in also.items())])
            return _digests_of_texts(texts, processes_for(sum(self.lengths), self.training_table.num_proc))

        key = columns, tuple(also)
        if len(self.tables) > 1:
            return self.memory.remember(key, taken)
        # The scenarios of a sweep share a table.
        return self.memory.remember(key, partial(self.tables[0].remember, ("digests", *key), taken))

    def digests_with(
        self, columns: tuple[str, ...], also: Mapping[str, str], positions: np.ndarray, line_end: str, *, start: int = 0
    ) -> np.ndarray:
        r"""Return the digests, as ``digests`` does, that rows of one official split would have with other line ends.

        Args:
            columns: Columns of code.
            also: Other columns, each with the argument that names it.
            positions: Positions of the rows, ascending.
            line_end: Line end that stands for each ``"\n"`` or ``"\r\n"`` of the code.
            start: Position among all rows that ``positions`` count from.
        """
        rows = SplitRows.of(self.select(positions + start))
        code = (
            [text.replace("\r\n", "\n").replace("\n", line_end) for text in rows.texts((column,))] for column in columns
        )
        return row_digests([*code, *(rows.values(*named) for named in also.items())])

    def known_digests(self, columns: tuple[str, ...]) -> np.ndarray | None:
        """Return the digest of each row over columns of code alone if it was computed before, else None."""
        return self.memory.get((columns, ()))

    def parsable(self, region: Region) -> np.ndarray:
        """Return which rows the parsers of a region do not give up on: booleans of shape ``(n,)``."""
        given_up = [np.zeros(sum(self.lengths), dtype=bool)]
        given_up += [np.concatenate([table.stopped(*pair) for table in self.tables]) for pair in region.parsed()]
        return np.asarray(~np.logical_or.reduce(given_up))

    def applied(self, region: Region) -> tuple[np.ndarray, np.ndarray]:
        """Return which rows a region's parsers do not give up on, and which lie inside: booleans of shape ``(n,)``."""
        return self.parsable(region), np.concatenate([region.contains(table) for table in self.tables])

    def languages(self, region: Region) -> tuple[str, ...]:
        """Return the languages that a region reads the rows in, sorted: those that it names, or that rows name."""
        spelt: set[str] = set()
        for _, language in region.parsed():
            by_row = language_column(language)
            named = [(language,)] if by_row is None else [table.languages(by_row) for table in self.tables]
            spelt.update(*named)
        return tuple(sorted(spelt))

    def only(self, kept: np.ndarray) -> SplitRows:
        """Return the rows of a mask, with what was computed of them already.

        Raises:
            DataError: if an official split has none of them.
        """
        for name, span in self.spans.items():
            if not kept[slice(*span)].any():
                described = "data" if name == WHOLE else f"the {name} split"
                remedy = "check the language and the column: the parser gave up on every row"
                raise DataError(described, "rows that can be parsed", Verbatim("none"), remedy)
        positions = [np.flatnonzero(kept[slice(*span)]) for span in self.spans.values()]
        tables = [
            table.remember(("only", within.tobytes()), partial(Selection, table, within))
            for table, within in zip(self.tables, positions, strict=True)
        ]
        return SplitRows(self.names, tuple(tables))

    def named(self, mask: np.ndarray) -> str:
        """Name the first few rows of a mask."""
        named = []
        for name, (start, stop) in self.spans.items():
            where = "" if name == WHOLE else f" of {name}"
            named += [f"{row}{where}" for row in np.flatnonzero(mask[start:stop]).tolist()]
        return first_few("row", named)

    def select(self, positions: np.ndarray) -> Dataset:
        """Return the rows at positions, which all lie in one official split, as a dataset."""
        for table, (start, stop) in zip(self.tables, self.spans.values(), strict=True):
            within = positions[(positions >= start) & (positions < stop)] - start
            if within.size:
                return rows_at(table.data, within)
        return self.training_table.data.select([])

    def without_values(self) -> SplitRows:
        """Return the same rows with their digests, and without the texts and properties that tables keep in memory."""
        return replace(self, tables=tuple(PropertyTable(table.data, num_proc=table.num_proc) for table in self.tables))

    def are(self, others: SplitRows) -> bool:
        """Return whether both refer to the same dataset objects, so that no values need be compared."""
        pairs = zip(self.tables, others.tables, strict=False)
        return self.names == others.names and all(table.data is other.data for table, other in pairs)

    def near_duplicates(self, columns: tuple[str, ...], search: NearDuplicates) -> DuplicateComponents:
        """Return the components of near-duplicates over all official splits, found once for each table.

        Args:
            columns: Columns of code, whose texts are joined, for a search that names no columns.
            search: Search, whose columns are looked in one by one.

        Raises:
            DataError: if there is no such column, or it contains values that are not text.
        """

        def search_all() -> DuplicateComponents:
            if search.columns is None:
                digests = self.digests(columns) if len(columns) == 1 else None
                return search.components(self.texts(columns), num_proc=self.training_table.num_proc, digests=digests)

            texts = [self.texts((column,)) for column in search.columns]
            return components_over(texts, search, num_proc=self.training_table.num_proc)

        if len(self.tables) > 1:
            return search_all()
        return self.tables[0].remember(("near-duplicates", columns, search), search_all)

    def row_order(self, digests: np.ndarray) -> np.ndarray:
        """Return the rank of each row by digest, then by its whole content, which does not depend on the order of rows.

        Rows that tie in both are equal, so their relative order has no effect.
        """
        order = np.empty(len(digests), dtype=np.int64)
        order[order_by_content(digests, self.contents)] = np.arange(len(digests))
        return order

    def contents(self, positions: np.ndarray) -> list[str]:
        """Return the digests of whole rows at positions, which distinguish rows of one identity."""
        return [whole_row_digest(self._row(position)) for position in positions.tolist()]

    def _row(self, position: int) -> dict[str, Any]:
        split = int(np.searchsorted(self.offsets, position, side="right")) - 1
        # As Arrow, which does not decode images: a decoded image has no content to take a digest of.
        rows = self.tables[split].data.with_format("arrow")
        row: dict[str, Any] = rows[position - int(self.offsets[split])].to_pylist()[0]
        return row


def _digests_of_texts(columns: list[RowTexts], processes: int) -> np.ndarray:
    """Return the digests of rows of several columns of text, some rows at a time; of processes each takes some."""
    if processes == 1:
        return row_digests(columns)
    with Workers(processes, shared=columns) as workers:
        starts = range(0, len(columns[0]), _DIGESTED_AT_ONCE)
        return np.concatenate(list(workers.map(_digests_from, ((start,) for start in starts))))


def _digests_from(columns: list[RowTexts], start: int) -> np.ndarray:
    return row_digests([texts[start : start + _DIGESTED_AT_ONCE] for texts in columns])
