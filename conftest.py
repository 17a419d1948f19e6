"""Doctests of the library run in the modules that everything else imports."""

from __future__ import annotations

import importlib
from pathlib import Path

SOURCES = Path(__file__).parent / "src"


def pytest_collect_file(file_path: Path) -> None:
    """Import a module of the library before its doctests are collected.

    pytest would import its package, which imports the module, and then the module once more: classes and functions
    would be there twice, and a test that replaces a name in one of the two would not reach the other.
    """
    if file_path.suffix == ".py" and file_path.name != "__main__.py" and SOURCES in file_path.parents:
        parts = file_path.relative_to(SOURCES).with_suffix("").parts
        importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
