"""The distinct programs of a table in an order that does not depend on their position."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codeshift.properties.base import Property

if TYPE_CHECKING:
    from codeshift.properties.table import PropertyTable


@dataclass(frozen=True, eq=False)
class Distinct:
    """Distinct texts of a column.

    They are in the order of a digest, so any number of them from the front are a random sample, and whatever is fitted
    on them does not depend on the order of rows.

    Attributes:
        first: the position of one row of each text, shape ``(n_texts,)``.
        inverse: the number of the text of each row, shape ``(n_rows,)``.
        counts: the number of rows of each text, shape ``(n_texts,)``.
    """

    first: np.ndarray
    inverse: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True)
class DistinctTexts(Property):
    """``Distinct`` texts of a column.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> found = PropertyTable(Dataset.from_dict({"code": ["b", "a", "b"]})).values(DistinctTexts("code"))
    >>> found.counts[found.inverse].tolist()
    [2, 1, 2]
    """

    def evaluate(self, table: PropertyTable) -> Distinct:
        """Return one value for all rows."""
        raw = bytearray()
        for text in table.texts(self.column):
            raw += hashlib.blake2b(text.encode("utf-8", errors="surrogatepass"), digest_size=16).digest()
        return _unique(np.frombuffer(raw, dtype=">u8").reshape(-1, 2).astype(np.uint64))


def _unique(halves: np.ndarray) -> Distinct:
    """Apply ``np.unique`` to 128-bit digests, as two numbers each: NumPy's fixed-width bytes drop trailing zeros."""
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    ordered = halves[order]
    starts = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)]) if len(ordered) else np.zeros(0, bool)
    inverse = np.empty(len(halves), dtype=np.int64)
    inverse[order] = np.cumsum(starts) - 1
    first = order[starts]
    return Distinct(first, inverse, np.bincount(inverse, minlength=len(first)))
