"""Locks of a study's folder, whose holder is named to those who wait for it."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from codeshift.errors import warn
from codeshift.files import json_value
from codeshift.study.errors import LockWarning
from codeshift.temporary_files import is_alive

_LOOK_EVERY = 1.0  # seconds between two looks at the holder of a lock that is waited for
_PATIENCE = 60.0  # seconds of waiting after which a holder that seems to work is named


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock inside the context.

    Raises:
        Timeout: if another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path, timeout=0):
        record = _record_path(path)
        record.write_text(
            json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}), encoding="utf-8"
        )
        try:
            yield
        finally:
            record.unlink(missing_ok=True)


@contextmanager
def awaited(path: Path) -> Iterator[None]:
    """Wait for a lock, and hold it inside the context; a holder that keeps others waiting is named in a warning."""
    watch = HolderWatch()
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(locked(path))
                break
            except Timeout:
                watch.look(path)
                time.sleep(_LOOK_EVERY)
        yield


class HolderWatch:
    """Watch over the holders of locks that one process waits for, which names each of them once.

    A holder that is stopped, such as by Ctrl-Z or SIGSTOP, is named at once, others after a minute.
    """

    def __init__(self) -> None:
        self._since: dict[Path, float] = {}
        self._named: set[tuple[Path, str]] = set()

    def look(self, path: Path) -> None:
        """Look at the holder of a lock that could not be had, and warn about it if it is time.

        Warns:
            LockWarning: who holds the lock, since when, and what to do.
        """
        waited = time.monotonic() - self._since.setdefault(path, time.monotonic())
        holder = _holder(path)
        if holder is None or (waited < _PATIENCE and not holder.is_stopped):
            return
        description = holder.describe(path)
        if (path, description) not in self._named:
            self._named.add((path, description))
            warn(LockWarning(description))


class _Holder:
    """Process that holds a lock, as it has recorded itself."""

    def __init__(self, pid: int, host: str, since: float) -> None:
        self.pid, self.host, self.since = pid, host, since
        self.is_here = host == socket.gethostname()

    @property
    def is_stopped(self) -> bool:
        """Whether the process is known to be stopped: it is one of this machine, and the system says so."""
        return self.is_here and _state(self.pid) in ("T", "t")

    def describe(self, path: Path) -> str:
        """Say who holds the lock, since when, and what to do."""
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        who = f"{path}: process {self.pid} on {self.host} has held this lock since {since}"
        if self.is_stopped:
            remedy = f"continue it (kill -CONT {self.pid}) or end it (kill -9 {self.pid})"
            return f"{who} and is stopped, so this call waits for it: {remedy}; what is done stays done"
        remedy = f"if it no longer works, end it{'' if self.is_here else f' on {self.host}'} (kill -9 {self.pid})"
        return f"{who}, and this call waits for it: {remedy}; what is done stays done"


def _record_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.holder.json")


def _holder(path: Path) -> _Holder | None:
    """Read who holds a lock; None if nobody does, or it is not known."""
    try:
        record = json_value(_record_path(path).read_text(encoding="utf-8"))
        holder = _Holder(int(record["pid"]), str(record["host"]), float(record["since"]))
    except (OSError, ValueError, TypeError, KeyError):  # it has just been released, or is being written
        return None
    # a killed process leaves its record, and the lock is another's by now
    return None if holder.is_here and not is_alive(holder.pid) else holder


def _state(pid: int) -> str:
    """Return the state of a process as a letter, ``"T"`` for stopped; empty where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return fields[0] if fields else ""
