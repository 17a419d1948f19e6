"""Splitters that each break a law of a split, for the tests of the checks. A fresh process can import them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from codeshift.properties import CharCount, PropertyTable
from codeshift.splitters import Interval, Region, Splitter


@dataclass(frozen=True)
class FirstRows(Region):
    """The first rows, whatever they hold."""

    share: float

    def contains(self, table: PropertyTable) -> np.ndarray:
        return np.arange(len(table)) < self.share * len(table)


@dataclass(frozen=True)
class HashedRows(Region):
    """Rows by Python's own hash of their text, which another process takes with another key."""

    column: str

    def contains(self, table: PropertyTable) -> np.ndarray:
        return np.array([hash(text) % 5 == 0 for text in table.texts(self.column)])


@dataclass(frozen=True, kw_only=True)
class ByPosition(Splitter):
    """It looks at where rows stand."""

    def fit(self, table: PropertyTable) -> Region:
        return FirstRows(0.3)


@dataclass(frozen=True, kw_only=True)
class ByHash(Splitter):
    """It takes Python's hash of a text."""

    def fit(self, table: PropertyTable) -> Region:
        return HashedRows(self.column)


@dataclass(frozen=True, kw_only=True)
class Forgetful(Splitter):
    """Its repr leaves out what it was given."""

    low: int = field(default=9, repr=False)

    def fit(self, table: PropertyTable) -> Region:
        return Interval(CharCount(self.column), low=self.low)
