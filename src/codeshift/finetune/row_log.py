"""What an evaluation makes, on disk as it comes, so that one that was stopped goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from accelerate import PartialState

from codeshift.files import content_digest
from codeshift.finetune.checkpoint import differences
from codeshift.finetune.errors import CheckpointError

_CHECK = "check"  # the first 16 digits of the digest of what else a line holds


class RowLog:
    """A JSONL file: a first line that says what is evaluated, then one line a row, in the order they are made.

    All processes read it; the main one alone writes. A line whose digest differs counts as not written: its row is
    evaluated again.

    Args:
        path: of the file; what is there from the same evaluation is kept, but for a last line that was not finished.
        identity: what tells this evaluation from others, as JSON values.

    Raises:
        CheckpointError: the file is of another evaluation, or is no such file; the message names it.
    """

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path, self.identity = path, identity
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []  # what follows the last newline is torn
        self._whole = sum(len(line) + 1 for line in lines)
        self.done: dict[int, dict[str, Any]] = self._read(lines) if lines else {}

    def _read(self, lines: list[bytes]) -> dict[int, dict[str, Any]]:
        try:
            identity = json.loads(lines[0])["evaluation"]
            rows = [row for line in lines[1:] if (row := _row(line)) is not None]
            done = {row.pop("row"): row for row in rows}
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{self.path} is no log of an evaluation ({error}): delete it to start over"
            ) from error
        differing = differences(json.loads(json.dumps(self.identity)), identity)
        if differing:
            what = ", ".join(differing)
            raise CheckpointError(f"{self.path} is of another evaluation ({what} differ): give another output_dir")
        return done

    def start(self) -> None:
        """Make the file, or cut off the line that was not finished."""
        if not PartialState().is_main_process:
            return
        if self._whole:
            with self.path.open("r+b") as file:
                file.truncate(self._whole)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps({"evaluation": self.identity}) + "\n", encoding="utf-8")

    def append(self, rows: Iterable[int], records: Iterable[dict[str, Any]]) -> None:
        """Write what was made of ``rows``, and hand it to the system."""
        if not PartialState().is_main_process:
            return
        lines = [_line({"row": int(row)} | record) for row, record in zip(rows, records, strict=True)]
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(lines)


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content | {_CHECK: content_digest(content)[:16]}) + "\n"


def _row(line: bytes) -> dict[str, Any] | None:
    """What a line holds; None where it is not what was written."""
    try:
        content = json.loads(line)
        whole = isinstance(content, dict) and content.pop(_CHECK) == content_digest(content)[:16]
    except (ValueError, KeyError, RecursionError):
        return None
    return content if whole else None


def start_logs(logs: Iterable[RowLog]) -> None:
    """Start logs that all processes have read: no process may read what another has begun to write."""
    PartialState().wait_for_everyone()
    for log in logs:
        log.start()
