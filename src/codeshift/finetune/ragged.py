"""Rows of unequal lengths."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


@dataclass(frozen=True)
class Ragged:
    """Rows of unequal lengths in one flat array.

    Attributes:
        values: All rows, one after the other.
        offsets: Start of each row, then the end of the last, (rows + 1,).

    >>> rows = Ragged.of([[1, 2], [3]])
    >>> len(rows), rows[0].tolist(), rows.lengths.tolist()
    (2, [1, 2], [2, 1])
    """

    values: NDArray[Any]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Iterable[Sequence[Any] | NDArray[Any]], dtype: DTypeLike = np.int32) -> Ragged:
        """Build from an iterable of rows."""
        arrays = [np.asarray(row, dtype=dtype) for row in rows]
        offsets = np.zeros(len(arrays) + 1, dtype=np.int64)
        np.cumsum([len(a) for a in arrays], out=offsets[1:])
        return cls(np.concatenate(arrays) if arrays else np.zeros(0, dtype=dtype), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, row: int) -> NDArray[Any]:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def add_to(self, digest: hashlib._Hash) -> None:
        """Add the rows to a digest."""
        digest.update(self.offsets.tobytes())
        digest.update(self.values.tobytes())

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of values in each row, (rows,)."""
        return np.diff(self.offsets)
