"""A split of rows in many files, made where the files are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from codeshift.checks import check_bool
from codeshift.distributed.cluster import cluster_of
from codeshift.distributed.rows import ShardedRows
from codeshift.distributed.sources import shards_of
from codeshift.distributed.writing import check_out, write_part_files
from codeshift.splits.assign import assign
from codeshift.splits.config import SplitConfig, SplitOptions, takes_options
from codeshift.splits.fitting import Recipe
from codeshift.splits.manifest import SplitManifest

if TYPE_CHECKING:
    from dask.distributed import Client


@takes_options
def split_files(
    splitter: Recipe,
    files: str | Sequence[str],
    out: str,
    *,
    client: Client | None = None,
    workers: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    **options: Unpack[SplitOptions],
) -> SplitManifest:
    """Split the rows of Parquet files, which no one machine needs to hold, into folders of Parquet files by part.

    Each file is read, and its properties are computed, by whichever worker is free. Here are only summaries of all
    rows, on which the region is fitted once, and 16 bytes and a few numbers of each row, by which rows are assigned. So
    each row gets the part that ``splitter.split`` gives it, whatever the order of the files and the number of workers.

    A worker that dies loses no work but its last task, which another one does. If files cannot be read, an error names
    all of them, and nothing is written; the manifest is written last, so a folder that has one is whole.

    Args:
        splitter: Splitter.
        files: Paths or globs of Parquet files, for any file system of fsspec (``"s3://bucket/data/*.parquet"``).
        out: Folder of the parts, on any file system of fsspec that all workers reach.
        client: Client of a dask cluster; None for processes on this machine, which end with the call.
        workers: Number of processes without a client; None for one a core. A script needs the line
            ``if __name__ == "__main__":`` before the call, since these processes import it.
        storage_options: Options of the file system, for ``files`` and ``out``.
        overwrite: Whether to replace a split that is already in ``out``.
        **options: Seed, sizes, groups and near-duplicates: the fields of ``SplitConfig``, which describes them.

    Returns:
        The manifest, which is in ``out`` as well.

    Raises:
        ParameterError: if an argument is invalid, or the splitter is fitted on the values of all rows.
        DataError: if files cannot be read, differ in their columns, or have no rows, or a column is not as it must be.
        RegionError: if the region holds no row or every row.
        MissingExtraError: if dask.distributed is not installed.

    Here the workers are threads of this process:

    >>> import tempfile
    >>> from dask.distributed import Client
    >>> from datasets import Dataset, load_dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> rows = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(40)]})
    >>> threads = Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=":0")
    >>> with tempfile.TemporaryDirectory() as folder, threads as client:
    ...     for number in (0, 1):
    ...         _ = rows.shard(2, number).to_parquet(f"{folder}/{number}.parquet")
    ...     files, out = f"{folder}/*.parquet", f"{folder}/parts"
    ...     manifest = split_files(LengthSplitter(), files, out, client=client, min_test_rows=0)
    ...     parts = load_dataset(out, cache_dir=f"{folder}/cache")
    ...     {part: len(rows) for part, rows in parts.items()}, manifest.sizes["test_ood"].actual
    ({'train': 24, 'validation': 4, 'test_id': 4, 'test_ood': 4}, 4)
    """
    config = SplitConfig(**options)
    storage = dict(storage_options or {})
    out = check_out(out, storage, overwrite=check_bool("overwrite", overwrite))
    with cluster_of(client, workers) as cluster:
        source = shards_of(cluster, files, storage)
        assignment = assign(splitter, ShardedRows.of_shards(source, splitter), config)
        write_part_files(assignment, source, out, storage)
    return assignment.manifest
