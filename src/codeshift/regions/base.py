"""Base class of regions, which are sets of programs that can be applied to any dataset, and compositions of regions.

A region is what a splitter has learnt (a threshold, a set of elements), so one that was fitted on training rows also
divides an official test split or tomorrow's programs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from codeshift.properties import Property, PropertyTable
from codeshift.properties.serialise import Serialisable, class_of
from codeshift.regions.words import spelled


@dataclass(frozen=True)
class Region(Serialisable, ABC):
    """Set of programs. Regions compose with ``&``, ``|``, ``~`` and ``-``; their repr builds them again.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x", "x + y", "x + y + z"]}))
    >>> longest = LengthSplitter(column="code", bounds=(4, None)).fit(table)
    >>> (longest.contains(table), (~longest).contains(table))
    (array([False, False,  True]), array([ True,  True, False]))
    """

    dimension: ClassVar[str] = ""
    """Dimension of code that the region shifts, such as ``"complexity"``; if empty, that of the properties shown."""

    @abstractmethod
    def contains(self, table: PropertyTable) -> np.ndarray:
        """Return which rows of ``table`` lie inside: booleans of shape ``(n,)``."""

    def describe(self) -> str:
        """Describe which programs lie inside, as a clause that follows "programs"."""
        return type(self).words_of(self.to_dict())

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Describe which programs lie inside, as a clause that follows "programs". Override it for better words.

        Args:
            plain: Region's ``to_dict()``, since a manifest may hold a region with a function that is not available.
        """
        return f"in {spelled(plain)}"

    @property
    def leaves(self) -> tuple[Region, ...]:
        """Regions that a composition consists of, from left to right; the region itself if it is not a composition."""
        return tuple(leaf for leaf, _ in self.signed_leaves)

    @property
    def signed_leaves(self) -> tuple[tuple[Region, bool], ...]:
        """Leaves, each with whether its rows are what the composition takes; False for what it takes out by ``~``."""
        return ((self, True),)

    def properties(self) -> tuple[Property, ...]:
        """Return the properties that the region depends on, with one value per row; by default those in its fields.

        An audit treats them as what the split was meant to shift.
        """
        values = [getattr(leaf, f.name) for leaf in self.leaves for f in fields(leaf)]
        return tuple(dict.fromkeys(value for value in values if isinstance(value, Property)))

    def columns(self) -> tuple[str, ...]:
        """Return the columns that the region reads; by default those of its properties, and a field ``column``."""
        columns: list[str] = []
        for leaf in self.leaves:
            for f in fields(leaf):
                value = getattr(leaf, f.name)
                columns += value.columns if isinstance(value, Property) else [value] if f.name == "column" else []
        return tuple(dict.fromkeys(columns))

    def parsed(self) -> tuple[tuple[str, str], ...]:
        """Return the pairs of a column that the region parses and the language; by default those of its properties."""
        values = [getattr(leaf, f.name) for leaf in self.leaves for f in fields(leaf)]
        return tuple(dict.fromkeys(pair for value in values if isinstance(value, Property) for pair in value.parsed))

    def shown(self) -> tuple[Property, ...]:
        """Return the properties whose distributions show what the region selects; none for a random region."""
        return tuple(dict.fromkeys(prop.shown for prop in self.properties() if prop.shown is not None))

    def remedy_if_empty(self) -> str:
        """Return what to do if no row lies inside; empty where it helps to widen the region."""
        return ""

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
    """Rows inside both regions."""

    left: Region
    right: Region

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Return which rows of ``table`` lie inside: booleans of shape ``(n,)``."""
        return np.asarray(self.left.contains(table) & self.right.contains(table))

    def __repr__(self) -> str:
        return f"({self.left!r} & {self.right!r})"

    @property
    def signed_leaves(self) -> tuple[tuple[Region, bool], ...]:
        """Leaves of both regions, from left to right."""
        return self.left.signed_leaves + self.right.signed_leaves

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Join the clauses of both regions by "and"."""
        return f"{_operand(plain['left'], within=cls)} and {_operand(plain['right'], within=cls)}"


@dataclass(frozen=True, repr=False)
class EitherRegion(Region):
    """Rows inside at least one of two regions."""

    left: Region
    right: Region

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Return which rows of ``table`` lie inside: booleans of shape ``(n,)``."""
        return np.asarray(self.left.contains(table) | self.right.contains(table))

    def __repr__(self) -> str:
        return f"({self.left!r} | {self.right!r})"

    @property
    def signed_leaves(self) -> tuple[tuple[Region, bool], ...]:
        """Leaves of both regions, from left to right."""
        return self.left.signed_leaves + self.right.signed_leaves

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Join the clauses of both regions by "or"."""
        return f"{_operand(plain['left'], within=cls)} or {_operand(plain['right'], within=cls)}"


@dataclass(frozen=True, repr=False)
class OutsideRegion(Region):
    """Rows outside a region."""

    inner: Region

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Return which rows of ``table`` lie inside: booleans of shape ``(n,)``."""
        return np.asarray(~self.inner.contains(table))

    def __repr__(self) -> str:
        return f"~{self.inner!r}"

    @property
    def signed_leaves(self) -> tuple[tuple[Region, bool], ...]:
        """Leaves of the region, each of the other sign."""
        return tuple((leaf, not taken) for leaf, taken in self.inner.signed_leaves)

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Return the clause of the region, negated."""
        return f"other than those {_operand(plain['inner'], within=cls)}"


def region_words(plain: Mapping[str, Any]) -> str:
    """Describe which programs lie inside a region, as a clause that follows "programs".

    Args:
        plain: Region's ``to_dict()``, as in a manifest.

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
    """Return the clause of an operand of a composition, in brackets if it would be ambiguous without them."""
    cls = _region_class(plain)
    if cls is OutsideRegion:
        return f"not those {_operand(plain['inner'], within=OutsideRegion)}"
    composed = cls in (BothRegions, EitherRegion)
    return f"({cls.words_of(plain)})" if composed and cls is not within else cls.words_of(plain)
