"""Regions of programs by the elements (node types, API names) that they contain."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import Any, Self

import numpy as np

from codeshift.checks import check_choice, plain_number, settle
from codeshift.errors import ParameterError
from codeshift.properties import ElementCounts, Property, PropertyTable
from codeshift.properties.base import property_class
from codeshift.regions.base import EitherRegion, Region
from codeshift.regions.words import joined_words
from codeshift.wording import Verbatim

_GLOB = re.compile(r"[*?\[]")


class ElementRegion(Region):
    """Region that elements of code define. An audit and a study look at the elements of a region of your own, too.

    >>> from codeshift.properties import NodeTypes
    >>> masked_by(Contains(NodeTypes("code", "python"), ("while_statement", "for_statement"), match="all"))
    Contains(property=NodeTypes(column='code', language='python'), elements=('while_statement', 'for_statement'), \
match='any', min_count=1)
    """

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Return the elements, or patterns of elements, that define the region, as given."""

    @abstractmethod
    def drawn_by(self, elements: Sequence[str]) -> tuple[str, ...]:
        """Return the elements that define the region.

        Args:
            elements: Names of the elements that rows contain, among which patterns are matched.
        """

    @abstractmethod
    def indicators(self, table: PropertyTable) -> dict[str, np.ndarray]:
        """Return, by name, which rows contain each element that defines the region; if several, first all together.

        Args:
            table: Table of the rows.

        Returns:
            Booleans of shape ``(n,)`` for each name.
        """

    @abstractmethod
    def masked(self) -> Region | None:
        """Return the programs with an element that no program outside the region has; None if it masks no element."""


def masked_by(region: Region) -> Region | None:
    """Return the programs with an element that no program outside a region has; None if it masks no element.

    Programs that contain one of ``a`` and ``b`` are masked by ``a | b``, and not by ``a & b`` or ``a - b``.
    """
    if isinstance(region, ElementRegion):
        return region.masked()
    if not isinstance(region, EitherRegion):
        return None
    left, right = masked_by(region.left), masked_by(region.right)
    return left | right if left is not None and right is not None else left if right is None else right


def element_names(region: Region) -> tuple[str, ...]:
    """Return the elements, or patterns of elements, that define a region or the parts of a composition, as given."""
    leaves = (leaf for leaf in region.leaves if isinstance(leaf, ElementRegion))
    return tuple(dict.fromkeys(name for leaf in leaves for name in leaf.names()))


class CountedElements(ElementRegion):
    """Rows that contain ``any`` or ``all`` of given elements, each at least ``min_count`` times."""

    property: Property
    match: str
    min_count: int

    def __post_init__(self) -> None:
        settle(self, match=check_choice("match", self.match, ("any", "all")), min_count=plain_number(self.min_count))
        if not self.names():
            raise ParameterError("region", "of one element or more", Verbatim("none"), "name what its rows contain")

    @abstractmethod
    def of(self, names: tuple[str, ...], *, match: str, min_count: int) -> Self:
        """Return a region of the same property for other elements."""

    def indicators(self, table: PropertyTable) -> dict[str, np.ndarray]:
        """Return, by name, which rows contain each element often enough; if several, first all together."""
        names = self.names()
        together = {} if len(names) == 1 else {f"{self.match} of the {len(names)}": self.contains(table)}
        single = {name: self.of((name,), match="any", min_count=self.min_count) for name in names}
        return together | {name: region.contains(table) for name, region in single.items()}

    def masked(self) -> Region | None:
        """Return the programs that contain one of the elements; None if elements are not read from the code."""
        return self.of(self.names(), match="any", min_count=1) if self.property.of_content else None


