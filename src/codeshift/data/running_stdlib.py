"""The functions of the running Python's standard library, read from its source files."""

from __future__ import annotations

import os
import platform
import sysconfig
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetInfo, Features, Value
from tqdm import tqdm

from codeshift.data.functions import PythonFunction, python_functions
from codeshift.errors import CodeshiftWarning, DataError, warn
from codeshift.formatting import listed

STDLIB_COLUMNS = ("id", "project", "path", "name", "signature", "docstring", "code")
# Tests, applications and files that exist because they are odd. Installed packages and build files (site-packages,
# lib-dynload, config-3.11-...) have names that no module can have, and are left out for that reason.
_LEFT_OUT = frozenset({"test", "tests", "idle_test", "idlelib", "lib2to3", "turtledemo", "__pycache__", "__phello__"})


def running_stdlib_functions(*, documented_only: bool, progress: bool) -> Dataset:
    """Read the functions and methods of the running Python's standard library; see ``stdlib_functions``.

    Raises:
        DataError: if the standard library has no source files (it is frozen or zipped).
    """
    root = _source_folder()
    columns: dict[str, list[str]] = {column: [] for column in STDLIB_COLUMNS}
    left_out: Counter[str] = Counter()
    unread: list[str] = []
    paths = list(_module_paths(root))
    for path in tqdm(paths, desc="reading the standard library", unit=" files", disable=not progress, leave=False):
        try:
            functions = list(python_functions(_module_text(root / path)))
        except (SyntaxError, ValueError, OSError) as error:
            unread.append(f"{path} ({error})")
            continue
        for row in _rows_of_module(path, functions, documented_only, left_out):
            for column, value in zip(STDLIB_COLUMNS, row, strict=True):
                columns[column].append(value)
    if unread:
        warn(CodeshiftWarning(_complaint(unread)))
    return Dataset.from_dict(
        columns,
        info=DatasetInfo(
            description=_description(len(paths), len(columns["id"]), left_out, unread),
            features=Features({name: Value("string") for name in STDLIB_COLUMNS}),
        ),
    )


def _source_folder() -> Path:
    folder = Path(sysconfig.get_path("stdlib"))
    if not (folder / "os.py").is_file():
        remedy = "this Python's standard library is frozen or zipped; run codeshift with a Python that has its sources"
        raise DataError("the standard library", "a folder of .py files", str(folder), remedy)
    return folder


def _module_paths(root: Path) -> Iterator[str]:
    modules: list[str] = []
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = [name for name in subfolders if name.isidentifier() and name not in _LEFT_OUT]
        relative = Path(folder).relative_to(root)
        modules += [(relative / name).as_posix() for name in files if _is_module(name)]
    return iter(sorted(modules))


def _is_module(name: str) -> bool:
    # _sysconfigdata_... holds the options of one build, so it differs between machines with the same Python.
    return name.endswith(".py") and name[:-3].isidentifier() and not name.startswith("_sysconfigdata")


def _module_text(path: Path) -> str:
    with tokenize.open(path) as file:  # follows the file's encoding declaration
        return file.read()


def _rows_of_module(
    path: str, functions: list[PythonFunction], documented_only: bool, left_out: Counter[str]
) -> Iterator[tuple[Any, ...]]:
    project = path.split("/")[0].removesuffix(".py")
    seen: Counter[str] = Counter()
    for function in functions:
        seen[function.name] += 1
        again = f"#{seen[function.name]}" if seen[function.name] > 1 else ""  # an if and its else may both define it
        if not function.code:
            left_out["with a docstring as their whole body"] += 1
        elif documented_only and not function.docstring:
            left_out["without a docstring"] += 1
        else:
            values = (function.name, function.signature, function.docstring, function.code)
            yield f"{path}:{function.name}{again}", project, path, *values


def _complaint(unread: list[str]) -> str:
    return f"{len(unread)} files of the standard library could not be read and were left out: {listed(unread, 3, '; ')}"


def _description(files: int, rows: int, left_out: Counter[str], unread: list[str]) -> str:
    parts = [f"{count} functions {why}" for why, count in sorted(left_out.items())]
    parts += [f"{len(unread)} files that could not be read{': ' if unread else ''}{'; '.join(unread)}"]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{rows} functions of {files} files of the standard library of {python}. Left out: {'; '.join(parts)}."
