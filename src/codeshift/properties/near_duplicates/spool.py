"""An array that is written end to end and read again in pieces: in memory while small, then in a temporary file."""

from __future__ import annotations

from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Spool"]


class Spool:
    """Values of one type, in the order in which they are written.

    Args:
        dtype: the type of a value.
        in_memory: the bytes beyond which they lie in a file.

    >>> with Spool(np.int64, in_memory=16) as spool:
    ...     spool.write(np.array([1, 2, 3]))
    ...     spool.write(np.array([4]))
    ...     [piece.tolist() for piece in spool.read([3, 1])]
    [[1, 2, 3], [4]]
    """

    def __init__(self, dtype: npt.DTypeLike, in_memory: int) -> None:
        self._dtype = np.dtype(dtype)
        self._file = SpooledTemporaryFile(max_size=in_memory)  # noqa: SIM115 - closed by ``__exit__``
        self.size = 0

    def write(self, values: npt.NDArray[Any]) -> None:
        """Add values at the end."""
        if values.size:
            self._file.write(np.ascontiguousarray(values, self._dtype).data.cast("B"))
        self.size += values.size

    def read(self, sizes: Iterable[int]) -> Iterable[npt.NDArray[Any]]:
        """Yield the values from the first one on, in pieces of the given sizes."""
        self._file.seek(0)
        for size in sizes:
            values = np.empty(size, self._dtype)
            self._file.readinto(values.data.cast("B") if size else bytearray())
            yield values

    def whole(self) -> npt.NDArray[Any]:
        """Return all values."""
        [values] = self.read([self.size])
        return values

    def replace(self, values: npt.NDArray[Any]) -> None:
        """Write values in place of those there."""
        self._file.seek(0)
        self._file.truncate()
        self.size = 0
        self.write(values)

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
