"""A study that is killed goes on, a worker that dies takes nothing with it, and two processes share one folder."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import pytest

from codeshift.finetune.row_log import RowLog
from codeshift.study import StudyError, load_results
from codeshift.study.folder.store import StudyStore
from codeshift.study.planning.plan import Plan
from codeshift.study.running import executors as executors_module
from codeshift.study.running import jobs
from codeshift.study.running.executors import InThisProcess, WorkerProcesses
from helpers.forked import forked_processes
from helpers.study_case import (
    LONG,
    assert_same,
    run_small_study,
    run_small_study_without_end,
    run_until_killed_in_evaluation,
    small_study,
    writing_study,
)


@pytest.fixture(scope="module")
def processes():
    """Processes that start fast."""
    return forked_processes()


def test_killed_again_and_again(model, straight, tmp_path, processes):
    """Kill -9 wherever the study happens to be, six times; two processes then finish it together, to the same bits."""
    folder = tmp_path / "killed"
    for delay in (0.0, 0.05, 0.1, 0.15, 0.2):
        _kill_after(processes, model, folder, "runs/*/*", delay)
    _kill_after(processes, model, folder, "runs/*/training/checkpoints/step-*", 0.0)
    assert list(folder.glob("runs/*/training/checkpoints/step-*"))
    both = [processes.Process(target=run_small_study, args=(model, folder)) for _ in range(2)]
    for child in both:
        child.start()
    for child in both:
        child.join()
    assert [child.exitcode for child in both] == [0, 0]
    assert_same(load_results(folder), load_results(straight))


def _kill_after(processes, model, folder, written, delay):
    """Kill a study, which never ends by itself, a while after it has written such a file."""
    child = processes.Process(target=run_small_study_without_end, args=(model, folder))
    before = set(folder.rglob("*"))
    child.start()
    while not set(folder.glob(written)) - before:
        assert child.is_alive()
        time.sleep(0.005)
    time.sleep(delay)
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    counts = load_results(folder).counts
    assert counts["failed"] == 0
    assert counts["pending"] > 0


def test_killed_in_an_evaluation(model, tmp_path, processes, monkeypatch):
    """Kill -9 twice while a model is scored and writes: no row is scored or generated again, the results are equal."""
    folder = tmp_path / "killed"
    straight = writing_study(model).run(tmp_path / "straight", threads=1, progress=False)
    for batches in (6, 8):  # 4 of scores and 2 of 4 of text; the other 2, and then as before of the next model
        child = processes.Process(target=run_until_killed_in_evaluation, args=(model, folder, batches))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
    logged = {path.relative_to(folder): _rows(path) for path in folder.rglob("evaluation/*/*/*.jsonl")}
    assert sorted(path.name for path in logged) == ["test.outputs.jsonl", "test.scores.jsonl"]
    assert {path.parts[1].partition("-")[0] for path in logged} == {"full"}
    assert sorted(map(len, logged.values())) == [6, 12]
    appended: dict[Path, list[int]] = {}
    append = RowLog.append

    def noted(self, rows, records):
        appended.setdefault(self.path.relative_to(folder), []).extend(map(int, rows))
        append(self, rows, records)

    monkeypatch.setattr(RowLog, "append", noted)
    results = writing_study(model).run(folder, threads=1, progress=False)
    assert_same(results, straight)
    test = len(results.scores(results.records[0].key).references)
    for path, rows in logged.items():
        assert sorted([*rows, *appended.get(path, [])]) == list(range(test))
    others = {path: rows for path, rows in appended.items() if path not in logged}
    assert all(len(rows) == test for rows in others.values())
    assert not list(folder.rglob("evaluation"))


def test_an_evaluation_of_another_version_starts_over(model, tmp_path, monkeypatch):
    """Results of another version of a library are discarded without any argument."""
    stopped = _stopped_in_evaluation(model, tmp_path / "stopped", monkeypatch)
    [log] = stopped.rglob("evaluation/*/*/*.jsonl")
    first, *others = log.read_text(encoding="utf-8").splitlines()
    old = json.loads(first)
    old["evaluation"]["versions"]["torch"] = "0.1"
    wrong = [json.dumps(json.loads(line) | {"log_probabilities": [0.0], "argmax": [0]}) for line in others]
    log.write_text("\n".join([json.dumps(old), *wrong, ""]), encoding="utf-8")
    straight = writing_study(model).run(tmp_path / "straight", threads=1, progress=False)
    assert_same(writing_study(model).run(stopped, threads=1, progress=False), straight)


def _stopped_in_evaluation(model, folder, monkeypatch):
    append = RowLog.append

    def stopped(self, *batch):
        append(self, *batch)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RowLog, "append", stopped)
        with pytest.raises(KeyboardInterrupt):
            writing_study(model).run(folder, threads=1, progress=False)
    return folder


def _rows(log):
    """The rows of a log whose last line is whole."""
    return [json.loads(line)["row"] for line in log.read_text(encoding="utf-8").splitlines()[1:]]


@pytest.mark.parametrize("moment", ["evaluated", "recorded", "dealt"])
def test_stopped_at_any_moment(moment, model, straight, tmp_path, monkeypatch):
    """Stopped between any two writes, a study ends with the same results when it is run again."""
    from codeshift.study.folder import store
    from codeshift.study.running import scoring

    stops = {
        "evaluated": (scoring.RunScores, "save"),
        "recorded": (StudyStore, "write_record"),
        "dealt": (store, "write_arrays"),
    }
    owner, name = stops[moment]
    original, calls = getattr(owner, name), []

    def stopped(*args, **options):
        calls.append(1)
        if len(calls) in (2, 5):
            raise KeyboardInterrupt
        return original(*args, **options)

    monkeypatch.setattr(owner, name, stopped)
    study = small_study(model)
    for _ in range(2 if moment != "dealt" else 1):
        with pytest.raises(KeyboardInterrupt):
            study.run(tmp_path / "stopped", threads=1, progress=False)
    monkeypatch.undo()
    assert_same(study.run(tmp_path / "stopped", threads=1, progress=False), load_results(straight))


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(model, straight, tmp_path, processes, monkeypatch):
    """Two processes, one of them killed in the middle of the study: its run goes on in another one."""
    monkeypatch.setattr(executors_module, "get_context", lambda _: processes)  # tests/test_demo.py spawns its workers
    monkeypatch.setattr(executors_module, "_begin_worker", _begin_forked)
    killed = []

    def kill_one(record):
        if not killed:
            victim = multiprocessing.active_children()[0]
            os.kill(victim.pid, signal.SIGKILL)
            killed.append(victim.pid)

    results = small_study(model).run(tmp_path / "two", workers=2, threads=1, progress=kill_one)
    assert killed
    assert_same(results, load_results(straight))


def _begin_forked(threads, device, parent):
    """Change nothing: a forked process has the settings of its server, which is its parent."""


def test_a_worker_that_is_terminated_in_a_training_ends(processes):
    """Its pool sees a process that is gone, whose task another one resumes, and no exit of the whole study."""
    with ProcessPoolExecutor(1, processes) as pool:
        assert pool.submit(abs, -1).result() == 1
        with pytest.raises(BrokenExecutor):
            pool.submit(_terminated).result()


def _terminated():
    with patch.object(jobs, "do_job", side_effect=SystemExit(143)):
        jobs.do_quietly(None)


class Dying(InThisProcess):
    """An executor of which some tasks never come back."""

    def __init__(self, name: str, deaths: int) -> None:
        self.name, self.deaths, self.seen = name, deaths, []

    def submit(self, fn, /, *args, **kwargs):
        """Loses the first tasks of the name."""
        if args[0].name.startswith(self.name):
            self.seen.append(args[0].name)
            if len(self.seen) <= self.deaths:
                future = Future()
                future.set_exception(RuntimeError("KilledWorker"))
                return future
        return super().submit(fn, *args, **kwargs)


def test_a_task_is_given_to_three_workers_and_then_it_failed(model, tmp_path):
    """A task that kills every worker fails, and the rest is done; one that kills two is done by the third."""
    study = small_study(model, scenarios=(LONG,), methods={"full": None}, ood_kept=(0.0,))
    executor = Dying("full-long", deaths=2)
    assert study.run(tmp_path / "two", executor=executor, progress=False).counts == {
        "done": 2,
        "failed": 0,
        "pending": 0,
    }
    assert len(executor.seen) == 3
    results = study.run(tmp_path / "three", executor=Dying("full-long", deaths=9), progress=False)
    [failed] = [record for record in results.records if record.status == "failed"]
    assert failed.error == "StudyError: its worker ended 3 times (RuntimeError: KilledWorker)"
    assert results.counts == {"done": 1, "failed": 1, "pending": 0}
    assert study.run(tmp_path / "three", threads=1, progress=False, retry=True).counts["failed"] == 0


def test_an_executor_that_is_shut_down_is_told(model, tmp_path):
    """The error says that finished runs are kept."""
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(StudyError, match=r"the executor takes no more work .* run the study again with a new one"):
        small_study(model).run(tmp_path / "shut", executor=executor, progress=False)


def test_threads_do_one_run_at_a_time(model, straight, tmp_path):
    """Trainings in threads of one process would share torch's generators; they are done one after the other."""
    with ThreadPoolExecutor(3) as executor:
        results = small_study(model).run(tmp_path / "threads", executor=executor, threads=1, progress=False)
    assert_same(results, load_results(straight))


