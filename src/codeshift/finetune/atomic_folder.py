"""What is written aside, so that it is whole before it is moved into place, and gone where it cannot be written."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

UNFINISHED = ".unfinished-"
"""What names of folders begin with that a process which was killed may leave."""

_OF_RUST = (SafetensorError, Exception)  # what safetensors raises, and what tokenizers does, which have no OSError


@contextmanager
def folder_aside(folder: Path) -> Iterator[Path]:
    """A new folder in ``folder``, for files that are then moved out of it or with it; what is left in it is deleted.

    Raises:
        OSError: it could not be written, as where the disk is full; libraries in Rust have errors of their own for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{UNFINISHED}{uuid.uuid4().hex}"
    temporary.mkdir()
    try:
        yield temporary
    except Exception as error:
        if type(error) not in _OF_RUST:
            raise
        raise OSError(f"nothing can be written into {folder}: {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
