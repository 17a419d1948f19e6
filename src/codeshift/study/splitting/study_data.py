"""The rows of a study, and the parts that each split seed makes of them, shared by all scenarios.

All rows stand in one table, so that each is parsed, embedded and compared with the others only once for all scenarios
and seeds. Parts are positions in that table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset, DatasetDict, concatenate_datasets
from numpy.typing import NDArray

from codeshift.errors import DataError, ParameterError
from codeshift.parts import OFFICIAL, WHOLE
from codeshift.properties import PropertyTable
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.selection import Selection
from codeshift.splits.config import SplitConfig, rows_requested
from codeshift.splits.groups import RowGroups, group_rows, identities_of
from codeshift.splits.partition import draw
from codeshift.splits.rows import SplitRows
from codeshift.study.folder.store import Positions
from codeshift.wording import Verbatim

if TYPE_CHECKING:
    from codeshift.properties.near_duplicates import DuplicateComponents


@dataclass(frozen=True, eq=False)
class StudyData:
    """All rows of a study.

    Attributes:
        table: Table of all rows.
        official: Positions of the rows of each official split; empty if the data has no official splits.
    """

    table: PropertyTable
    official: Mapping[str, Positions]

    @classmethod
    def of(cls, data: Dataset | DatasetDict) -> StudyData:
        """Make it of a ``Dataset``, or of a ``DatasetDict`` with ``train``, ``test`` and perhaps ``validation``.

        Raises:
            DataError: if the data is empty, or lacks an official split.
            ParameterError: if the data is of another type.
        """
        rows = SplitRows.of(data)
        if not rows.is_official:
            return cls(rows.tables[0], {})
        parts = {name: table.data for name, table in zip(rows.names, rows.tables, strict=True)}
        positions = {name: np.arange(*span) for name, span in rows.spans.items()}
        return cls(PropertyTable(_all_rows(parts)), positions)

    @cached_property
    def all_rows(self) -> SplitRows:
        """All rows as one list."""
        return SplitRows((WHOLE,), (self.table,))

    def split(self, config: SplitConfig, column: str, test_size: float, split_seed: int) -> Parts:
        """Split the rows into ``train``, ``validation`` and ``test``; official splits stay as they are.

        Rows that belong together (equal code, near-duplicates, one group) stay together. If the official splits lack
        a ``validation``, it is drawn from ``train``, or left out if ``config`` asks for none.

        Args:
            config: Groups, near-duplicates and the size of ``validation``.
            column: Column of the code.
            test_size: Size of ``test``: a share of all rows or a number of rows.
            split_seed: Seed of the split.

        Raises:
            ParameterError: if the sizes leave no row for a part.
        """
        n_rows = len(self.table)
        units, of_rows = self._units(config, column)
        in_test = np.zeros(n_rows, dtype=bool)
        free = np.ones(len(units.keys), dtype=bool)
        if self.official:
            in_test[self.official["test"]] = True
            free = ~units.holding(in_test)
        else:
            drawn = draw(free, units, split_seed, "study test", rows_requested(test_size, len(units.labels)))
            in_test = drawn[of_rows]
            free &= ~drawn
        in_validation = np.zeros(n_rows, dtype=bool)
        if "validation" in self.official:
            in_validation[self.official["validation"]] = True
        elif config.validation_size:
            counted = n_rows - int(in_test.sum()) if self.official else len(units.labels)
            target = rows_requested(config.validation_size, counted)
            in_validation = draw(free, units, split_seed, "study validation", target)[of_rows]
        parts = {"train": ~in_test & ~in_validation, "validation": in_validation, "test": in_test}
        if not config.validation_size and not in_validation.any():
            del parts["validation"]
        for name, mask in parts.items():
            if not mask.any():
                sizes = f"test_size={test_size} and validation_size={config.validation_size} of {n_rows} rows"
                remedy = "ask for other sizes; rows that belong together are never divided"
                raise ParameterError(
                    "test_size and validation_size", f"such that {name} has rows", Verbatim(sizes), remedy
                )
        return Parts.of(self, {name: np.flatnonzero(mask) for name, mask in parts.items()}, split_seed)

    def _units(self, config: SplitConfig, column: str) -> tuple[RowGroups, Positions]:
        """Return the groups of rows that stay together, and the group of each row.

        If near-duplicates are dropped, only the rows that are kept count for sizes, and the others go with the row
        that is kept for them; the split of a scenario then excludes them. Rows of official splits stay where they are.
        """
        if config.drops and self.official:
            config = dataclasses.replace(config, near_duplicates=config.search)
        grouping = group_rows(self.all_rows, (column,), config)
        if grouping.kept is None:
            return grouping.groups, grouping.groups.labels
        assert grouping.similar is not None  # noqa: S101 - something was dropped
        unit_of_component = np.empty(len(grouping.similar.sizes), dtype=np.int64)
        unit_of_component[grouping.similar.labels[grouping.kept]] = grouping.groups.labels
        return grouping.groups, unit_of_component[grouping.similar.labels]


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of one split seed.

    Attributes:
        positions: Ascending positions of ``train``, ``validation`` (if there is one) and ``test``.
        split_rows: Rows of these parts, in the form that splitters take.
        split_seed: Seed that made the parts.
    """

    positions: Mapping[str, Positions]
    split_rows: CachedSplitRows
    split_seed: int

    @classmethod
    def of(cls, data: StudyData, positions: Mapping[str, Positions], split_seed: int) -> Parts:
        """Make the parts from positions in all rows."""
        names = tuple(name for name in OFFICIAL if name in positions)
        tables = tuple(Selection(data.table, positions[name]) for name in names)
        order = np.concatenate([positions[name] for name in names])
        rows = CachedSplitRows(names=names, tables=tables, all_rows=data.all_rows, order=order)
        return cls(positions, rows, split_seed)

    def identities(self, columns: tuple[str, ...], config: SplitConfig) -> NDArray[np.int64]:
        """Return a number for each row, parts end to end, that is equal for copies of a row."""
        search = config.search
        similar = None if search is None else self.split_rows.near_duplicates(columns, search)
        return identities_of(self.split_rows.digests(columns), similar)


