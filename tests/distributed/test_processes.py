"""Splits of files by processes, one of which is killed."""

from __future__ import annotations

import os

import pyarrow.parquet as pq
import pytest

from codeshift.distributed import split_files
from codeshift.splitters import ASTNodeSplitter
from helpers.splitter_rows import python_rows

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the cluster, when it ends


def test_a_worker_is_killed(tmp_path):
    """With one of two workers killed in the middle of the parses, each row has the part of one machine."""
    from dask.distributed import Client, LocalCluster

    def kill_at_work():
        import signal

        from codeshift.distributed import rows

        rows._summary_of = lambda *_: os.kill(os.getpid(), signal.SIGKILL)

    rows = python_rows(600)
    rows = rows.add_column("number", list(range(len(rows))))
    for number in range(12):
        rows.shard(12, number).to_parquet(tmp_path / f"{(number * 7) % 12:02d}.parquet")
    splitter = ASTNodeSplitter(language="python", share=0.2)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        doomed, process = next(iter(client.run(os.getpid).items()))
        client.run(kill_at_work, workers=[doomed])
        manifest = split_files(splitter, str(tmp_path / "*.parquet"), str(tmp_path / "out"), client=client)
        assert process not in client.run(os.getpid).values()
    assignment = splitter.assign(rows)
    assert manifest == assignment.manifest
    for part, expected in assignment.to_dataset_dict().items():
        written = pq.read_table(tmp_path / "out" / part)["number"].to_pylist()
        assert sorted(written) == sorted(expected["number"])
