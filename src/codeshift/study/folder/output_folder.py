"""Output folders of studies and reports."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from codeshift.errors import ParameterError
from codeshift.files import write_text


def output_folder(parameter: str, folder: str | os.PathLike[str]) -> Path:
    """Create an output folder if it is missing, and check that it can be written to before any work is done.

    Raises:
        ParameterError: if the path is a file, or the folder cannot be written to.
    """
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        write_text(path / f".{uuid.uuid4().hex}", "").unlink()
    except OSError as error:
        remedy = f"{error.strerror or error}; name another folder"
        raise ParameterError(parameter, "a folder that can be written to", str(path), remedy) from error
    return path
