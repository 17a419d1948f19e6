"""Tokens without their names: identifiers and literals as they count for copies in which these were changed.

An identifier becomes the distance to where the same one stood before within an n-gram, or "new" if it did not. So an
n-gram is the same after any consistent renaming, and differs where two names are confused: ``a = b + a`` is
``x = y + x`` but not ``x = y + y``. Baker, "Parameterized pattern matching: algorithms and applications" (1996), codes
names this way. Clones up to names and literals are called type 2 (Roy, Cordy and Koschke, "Comparison and evaluation of
code clone detection techniques and tools", 2009).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from codeshift.properties.near_duplicates.arrays import Bools, Ints, UInts, mixed

__all__ = ["KEYWORDS", "name_codes", "without_strings"]

KEYWORDS = frozenset(
    """abstract and as assert async await bool boolean break byte case catch char class const continue def default
    defer delete do double elif else elsif ensure enum except export extends extern false False final finally float fn
    for foreach from func function global goto if impl implements import in instanceof int interface internal is lambda
    let long mut namespace new nil None nonlocal not null nullptr operator or override package pass private protected
    pub public raise readonly rescue return sealed short signed sizeof static struct super switch template this throw
    throws trait transient true True try typedef typename typeof union unless unsigned until using var virtual void
    volatile when where while with xor yield""".split()
)
"""Words that are no identifiers, whatever the language: those that most of the languages with grammars reserve."""

_STRING = re.compile(  # each quote that is met ends a match, closed or not, so that no text is read twice
    r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(""")?|' + r"'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(''')?|"
    r'"[^"\\\n]*(?:\\.[^"\\\n]*)*(")?|' + r"'[^'\\\n]*(?:\\.[^'\\\n]*)*(')?",
    re.DOTALL,
)
_NEW = np.uint64(0xA0761D6478BD642F)


def without_strings(text: str) -> str:
    r"""Return a text with an empty string in place of each string.

    A quote that is not closed on its line, as in a comment, leaves the rest of the line as it is.

    >>> without_strings('print("a", \'b\')  # don\'t')
    'print("", "")  # don\'t'
    """
    return _STRING.sub(_emptied, text) if '"' in text or "'" in text else text


def _emptied(match: re.Match[str]) -> str:
    return match[0] if match.lastindex is None else '""'


def name_codes(hashes: UInts, names: Bools, ngram: int) -> tuple[UInts, Ints]:
    """Return the tokens with each name replaced, and how far back the same name stands; 0 if not within an n-gram."""
    back = np.zeros(hashes.size, np.int64)
    for distance in range(1, ngram):
        again = names[distance:] & (hashes[distance:] == hashes[:-distance]) & (back[distance:] == 0)
        back[distance:][again] = distance
    codes = np.where(names, mixed(_NEW + back.astype(np.uint64)), hashes)
    return codes, np.where(names, back, 0)
