"""Arrays that are written end to end, in several parts, and read again: in memory while small, then in one file.

Values that other processes wrote stay in their files. Several threads may read and write at once.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import IO, Any

import numpy as np
import numpy.typing as npt

__all__ = ["Spool"]

_IN_MEMORY = 1 << 24  # bytes


class Spool:
    """Values of one type in parts, each in the order in which it is written.

    The file, if there is one, is a temporary one; it and those of other processes are closed with the object's end.

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
        self._files: dict[str, IO[bytes]] = {"": self._file}  # by their path: this one, and those of other processes
        # Of each piece the file, where it begins there, and its bytes.
        self._pieces: list[list[tuple[str, int, int]]] = [[] for _ in range(parts)]
        weakref.finalize(self, _close, self._files)

    def write(self, values: npt.NDArray[Any], part: int = 0) -> None:
        """Add values at the end of a part."""
        if not values.size:
            return
        written = np.ascontiguousarray(values, self.dtype).data.cast("B")
        with self._lock:
            self._file.seek(self._end)
            self._file.write(written)
            self._add(part, "", self._end, values.size)
            self._end += written.nbytes

    def adopt(self, path: str, place: int, sizes: Sequence[int]) -> None:
        """Add values that another process wrote to a file, which must stay there, at the end of each part.

        Args:
            path: Path of the file.
            place: Byte at which those of the first part begin; those of the others come right after.
            sizes: Number of values of each part.
        """
        with self._lock:
            if path not in self._files:
                self._files[path] = Path(path).open("r+b")  # noqa: SIM115 - closed at the object's end
            for part, size in enumerate(sizes):
                if size:
                    self._add(part, path, place, size)
                place += size * self.dtype.itemsize

    def _add(self, part: int, path: str, place: int, size: int) -> None:
        """Note that values of a part lie at a place of a file."""
        pieces, count = self._pieces[part], size * self.dtype.itemsize
        last_path, last_place, last_count = pieces[-1] if pieces else ("", -1, 0)
        if (last_path, last_place + last_count) == (path, place):
            pieces[-1] = (path, last_place, last_count + count)
        else:
            pieces.append((path, place, count))
        self.sizes[part] += size

    def read(self, part: int = 0, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
        """Return the values of a part: all, or those from ``start`` up to ``stop``."""
        values = np.empty((self.sizes[part] if stop is None else stop) - start, self.dtype)
        if values.size:
            into = values.data.cast("B")
            with self._lock:
                for begin, end, file, place in self._places(part, start * self.dtype.itemsize, into.nbytes):
                    file.seek(place)
                    file.readinto(into[begin:end])  # type: ignore[attr-defined]
        return values

    def replace(self, values: npt.NDArray[Any], part: int = 0) -> None:
        """Write values, no more than there are, in place of those of a part, to which none is added any more."""
        self.sizes[part] = values.size
        if values.size:
            written = np.ascontiguousarray(values, self.dtype).data.cast("B")
            with self._lock:
                for begin, end, file, place in self._places(part, 0, written.nbytes):
                    file.seek(place)
                    file.write(written[begin:end])

    def _places(self, part: int, first: int, count: int) -> Iterator[tuple[int, int, IO[bytes], int]]:
        """Yield where bytes of a part lie: of each piece the first and the end of those, its file and its place."""
        done = 0
        for path, place, size in self._pieces[part]:
            if first < size:
                taken = min(size - first, count - done)
                yield done, done + taken, self._files[path], place + first
                done += taken
                if done == count:
                    return
            first = max(first - size, 0)


def _close(files: dict[str, IO[bytes]]) -> None:
    for file in files.values():
        file.close()
