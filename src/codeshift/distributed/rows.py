"""Rows in shards, as splitting takes rows: a few bytes of each are here, all else stays where the shards are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np

from codeshift.distributed.near_duplicates import duplicate_components
from codeshift.distributed.sources import Shards
from codeshift.errors import DataError, ParameterError
from codeshift.formatting import first_few
from codeshift.memory import Memory
from codeshift.parts import WHOLE
from codeshift.properties import PropertyTable
from codeshift.properties.identity_order import FirstPrograms
from codeshift.properties.predicate import functions_of, trust_function
from codeshift.properties.table import ComputedFromText, Summary
from codeshift.regions.base import Region
from codeshift.splits.fitting import Recipe
from codeshift.splits.rows import SplitRows
from codeshift.wording import Verbatim

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from codeshift.properties.near_duplicates import DuplicateComponents, NearDuplicates

T = TypeVar("T")


class ShardedTable(PropertyTable):
    """Properties of the rows of shards, of which only summaries and numbers of 8 bytes a row leave the workers.

    Args:
        source: Shards.
        splitter: Splitter that is fitted on the table, which errors show.
    """

    def __init__(self, source: Shards, splitter: Recipe) -> None:
        self.source, self.splitter = source, splitter
        self.num_proc = 1
        self._values = Memory()

    def __len__(self) -> int:
        return int(self.source.starts[-1])

    @property
    def data(self) -> Dataset:
        """Rows, which no one process holds: an error says so."""
        self._refuse()

    def texts(self, column: str) -> NoReturn:
        """Refuse to return texts, which no one process holds."""
        self._refuse()

    def syntax(self, column: str, language: str) -> NoReturn:
        """Refuse to return what a parse of all rows gives, which no one process holds."""
        self._refuse()

    def summarise(self, summary: Summary[T]) -> T:
        """Return a statistic of all rows, which is computed of each shard and merged here."""
        functions = functions_of(summary)
        return self.remember(summary, lambda: summary.merged(self.source.each(_summary_of, summary, functions)))

    def compute_texts(self, prop: ComputedFromText) -> np.ndarray:
        """Gather the numbers of a text property, in the order of the shards."""
        return np.concatenate(self.source.each(_numbers_of, prop))

    def sample(self, column: str, programs: int) -> PropertyTable:
        """Return a table, in this process, of all rows of the first distinct programs of a column.

        Args:
            column: Column of programs.
            programs: Number of programs.
        """

        def gathered() -> PropertyTable:
            import pyarrow as pa
            from datasets import Dataset

            last = self.summarise(FirstPrograms(column, programs))
            tables = self.source.each(_rows_up_to, column, last)
            return PropertyTable(Dataset(pa.concat_tables(tables)), num_proc=self.num_proc)

        return self.remember(("sample", column, programs), gathered)

    def _refuse(self) -> NoReturn:
        raise ParameterError(
            "splitter",
            "one that is fitted on summaries of the rows, or on a sample of them",
            self.splitter,
            "its fit asks for what all rows hold, and no process holds the rows of all files: split rows that one "
            "machine holds",
        )


@dataclass(frozen=True, eq=False)
class ShardedRows(SplitRows):
    """Rows of shards, one after the other, as ``assign`` takes rows.

    Attributes:
        source: Shards.
        splitter: Splitter.
    """

    source: Shards = field(kw_only=True)
    splitter: Recipe = field(kw_only=True)

    @classmethod
    def of_shards(cls, source: Shards, splitter: Recipe) -> ShardedRows:
        """Return the rows of shards, to be split by a splitter."""
        return cls((WHOLE,), (ShardedTable(source, splitter),), source=source, splitter=splitter)

    def values(self, column: str, parameter: str) -> list[str]:
        """Return the values of any column as texts that distinguish 1 from "1"."""
        parts = self.source.each(_values_of, column, parameter)
        return [names[code] for names, codes in parts for code in codes.tolist()]

    def digests(self, columns: tuple[str, ...], also: Mapping[str, str] = MappingProxyType({})) -> np.ndarray:
        """Return the digest of each row over columns of code and other columns that its part depends on."""
        return self.memory.remember(
            (columns, tuple(also)), lambda: np.concatenate(self.source.each(_digests_of, columns, dict(also)))
        )

    def parsable(self, region: Region) -> np.ndarray:
        """Return which rows the parsers of a region do not give up on: booleans of shape ``(n,)``."""
        return self.applied(region)[0]

    def applied(self, region: Region) -> tuple[np.ndarray, np.ndarray]:
        """Return which rows a region's parsers do not give up on, and which lie inside: each shard is read once."""

        def applied() -> tuple[np.ndarray, np.ndarray]:
            parsable, inside = zip(*self.source.each(_applied, region, functions_of(region)), strict=True)
            return np.concatenate(parsable), np.concatenate(inside)

        return self.training_table.remember(("applied", region), applied)

    def only(self, kept: np.ndarray) -> ShardedRows:
        """Return the rows of a mask.

        Raises:
            DataError: if there are none.
        """
        if not kept.any():
            remedy = "check the language and the column: the parser gave up on every row"
            raise DataError("files", "rows that can be parsed", Verbatim("none"), remedy)
        return ShardedRows.of_shards(self.source.only(kept), self.splitter)

    def named(self, mask: np.ndarray) -> str:
        """Name the first few rows of a mask, each with its file."""
        within = zip(self.source.shards, self.source.positions(np.flatnonzero(mask)), strict=True)
        return first_few("row", [f"{row} of {shard.path}" for shard, rows in within for row in rows.tolist()])

    def contents(self, positions: np.ndarray) -> list[str]:
        """Return the digests of whole rows at ascending positions, which distinguish rows of one identity."""
        own = [(rows,) for rows in self.source.positions(positions)]
        return [digest for part in self.source.each(_contents_of, own=own) for digest in part]

    def without_values(self) -> ShardedRows:
        """Return the same rows with their digests, and without the summaries that were made of them."""
        return replace(self, tables=(ShardedTable(self.source, self.splitter),))

    def near_duplicates(self, columns: tuple[str, ...], search: NearDuplicates) -> DuplicateComponents:
        """Return the components of near-duplicates among all rows, in each of the columns that the search names."""
        return duplicate_components(self.source, columns, search)


