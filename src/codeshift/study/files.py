"""The folder that a study or a report is written into."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from codeshift.errors import ParameterError
from codeshift.files import write_text


def output_folder(parameter: str, folder: str | os.PathLike[str]) -> Path:
    """The folder to write into, made where it is missing, and tried out before any work is done.

    Raises:
        ParameterError: it is a file, or nothing can be written into it.
    """
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        write_text(path / f".{uuid.uuid4().hex}", "").unlink()
    except OSError as error:
        remedy = f"{error.strerror or error}; name another folder"
        raise ParameterError(parameter, "a folder that can be written to", str(path), remedy) from error
    return path
