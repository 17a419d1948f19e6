"""Processes that are forked from one that has imported what they need: a start takes milliseconds, not seconds."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_IMPORTED = [
    "codeshift.finetune", "codeshift.finetune.testing", "codeshift.study.study", "codeshift.study.running.worker",
    "helpers.study_case", "helpers.forked",
]  # fmt: skip

os.fsync = lambda _: None  # as tests/conftest.py says


def forked_processes() -> ForkServerContext:
    """Return the context of processes that are forked from a server, which runs no thread; there is one a test run."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    forkserver.ensure_running()
    return context


def start_forked(
    log: Path, function: Callable[..., Any], *arguments: Any, environment: Mapping[str, str] | None = None
) -> BaseProcess:
    """Start a process that calls a function, and writes what it prints to the file ``log``.

    Args:
        log: File that gets stdout and stderr.
        function: Function of a module; its SystemExit is the exit code.
        arguments: Arguments of the function.
        environment: Variables that are set before the call.
    """
    target = (str(log), dict(environment or {}), function, arguments)
    process = forked_processes().Process(target=_call, args=target)
    process.start()
    return process


def _call(log: str, environment: dict[str, str], function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    os.environ.update(environment)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    function(*arguments)
