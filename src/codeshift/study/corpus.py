"""The rows of a study, and the parts that a split seed makes of them: what all scenarios share.

All rows stand in one table, so that each is parsed, embedded and compared with the others once, however many scenarios
and seeds ask. Parts are positions in that table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset, DatasetDict, concatenate_datasets
from numpy.typing import NDArray

from codeshift.errors import DataError, ParameterError, Told
from codeshift.properties import PropertyTable
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.selection import Selection
from codeshift.splits.config import SplitConfig, rows_asked
from codeshift.splits.groups import RowGroups, group_rows
from codeshift.splits.partition import draw
from codeshift.splits.rows import OFFICIAL, WHOLE, SplitRows

if TYPE_CHECKING:
    from codeshift.properties.near_duplicates import DuplicateComponents

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Corpus:
    """All rows of a study.

    Attributes:
        table: of all rows.
        official: the positions of the rows of each official split; empty where the data brings none.
    """

    table: PropertyTable
    official: Mapping[str, Rows]

    @classmethod
    def of(cls, data: Dataset | DatasetDict) -> Corpus:
        """Take a ``Dataset``, or a ``DatasetDict`` with ``train``, ``test`` and perhaps ``validation``.

        Raises:
            DataError: the data is empty, or lacks an official split.
            ParameterError: it is of another type.
        """
        sources = SplitRows.of(data)
        if not sources.is_official:
            return cls(sources.tables[0], {})
        parts = {name: table.data for name, table in zip(sources.names, sources.tables, strict=True)}
        positions = {name: np.arange(*span) for name, span in sources.spans.items()}
        return cls(PropertyTable(_end_to_end(parts)), positions)

    @cached_property
    def whole(self) -> SplitRows:
        """All rows as one source."""
        return SplitRows((WHOLE,), (self.table,))

    def deal(self, request: SplitConfig, column: str, test_size: float, split_seed: int) -> Parts:
        """Deal the rows into ``train``, ``validation`` and ``test``; official splits stay as they are.

        Rows that belong together (equal code, near-duplicates, one group) are dealt together. Where the official
        splits lack a ``validation``, it is drawn from ``train``, or left out if ``request`` asks for none.

        Args:
            request: groups, near-duplicates and the size of ``validation``.
            column: of the code.
            test_size: of all rows, how many are ``test``: a share or a number.
            split_seed: of the dealing.

        Raises:
            ParameterError: the sizes leave no row for a part.
        """
        n_rows = len(self.table)
        units, of_rows = self._units(request, column)
        in_test = np.zeros(n_rows, dtype=bool)
        free = np.ones(len(units.keys), dtype=bool)
        if self.official:
            in_test[self.official["test"]] = True
            free = ~units.holding(in_test)
        else:
            drawn = draw(free, units, split_seed, "study test", rows_asked(test_size, len(units.labels)))
            in_test = drawn[of_rows]
            free &= ~drawn
        in_validation = np.zeros(n_rows, dtype=bool)
        if "validation" in self.official:
            in_validation[self.official["validation"]] = True
        elif request.validation_size:
            dealt = n_rows - int(in_test.sum()) if self.official else len(units.labels)
            target = rows_asked(request.validation_size, dealt)
            in_validation = draw(free, units, split_seed, "study validation", target)[of_rows]
        parts = {"train": ~in_test & ~in_validation, "validation": in_validation, "test": in_test}
        if not request.validation_size and not in_validation.any():
            del parts["validation"]
        for name, mask in parts.items():
            if not mask.any():
                sizes = f"test_size={test_size} and validation_size={request.validation_size} of {n_rows} rows"
                remedy = "ask for other sizes; rows that belong together are never divided"
                raise ParameterError("test_size and validation_size", f"such that {name} has rows", Told(sizes), remedy)
        return Parts.of(self, {name: np.flatnonzero(mask) for name, mask in parts.items()}, split_seed)

    def _units(self, request: SplitConfig, column: str) -> tuple[RowGroups, Rows]:
        """The units that rows are dealt in, and the unit of each row.

        Where near-duplicates are dropped, only the rows that are kept count for sizes, and the others go with the row
        that is kept for them; a scenario's dealing then excludes them. Rows of official splits stay where they are.
        """
        if request.drops and self.official:
            assert request.search is not None  # noqa: S101 - it drops
            search = NearDuplicates(threshold=request.search.threshold, ngram=request.search.ngram)
            request = dataclasses.replace(request, near_duplicates=search)
        found = group_rows(self.whole, (column,), request)
        if found.kept is None:
            return found.dealt, found.dealt.labels
        assert found.similar is not None  # noqa: S101 - something was dropped
        unit_of_component = np.empty(len(found.similar.sizes), dtype=np.int64)
        unit_of_component[found.similar.labels[found.kept]] = found.dealt.labels
        return found.dealt, unit_of_component[found.similar.labels]


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of one split seed.

    Attributes:
        rows: the positions of ``train``, ``validation`` (where there is one) and ``test``, ascending.
        sources: the same for splitters.
        split_seed: that made them.
    """

    rows: Mapping[str, Rows]
    sources: SharedSources
    split_seed: int

    @classmethod
    def of(cls, corpus: Corpus, rows: Mapping[str, Rows], split_seed: int) -> Parts:
        """The parts at some positions of the corpus."""
        names = tuple(name for name in OFFICIAL if name in rows)
        tables = tuple(Selection(corpus.table, rows[name]) for name in names)
        order = np.concatenate([rows[name] for name in names])
        sources = SharedSources(names=names, tables=tables, whole=corpus.whole, order=order)
        return cls(rows, sources, split_seed)

    def identities(self, columns: tuple[str, ...], request: SplitConfig) -> Rows:
        """A number for each row, parts end to end, that its copies share."""
        search = request.search
        similar = None if search is None else self.sources.near_duplicates(columns, search)
        return self.sources.identities(columns, similar)


