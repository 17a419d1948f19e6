"""Tokens without their names: identifiers and literals as they count for copies in which these were changed.

An identifier becomes the distance to where the same one stood before within an n-gram, or "new" if it did not. So an
n-gram is the same after any consistent renaming, and differs where two names are confused: ``a = b + a`` is
``x = y + x`` but not ``x = y + y``. Baker, "Parameterized pattern matching: algorithms and applications" (1996), codes
names this way. Clones up to names and literals are called type 2 (Roy, Cordy and Koschke, "Comparison and evaluation of
code clone detection techniques and tools", 2009).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from codeshift.properties.near_duplicates.arrays import Bools, Ints, UInts, mixed
from codeshift.properties.near_duplicates.tokens import TokenBlock, tokenised

__all__ = ["FEWEST_TOKENS", "RESERVED_WORDS", "Ignored", "without_strings"]

FEWEST_TOKENS = 40
"""Tokens of a text from which on its identifiers may be ignored: the form of a shorter one is that of many others."""

_WORDS = """abstract and as assert async await bool boolean break byte case catch char class const continue def default
defer del delete do double elif else elsif ensure enum except export extends extern false False final finally float fn
for foreach from func function global goto if impl implements import in instanceof int interface internal is lambda
let long mut namespace new nil None nonlocal not null nullptr operator or override package pass private protected
pub public raise readonly rescue return sealed short signed sizeof static struct super switch template this throw
throws trait transient true True try typedef typename typeof union unless unsigned until using var virtual void
volatile when where while with xor yield"""
RESERVED_WORDS = frozenset(_WORDS.split())
"""Words that are no identifiers, whatever the language: those that most of the languages with grammars reserve."""

_STRING = re.compile(  # each quote that is met ends a match, closed or not, so that no text is read twice
    r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(""")?|' + r"'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(''')?|"
    r'"[^"\\\n]*(?:\\.[^"\\\n]*)*(")?|' + r"'[^'\\\n]*(?:\\.[^'\\\n]*)*(')?",
    re.DOTALL,
)
_UPPER = np.uint64(48)
_NAME = np.uint64(0xA0761D6478BD642F)
_NUMBER = np.uint64(0xE7037ED1A0B428DB)


def without_strings(text: str) -> str:
    r"""Return a text with an empty string in place of each string.

    A quote that is not closed on its line, as in a comment, leaves the rest of the line as it is.

    >>> without_strings('print("a", \'b\')  # don\'t')
    'print("", "")  # don\'t'
    """
    return _STRING.sub(_emptied, text) if '"' in text or "'" in text else text


def _emptied(match: re.Match[str]) -> str:
    return match[0] if match.lastindex is None else '""'


@dataclass(frozen=True)
class Ignored:
    """What does not count where tokens are compared.

    Attributes:
        identifiers: Whether identifiers count only by where the same one stands again.
        literals: Whether what strings and numbers hold does not count.
    """

    identifiers: bool = False
    literals: bool = False

    def blocks(self, texts: Iterable[str], ngram: int) -> Iterator[tuple[list[UInts], Ints]]:
        """Return the tokens of texts as they count at each place of an n-gram, block by block.

        Yields:
            For each place the tokens as they count there, each of shape (t,), and how many tokens each text has.
        """
        read = map(without_strings, texts) if self.literals else texts
        return (self._columns(block, ngram) for block in tokenised(read))

    def _columns(self, block: TokenBlock, ngram: int) -> tuple[list[UInts], Ints]:
        tokens = np.where(block.numbers, _NUMBER, block.hashes) if self.literals else block.hashes
        if not self.identifiers:
            return [tokens] * ngram, block.counts
        words = np.flatnonzero(block.words & np.repeat(block.counts >= FEWEST_TOKENS, block.counts))
        names = words[~_among(block.hashes[words], _keyword_hashes())]
        back = _steps_back(block.hashes, names, ngram)
        codes = _name_hashes(ngram)
        columns = [tokens.copy()]
        columns[0][names] = codes[0]
        for place in range(1, ngram):  # here, what stands so far back is within the n-gram too
            columns.append(columns[-1].copy())
            columns[-1][names[back == place]] = codes[place]
        return columns, block.counts


def _steps_back(hashes: UInts, names: Ints, ngram: int) -> npt.NDArray[np.uint16]:
    """Return how many tokens before each name the same one stands; 0 if not within an n-gram."""
    back = np.zeros(hashes.size, np.uint16)
    for distance in range(ngram - 1, 0, -1):  # the nearest is written last
        back[distance:][hashes[distance:] == hashes[:-distance]] = distance
    return back[names]


def _among(hashes: UInts, hashes_among: UInts) -> Bools:
    """Return whether each hash is one of a few, most of which their upper bits rule out."""
    uppers = np.zeros(1 << 16, np.bool_)
    uppers[hashes_among >> _UPPER] = True
    present: Bools = uppers[hashes >> _UPPER]
    likely = np.flatnonzero(present)
    places = np.minimum(np.searchsorted(hashes_among, hashes[likely]), hashes_among.size - 1)
    present[likely] = hashes_among[places] == hashes[likely]
    return present


@cache
def _keyword_hashes() -> UInts:
    [block] = tokenised([" ".join(sorted(RESERVED_WORDS))])
    return np.sort(block.hashes)


@cache
def _name_hashes(ngram: int) -> UInts:
    """Return the token that stands for a name, by how far back it stood before."""
    return mixed(_NAME + np.arange(ngram, dtype=np.uint64))
