"""What a region means: in words, as the elements that it masks, as the number that it cuts."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from codeshift.properties import APINames, NodeTypes, Property
from codeshift.properties.untied import Untied
from codeshift.splitters.labels import OneOf
from codeshift.splitters.matches import Matches
from codeshift.splitters.nearest import NearestCentroid
from codeshift.splitters.regions import BothRegions, Contains, EitherRegion, Interval, OutsideRegion, Region

_WORDS = {
    "CharCount": "length in characters",
    "LineCount": "length in lines",
    "TokenCount": "length in tokens",
    "SyntaxTokenCount": "length in tokens",
    "ModelTokenCount": "length in the model's tokens",
    "TreeDepth": "depth of the syntax tree",
    "Timestamp": "time",
    "ContentHash": "hash of the content",
}
_MOST = 4


def in_words(region: Region) -> str:
    """Which programs lie inside, as a clause that follows "programs".

    >>> from codeshift.properties import CharCount
    >>> in_words(Contains(NodeTypes("code", "python"), ("for_statement", "while_statement")))
    'that hold for_statement or while_statement'
    >>> in_words(Interval(CharCount("code"), low=9) - Contains(NodeTypes("code", "python"), ("if_statement",)))
    'whose length in characters is at least 9 and not those that hold if_statement'
    """
    if isinstance(region, BothRegions | EitherRegion):
        word = "and" if isinstance(region, BothRegions) else "or"
        return f"{in_words(region.left)} {word} {in_words(region.right)}"
    if isinstance(region, OutsideRegion):
        return f"not those {in_words(region.inner)}"
    if isinstance(region, Interval):
        return f"whose {property_words(region.property)} is {_range(region.low, region.high)}"
    if isinstance(region, Contains | Matches):
        names = region.elements if isinstance(region, Contains) else region.patterns
        often = "" if region.min_count == 1 else f", {region.min_count} times or more"
        verb = "use" if isinstance(region.property, APINames) else "hold"
        return f"that {verb} {_listed(names, 'or' if region.match == 'any' else 'and')}{often}"
    if isinstance(region, NearestCentroid):
        numbers = _listed([str(number) for number in region.chosen], "and")
        return f"of cluster{'s' if len(region.chosen) > 1 else ''} {numbers} of {region.centroids.rows}"
    if isinstance(region, OneOf):
        return f"whose {region.property.column} is {_listed([str(value) for value in region.values], 'or')}"
    return f"in {region!r}"


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
    if isinstance(region, BothRegions | EitherRegion):
        return leaves(region.left) + leaves(region.right)
    return leaves(region.inner) if isinstance(region, OutsideRegion) else (region,)


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
    if isinstance(prop, Untied):
        return property_words(prop.whole)
    name = type(prop).__name__
    options = [getattr(prop, f.name) for f in fields(prop) if f.name == "column" and name == "Timestamp"]
    words = _WORDS.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return f"{words} ({options[0]})" if options else words


def _range(low: float | None, high: float | None) -> str:
    said = [f"at least {low:.6g}"] if low is not None else []
    said += [f"below {high:.6g}"] if high is not None else []
    return " and ".join(said) or "anything"


def _listed(names: Any, word: str) -> str:
    shown = [*names[:_MOST], *([f"{len(names) - _MOST} more"] if len(names) > _MOST else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {word} {shown[-1]}"