@dataclass(frozen=True, eq=False, kw_only=True)
class SharedSources(SplitRows):
    """SplitRows that are dealt many times: what is found of their rows is kept.

    Attributes:
        whole: all rows as one source.
        order: the position there of each row, sources end to end.
        reordered: components found so far, by columns of code and search.
    """

    whole: SplitRows
    order: Rows
    reordered: dict[tuple[tuple[str, ...], NearDuplicates], DuplicateComponents] = field(default_factory=dict)

    def digests(self, columns: tuple[str, ...], also: tuple[str, ...]) -> np.ndarray:
        """The digest of each row."""
        if (columns, also) not in self.digested:
            self.digested[columns, also] = self.whole.digests(columns, also)[self.order]
        return self.digested[columns, also]

    def near_duplicates(self, columns: tuple[str, ...], search: NearDuplicates) -> DuplicateComponents:
        """Components of near-duplicates: those of the whole, which holds the same rows in another order."""
        if (columns, search) not in self.reordered:
            components = _reordered(self.whole.near_duplicates(columns, search), self.order)
            self.reordered[columns, search] = components
        return self.reordered[columns, search]


def _reordered(found: DuplicateComponents, order: Rows) -> DuplicateComponents:
    """The components of the same rows in another order; a link still starts at the row that stands for equal ones."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    _, first, labels = np.unique(found.labels[order], return_index=True, return_inverse=True)
    rank = np.empty_like(first)
    rank[np.argsort(first)] = np.arange(len(first))
    return dataclasses.replace(found, labels=rank[labels], pairs=place[found.pairs])


def _end_to_end(parts: Mapping[str, Dataset]) -> Dataset:
    """The rows of all splits, with the columns that they have in common.

    Raises:
        DataError: a column is of another type in another split.
    """
    first = parts["train"]
    common = [name for name in first.column_names if all(name in rows.column_names for rows in parts.values())]
    for name in common:
        types = {part: str(rows.features[name]) for part, rows in parts.items()}
        if len(set(types.values())) > 1:
            raise DataError("dataset", "official splits of one type", types, f"cast the column {name!r} to one type")
    return concatenate_datasets([rows.with_format(None).select_columns(common) for rows in parts.values()])
