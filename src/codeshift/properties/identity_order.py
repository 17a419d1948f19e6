"""The distinct programs of a table in an order that does not depend on their position."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
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
        first: Position of one row of each text, shape ``(n_texts,)``.
        inverse: Number of the text of each row, shape ``(n_rows,)``.
        counts: Number of rows of each text, shape ``(n_texts,)``.
    """

    first: np.ndarray
    inverse: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True)
class DistinctTexts(Property):
    """``Distinct`` texts of a column.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> texts = PropertyTable(Dataset.from_dict({"code": ["b", "a", "b"]})).values(DistinctTexts("code"))
    >>> texts.counts[texts.inverse].tolist()
    [2, 1, 2]
    """

    def evaluate(self, table: PropertyTable) -> Distinct:
        """Return one value for all rows."""
        return _unique(_digests(table, self.column))


@dataclass(frozen=True)
class FirstPrograms:
    """Digest of the last of the first distinct programs of all rows, in the order of ``DistinctTexts``.

    Attributes:
        column: Column of programs.
        programs: Number of programs.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["b", "a", "b"]}))
    >>> last = table.summarise(FirstPrograms("code", 1))
    >>> len(FirstPrograms.positions(table, "code", last)) in (1, 2)
    True
    >>> FirstPrograms.positions(table, "code", table.summarise(FirstPrograms("code", 9))).tolist()
    [0, 1, 2]
    """

    column: str
    programs: int

    def of(self, table: PropertyTable) -> np.ndarray:
        """Return the digests of the first programs of one table, of shape ``(at most programs, 2)``."""
        return self._first(_digests(table, self.column))

    def merged(self, parts: Sequence[np.ndarray]) -> tuple[int, int]:
        """Return the last of the first digests of several tables, as two numbers."""
        high, low = self._first(np.concatenate(parts))[-1].tolist()
        return high, low

    def _first(self, digests: np.ndarray) -> np.ndarray:
        return np.asarray(digests[_unique(digests).first[: self.programs]])

    @staticmethod
    def positions(table: PropertyTable, column: str, last: tuple[int, int]) -> np.ndarray:
        """Return the ascending positions of the rows whose program comes no later than the last one."""
        digests = _digests(table, column)
        high, low = (np.uint64(half) for half in last)
        return np.flatnonzero((digests[:, 0] < high) | ((digests[:, 0] == high) & (digests[:, 1] <= low)))


def _digests(table: PropertyTable, column: str) -> np.ndarray:
    """Return a digest of each text as two numbers, of shape ``(n, 2)``."""
    raw = bytearray()
    for text in table.texts(column):
        raw += hashlib.blake2b(text.encode("utf-8", errors="surrogatepass"), digest_size=16).digest()
    return np.frombuffer(raw, dtype=">u8").reshape(-1, 2).astype(np.uint64)


def _unique(halves: np.ndarray) -> Distinct:
    """Apply ``np.unique`` to 128-bit digests, as two numbers each: NumPy's fixed-width bytes drop trailing zeros."""
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    ordered = halves[order]
    starts = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)]) if len(ordered) else np.zeros(0, bool)
    inverse = np.empty(len(halves), dtype=np.int64)
    inverse[order] = np.cumsum(starts) - 1
    first = order[starts]
    return Distinct(first, inverse, np.bincount(inverse, minlength=len(first)))
