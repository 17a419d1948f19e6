"""N-grams of words as tools of decontamination make them, and the rows of a dataset that share one with other texts."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Words = Literal["lm-eval", "nemo"]
"""Whose words: those of lm-evaluation-harness, or those of NeMo Curator."""

NGRAM = 13
"""Number of words of an n-gram in both tools, as in the paper on GPT-3 (Brown et al., 2020)."""

_SHORTEST = 8  # words of a shorter text than n from which on NeMo Curator takes it whole
_LOWERED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase, string.punctuation)
_BARE = str.maketrans("", "", string.punctuation)


def ngrams_of(text: str, n: int = NGRAM, words: Words = "lm-eval") -> Iterator[str]:
    r"""Yield the n-grams of a text, words joined by spaces.

    Both tools delete ASCII punctuation and compare in lower case. lm-evaluation-harness lowers ASCII letters and parts
    words at any whitespace. NeMo Curator lowers all letters and parts words at spaces alone, so that a line end stays
    within a word; it takes a text of 8 words or more as a whole if it has fewer than n.

    >>> list(ngrams_of("def f(x):\n    return x", 2))
    ['def fx', 'fx return', 'return x']
    >>> list(ngrams_of("a b c d e f g h"))
    []
    >>> list(ngrams_of("a b c d e f g h", words="nemo"))
    ['a b c d e f g h']
    """
    parts = _words_of(text, words)
    if words == "nemo" and _SHORTEST <= len(parts) < n:
        yield " ".join(parts)
    yield from _windows(parts, n)


def _windows(parts: list[str], n: int) -> Iterator[str]:
    return (" ".join(parts[start : start + n]) for start in range(len(parts) - n + 1))


def _words_of(text: str, words: Words) -> list[str]:
    if words == "lm-eval":
        return text.translate(_LOWERED).split()
    bare = text.lower().translate(_BARE)
    parts = [part.strip() for part in bare.split(" ") if part]
    if parts and not parts[0] and not bare.startswith(" "):
        return parts[1:]
    return parts


class NgramSearch:
    """Search for the rows that share an n-gram with texts that pass by.

    Args:
        texts: Texts of the rows.
        sizes: Numbers of words of the n-grams that are looked for.
        words: Whose words they are.

    >>> search = NgramSearch(["a b c", "c d"], [2])
    >>> search.add(["x", "b c"])
    >>> search.shared.tolist()
    [True, False]
    """

    def __init__(self, texts: Sequence[str], sizes: Sequence[int], words: Words = "lm-eval") -> None:
        self._sizes, self._words = tuple(sizes), words
        self._rows: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            for ngram in self._ngrams(text):
                self._rows.setdefault(ngram, []).append(row)
        self.shared: NDArray[np.bool_] = np.zeros(len(texts), dtype=bool)

    def add(self, ngrams: Iterable[str]) -> None:
        """Mark the rows that have one of these n-grams."""
        for ngram in ngrams:
            rows = self._rows.pop(ngram, None)  # what was met once need not be met again
            if rows is not None:
                self.shared[rows] = True

    def add_texts(self, texts: Iterable[str]) -> None:
        """Mark the rows that share an n-gram with one of these texts."""
        for text in texts:
            self.add(self._ngrams(text))

    def _ngrams(self, text: str) -> Iterator[str]:
        parts = _words_of(text, self._words)
        return (ngram for n in self._sizes for ngram in _windows(parts, n))
