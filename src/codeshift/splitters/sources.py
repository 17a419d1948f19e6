"""The data of a call, as one list of rows: a ``Dataset``, or the official splits of a ``DatasetDict`` end to end."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from codeshift.errors import DataError, Told, closest
from codeshift.properties import PropertyTable
from codeshift.splitters.identity import Units, content_digest, row_digests, typed_text
from codeshift.splitters.official import OFFICIAL

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from codeshift.properties.near_duplicates import DuplicateComponents, NearDuplicates
    from codeshift.splitters.base import Splitter
    from codeshift.splitters.request import DealRequest

WHOLE = "data"
"""The name of the one source where the data is no ``DatasetDict``."""


class UnitsOfRows(NamedTuple):
    """The units of a call.

    Attributes:
        dealt: the units that rows are dealt in.
        strict: the units that equal rows and groups alone make.
        similar: the components of near-duplicates among all rows; None where they are ignored.
        kept: the rows that are dealt at all, a mask over all rows: one of each component. None where all are. The
            units are those of these rows.
    """

    dealt: Units
    strict: Units
    similar: DuplicateComponents | None
    kept: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Sources:
    """The rows of a call.

    Attributes:
        names: the official splits, or ``("data",)``.
        tables: a table for each name.
    """

    names: tuple[str, ...]
    tables: tuple[PropertyTable, ...]

    @classmethod
    def of(cls, data: Dataset | DatasetDict | PropertyTable | Sources) -> Sources:
        """Take what ``Splitter.assign`` takes.

        Raises:
            DataError: if the data is empty or lacks an official split.
            ParameterError: if it is of another type.
        """
        from datasets import DatasetDict

        if isinstance(data, Sources):  # a study deals one table many times
            return data
        if isinstance(data, DatasetDict):
            return cls._official(data)
        table = data if isinstance(data, PropertyTable) else PropertyTable(data)
        if len(table) == 0:
            raise DataError("data", "a dataset with rows", Told("0 rows"), "check how it was loaded or filtered")
        return cls((WHOLE,), (table,))

    @classmethod
    def _official(cls, data: DatasetDict) -> Sources:
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
                told = Told(f"0 rows in {name!r}")
                remedy = "leave that split out" if name == "validation" else "check how it was loaded or filtered"
                raise DataError("data", "official splits with rows", told, remedy)
        return cls(names, tuple(PropertyTable(data[name]) for name in names))

    @property
    def is_official(self) -> bool:
        """Whether the data brings its own train and test."""
        return self.names != (WHOLE,)

    @property
    def fitting(self) -> PropertyTable:
        """The rows that a region is fitted on."""
        return self.tables[0]

    @property
    def offsets(self) -> np.ndarray:
        """Where each source starts in the list of all rows, and where the last one ends."""
        return np.concatenate([[0], np.cumsum([len(table) for table in self.tables])])

    @property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Where each source starts and ends in the list of all rows."""
        bounds = self.offsets.tolist()
        return dict(zip(self.names, pairwise(bounds), strict=True))

    @property
    def lengths(self) -> tuple[int, ...]:
        """Rows of each source."""
        return tuple(len(table) for table in self.tables)

    def source_of_rows(self) -> np.ndarray:
        """The source of each row, as an index into ``OFFICIAL``."""
        codes = [OFFICIAL.index(name) for name in self.names]
        return np.repeat(codes, [len(table) for table in self.tables])

    def texts(self, column: str) -> list[str]:
        """The texts of a column, all sources end to end."""
        return [text for table in self.tables for text in table.texts(column)]

    def values(self, column: str, parameter: str) -> list[str]:
        """The values of any column as texts that keep 1 and "1" apart, all sources end to end.

        Raises:
            DataError: if there is no such column or rows of it are None; it names ``parameter``.
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
        """The digest of each row over columns of code and any other columns that its part depends on."""

        def taken() -> np.ndarray:
            return row_digests([*map(self.texts, columns), *(self.values(column, "column") for column in also)])

        return taken() if len(self.tables) > 1 else self.tables[0].remember(("digests", columns, also), taken)

    def units(self, columns: tuple[str, ...], request: DealRequest) -> UnitsOfRows:
        """The units that rows are dealt in, and those that equal rows and groups alone make."""

        def joined() -> UnitsOfRows:
            return self._joined(columns, request)

        key = ("units", columns, request.groups, request.near_duplicates)
        found = joined() if len(self.tables) > 1 else self.tables[0].remember(key, joined)
        if request.stratify is None:
            return found
        strata = np.array(self.values(request.stratify, "stratify"))
        return found._replace(dealt=found.dealt.stratified(strata if found.kept is None else strata[found.kept]))

    def _joined(self, columns: tuple[str, ...], request: DealRequest) -> UnitsOfRows:
        contents, by = self.digests(columns, ()), request.groups
        groups = None if by is None else row_digests([self.values(by, "groups")])
        if request.near_duplicates is None:
            strict = Units.join(contents, groups)
            return UnitsOfRows(strict, strict, None)
        similar = self.near_duplicates(columns, request.near_duplicates)
        labels, kept = similar.labels, None
        if request.drops:
            kept = self._least(contents, labels)
            contents, labels, groups = contents[kept], labels[kept], None if groups is None else groups[kept]
        strict = Units.join(contents, groups)
        return UnitsOfRows(Units.join(contents, groups, similar=labels), strict, similar, kept)

    def _least(self, contents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """One row of each component, the one of the least digest: a mask of shape ``(n,)``.

        Official splits keep one each, since no row moves between them; train then lets go of what test holds.
        """
        in_order = np.argsort(self.row_order(contents))
        components = labels * len(OFFICIAL) + self.source_of_rows() if self.is_official else labels
        kept = np.zeros(len(labels), dtype=bool)
        kept[in_order[np.unique(components[in_order], return_index=True)[1]]] = True
        return kept

    def identities(self, columns: tuple[str, ...], similar: DuplicateComponents | None) -> np.ndarray:
        """A number for each row that its copies share: exact ones and, where they were looked for, near-duplicates."""
        if similar is not None:
            return similar.labels
        return np.unique(self.digests(columns, ()), return_inverse=True)[1]

    def near_duplicates(self, columns: tuple[str, ...], search: NearDuplicates) -> DuplicateComponents:
        """Components of near-duplicates over all sources, found once for each table."""

        def found() -> DuplicateComponents:
            return search.components(["\n".join(row) for row in zip(*map(self.texts, columns), strict=True)])

        if len(self.tables) > 1:
            return found()
        return self.tables[0].remember(("near-duplicates", columns, search), found)

    def row_order(self, digests: np.ndarray) -> np.ndarray:
        """A place for each row that does not depend on the order of rows: by digest, then by a row's whole content.

        Rows that tie in both are equal, so which of them is which shows nowhere.
        """
        _, inverse, counts = np.unique(digests, return_inverse=True, return_counts=True)
        twins = np.flatnonzero(counts[inverse] > 1)
        contents = np.full(len(digests), "", dtype="U32")
        for row in twins.tolist():
            contents[row] = content_digest(self._row(row))
        order = np.empty(len(digests), dtype=np.int64)
        order[np.lexsort((contents, digests))] = np.arange(len(digests))
        return order

    def _row(self, position: int) -> dict[str, Any]:
        source = int(np.searchsorted(self.offsets, position, side="right")) - 1
        # As Arrow, which decodes no image: a decoded one has no content of its own to take a digest of.
        rows = self.tables[source].data.with_format("arrow")
        row: dict[str, Any] = rows[position - int(self.offsets[source])].to_pylist()[0]
        return row


def also_read(splitter: Splitter, request: DealRequest) -> tuple[str, ...]:
    """The columns beside the code that a row's part depends on, sorted."""
    asked = {column for column in (request.groups, request.stratify) if column is not None}
    return tuple(sorted({*splitter.also_reads, *asked} - {*splitter.columns}))
