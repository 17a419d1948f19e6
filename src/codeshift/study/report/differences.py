"""Differences of two pieces of code: the stretches of one that are not in the other."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_PIECES = re.compile(r"\w+|\s+|[^\w\s]")
_LONGEST = 1500  # pieces; the time of matching grows with the square


def marked(text: str, other: str) -> list[tuple[str, bool]]:
    """Split a text into stretches, each with whether ``other`` lacks it; whitespace alone is never a difference.

    >>> marked("return a + b", "return a - b")
    [('return a ', False), ('+', True), (' b', False)]
    """
    ours, theirs = _PIECES.findall(text), _PIECES.findall(other)
    if max(len(ours), len(theirs)) > _LONGEST:
        return [(text, False)]
    shared = [False] * len(ours)
    places = [i for i, piece in enumerate(ours) if not piece.isspace()]
    words = [piece for piece in theirs if not piece.isspace()]
    matcher = SequenceMatcher(None, [ours[i] for i in places], words, autojunk=False)
    for block in matcher.get_matching_blocks():
        for i in places[block.a : block.a + block.size]:
            shared[i] = True
    stretches: list[tuple[str, bool]] = []
    for piece, is_shared in zip(ours, shared, strict=True):
        lacks = not is_shared and not piece.isspace()
        if stretches and (stretches[-1][1] == lacks):
            stretches[-1] = (stretches[-1][0] + piece, lacks)
        else:
            stretches.append((piece, lacks))
    return stretches
