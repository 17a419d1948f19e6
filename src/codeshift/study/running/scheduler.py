"""Scheduler of a study: submits jobs to an executor until all are done, and again if their worker dies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass

from codeshift.checks import check_integer
from codeshift.errors import ParameterError
from codeshift.files import is_full
from codeshift.study.errors import StudyError
from codeshift.study.folder.locks import HolderWatch
from codeshift.study.folder.store import Outcome
from codeshift.study.running.executors import InThisProcess, WorkerProcesses
from codeshift.study.running.jobs import Job, do_job, do_quietly
from codeshift.study.running.progress import StudyProgress

_ATTEMPTS = 3  # how often a job is submitted if its workers die
_PAUSE = 0.5  # seconds between attempts at jobs that another process holds


def schedule(
    jobs: Sequence[Job], executor: Executor | None, workers: int, threads: int | None, progress: StudyProgress
) -> None:
    """Do jobs until all are done.

    Args:
        jobs: Jobs, in their order.
        executor: Executor that all jobs are submitted to at once; None for ``workers`` processes of this machine.
        workers: Number of processes; 1 works in this process.
        threads: Number of threads of numerical libraries in each of several processes.
        progress: Progress to report the start and end of jobs to.

    Raises:
        StudyError: if no worker can be started, or the executor takes no more work.
    """
    if executor is not None:
        _drive(jobs, executor, len(jobs), progress)
    elif workers == 1:
        _drive(jobs, InThisProcess(), 1, progress)
    elif jobs:
        _drive_processes(jobs, workers, threads or 1, progress)


def refuse_unusable_workers(workers: int, executor: Executor | None, threads: int | None) -> None:
    """Check the arguments on workers.

    Raises:
        ParameterError: if one is invalid.
    """
    for name, value in (("workers", workers), *([] if threads is None else [("threads", threads)])):
        check_integer(name, value, smallest=1, remedy="such as 2")
    if executor is not None and not isinstance(executor, Executor):
        remedy = "such as dask's Client.get_executor(), or leave it out"
        raise ParameterError("executor", "a concurrent.futures.Executor", executor, remedy)


@dataclass
class _Attempt:
    """A job and how often its workers have died."""

    job: Job
    deaths: int = 0


def _drive(jobs: Sequence[Job], executor: Executor, at_once: int, progress: StudyProgress) -> None:
    """Submit jobs to the executor, at most ``at_once`` at a time, until all are done.

    Raises:
        StudyError: if the executor takes no more work.
    """
    waiting = [_Attempt(job) for job in reversed(jobs)]
    running: dict[Future[Outcome], _Attempt] = {}
    watch = HolderWatch()
    while waiting or running:
        while waiting and len(running) < at_once:
            beginning = waiting.pop()
            progress.begins(beginning.job)
            running[_submitted(executor, beginning.job)] = beginning
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        again = [
            attempt for future in finished if (attempt := _after(future, running.pop(future), progress)) is not None
        ]
        waiting[:0] = reversed(again)  # at the end of the queue, after all others
        if again and not running and len(waiting) == len(again):
            for attempt in again:
                watch.look(attempt.job.store.lock(attempt.job.name))
            time.sleep(_PAUSE)


def _submitted(executor: Executor, job: Job) -> Future[Outcome]:
    if job.bound:
        executor = InThisProcess()
    try:
        return executor.submit(do_job if isinstance(executor, InThisProcess) else do_quietly, job)
    except RuntimeError as error:
        problem = f"the executor takes no more work ({type(error).__name__}: {error})"
        raise StudyError(f"{problem}: what is done stays done; run the study again with a new one") from error


def _after(future: Future[Outcome], attempt: _Attempt, progress: StudyProgress) -> _Attempt | None:
    """Handle a finished future; return the attempt if the job must be submitted again, or else None."""
    try:
        if future.result() == "busy":
            return attempt
    except StudyError:
        raise
    except Exception as error:  # the worker has died; an error of the run itself is recorded by its worker
        if is_full(error):
            raise StudyError(f"{error}: free some space and run the study again; what is done stays done") from error
        if not attempt.job.store.study.exists():
            raise StudyError(f"the study's folder {attempt.job.store.root} has vanished ({error})") from error
        attempt.deaths += 1
        if attempt.deaths < _ATTEMPTS and not attempt.job.is_done:
            return attempt
        attempt.job.record_error(f"its worker ended {_ATTEMPTS} times ({type(error).__name__}: {error})")
    progress.ended(attempt.job)
    return None


def _drive_processes(jobs: Sequence[Job], workers: int, threads: int, progress: StudyProgress) -> None:
    pool = WorkerProcesses(min(workers, len(jobs)), threads)
    try:
        _drive(jobs, pool, workers, progress)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
