"""Tallies of a property over all rows, which are made of some rows each and merged: what splitters are fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codeshift.properties.base import Property
from codeshift.properties.columns import Label
from codeshift.properties.labels import typed_text

if TYPE_CHECKING:
    from codeshift.properties.table import PropertyTable

LabelRows = dict[str, tuple[str | int, int]]
LabelNumbers = dict[str, tuple[str | int, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Tally:
    """Numbers, sorted, and how often each occurs.

    Attributes:
        values: Distinct numbers, ascending, of shape ``(n_values,)``.
        counts: Number of rows of each, of shape ``(n_values,)``.

    >>> tally = Tally.of(np.array([3.0, 1.0, 3.0]))
    >>> tally.values.tolist(), tally.counts.tolist(), tally.rows, tally.at(1)
    ([1.0, 3.0], [1, 2], 3, 3.0)
    """

    values: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, numbers: np.ndarray) -> Tally:
        """Count numbers, of shape ``(n,)``, in any order."""
        values, counts = np.unique(np.asarray(numbers, dtype=np.float64), return_counts=True)
        return cls(values, counts.astype(np.min_scalar_type(int(counts.max(initial=0)))))

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.counts.sum(dtype=np.int64))

    def at(self, rank: int) -> float:
        """Return the number of a rank, counted from 0, among all rows in order."""
        ends = np.cumsum(self.counts, dtype=np.int64)
        return float(self.values[np.searchsorted(ends, rank, side="right")])


@dataclass(frozen=True)
class NumberTally:
    """Tally of a property of numbers: a few thousand entries for whole numbers, at most 9 bytes a row for others.

    Attributes:
        property: Property.

    >>> from datasets import Dataset
    >>> from codeshift.properties import CharCount, PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x", "xx", "y"]}))
    >>> table.summarise(NumberTally(CharCount("code"))).counts.tolist()
    [2, 1]
    """

    property: Property

    def of(self, table: PropertyTable) -> Tally:
        """Count the numbers of the rows of one table."""
        return Tally.of(table.values(self.property))

    def merged(self, parts: Sequence[Tally]) -> Tally:
        """Add up the counts of several tables."""
        if len(parts) == 1:
            return parts[0]
        numbers = np.concatenate([part.values for part in parts])
        counts = np.concatenate([part.counts.astype(np.int64) for part in parts])
        values, place = np.unique(numbers, return_inverse=True)
        total = np.zeros(len(values), dtype=np.int64)
        np.add.at(total, place, counts)
        return Tally(values, total)


@dataclass(frozen=True)
class LabelTally:
    """Number of rows of each label.

    Attributes:
        label: Property of labels.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x", "y"], "project": ["django", "django"]}))
    >>> table.summarise(LabelTally(Label("project")))
    {'str:django': ('django', 2)}
    """

    label: Label

    def of(self, table: PropertyTable) -> LabelRows:
        """Count the labels of the rows of one table: by the text of each, the label and its rows."""
        counted: LabelRows = {}
        for value in table.values(self.label).tolist():
            key = typed_text(value)
            counted[key] = (value, counted.get(key, (value, 0))[1] + 1)
        return counted

    def merged(self, parts: Sequence[LabelRows]) -> LabelRows:
        """Add up the counts of several tables."""
        total: LabelRows = {}
        for part in parts:
            for key, (value, rows) in part.items():
                total[key] = (value, total.get(key, (value, 0))[1] + rows)
        return total


@dataclass(frozen=True)
class NumbersOfLabels:
    """Numbers of the rows of each label, such as the times of each project, in ascending order.

    Attributes:
        label: Property of labels.
        number: Property of numbers.
    """

    label: Label
    number: Property

    def of(self, table: PropertyTable) -> LabelNumbers:
        """Return the numbers of the rows of one table: by the text of each label, the label and its numbers."""
        numbers = np.asarray(table.values(self.number), dtype=np.float64)
        rows: dict[str, list[int]] = {}
        labels: dict[str, str | int] = {}
        for row, value in enumerate(table.values(self.label).tolist()):
            key = typed_text(value)
            labels[key] = value
            rows.setdefault(key, []).append(row)
        return {key: (labels[key], np.sort(numbers[held])) for key, held in rows.items()}

    def merged(self, parts: Sequence[LabelNumbers]) -> LabelNumbers:
        """Join the numbers of several tables."""
        numbers_held: dict[str, list[np.ndarray]] = {}
        labels: dict[str, str | int] = {}
        for part in parts:
            for key, (value, numbers) in part.items():
                labels[key] = value
                numbers_held.setdefault(key, []).append(numbers)
        return {key: (labels[key], np.sort(np.concatenate(numbers))) for key, numbers in numbers_held.items()}
