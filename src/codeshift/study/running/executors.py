"""Executors of runs: this process, or processes of this machine that can die without harm to the others.

Both are ``concurrent.futures.Executor``s, as those of clusters are, so a study treats all alike.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, ParamSpec, TypeVar

from codeshift.study.errors import StudyError

P = ParamSpec("P")
T = TypeVar("T")

_THREAD_SETTINGS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_LOOK_AFTER = 2.0  # seconds


class InThisProcess(Executor):
    """Executor that does each job in this process when it is submitted.

    >>> InThisProcess().submit(sum, [1, 2]).result()
    3
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call ``fn`` and return a finished future."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the future raises it
            future.set_exception(error)
        return future


class WorkerProcesses(Executor):
    """Executor with independent worker processes: if one dies, only its job fails, and the process is replaced.

    Processes are spawned, so they inherit neither locks nor threads; they end when this process does.

    Args:
        count: Number of processes.
        threads: Number of threads of numerical libraries in each process.
    """

    def __init__(self, count: int, threads: int) -> None:
        self._threads = threads
        self._devices = _devices()
        self._slots = ThreadPoolExecutor(count, thread_name_prefix="codeshift-worker")
        self._own = threading.local()
        self._pools: list[ProcessPoolExecutor] = []
        self._numbers = iter(range(count))
        self._lock = threading.Lock()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Submit ``fn`` to one of the processes and return its future.

        The future raises ``BrokenExecutor`` if the process died, and ``StudyError`` if none could be started.
        """
        return self._slots.submit(self._work, fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes."""
        self._slots.shutdown(wait=wait, cancel_futures=cancel_futures)
        for pool in self._pools:
            pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _work(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        pool = self._pool()
        try:
            return pool.submit(fn, *args, **kwargs).result()
        except BrokenExecutor:
            self._own.pool = None
            pool.shutdown(wait=False)
            raise

    def _pool(self) -> ProcessPoolExecutor:
        """Return the process of this slot, and start it if needed."""
        if getattr(self._own, "pool", None) is None:
            with self._lock:
                self._own.number = getattr(self._own, "number", None)
                if self._own.number is None:
                    self._own.number = next(self._numbers)
            device = self._devices[self._own.number % len(self._devices)] if self._devices else None
            pool = ProcessPoolExecutor(
                1, get_context("spawn"), initializer=_begin_worker, initargs=(self._threads, device, os.getpid())
            )
            try:
                pool.submit(os.getpid).result()
            except BrokenExecutor as error:
                pool.shutdown(wait=False)
                remedy = 'a script must start them beneath if __name__ == "__main__":, or pass workers=1'
                raise StudyError(f"worker processes do not start: {remedy}") from error
            with self._lock:
                self._pools.append(pool)
            self._own.pool = pool
        own: ProcessPoolExecutor = self._own.pool
        return own


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_each(workers: int) -> int:
    """Return an equal share of the cores for each worker, at most ``OMP_NUM_THREADS`` if that is set.

    >>> threads_each(10**6)
    1
    """
    limit = os.environ.get("OMP_NUM_THREADS", "")
    share = max(1, cores() // workers)
    return min(share, int(limit)) if limit.isdigit() and int(limit) else share


def _begin_worker(threads: int, device: str | None, parent: int) -> None:
    """Set up a worker before it imports the libraries that read these settings."""
    for name in _THREAD_SETTINGS:
        os.environ.setdefault(name, str(threads))
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone, so that a killed study leaves no process at work."""
    while os.getppid() == parent:
        time.sleep(_LOOK_AFTER)
    os._exit(1)


def _devices() -> list[str]:
    """Return the GPUs that workers are spread over; an empty list if there are fewer than two."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        devices = [device for device in named.split(",") if device.strip()]
    else:
        import torch

        devices = [str(number) for number in range(torch.cuda.device_count())]
    return devices if len(devices) > 1 else []
