"""Arrays that are written end to end, in several parts, and read again: in memory while small, then in one file.

Several threads may read and write at once.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Spool"]

_IN_MEMORY = 1 << 24  # bytes


class Spool:
    """Values of one type in parts, each in the order in which it is written.

    The file, if there is one, is a temporary one that is closed with the object's end.

    Args:
        dtype: Type of a value.
        parts: Number of parts.
        in_memory: Bytes of all parts beyond which they lie in a file; by default 16 MiB.

    >>> spool = Spool(np.int64, parts=2, in_memory=16)
    >>> spool.write(np.array([1, 2, 3]))
    >>> spool.write(np.array([7]), part=1)
    >>> spool.write(np.array([4]))
    >>> spool.read().tolist(), spool.read(start=1, stop=4).tolist(), spool.read(1).tolist()
    ([1, 2, 3, 4], [2, 3, 4], [7])
    """

    def __init__(self, dtype: npt.DTypeLike, parts: int = 1, *, in_memory: int | None = None) -> None:
        self.dtype = np.dtype(dtype)
        self.sizes = [0] * parts
        max_size = _IN_MEMORY if in_memory is None else in_memory
        self._file = SpooledTemporaryFile(max_size=max_size)  # noqa: SIM115 - closed at the object's end
        self._lock = Lock()  # held while the file is at a place
        self._end = 0
        self._pieces: list[list[tuple[int, int]]] = [[] for _ in range(parts)]  # where each begins, and its bytes
        weakref.finalize(self, self._file.close)

    def write(self, values: npt.NDArray[Any], part: int = 0) -> None:
        """Add values at the end of a part."""
        if not values.size:
            return
        written = np.ascontiguousarray(values, self.dtype).data.cast("B")
        with self._lock:
            self._file.seek(self._end)
            self._file.write(written)
            pieces = self._pieces[part]
            if pieces and sum(pieces[-1]) == self._end:
                pieces[-1] = (pieces[-1][0], pieces[-1][1] + written.nbytes)
            else:
                pieces.append((self._end, written.nbytes))
            self._end += written.nbytes
            self.sizes[part] += values.size

    def read(self, part: int = 0, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
        """Return the values of a part: all, or those from ``start`` up to ``stop``."""
        values = np.empty((self.sizes[part] if stop is None else stop) - start, self.dtype)
        if values.size:
            into = values.data.cast("B")
            with self._lock:
                for begin, end, place in self._places(part, start * self.dtype.itemsize, into.nbytes):
                    self._file.seek(place)
                    self._file.readinto(into[begin:end])
        return values

    def replace(self, values: npt.NDArray[Any], part: int = 0) -> None:
        """Write values, no more than there are, in place of those of a part, to which none is added any more."""
        self.sizes[part] = values.size
        if values.size:
            written = np.ascontiguousarray(values, self.dtype).data.cast("B")
            with self._lock:
                for begin, end, place in self._places(part, 0, written.nbytes):
                    self._file.seek(place)
                    self._file.write(written[begin:end])

    def _places(self, part: int, first: int, count: int) -> Iterator[tuple[int, int, int]]:
        """Yield where bytes of a part lie: for each piece the first and the end of those there, and their place."""
        done = 0
        for place, size in self._pieces[part]:
            if first < size:
                taken = min(size - first, count - done)
                yield done, done + taken, place + first
                done += taken
                if done == count:
                    return
            first = max(first - size, 0)
