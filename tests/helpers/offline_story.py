"""All that is embedded, in a process that may open no connection: prints what was done, and what asked for a network.

Nothing says beforehand that there is no network: a library that tries to reach one must show.
"""

from __future__ import annotations

import json
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

ASKED: list[str] = []
_REACHING = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what reaches beyond this machine; sockets of the file system, by which processes talk, do not."""
    if event not in _REACHING:
        return
    if arguments and isinstance(arguments[0], socket.socket) and arguments[0].family == socket.AF_UNIX:
        return
    ASKED.append(f"{event}{arguments!r}")
    raise OSError(f"there is no network here: {event}")


def story(folder: Path) -> list[str]:
    """Split, audit, train and evaluate by the command line, and the demo, which is a study with its report."""
    from codeshift.cli import main
    from codeshift.data import embedded_model_path, stdlib_functions
    from codeshift.demo import DEMO_TRAINING

    DEMO_TRAINING.update(max_steps=2, max_source_length=32)
    rows = stdlib_functions()
    rows.select(range(0, len(rows), len(rows) // 120)).to_json(folder / "rows.jsonl")
    task = ["--source", "docstring", "--target", "name", "--model", str(embedded_model_path())]
    parts, model = str(folder / "parts"), str(folder / "model")
    splitter = 'LengthSplitter(column="code", quantiles=(0.8, 1.0))'
    commands = [
        ["split", str(folder / "rows.jsonl"), "--splitter", splitter, "--out", parts],
        ["audit", parts, "--column", "code", "--language", "python", "--permutations", "39"],
        ["train", parts, *task, "--max-steps", "2", "--max-source-length", "32", "--out", model],
        ["evaluate", parts, *task[:4], "--model", model, "--generate-rows", "2"],
        ["demo", "--rows", "100", "--workers", "1", "--out", str(folder / "demo")],
    ]
    return [command[0] for command in commands if main(command) in (0, 1)]


if __name__ == "__main__":
    sys.addaudithook(refuse)
    try:
        socket.create_connection(("127.0.0.1", 9))
    except OSError:
        refused = len(ASKED)
    ASKED.clear()
    with tempfile.TemporaryDirectory() as place:
        done = story(Path(place))
    print(json.dumps({"refused": refused, "done": done, "asked": ASKED}))  # noqa: T201
