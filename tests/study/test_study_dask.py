"""A study on a cluster of dask.distributed, one of whose workers is killed."""

from __future__ import annotations

import os
import signal
import time

import pytest

from codeshift.study import load_results
from codeshift.study.folder.store import StudyStore
from helpers.forked import forked_processes
from helpers.study_case import assert_same, hold_trainings, small_study


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the cluster, when it ends
def test_a_worker_of_a_cluster_is_killed(model, straight, tmp_path):
    """Two workers, one killed with a checkpoint of its run on disk: the study ends as one that ran in one go."""
    import dask
    from dask.distributed import Client, LocalCluster

    forked_processes()
    study, files, killed = small_study(model), StudyStore(tmp_path / "cluster"), []
    held = tmp_path / "held"
    held.touch()

    def kill_one(record):
        """After the first run, kill a worker that is at work while a checkpoint of a run is there."""
        while not killed:
            busy = [worker for worker, calls in client.processing().items() if calls]
            if busy and list(files.root.glob("runs/*/training/checkpoints/step-*")):
                os.kill(processes[busy[0]], signal.SIGKILL)
                killed.append(busy[0])
            time.sleep(0.01)
        held.unlink(missing_ok=True)

    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        processes = client.run(os.getpid)
        client.run(hold_trainings, str(held))
        results = study.run(files.root, executor=client.get_executor(), threads=1, progress=kill_one)
    assert len(killed) == 1
    assert_same(results, load_results(straight))
