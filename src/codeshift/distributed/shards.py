"""Parquet files of rows, each read by whichever worker has something to do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from codeshift.checks import several
from codeshift.errors import DataError
from codeshift.formatting import first_few
from codeshift.parts import WHOLE
from codeshift.properties import PropertyTable
from codeshift.splits.rows import SplitRows
from codeshift.wording import Verbatim

if TYPE_CHECKING:
    from datasets import Dataset

Storage = tuple[tuple[str, Any], ...]
"""Options of a file system of fsspec, as they travel to workers."""


@dataclass(frozen=True)
class Unreadable:
    """What a worker returns in place of a result if it could not read a file.

    Attributes:
        path: Path of the file.
        why: Error.
    """

    path: str
    why: str


@dataclass(frozen=True)
class Shard:
    """Parquet file of rows.

    Attributes:
        path: Path with its protocol, as fsspec takes it.
        version: Text that differs if the file has changed.
        rows: Number of rows.
        storage: Options of the file system.
    """

    path: str
    version: str
    rows: int
    storage: Storage = field(default=(), compare=False, repr=False)

    def data(self) -> Dataset:
        """Read the rows.

        Raises:
            OSError: if the file cannot be read.
            pyarrow.ArrowException: if it is no Parquet file.
        """
        return _read(self)

    def split_rows(self, kept: np.ndarray | None) -> SplitRows:
        """Return the rows, or those of a mask, with the values that were computed of them in this process.

        Args:
            kept: Mask, of shape ``(rows,)``; None for all.
        """
        rows = _split_rows(self)
        return rows if kept is None else rows.only(kept)


@lru_cache(maxsize=1)
def _split_rows(shard: Shard) -> SplitRows:
    return SplitRows((WHOLE,), (PropertyTable(shard.data(), num_proc=1),))


@lru_cache(maxsize=1)
def _read(shard: Shard) -> Dataset:
    from datasets import Dataset
    from datasets.fingerprint import Hasher
    from datasets.table import InMemoryTable

    with fsspec.open(shard.path, "rb", **dict(shard.storage)) as file:
        table = pq.ParquetFile(file).read()
    if len(table) != shard.rows:
        raise OSError(f"it has {len(table):,} rows, and had {shard.rows:,} before")
    return Dataset(InMemoryTable(table), fingerprint=Hasher.hash([shard.path, shard.version]))


def paths_of(files: str | Sequence[str], storage: Mapping[str, Any]) -> list[str]:
    """Return the paths of files by one or several paths or globs, sorted, each with its protocol.

    Raises:
        ParameterError: if ``files`` is neither.
        DataError: if a path or glob has no file.
    """
    paths: list[str] = []
    for pattern in several("files", files, "paths or globs of Parquet files", 'such as "data/*.parquet"'):
        system, path = fsspec.core.url_to_fs(pattern, **storage)
        matches = [system.unstrip_protocol(name) for name in system.glob(path)]
        if not matches:
            raise DataError("files", "paths of files that exist", pattern, "check the path, and quote a * on a shell")
        paths += matches
    return sorted(set(paths))


def read_footer(path: str, storage: Storage) -> tuple[Shard, pa.Schema] | Unreadable:
    """Read how many rows a file has, and which columns, from its end."""
    try:
        system, name = fsspec.core.url_to_fs(path, **dict(storage))
        with system.open(name, "rb") as file:
            parquet = pq.ParquetFile(file)
            return Shard(path, str(system.ukey(name)), parquet.metadata.num_rows, storage), parquet.schema_arrow
    except (OSError, pa.ArrowException) as error:
        return Unreadable(path, f"{type(error).__name__}: {error}")


def check_read(results: Sequence[Any]) -> None:
    """Check that every file was read.

    Raises:
        DataError: if some were not; it names them, and what was wrong with the first.
    """
    unread = [result for result in results if isinstance(result, Unreadable)]
    if unread:
        count = Verbatim(f"{len(unread):,} of {len(results):,} that cannot be read")
        named = first_few("file", [result.path for result in unread])
        remedy = f"{named} ({unread[0].why}); nothing was split: repair these files, or name the others"
        raise DataError("files", "Parquet files that can be read", count, remedy)


def check_same_columns(schemas: Mapping[str, pa.Schema]) -> None:
    """Check that the files have the same columns, of the same types.

    Args:
        schemas: Schema of each file, by its path.

    Raises:
        DataError: if one differs from the first.
    """
    (first, expected), *others = schemas.items()
    for path, schema in others:
        if not schema.equals(expected):
            names = expected.names, schema.names
            differing = sorted({*names[0]} ^ {*names[1]}) or [
                name for name in names[0] if schema.field(name) != expected.field(name)
            ]
            remedy = f"{first_few('column', differing or names[1])} differ from those of {first}: write them alike"
            raise DataError("files", "files of the same columns and types", path, remedy)
