"""Regions: which rows are out of distribution, as frozen values that any dataset can be asked about.

A region is what a splitter has learnt (a threshold, a set of elements), so one that was fitted on training rows also
divides an official test split or tomorrow's programs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.properties import PropertyTable
from codeshift.properties.serialise import Serialisable, class_of
from codeshift.regions.words import spelled


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

    def describe(self) -> str:
        """Which programs lie inside, as a clause that follows "programs"."""
        return type(self).words_of(self.to_dict())

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Which programs lie inside, as a clause that follows "programs". A region of your own may say it better.

        Args:
            plain: the region's ``to_dict()``: a manifest may hold a region of which a function is not at hand.
        """
        return f"in {spelled(plain)}"

    @property
    def leaves(self) -> tuple[Region, ...]:
        """The regions that a composition is made of, from left to right; the region itself where it is none."""
        return (self,)

    def __and__(self, other: object) -> Region:
        return BothRegions(self, other) if isinstance(other, Region) else NotImplemented

    def __or__(self, other: object) -> Region:
        return EitherRegion(self, other) if isinstance(other, Region) else NotImplemented

    def __sub__(self, other: object) -> Region:
        return self & ~other if isinstance(other, Region) else NotImplemented

    def __invert__(self) -> Region:
        return OutsideRegion(self)


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

    @property
    def leaves(self) -> tuple[Region, ...]:
        """Those of both."""
        return self.left.leaves + self.right.leaves

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Both clauses, joined by "and"."""
        return f"{_operand(plain['left'], within=cls)} and {_operand(plain['right'], within=cls)}"


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

    @property
    def leaves(self) -> tuple[Region, ...]:
        """Those of both."""
        return self.left.leaves + self.right.leaves

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Both clauses, joined by "or"."""
        return f"{_operand(plain['left'], within=cls)} or {_operand(plain['right'], within=cls)}"


@dataclass(frozen=True, repr=False)
class OutsideRegion(Region):
    """Rows outside of a region."""

    inner: Region

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Booleans of shape ``(n,)``."""
        return np.asarray(~self.inner.contains(table))

    def __repr__(self) -> str:
        return f"~{self.inner!r}"

    @property
    def leaves(self) -> tuple[Region, ...]:
        """Those of the region."""
        return self.inner.leaves

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """The clause of the region, turned."""
        return f"other than those {_operand(plain['inner'], within=cls)}"


def region_words(plain: Mapping[str, Any]) -> str:
    """Which programs lie inside, as a clause that follows "programs".

    Args:
        plain: a region's ``to_dict()``, as a manifest holds it.

    >>> from codeshift.properties import CharCount, NodeTypes
    >>> from codeshift.splitters import Contains, Interval
    >>> loops = Contains(NodeTypes("code", "python"), ("for_statement", "while_statement"))
    >>> region_words((Interval(CharCount("code"), low=1200) - loops).to_dict())
    'whose length in characters is at least 1,200 and not those that hold for_statement or while_statement'
    """
    return _region_class(plain).words_of(plain)


def _region_class(plain: Mapping[str, Any]) -> type[Region]:
    cls = class_of(plain)
    return cls if cls is not None and issubclass(cls, Region) else Region


def _operand(plain: Mapping[str, Any], within: type[Region]) -> str:
    """Part of a composition, in brackets where words alone would leave open what goes with what."""
    cls = _region_class(plain)
    if cls is OutsideRegion:
        return f"not those {_operand(plain['inner'], within=OutsideRegion)}"
    composed = cls in (BothRegions, EitherRegion)
    return f"({cls.words_of(plain)})" if composed and cls is not within else cls.words_of(plain)
