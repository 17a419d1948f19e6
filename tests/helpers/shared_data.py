"""Real benchmark rows for tests. They are not part of the project: a test that asks is skipped where they lack."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from datasets import Dataset

from codeshift.data import load_rows

_BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[3] / "shared" / "data"


def shared_data(*parts: str) -> Path:
    """The path of a file of the benchmark data; skips the calling test where the data is not on this machine."""
    root = Path(os.environ.get("CODESHIFT_SHARED_DATA", _BESIDE_THE_CHECKOUT))
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"benchmark data not on this machine: {'/'.join(parts)} (set CODESHIFT_SHARED_DATA to its folder)")
    return path


@cache
def shared_rows(path: str) -> Dataset:
    """The rows of a file of the benchmark data, such as ``"mbpp/problems.jsonl"``; skips likewise."""
    return load_rows(shared_data(*path.split("/")))
