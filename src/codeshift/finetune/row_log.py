"""Logs of the scores and outputs of an evaluation, from which an interrupted one resumes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
from accelerate import PartialState
from numpy.typing import NDArray

from codeshift.files import content_digest, json_value
from codeshift.finetune.checkpoint import differing_values
from codeshift.finetune.errors import CheckpointError
from codeshift.finetune.progress import row_progress

Result = TypeVar("Result")
OnBatch: TypeAlias = Callable[[NDArray[np.int64], list[Result]], None]
"""Function that is called with the numbers and the results of the rows of each batch."""

_CHECK = "check"  # the first 16 digits of the digest of the rest of the line


class RowLog:
    """A JSONL file with a first line that identifies the evaluation, then one line per row, in the order of evaluation.

    All processes read it; only the main process writes. The row of a line whose digest differs is evaluated again.

    Args:
        path: Path of the file; lines of the same evaluation are kept, except for an unfinished last line.
        identity: Values that tell this evaluation from others, as JSON values.

    Raises:
        CheckpointError: the file belongs to another evaluation or is no log; the message names it.
    """

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path, self.identity = path, identity
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []  # the text after the last newline is torn
        self._whole = sum(len(line) + 1 for line in lines)
        self.done: dict[int, dict[str, Any]] = self._read(lines) if lines else {}

    def _read(self, lines: list[bytes]) -> dict[int, dict[str, Any]]:
        try:
            identity = json_value(lines[0])["evaluation"]
            rows = [row for line in lines[1:] if (row := _row_of(line)) is not None]
            done = {row.pop("row"): row for row in rows}
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{self.path} is no log of an evaluation ({error}): delete it to start over"
            ) from error
        differing = differing_values(json.loads(json.dumps(self.identity)), identity)
        if differing:
            what = ", ".join(differing)
            raise CheckpointError(f"{self.path} is of another evaluation ({what} differ): give another output_dir")
        return done

    def start(self) -> None:
        """Create the file, or cut off its unfinished last line."""
        if not PartialState().is_main_process:
            return
        if self._whole:
            with self.path.open("r+b") as file:
                file.truncate(self._whole)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps({"evaluation": self.identity}) + "\n", encoding="utf-8")

    def append(self, rows: Iterable[int], records: Iterable[dict[str, Any]]) -> None:
        """Write the records of ``rows`` to the file."""
        if not PartialState().is_main_process:
            return
        lines = [_line_of({"row": int(row)} | record) for row, record in zip(rows, records, strict=True)]
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(lines)


def _line_of(content: dict[str, Any]) -> str:
    return json.dumps(content | {_CHECK: content_digest(content)[:16]}) + "\n"


def _row_of(line: bytes) -> dict[str, Any] | None:
    """Return the content of a line, or None if it was damaged."""
    try:
        content = json_value(line)
        intact = isinstance(content, dict) and content.pop(_CHECK) == content_digest(content)[:16]
    except (ValueError, KeyError, RecursionError):  # content_digest recurses into nested values
        return None
    return content if intact else None


def open_logs(folder: Path, metadata: dict[str, Any], kinds: Iterable[str]) -> dict[str, RowLog]:
    """Open a log of each kind for each part; return them by part and kind, such as ``"test_id.scores"``.

    They are started once all processes have read them, so that none reads what another has begun to write.

    Args:
        folder: Folder of the logs.
        metadata: What tells the evaluation from others; its ``data`` holds the digest of each part.
        kinds: Names of what is logged.
    """
    kinds = tuple(kinds)
    logs = {
        f"{part}.{kind}": RowLog(folder / f"{part}.{kind}.jsonl", metadata | {"data": digest})
        for part, digest in metadata["data"].items()
        for kind in kinds
    }
    PartialState().wait_for_everyone()
    for log in logs.values():
        log.start()
    return logs


@contextmanager
def resumed(
    log: RowLog | None,
    what: str,
    rows: int,
    *,
    to_record: Callable[[Result], dict[str, Any]],
    from_record: Callable[[dict[str, Any]], Result],
    shown: bool,
) -> Iterator[tuple[dict[int, Result], OnBatch[Result]]]:
    """Yield the results in a log by row, and a function that adds those of a batch to it and to a bar of progress.

    Args:
        log: Log; None keeps nothing.
        what: Name of the work, for the bar.
        rows: Number of rows in all.
        to_record: Function that makes JSON values of a result.
        from_record: Its inverse.
        shown: Whether to show the bar.
    """
    done = {} if log is None else {row: from_record(record) for row, record in log.done.items()}
    with row_progress(what, rows, len(done), shown=shown) as bar:

        def on_batch(numbers: NDArray[np.int64], results: list[Result]) -> None:
            if log is not None:
                log.append(numbers, map(to_record, results))
            bar.update(len(numbers))

        yield done, on_batch
