"""A lock keeps others out, ends with its process, and names a holder that keeps others waiting."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import warnings
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from filelock import Timeout

from codeshift.study import LockWarning
from codeshift.study.folder import locks
from codeshift.study.folder.locks import HolderWatch, awaited, locked
from helpers.forked import forked_processes


def hold(path: Path, ready: Path) -> None:
    """Hold a lock until somebody ends this process."""
    with locked(path):
        ready.touch()
        while True:
            signal.pause()


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[Path, BaseProcess]]:
    """A lock and the process that holds it."""
    path, ready = tmp_path / "locks" / "run.lock", tmp_path / "ready"
    holder = forked_processes().Process(target=hold, args=(path, ready))
    holder.start()
    while not ready.exists():
        assert holder.is_alive()
        time.sleep(0.01)
    yield path, holder
    holder.kill()
    holder.join()


def stop(process: BaseProcess) -> None:
    """Stop a process as Ctrl-Z does, and wait until it stands still."""
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    while locks._state(process.pid) != "T":
        time.sleep(0.01)


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    """The other is refused, and nothing but the lock's own file is left behind."""
    path = tmp_path / "locks" / "run.lock"
    with locked(path):
        with pytest.raises(Timeout), locked(path):
            pass
        record = json.loads((path.parent / "run.lock.holder.json").read_text(encoding="utf-8"))
        assert (record["pid"], record["host"]) == (os.getpid(), socket.gethostname())
    assert not (path.parent / "run.lock.holder.json").exists()
    with locked(path):
        pass


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not say whether a process is stopped")
def test_a_holder_that_is_stopped_is_named(held: tuple[Path, BaseProcess], monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, at once, with its process, since when and what to do; when it is gone, the one who waited goes on."""
    path, holder = held
    stop(holder)
    looks = []

    def pause(_: float) -> None:
        looks.append(1)
        if len(looks) == 3:
            holder.kill()
            holder.join()

    monkeypatch.setattr(locks.time, "sleep", pause)
    told = rf"run\.lock: process {holder.pid} on .* since 20\d\d-.* is stopped, .*kill -CONT {holder.pid}"
    with pytest.warns(LockWarning, match=told) as caught, awaited(path):
        assert len(looks) >= 3
    assert len(caught) == 1


def test_a_holder_that_works_is_named_after_a_minute(
    held: tuple[Path, BaseProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes that share a folder keep each other waiting now and then."""
    path, holder = held
    watch = HolderWatch()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watch.look(path)
    later = time.monotonic() + 61
    monkeypatch.setattr(locks.time, "monotonic", lambda: later)
    with pytest.warns(LockWarning, match=f"process {holder.pid} .* if it no longer works, end it"):
        watch.look(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watch.look(path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1}'])
def test_a_record_that_says_nothing_names_nobody(tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be read while it is written, or have been written by a process that was killed."""
    path = tmp_path / "run.lock"
    watch = HolderWatch()
    watch.look(path)
    path.with_name("run.lock.holder.json").write_text(content, encoding="utf-8")
    later = time.monotonic() + 61
    monkeypatch.setattr(locks.time, "monotonic", lambda: later)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watch.look(path)


def test_what_a_killed_holder_left_names_nobody(
    held: tuple[Path, BaseProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock ended with the process, whoever holds it by now."""
    path, holder = held
    watch = HolderWatch()
    watch.look(path)
    holder.kill()
    holder.join()
    assert path.with_name("run.lock.holder.json").exists()
    later = time.monotonic() + 61
    monkeypatch.setattr(locks.time, "monotonic", lambda: later)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watch.look(path)


def test_a_holder_on_another_machine_is_named_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is stopped cannot be seen from here, so it is named after a minute."""
    path = tmp_path / "run.lock"
    record = json.dumps({"pid": 7, "host": "node3", "since": 1.0})
    path.with_name("run.lock.holder.json").write_text(record, encoding="utf-8")
    watch = HolderWatch()
    watch.look(path)
    later = time.monotonic() + 61
    monkeypatch.setattr(locks.time, "monotonic", lambda: later)
    with pytest.warns(LockWarning, match=r"process 7 on node3 .* end it on node3 \(kill -9 7\)"):
        watch.look(path)
