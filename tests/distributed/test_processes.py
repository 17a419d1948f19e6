"""Splits of files by processes, one of which is killed."""

from __future__ import annotations

import os
import signal
import threading
import time

import pyarrow.parquet as pq
import pytest

from codeshift.distributed import split_files
from codeshift.splitters import ASTNodeSplitter
from helpers.splitter_rows import python_rows

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the cluster, when it ends


def kill_one(client, processes, killed) -> None:
    """Kill a worker that is at work, once some of the shards have been read."""
    while not killed:
        busy = [worker for worker, calls in client.processing().items() if any("summary_of" in call for call in calls)]
        if busy:
            os.kill(processes[busy[0]], signal.SIGKILL)
            killed.append(busy[0])
        time.sleep(0.005)


def test_a_worker_is_killed(tmp_path):
    """With one of two workers killed in the middle of the parses, each row has the part of one machine."""
    from dask.distributed import Client, LocalCluster

    rows = python_rows(600)
    rows = rows.add_column("number", list(range(len(rows))))
    for number in range(12):
        rows.shard(12, number).to_parquet(tmp_path / f"{(number * 7) % 12:02d}.parquet")
    splitter, killed = ASTNodeSplitter(language="python", share=0.2), []
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        killer = threading.Thread(target=kill_one, args=(client, client.run(os.getpid), killed), daemon=True)
        killer.start()
        manifest = split_files(splitter, str(tmp_path / "*.parquet"), str(tmp_path / "out"), client=client)
        killer.join(60)
    assert len(killed) == 1
    assignment = splitter.assign(rows)
    assert manifest == assignment.manifest
    for part, expected in assignment.to_dataset_dict().items():
        written = pq.read_table(tmp_path / "out" / part)["number"].to_pylist()
        assert sorted(written) == sorted(expected["number"])
