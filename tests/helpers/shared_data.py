"""Real benchmark rows for tests. They are not part of the project: tests that use them are skipped without them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from datasets import Dataset

from codeshift.data import load_rows

_BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[3] / "shared" / "data"


def shared_data(*parts: str) -> Path:
    """Return the path of a file of the benchmark data; skip the calling test if it does not exist."""
    root = Path(os.environ.get("CODESHIFT_SHARED_DATA", _BESIDE_THE_CHECKOUT))
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"benchmark data not on this machine: {'/'.join(parts)} (set CODESHIFT_SHARED_DATA to its folder)")
    return path


@cache
def shared_rows(path: str) -> Dataset:
    """Return the rows of a file such as ``"mbpp/problems.jsonl"``; skip the calling test if it does not exist."""
    return load_rows(shared_data(*path.split("/")))
