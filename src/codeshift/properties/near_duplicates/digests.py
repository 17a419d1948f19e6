"""Digests of code: a corpus as 64-bit hashes of its texts and of their forms without names, strings and numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from codeshift.properties.near_duplicates.arrays import Bools, UInts
from codeshift.properties.near_duplicates.renaming import Ignored
from codeshift.properties.near_duplicates.search import NearDuplicates
from codeshift.properties.near_duplicates.shingles import shingle_hashes

__all__ = ["CodeDigests", "renamed_digests", "text_digests"]

_NGRAM = NearDuplicates().ngram


def text_digests(texts: Iterable[str]) -> UInts:
    """Return the digest of each of n texts, shape (n,).

    >>> first, second = text_digests(["x = 1", "x = 1"])
    >>> bool(first == second)
    True
    """
    raw = b"".join(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts)
    return np.frombuffer(raw, "<u8").astype(np.uint64)


def renamed_digests(texts: Iterable[str]) -> UInts:
    """Return the digest of the form of each of n texts that no consistent renaming changes, shape (n,).

    It is that of the set of n-grams that ``NearDuplicates`` compares with identifiers and literals ignored: equal
    digests mean a similarity of 1.

    >>> first, second, other = renamed_digests(["n = 1", "n = 2", "n = n"])
    >>> bool(first == second), bool(first == other)
    (True, False)
    """
    raw = bytearray()
    for hashes, counts in shingle_hashes(texts, _NGRAM, Ignored(identifiers=True, literals=True)):
        for of_text in np.split(hashes, np.cumsum(counts)[:-1]):
            raw += blake2b(np.unique(of_text).astype("<u8").tobytes(), digest_size=8).digest()
    return np.frombuffer(bytes(raw), "<u8").astype(np.uint64)


@dataclass(frozen=True, eq=False)
class CodeDigests:
    """Corpus that is known by digests: exact and renamed copies of its rows are found in it, near-duplicates are not.

    Attributes:
        exact: Digests of its texts, ascending, shape (rows,).
        renamed: Distinct digests of their forms without names, ascending.

    >>> corpus = CodeDigests.of(["total = 1 + 2"])
    >>> corpus.exact_copies(["total = 1 + 2", "total = 3 + 4"]).tolist()
    [True, False]
    >>> corpus.renamed_copies(["total = 3 + 4", "total = 3"]).tolist()
    [True, False]
    """

    exact: UInts = field(repr=False)
    renamed: UInts = field(repr=False)

    @classmethod
    def of(cls, texts: Iterable[str]) -> CodeDigests:
        """Return the digests of texts; a text without tokens has no form."""
        kept = list(texts)
        return cls(np.sort(text_digests(kept)), np.unique(renamed_digests(text for text in kept if text.strip())))

    @property
    def rows(self) -> int:
        """Number of rows of the corpus."""
        return len(self.exact)

    def exact_copies(self, texts: Iterable[str]) -> Bools:
        """Return which of n texts the corpus holds as they are, shape (n,)."""
        return _among(text_digests(texts), self.exact)

    def renamed_copies(self, texts: Iterable[str]) -> Bools:
        """Return which of n texts the corpus holds with other names, strings and numbers, shape (n,)."""
        return _among(renamed_digests(texts), self.renamed)


def _among(digests: UInts, corpus_digests: UInts) -> Bools:
    if not corpus_digests.size:
        return np.zeros(digests.size, dtype=bool)
    places = np.minimum(np.searchsorted(corpus_digests, digests), corpus_digests.size - 1)
    among: Bools = corpus_digests[places] == digests
    return among
