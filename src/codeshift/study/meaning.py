"""What a region means: in words, as the elements that it masks, as the number that it cuts."""

from __future__ import annotations

from codeshift.properties import APINames, NodeTypes, Property
from codeshift.properties.untied import Untied
from codeshift.regions.base import Region
from codeshift.regions.elements import Contains, Matches
from codeshift.regions.interval import Interval


def in_words(region: Region) -> str:
    """Which programs lie inside, as a clause that follows "programs".

    >>> from codeshift.properties import CharCount
    >>> in_words(Contains(NodeTypes("code", "python"), ("for_statement", "while_statement")))
    'that hold for_statement or while_statement'
    >>> in_words(Interval(CharCount("code"), low=9) - Contains(NodeTypes("code", "python"), ("if_statement",)))
    'whose length in characters is at least 9 and not those that hold if_statement'
    """
    return region.describe()


def masked_elements(region: Region) -> tuple[tuple[str, ...], str, str | None]:
    """The node types or APIs that the region masks, which of the two they are, and their language.

    >>> masked_elements(Contains(NodeTypes("code", "python"), ("for_statement",)))
    (('for_statement',), 'nodes', 'python')
    """
    if isinstance(region, Contains | Matches):
        names = region.elements if isinstance(region, Contains) else region.patterns
        for kind, cls in (("nodes", NodeTypes), ("apis", APINames)):
            if isinstance(region.property, cls):
                return tuple(names), kind, region.property.language
    return (), "", None


def leaves(region: Region) -> tuple[Region, ...]:
    """The regions that a composition is made of, from left to right; the region itself where it is none.

    >>> from codeshift.properties import CharCount
    >>> long, short = Interval(CharCount("code"), low=9), Interval(CharCount("code"), high=3)
    >>> leaves(long | ~short) == (long, short)
    True
    """
    return region.leaves


def cut_property(region: Region) -> Property | None:
    """The number that the region cuts; None where it cuts none, or cuts by chance alone."""
    if not isinstance(region, Interval):
        return None
    prop = region.property.whole if isinstance(region.property, Untied) else region.property
    return None if type(prop).__name__ == "ContentHash" else prop


def property_words(prop: Property) -> str:
    """A property's name in words.

    >>> from codeshift.properties import TreeDepth
    >>> property_words(TreeDepth("code", "java"))
    'depth of the syntax tree'
    """
    return prop.words_of(prop.to_dict())
