"""Files of rows and of arrays, which are written atomically."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from codeshift.files import replaced

if TYPE_CHECKING:
    from datasets import Dataset

_ROWS_AT_ONCE = 1000


def write_arrow(data: Dataset, path: Path) -> None:
    """Write a dataset as an Arrow stream, atomically; ``Dataset.from_file`` maps it into memory.

    >>> import tempfile
    >>> from datasets import Dataset
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_arrow(Dataset.from_dict({"code": ["x", "y"]}).select([1]), Path(folder) / "rows.arrow")
    ...     Dataset.from_file(str(Path(folder) / "rows.arrow"))["code"][:]
    ['y']
    """
    schema = data.features.arrow_schema
    with (
        replaced(path) as temporary,
        pa.OSFile(str(temporary), "wb") as file,
        pa.ipc.new_stream(file, schema) as stream,
    ):
        for table in data.with_format("arrow").iter(_ROWS_AT_ONCE):
            stream.write_table(table)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays by name as NumPy's ``.npz``, atomically.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_arrays(Path(folder) / "rows.npz", {"train": np.array([0, 2])})
    ...     np.load(Path(folder) / "rows.npz")["train"].tolist()
    [0, 2]
    """
    with replaced(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
