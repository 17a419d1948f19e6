"""Scheduler of a study: submits tasks to an executor until all are done, and again if their worker dies."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass

from codeshift.checks import check_integer
from codeshift.errors import ParameterError
from codeshift.files import is_full
from codeshift.properties.progress import bars
from codeshift.study.auditing import AuditTask, do_audit
from codeshift.study.errors import StudyError
from codeshift.study.executors import InThisProcess, WorkerProcesses
from codeshift.study.keys import RunRecord
from codeshift.study.locks import HolderWatch
from codeshift.study.progress import StudyProgress
from codeshift.study.run_spec import RunSpec
from codeshift.study.store import Outcome

Task = RunSpec | AuditTask
_ATTEMPTS = 3  # how often a task is submitted if its workers die
_PAUSE = 0.5  # seconds between attempts at tasks that another process holds


def run_tasks(
    tasks: Sequence[Task], executor: Executor | None, workers: int, threads: int | None, progress: StudyProgress
) -> None:
    """Do tasks until all are done.

    Args:
        tasks: Tasks, in their order.
        executor: Executor that all tasks are submitted to at once; None for ``workers`` processes of this machine.
        workers: Number of processes; 1 works in this process.
        threads: Number of threads of numerical libraries in each of several processes.
        progress: Progress to report the start and end of tasks to.

    Raises:
        StudyError: if no worker can be started, or the executor takes no more work.
    """
    if executor is not None:
        _drive(tasks, executor, len(tasks), progress)
    elif workers == 1:
        _drive(tasks, InThisProcess(), 1, progress)
    elif tasks:
        _drive_processes(tasks, workers, threads or 1, progress)


def check_placing(workers: int, executor: Executor | None, threads: int | None) -> None:
    """Check the arguments on workers; raise a ParameterError if one is invalid."""
    for name, value in (("workers", workers), *([] if threads is None else [("threads", threads)])):
        check_integer(name, value, smallest=1, remedy="such as 2")
    if executor is not None and not isinstance(executor, Executor):
        remedy = "such as dask's Client.get_executor(), or leave it out"
        raise ParameterError("executor", "a concurrent.futures.Executor", executor, remedy)


def is_done(task: Task) -> bool:
    """Return whether all files that a task leaves exist."""
    if isinstance(task, AuditTask):
        return task.store.audit(task.scenario, task.split_seed).exists()
    return all(task.store.record(key).exists() for key in task.keys)


def do_task(task: Task) -> Outcome:
    """Do a task in this process; return "done", or "busy" if another process is doing it."""
    if isinstance(task, AuditTask):
        return do_audit(task)
    from codeshift.study.worker import do_run

    return do_run(task)


def do_quietly(task: Task) -> Outcome:
    """Do a task without progress bars: several workers would write theirs over each other.

    A worker that SIGTERM ends in a training ends with its checkpoint, and the task is submitted again.
    """
    try:
        with bars(False):
            return do_task(task)
    except SystemExit as end:  # a pool would hand it on to the process of the study
        os._exit(end.code if isinstance(end.code, int) else 1)


@dataclass
class _Attempt:
    """A task and how often its workers have died."""

    task: Task
    deaths: int = 0


def _drive(tasks: Sequence[Task], executor: Executor, at_once: int, progress: StudyProgress) -> None:
    """Submit tasks to the executor, at most ``at_once`` at a time, until all are done.

    Raises:
        StudyError: if the executor takes no more work.
    """
    left = [_Attempt(task) for task in reversed(tasks)]
    running: dict[Future[Outcome], _Attempt] = {}
    watch = HolderWatch()
    while left or running:
        while left and len(running) < at_once:
            next_one = left.pop()
            progress.begins(next_one.task)
            running[_submitted(executor, next_one.task)] = next_one
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        again = [one for future in finished if (one := _after(future, running.pop(future), progress)) is not None]
        left[:0] = reversed(again)  # at the end of the queue, after all others
        if again and not running and len(left) == len(again):
            for attempt in again:
                watch.look(attempt.task.store.lock(attempt.task.name))
            time.sleep(_PAUSE)


def _submitted(executor: Executor, task: Task) -> Future[Outcome]:
    if isinstance(task, AuditTask) and task.bound:
        executor = InThisProcess()
    try:
        return executor.submit(do_task if isinstance(executor, InThisProcess) else do_quietly, task)
    except RuntimeError as error:
        told = f"the executor takes no more work ({type(error).__name__}: {error})"
        raise StudyError(f"{told}: what is done stays done; run the study again with a new one") from error


def _after(future: Future[Outcome], attempt: _Attempt, progress: StudyProgress) -> _Attempt | None:
    """Handle a finished future; return the attempt if the task must be submitted again, or else None."""
    try:
        if future.result() == "busy":
            return attempt
    except StudyError:
        raise
    except Exception as error:  # the worker has died; an error of the run itself is recorded by its worker
        if is_full(error):
            raise StudyError(f"{error}: free some space and run the study again; what is done stays done") from error
        if not attempt.task.store.study.exists():
            raise StudyError(f"the study's folder {attempt.task.store.root} has vanished ({error})") from error
        attempt.deaths += 1
        if attempt.deaths < _ATTEMPTS and not is_done(attempt.task):
            return attempt
        _record_death(attempt.task, error)
    progress.ended(attempt.task)
    return None


def _record_death(task: Task, error: Exception) -> None:
    """Record the death of a worker for the audits and runs that have no record."""
    told = f"its worker ended {_ATTEMPTS} times ({type(error).__name__}: {error})"
    if isinstance(task, AuditTask):
        if task.store.read_audit(task.scenario, task.split_seed) is None:
            task.store.write_audit(task.scenario, task.split_seed, {"error": told})
        return
    for key in task.keys:
        if task.store.read_record(key) is None:
            task.store.write_record(RunRecord(key=key, status="failed", error=f"StudyError: {told}"))


def _drive_processes(tasks: Sequence[Task], workers: int, threads: int, progress: StudyProgress) -> None:
    pool = WorkerProcesses(min(workers, len(tasks)), threads)
    try:
        _drive(tasks, pool, workers, progress)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
