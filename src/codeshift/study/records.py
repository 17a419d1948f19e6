"""Records of runs on disk: a run that has one is done or failed, one that has none is pending."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from codeshift.files import write_text
from codeshift.study.folder import StudyFolder
from codeshift.study.keys import RunKey, RunRecord


def read_record(files: StudyFolder, key: RunKey) -> RunRecord | None:
    """The record of a run; None where there is none yet."""
    return _read(files.record(key))


def earlier_record(files: StudyFolder, key: RunKey) -> RunRecord | None:
    """The record of a run before it was set to be evaluated again; None where it was not."""
    return _read(files.earlier(key))


def evaluate_again(files: StudyFolder, key: RunKey) -> None:
    """Make a run that is done pending: what was trained stays, and its record for what it says of the training."""
    record = read_record(files, key)
    if record is not None and record.status == "done":
        files.record(key).replace(files.earlier(key))


def _read(path: Path) -> RunRecord | None:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return RunRecord.from_dict(json.loads(text))


def write_record(files: StudyFolder, record: RunRecord) -> None:
    """Write a record, after what else the run has left is safely on disk."""
    folder = files.run(record.key)
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.parquet"):
        to_disk(path)
    write_text(files.record(record.key), json.dumps(_finite(record.to_dict()), indent=1, allow_nan=False))
    to_disk(files.record(record.key))
    files.earlier(record.key).unlink(missing_ok=True)
    to_disk(folder)


def _finite(value: Any) -> Any:
    """JSON values, with None for what is no number."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_disk(path: Path) -> None:
    """Have the system write a file or folder to its disk now."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