@dataclass(frozen=True)
class Contains(CountedElements):
    """Rows that contain any or all of some elements, each often enough.

    Attributes:
        property: Property whose elements are counted, such as ``NodeTypes`` or ``APINames``.
        elements: Names of the elements.
        match: "any" if one of the elements is enough, or "all".
        min_count: Number of times that a row must contain an element.

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

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Return which rows of ``table`` lie inside: booleans of shape ``(n,)``."""
        enough = self.property.count_of(table, self.elements) >= self.min_count
        return np.asarray(enough.any(axis=1) if self.match == "any" else enough.all(axis=1))

    def names(self) -> tuple[str, ...]:
        """Return the elements."""
        return self.elements

    def drawn_by(self, elements: Sequence[str]) -> tuple[str, ...]:
        """Return the elements of the region, whatever ``elements`` are."""
        return self.elements

    def of(self, names: tuple[str, ...], *, match: str, min_count: int) -> Contains:
        """Return a region of the same property for other elements."""
        return Contains(self.property, names, match, min_count)

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Describe the region by its elements."""
        return _elements_in_words(plain, plain["elements"])


@dataclass(frozen=True)
class Matches(CountedElements):
    """Rows that contain elements whose names match ``any`` or ``all`` of ``patterns``.

    A pattern without ``*``, ``?`` and ``[`` matches a name that contains it as a run of whole parts, which are
    separated by ``.`` and ``/``: ``numpy.linalg`` matches ``numpy.linalg.norm``, and ``stream`` matches
    ``java.util.stream.Stream`` and ``List.stream``, but not ``List.streams``. A pattern with one of them is a glob over
    the whole name, in which ``*`` crosses dots: ``*.Stream.*``, ``java.util.stream.*``. Both are case-sensitive.

    Attributes:
        property: Property, whose values are ``ElementCounts``.
        patterns: Patterns.
        match: Whether rows must match one of the patterns (``"any"``) or every one (``"all"``).
        min_count: Lowest number of occurrences in a row of elements that match a pattern, all of them together.

    >>> from datasets import Dataset
    >>> from codeshift.properties import APINames
    >>> rows = Dataset.from_dict({"code": ["os.path.join(a, b)", "os.getcwd()", "x = 1"]})
    >>> Matches(APINames("code", "python"), ("os.path",)).contains(PropertyTable(rows))
    array([ True, False, False])
    """

    property: Property
    patterns: tuple[str, ...]
    match: str = "any"
    min_count: int = 1

    def contains(self, table: PropertyTable) -> np.ndarray:
        """Return which rows of ``table`` lie inside: booleans of shape ``(n,)``."""
        counts: ElementCounts = table.values(self.property)
        holding = [counts.total(matching(pattern, counts.vocabulary)) >= self.min_count for pattern in self.patterns]
        return np.asarray(np.any(holding, axis=0) if self.match == "any" else np.all(holding, axis=0))

    def names(self) -> tuple[str, ...]:
        """Return the patterns."""
        return self.patterns

    def drawn_by(self, elements: Sequence[str]) -> tuple[str, ...]:
        """Return the elements that match one of the patterns."""
        return tuple(name for pattern in self.patterns for name in matching(pattern, elements))

    def of(self, names: tuple[str, ...], *, match: str, min_count: int) -> Matches:
        """Return a region of the same property for other patterns."""
        return Matches(self.property, names, match, min_count)

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        """Describe the region by its patterns."""
        return _elements_in_words(plain, plain["patterns"])


def matching(pattern: str, names: Sequence[str]) -> list[str]:
    """Return the names that a pattern matches, in their order.

    >>> matching("linalg", ["numpy.linalg.norm", "numpy.linalgebra", "net/linalg.Norm"])
    ['numpy.linalg.norm', 'net/linalg.Norm']
    >>> matching("java.util.*", ["java.util.List.add", "my.java.util.Lists"])
    ['java.util.List.add']
    """
    if _GLOB.search(pattern):
        matches = re.compile(translate(pattern)).match
    else:
        matches = re.compile(rf"(?:.*[./])?{re.escape(pattern.strip('.'))}(?:[./].*)?\Z", re.DOTALL).match
    return [name for name in names if matches(name)]


def _elements_in_words(plain: Mapping[str, Any], names: Sequence[str]) -> str:
    often = "" if plain["min_count"] == 1 else f", {plain['min_count']} times or more"
    verb = property_class(plain["property"]).verb
    return f"that {verb} {joined_words(names, 'or' if plain['match'] == 'any' else 'and')}{often}"
