"""Rows that the tests of the command line share, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from helpers.audit_splits import functions, loops


def rows(count: int = 160) -> list[dict[str, Any]]:
    """Return Python functions, a quarter of them with a loop, with a text and a project."""
    code = functions(count * 3 // 4, seed=4) + loops(count // 4, seed=5)
    return [{"func": text, "doc": f"Number {i}.", "project": f"p{i // 4}"} for i, text in enumerate(code)]


def write(path: Path, some: list[dict[str, Any]]) -> str:
    """Write a JSON Lines file and return its path."""
    path.write_text("".join(json.dumps(row) + "\n" for row in some))
    return str(path)
