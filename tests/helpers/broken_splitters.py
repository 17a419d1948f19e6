"""Splitters that each break one law of a split, for the tests of the checks. A new process can import them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from codeshift.properties import CharCount, PropertyTable
from codeshift.splitters import Interval, Region, Splitter


@dataclass(frozen=True)
class FirstRows(Region):
    """The first rows, whatever they contain."""

    share: float

    def contains(self, table: PropertyTable) -> np.ndarray:
        return np.arange(len(table)) < self.share * len(table)


@dataclass(frozen=True)
class HashedRows(Region):
    """Rows by Python's own hash of their text, which differs between processes."""

    column: str

    def contains(self, table: PropertyTable) -> np.ndarray:
        return np.array([hash(text) % 5 == 0 for text in table.texts(self.column)])


@dataclass(frozen=True, kw_only=True)
class ByPosition(Splitter):
    """A splitter that depends on the positions of rows."""

    def fit(self, table: PropertyTable) -> Region:
        return FirstRows(0.3)


@dataclass(frozen=True, kw_only=True)
class ByHash(Splitter):
    """A splitter that uses Python's hash of a text."""

    def fit(self, table: PropertyTable) -> Region:
        return HashedRows(self.column)


@dataclass(frozen=True, kw_only=True)
class Forgetful(Splitter):
    """A splitter whose repr leaves out a setting."""

    low: int = field(default=9, repr=False)

    def fit(self, table: PropertyTable) -> Region:
        return Interval(CharCount(self.column), low=self.low)
