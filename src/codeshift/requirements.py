"""Requirements of work, checked before it begins: packages of an extra, and a folder that can be written to."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from codeshift.errors import MissingExtraError, ParameterError

_PACKAGES = {
    "finetune": ("torch", "transformers", "peft", "accelerate"),
    "report": ("matplotlib",),
    "qlora": ("bitsandbytes",),
}


def check_extra(extra: str) -> None:
    """Check that the packages of an extra are installed, without importing them.

    Raises:
        MissingExtraError: if one is not installed.

    >>> check_extra("report")
    """
    for package in _PACKAGES[extra]:
        if find_spec(package) is None:
            raise MissingExtraError(package, extra)


def check_folder(parameter: str, folder: str | os.PathLike[str] | None) -> None:
    """Check, before any work is done, that files can be written into a folder; it is not created. None passes.

    Raises:
        ParameterError: if it is a file, may not be written to, or is missing and may not be created.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     check_folder("out", place + "/new/folder")
    """
    if folder is None:
        return
    path = Path(folder).absolute()
    place = next(p for p in (path, *path.parents) if os.path.exists(p))  # Path.exists raises if it has no permission
    if not place.is_dir():
        raise ParameterError(parameter, "a folder", os.fspath(folder), f"{place} is a file: name another")
    if not os.access(place, os.W_OK | os.X_OK):
        remedy = f"there is no permission to write to {place}: name another, or change its permissions"
        raise ParameterError(parameter, "a folder that can be written to", os.fspath(folder), remedy)
