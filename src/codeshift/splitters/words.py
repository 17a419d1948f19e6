"""What a region means, in words: made of its plain values, since a region may hold a function that is not at hand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from codeshift.formatting import significant
from codeshift.properties.columns import moment_words

_WORDS = {
    "CharCount": "length in characters",
    "LineCount": "length in lines",
    "TokenCount": "length in tokens",
    "SyntaxTokenCount": "length in tokens",
    "ModelTokenCount": "length in the model's tokens",
    "TreeDepth": "depth of the syntax tree",
    "Timestamp": "time",
    "ContentHash": "hash of the content",
    "TfidfVectors": "TF-IDF vectors",
    "EncoderVectors": "embedding",
    "FunctionVectors": "embedding",
    "ColumnVectors": "vectors",
    "ProjectedVectors": "projected vectors",
}
_MOST = 4  # names that are listed; the manifest has the others
_LONGEST = 60  # characters of a value that is shown


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
    kind = plain["type"]
    if kind in ("BothRegions", "EitherRegion"):
        word = "and" if kind == "BothRegions" else "or"
        return f" {word} ".join(_operand(plain[side], within=kind) for side in ("left", "right"))
    if kind == "OutsideRegion":
        return f"other than those {_operand(plain['inner'], within=kind)}"
    if kind == "Interval":
        return _interval(plain)
    if kind in ("Contains", "Matches"):
        names = plain["elements"] if kind == "Contains" else plain["patterns"]
        often = "" if plain["min_count"] == 1 else f", {plain['min_count']} times or more"
        verb = "use" if plain["property"]["type"] == "APINames" else "hold"
        return f"that {verb} {_listed(names, 'or' if plain['match'] == 'any' else 'and')}{often}"
    if kind == "NearestCentroid":
        several = "s" if len(plain["chosen"]) > 1 else ""
        return f"of cluster{several} {_listed(plain['chosen'], 'and')} of {plain['centroids']['rows']}"
    if kind == "OneOf":
        return f"whose {plain['property']['column']} is {_listed(plain['values'], 'or')}"
    return f"in {_spelled(plain)}"


def property_words(plain: Mapping[str, Any]) -> str:
    """A property's name in words.

    Args:
        plain: the property's ``to_dict()``.

    >>> from codeshift.properties import TreeDepth
    >>> property_words(TreeDepth("code", "java").to_dict())
    'depth of the syntax tree'
    """
    kind = plain["type"]
    if kind == "Untied":
        return property_words(plain["whole"])
    words = _WORDS.get(kind) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
    return f"{words} ({plain['column']})" if kind == "Timestamp" else words


def number_words(kind: str, value: float) -> str:
    """A number of a property as people read it: a date where it is one.

    Args:
        kind: the property's class name.
        value: the number.

    >>> number_words("TokenCount", 197.0), number_words("Timestamp", 1719878400.0), number_words("Timestamp", 2021.0)
    ('197', '2024-07-02', '2021')
    """
    return moment_words(value) if kind == "Timestamp" else significant(value)


def _interval(plain: Mapping[str, Any]) -> str:
    of = plain["property"]
    low, high = plain["low"], plain["high"]
    if of["type"] == "Satisfies":
        return f"for which {of['function']} {'holds' if low is not None else 'does not hold'}"
    kind = of["whole"]["type"] if of["type"] == "Untied" else of["type"]
    first, last = ("from {} on", "before {}") if kind == "Timestamp" else ("at least {}", "below {}")
    ends = ((first, low), (last, high))
    said = [words.format(number_words(kind, end)) for words, end in ends if end is not None]
    return f"whose {property_words(of)} is {' and '.join(said) or 'anything'}"


def _operand(plain: Mapping[str, Any], within: str) -> str:
    """Part of a composition, in brackets where words alone would leave open what goes with what."""
    words = region_words(plain)
    if plain["type"] == "OutsideRegion":
        return f"not those {_operand(plain['inner'], within='OutsideRegion')}"
    composed = plain["type"] in ("BothRegions", "EitherRegion")
    return f"({words})" if composed and plain["type"] != within else words


def _listed(names: Sequence[Any], word: str) -> str:
    shown = [_cut(str(name)) for name in names[:_MOST]]
    shown += [f"{len(names) - _MOST:,} more"] if len(names) > _MOST else []
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {word} {shown[-1]}"


def _spelled(plain: Any) -> str:
    """A value that we have no words for, in the form of its repr; long ones are cut."""
    if isinstance(plain, Mapping) and "type" in plain:
        told = (f"{name}={_spelled(v)}" for name, v in plain.items() if name != "type" and v is not None)
        return _cut(f"{plain['type']}({', '.join(told)})", 2 * _LONGEST)
    return _cut(repr(tuple(plain) if isinstance(plain, list) else plain))


def _cut(text: str, longest: int = _LONGEST) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
