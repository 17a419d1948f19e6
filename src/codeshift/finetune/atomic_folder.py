"""What is written aside, so that it is whole before it is moved into place, and gone where it cannot be written."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".unfinished-"
"""What names of folders begin with that a process which was killed may leave."""

_ZEROS = bytes(1 << 20)


@contextmanager
def folder_aside(folder: Path, *, size: int) -> Iterator[Path]:
    """A new folder in ``folder``, for files that are then moved out of it or with it; what is left in it is deleted.

    Args:
        folder: where it is made; made itself where it is missing.
        size: bytes that are to be written, about.

    Raises:
        OSError: it could not be written, as where the disk is full; libraries in Rust have errors of their own for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{UNFINISHED}{uuid.uuid4().hex}"
    temporary.mkdir()
    try:
        yield temporary
    except Exception as error:
        refusal = None if isinstance(error, OSError) else _refusal(temporary, size)
        if refusal is None:
            raise
        raise OSError(refusal.errno, refusal.strerror, str(folder)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _refusal(folder: Path, size: int) -> OSError | None:
    """What the system says to whoever writes as much there, as a library in Rust has tried; None where it may."""
    try:
        with (folder / "as-much").open("wb") as file:
            for _ in range(-(-size // len(_ZEROS))):
                file.write(_ZEROS)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None