# What workers do with the rows of a shard.


def _summary_of(rows: SplitRows, summary: Summary[Any], functions: tuple[str, ...]) -> Any:
    _trust(functions)
    return summary.of(rows.training_table)


def _numbers_of(rows: SplitRows, prop: ComputedFromText) -> np.ndarray:
    return np.asarray(rows.training_table.values(prop))


def _values_of(rows: SplitRows, column: str, parameter: str) -> tuple[list[str], np.ndarray]:
    """Return the distinct values of a column, of which there are few, and the number of each row's."""
    names, codes = np.unique(np.array(rows.values(column, parameter), dtype=object), return_inverse=True)
    return names.tolist(), codes.astype(np.int32)


def _digests_of(rows: SplitRows, columns: tuple[str, ...], also: dict[str, str]) -> np.ndarray:
    return rows.digests(columns, also)


def _applied(rows: SplitRows, region: Region, functions: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    _trust(functions)
    return rows.applied(region)


def _trust(functions: tuple[str, ...]) -> None:
    for name in functions:  # the process that gave this task has named them in its own code
        trust_function(name)


def _contents_of(rows: SplitRows, positions: np.ndarray) -> list[str]:
    return rows.contents(positions)


def _rows_up_to(rows: SplitRows, column: str, last: tuple[int, int]) -> pa.Table:
    positions = FirstPrograms.positions(rows.training_table, column, last)
    return rows.training_table.data.with_format("arrow")[positions]
