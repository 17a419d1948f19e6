"""Edits of a text by byte positions, and names that it does not have yet."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from itertools import count
from typing import NamedTuple

_WORD = re.compile(r"\w+")


class Edit(NamedTuple):
    """Replacement of the bytes from ``start`` to ``end`` by others."""

    start: int
    end: int
    new: bytes


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Return bytes with edits made, which must not overlap.

    >>> edited(b"x = x + 1", [Edit(4, 5, b"name"), Edit(0, 1, b"name")])
    b'name = name + 1'
    """
    pieces, at = [], 0
    for start, end, new in sorted(edits):
        pieces += [data[at:start], new]
        at = end
    return b"".join([*pieces, data[at:]])


def encoded(text: str) -> bytes | None:
    """Return a text in UTF-8; None if it holds half of a surrogate pair, which nothing parses."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def words_of(text: str) -> set[str]:
    """Return all words of a text, whether names, keywords or words of strings and comments.

    >>> sorted(words_of("for x in 'a b':"))
    ['a', 'b', 'for', 'in', 'x']
    """
    return set(_WORD.findall(text))


def fresh_names(stem: str, taken: Container[str]) -> Iterator[str]:
    """Yield names that are not taken.

    >>> names = fresh_names("item", {"item_1"})
    >>> next(names), next(names)
    ('item_0', 'item_2')
    """
    return (name for number in count() if (name := f"{stem}_{number}") not in taken)
