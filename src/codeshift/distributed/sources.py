"""Shards as one list of rows, and calls of functions with the rows of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from codeshift.distributed.cluster import Cluster, on_shard
from codeshift.distributed.shards import Shard, check_read, check_same_columns, paths_of, read_footer
from codeshift.errors import DataError
from codeshift.wording import Verbatim

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Shards:
    """Shards, one after the other, or some of their rows.

    Attributes:
        cluster: Workers.
        shards: Shards.
        kept: Mask of the rows of each that count; None where all do.
    """

    cluster: Cluster
    shards: tuple[Shard, ...]
    kept: tuple[np.ndarray | None, ...]

    @property
    def lengths(self) -> list[int]:
        """Number of rows of each shard that count."""
        return [
            shard.rows if kept is None else int(kept.sum()) for shard, kept in zip(self.shards, self.kept, strict=True)
        ]

    @property
    def starts(self) -> np.ndarray:
        """Where the rows of each shard start among all rows, and where the last ones end."""
        return np.cumsum([0, *self.lengths])

    def calls(self, function: Callable[..., Any], *shared: Any, own: Sequence[Sequence[Any]] = ()) -> list[list[Any]]:
        """Return the arguments of ``on_shard`` for each shard.

        Args:
            function: Function, which is given the ``SplitRows`` of a shard first.
            *shared: Arguments that are the same for all shards.
            own: Further arguments for each shard.
        """
        sent = [self.cluster.shared(value) for value in shared]
        arguments = own or [()] * len(self.shards)
        return [
            [shard, kept, function, *sent, *further]
            for shard, kept, further in zip(self.shards, self.kept, arguments, strict=True)
        ]

    def each(self, function: Callable[..., T], *shared: Any, own: Sequence[Sequence[Any]] = ()) -> list[T]:
        """Call a function with the rows of each shard, as ``calls`` says, and return the results.

        Raises:
            DataError: if a shard cannot be read.
        """
        results = self.cluster.each(on_shard, self.calls(function, *shared, own=own))
        check_read(results)
        return results

    def some(self, count: int) -> Shards:
        """Return at most so many of the shards, at equal distances."""
        step = -(-len(self.shards) // count)
        return replace(self, shards=self.shards[::step], kept=self.kept[::step])

    def divided(self, values: np.ndarray) -> list[np.ndarray]:
        """Divide an array that has an entry for each row into those of the shards."""
        return np.split(values, self.starts[1:-1])

    def positions(self, rows: np.ndarray) -> list[np.ndarray]:
        """Divide ascending positions among all rows into positions within each shard."""
        cuts = np.searchsorted(rows, self.starts)
        return [rows[a:b] - start for (a, b), start in zip(pairwise(cuts.tolist()), self.starts, strict=False)]

    def only(self, mask: np.ndarray) -> Shards:
        """Return the rows of a mask; shards that have none of them are left out."""
        kept = []
        for shard, before, now in zip(self.shards, self.kept, self.divided(mask), strict=True):
            whole = np.ones(shard.rows, dtype=bool) if before is None else before.copy()
            whole[whole] = now
            kept.append(None if whole.all() else whole)
        filled = [i for i, mask in enumerate(kept) if mask is None or mask.any()]
        return replace(self, shards=tuple(self.shards[i] for i in filled), kept=tuple(kept[i] for i in filled))


def shards_of(cluster: Cluster, files: str | Sequence[str], storage: Mapping[str, Any]) -> Shards:
    """Return the files that have rows.

    Args:
        cluster: Workers.
        files: Paths or globs of Parquet files.
        storage: Options of the file system.

    Raises:
        DataError: if files cannot be read, differ in their columns, or have no rows.
    """
    paths = paths_of(files, storage)
    seen = cluster.each(read_footer, [(path, tuple(storage.items())) for path in paths])
    check_read(seen)
    check_same_columns({shard.path: schema for shard, schema in seen})
    shards = tuple(shard for shard, _ in seen if shard.rows)
    if not shards:
        raise DataError("files", "files with rows", Verbatim("0 rows"), "check how they were written")
    return Shards(cluster, shards, (None,) * len(shards))
