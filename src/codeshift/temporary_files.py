"""Names of files and folders that are being written, which hold their writer, so that leftovers can be removed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import time
import uuid
from pathlib import Path

_NAME = re.compile(r"\.(?:.+)\.(?P<pid>[0-9]+)-(?P<host>[0-9a-f]{8})-[0-9a-f]{16}")
_LONG = 3600.0  # seconds without a change, after which what another machine was writing counts as left behind
NO_PROCESS = 2**22 + 1  # more than the greatest number of a process that Linux gives


def temporary_name(name: str, *, pid: int | None = None) -> str:
    """Return a name, hidden and new, for a file or folder that gets its own name once it is written.

    Args:
        name: Name that it gets, or that says what it is.
        pid: Number of the process that writes it; None is this one.

    >>> temporary_name("run.json", pid=17).startswith(".run.json.17-")
    True
    """
    return f".{name}.{os.getpid() if pid is None else pid}-{_host()}-{uuid.uuid4().hex[:16]}"


def remove_unfinished(folder: Path) -> None:
    """Remove the unfinished files and folders that killed processes have left in a folder.

    What other processes are writing stays. Whether a process of another machine is alive cannot be seen here: what it
    left is removed when nothing in it has changed for an hour.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for pid in (NO_PROCESS, os.getpid()):
    ...         _ = (Path(folder) / temporary_name("test.parquet", pid=pid)).write_bytes(b"torn")
    ...     remove_unfinished(Path(folder))
    ...     [path.name.split(".")[3].partition("-")[0] == str(os.getpid()) for path in Path(folder).iterdir()]
    [True]
    """
    for path in folder.glob(".*"):
        writer = _NAME.fullmatch(path.name)
        if writer is not None and not _is_being_written(path, int(writer["pid"]), writer["host"]):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    """Return whether a process of this machine runs.

    >>> is_alive(os.getpid()), is_alive(NO_PROCESS)
    (True, False)
    """
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _is_being_written(path: Path, pid: int, host: str) -> bool:
    if host == _host():
        return is_alive(pid)
    try:
        changed = max(each.stat().st_mtime for each in (path, *path.rglob("*")))
        return time.time() - changed < _LONG
    except FileNotFoundError:
        return True  # it has just been finished


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
