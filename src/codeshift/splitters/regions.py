"""Regions: which rows are out of distribution, as frozen values that any dataset can be asked about.

A region is what a splitter has learnt (a threshold, a set of elements), so one that was fitted on training rows also
divides an official test split or tomorrow's programs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from codeshift.errors import ParameterError
from codeshift.properties import ElementCounts, Property, PropertyTable
from codeshift.properties.serialise import Serialisable


@dataclass(frozen=True)
class Region(Serialisable, ABC):
    """A set of programs. Regions compose with ``&``, ``|``, ``~`` and ``-``; their repr builds them again.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x", "x + y", "x + y + z"]}))
    >>> longest = LengthSplitter(column="code", bounds=(4, None)).fit(table)
    >>> (longest.contains(table), (~longest).contains(table))
    (array([False, False,  True]), array([ True,  True, False]))
    """

    @abstractmethod
    def contains(self, table: PropertyTable) -> np.ndarray:
        """Which rows of ``table`` lie inside: booleans of shape ``(n,)``."""

    def __and__(self, other: object) -> Region:
        return BothRegions(self, other) if isinstance(other, Region) else NotImplemented

    def __or__(self, other: object) -> Region:
        return EitherRegion(self, other) if isinstance(other, Region) else NotImplemented

    def __sub__(self, other: object) -> Region:
        return self & ~other if isinstance(other, Region) else NotImplemented

    def __invert__(self) -> Region:
        return OutsideRegion(self)


@dataclass(frozen=True)
class Interval(Region):
    """Rows whose number lies in ``[low, high)``. ``None`` leaves that end open.

    >>> from datasets import Dataset
    >>> from codeshift.properties import CharCount
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x", "xx", "xxx"]}))
    >>> Interval(CharCount("code"), low=2, high=3).contains(table)
    array([False,  True, False])
    """

    property: Property
    low: float | None = None
    high: float | None = None

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Booleans of shape ``(n,)``."""
        values = np.asarray(table.values(self.property), dtype=np.float64)
        inside = np.ones(len(values), dtype=bool)
        if self.low is not None:
            inside &= values >= self.low
        if self.high is not None:
            inside &= values < self.high
        return inside


@dataclass(frozen=True)
class Contains(Region):
    """Rows that hold ``any`` or ``all`` of ``elements``, each at least ``min_count`` times.

    >>> from datasets import Dataset
    >>> from codeshift.properties import NodeTypes
    >>> table = PropertyTable(Dataset.from_dict({"code": ["while x: pass", "x = 1"]}))
    >>> Contains(NodeTypes("code", "python"), ("while_statement", "for_statement")).contains(table)
    array([ True, False])
    """

    property: Property
    elements: tuple[str, ...]
    match: str = "any"
    min_count: int = 1

    def __post_init__(self) -> None:
        if self.match not in ("any", "all"):
            raise ParameterError(
                "match", '"any" or "all"', self.match, '"any" takes rows that hold one of the elements'
            )

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Booleans of shape ``(n,)``."""
        counts: ElementCounts = table.values(self.property)
        enough = counts.of(self.elements) >= self.min_count
        return np.asarray(enough.any(axis=1) if self.match == "any" else enough.all(axis=1))


@dataclass(frozen=True, repr=False)
class BothRegions(Region):
    """Rows inside of both regions."""

    left: Region
    right: Region

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Booleans of shape ``(n,)``."""
        return np.asarray(self.left.contains(table) & self.right.contains(table))

    def __repr__(self) -> str:
        return f"({self.left!r} & {self.right!r})"


@dataclass(frozen=True, repr=False)
class EitherRegion(Region):
    """Rows inside of at least one of two regions."""

    left: Region
    right: Region

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Booleans of shape ``(n,)``."""
        return np.asarray(self.left.contains(table) | self.right.contains(table))

    def __repr__(self) -> str:
        return f"({self.left!r} | {self.right!r})"


@dataclass(frozen=True, repr=False)
class OutsideRegion(Region):
    """Rows outside of a region."""

    inner: Region

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Booleans of shape ``(n,)``."""
        return np.asarray(~self.inner.contains(table))

    def __repr__(self) -> str:
        return f"~{self.inner!r}"
