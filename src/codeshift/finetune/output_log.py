"""Generated text on disk as it comes, so that an evaluation that was stopped goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from codeshift.finetune.checkpoint import differences
from codeshift.finetune.errors import CheckpointError
from codeshift.finetune.generation import Output


class OutputLog:
    """A JSONL file: a first line that says what is evaluated, then one line an output, in the order they are made.

    Args:
        path: of the file; what is there from the same evaluation is kept, but for a last line that was not finished.
        identity: what tells this evaluation from others, as JSON values.

    Raises:
        CheckpointError: the file is of another evaluation, or is no such file; the message names it.
    """

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path = path
        self.done: dict[int, Output] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []  # what follows the last newline is torn
        if lines:
            self._read(lines, json.loads(json.dumps(identity)))
            with path.open("r+b") as file:
                file.truncate(sum(len(line) + 1 for line in lines))
        else:
            path.write_text(json.dumps({"evaluation": identity}) + "\n", encoding="utf-8")

    def _read(self, lines: list[bytes], identity: dict[str, Any]) -> None:
        try:
            found = json.loads(lines[0])["evaluation"]
            outputs = [json.loads(line) for line in lines[1:]]
            self.done = {row.pop("row"): Output(**row) for row in outputs}
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{self.path} is not a log of outputs ({error}): delete it to start over") from error
        differing = differences(identity, found)
        if differing:
            what = ", ".join(differing)
            raise CheckpointError(f"{self.path} is of another evaluation ({what} differ): give another output_dir")

    def append(self, rows: Iterable[int], outputs: Iterable[Output]) -> None:
        """Write outputs, and hand them to the system."""
        lines = [json.dumps({"row": int(r)} | asdict(o)) + "\n" for r, o in zip(rows, outputs, strict=True)]
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(lines)