@dataclass(frozen=True, eq=False, kw_only=True)
class CachedSplitRows(SplitRows):
    """SplitRows that are split many times, with cached digests and components of near-duplicates.

    Attributes:
        all_rows: All rows as one list.
        order: Position in ``all_rows`` of each row, parts end to end.
    """

    all_rows: SplitRows
    order: Positions

    def digests(self, columns: tuple[str, ...], also: Mapping[str, str] = MappingProxyType({})) -> np.ndarray:
        """Return the digest of each row."""
        return self.memory.remember((columns, tuple(also)), lambda: self.all_rows.digests(columns, also)[self.order])

    def near_duplicates(self, columns: tuple[str, ...], search: NearDuplicates) -> DuplicateComponents:
        """Return the components of near-duplicates: those of ``all_rows``, in the order of these rows."""
        return self.memory.remember(
            ("near-duplicates", columns, search),
            lambda: _reordered(self.all_rows.near_duplicates(columns, search), self.order),
        )


def _reordered(components: DuplicateComponents, order: Positions) -> DuplicateComponents:
    """Reorder the rows of components; a link still starts at the row that represents equal ones."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    _, first, labels = np.unique(components.labels[order], return_index=True, return_inverse=True)
    rank = np.empty_like(first)
    rank[np.argsort(first)] = np.arange(len(first))
    return dataclasses.replace(components, labels=rank[labels], pairs=place[components.pairs])


def _all_rows(parts: Mapping[str, Dataset]) -> Dataset:
    """Concatenate the rows of all splits, with the columns that they have in common.

    Raises:
        DataError: if a column differs in type between splits.
    """
    first = parts["train"]
    common = [name for name in first.column_names if all(name in rows.column_names for rows in parts.values())]
    for name in common:
        types = {part: str(rows.features[name]) for part, rows in parts.items()}
        if len(set(types.values())) > 1:
            raise DataError("dataset", "official splits of one type", types, f"cast the column {name!r} to one type")
    return concatenate_datasets([rows.with_format(None).select_columns(common) for rows in parts.values()])
