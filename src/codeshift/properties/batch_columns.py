"""Columns that a function computed of batches of rows: read batch by batch, from disk where they are stored there.

Files are read and not mapped, so that what was read does not count as memory of the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from codeshift.errors import DamagedFileError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset


@dataclass(frozen=True, eq=False)
class BatchColumns:
    """Columns of values, one a row, in batches.

    Attributes:
        batches_in_memory: Batches, where they are in memory.
        files: Files of batches (Arrow's stream format) that come after those.

    >>> import pyarrow as pa
    >>> columns = BatchColumns.of_lists([{"n": [1, 2]}, {"n": [3]}], pa.schema([("n", pa.int32())]))
    >>> columns.numbers("n", np.int64)
    array([1, 2, 3])
    """

    batches_in_memory: Sequence[pa.RecordBatch] = ()
    files: Sequence[Path] = ()

    @classmethod
    def of_lists(cls, batches: Iterable[Mapping[str, Sequence[Any]]], schema: pa.Schema) -> Self:
        """Make the columns of lists of values."""
        import pyarrow as pa

        return cls([pa.RecordBatch.from_pydict(dict(batch), schema) for batch in batches])

    @classmethod
    def of_dataset(cls, values: Dataset) -> Self:
        """Make the columns of a dataset whose rows are all those of its table, in order."""
        files = [Path(file["filename"]) for file in values.cache_files]
        return cls(files=files) if files else cls(values.data.to_batches())

    def arrays(self, column: str) -> Iterator[Any]:
        """Return an iterator over a column's values: one array of Arrow a batch.

        Raises:
            DamagedFileError: if a file was removed.
        """
        import pyarrow as pa

        for batch in self.batches_in_memory:
            yield batch.column(column)
        for path in self.files:
            if not path.exists():
                raise DamagedFileError(path, "it is missing: the cache was cleared while it was read")
            with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
                for batch in reader:
                    yield batch.column(column)

    def numbers(self, column: str, dtype: DTypeLike) -> NDArray[Any]:
        """Return a column of numbers or truth values, of shape ``(n,)``."""
        arrays = [array.to_numpy(zero_copy_only=False).astype(dtype) for array in self.arrays(column)]
        return np.concatenate([np.empty(0, dtype), *arrays])


def flat_bytes(array: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of an array of binary values end to end, and where each begins, and the last one ends.

    >>> import pyarrow as pa
    >>> flat, starts = flat_bytes(pa.array([b"ab", b"", b"c"], pa.binary()).slice(1))
    >>> bytes(flat), starts.tolist()
    (b'c', [0, 0, 1])
    """
    import pyarrow as pa

    width = np.dtype("<i8") if pa.types.is_large_binary(array.type) else np.dtype("<i4")
    _, offsets, data = array.buffers()
    if not len(array) or data is None:
        return np.empty(0, np.uint8), np.zeros(len(array) + 1, np.int64)
    starts = np.frombuffer(offsets, width, len(array) + 1, array.offset * width.itemsize).astype(np.int64)
    return np.frombuffer(data, np.uint8)[starts[0] : starts[-1]], starts - starts[0]
