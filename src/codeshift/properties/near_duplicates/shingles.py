"""Hashes of the token n-grams ("shingles") of many texts.

Broder, "On the resemblance and containment of documents" (1997), calls the set of a document's token n-grams its
shingling, and the Jaccard similarity of two shinglings the documents' resemblance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from codeshift.properties.near_duplicates.arrays import Ints, UInts, mixed, ragged
from codeshift.properties.near_duplicates.renaming import Ignored

__all__ = ["shingle_hashes", "texts_of_rows"]

_NOTHING = Ignored()
_BASE = np.uint64(0x9FB21C651E98DF25)  # odd, so that no multiplication loses a bit
_ROWS = 512  # texts that are read at once


def shingle_hashes(texts: Iterable[str], ngram: int, ignored: Ignored = _NOTHING) -> Iterator[tuple[UInts, Ints]]:
    """Return a 64-bit hash of each token n-gram of each text, repeated ones included, and their number in each text.

    A text of fewer than ``ngram`` tokens has one shingle, the tuple of all its tokens; one without tokens has none.

    >>> from codeshift.properties.near_duplicates.tokens import join_blocks
    >>> hashes, counts = join_blocks(shingle_hashes(["a b c d", "a b", "c b a", ""], ngram=3))
    >>> counts.tolist()
    [2, 1, 1, 0]
    """
    return (_block_shingles(*block) for block in ignored.blocks(texts, ngram))


def _block_shingles(tokens: Sequence[UInts], counts: Ints) -> tuple[UInts, Ints]:
    """Return the shingles of a block, of its tokens as they count at each place of an n-gram."""
    ngram, size = len(tokens), tokens[0].size
    row_starts = np.cumsum(counts) - counts
    whole = max(size - ngram + 1, 0)
    hashes = np.zeros(size, np.uint64)
    hashes[:whole] = _polynomials([tokens[offset][offset : offset + whole] for offset in range(ngram)])
    for length in np.unique(counts[(counts > 0) & (counts < ngram)]).tolist():
        starts = row_starts[counts == length]
        hashes[starts] = _polynomials([tokens[offset][starts + offset] for offset in range(length)])
    windows = np.maximum(counts - ngram + 1, np.minimum(counts, 1))
    keep = np.ones(size, np.bool_)
    keep[ragged(row_starts + windows, counts - windows)] = False
    return mixed(hashes[keep]), windows


def texts_of_rows(texts: Sequence[str], rows: Ints) -> Iterator[str]:
    """Yield the texts at ascending positions, of which only some are read at once."""
    numbers = rows // _ROWS
    for block in np.split(rows, np.flatnonzero(numbers[1:] != numbers[:-1]) + 1):
        if block.size:
            first = int(block[0]) // _ROWS * _ROWS
            read = texts[first : first + _ROWS]
            yield from read if block.size == len(read) else [read[row - first] for row in block.tolist()]


def _polynomials(columns: Sequence[UInts]) -> UInts:
    """Return a hash of the rows of a table given column by column; tables of other widths start from another value."""
    hashes = np.full(columns[0].size, len(columns), np.uint64)
    for column in columns:
        hashes *= _BASE
        hashes += column
    return hashes