def test_what_another_process_holds_is_waited_for(model, straight, tmp_path):
    """A run whose lock is held is left to its holder, and taken up when the lock is free."""
    from filelock import FileLock

    study, files = small_study(model), StudyStore(tmp_path / "held")
    lock = FileLock(files.lock(Plan.of(study.spec).keys[1].name))
    files.lock("x").parent.mkdir(parents=True)
    lock.acquire()
    told = []

    def free(record):
        told.append(record.key)
        if len(told) == len(Plan.of(study.spec).keys) - 1:
            lock.release()

    assert_same(study.run(files.root, threads=1, progress=free), load_results(straight))
    assert told[-1] == Plan.of(study.spec).keys[1]


def test_workers_that_do_not_start_are_told(monkeypatch):
    """A script that starts processes without a guard gets an error that says so, and no failed runs."""
    monkeypatch.setattr(executors_module, "_begin_worker", os._exit)
    with WorkerProcesses(1, 1) as pool, pytest.raises(StudyError, match='beneath if __name__ == "__main__"'):
        pool.submit(os.getpid).result()


def test_workers_end_with_their_parent():
    """A worker whose parent was killed does not stay behind."""
    script = (
        "import os, time; from codeshift.study.running.executors import WorkerProcesses\n"
        "if __name__ == '__main__':\n"
        "    pool = WorkerProcesses(1, 1); print(pool.submit(os.getpid).result(), flush=True)\n"
        "    pool.submit(time.sleep, 900)\n"
        "    time.sleep(900)\n"
    )
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment) as parent:  # noqa: S603
        worker = int(parent.stdout.readline())
        parent.kill()
    while Path(f"/proc/{worker}").exists() and _runs(worker):
        time.sleep(0.1)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it ended before it was opened, or before it was read
        return False
