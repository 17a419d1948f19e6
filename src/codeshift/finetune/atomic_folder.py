"""Temporary folders, so that files are complete before they are moved into place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codeshift.temporary_files import remove_unfinished, temporary_name

_ZEROS = bytes(1 << 20)


@contextmanager
def folder_aside(folder: Path, *, size: int) -> Iterator[Path]:
    """Make a temporary folder in ``folder`` for files that are then moved into place; delete it on exit.

    Temporary folders that killed processes have left in ``folder`` are deleted too, but not those of other processes
    that are still writing.

    Args:
        folder: Folder to make it in; it is created if it is missing.
        size: Approximate number of bytes that will be written.

    Raises:
        OSError: a file could not be written, such as when the disk is full; also if a library in Rust raised an error
            of its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_unfinished(folder)
    temporary = folder / temporary_name("unfinished")
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
    """Try to write ``size`` bytes, as a library in Rust has tried; return the system's error, or None."""
    try:
        with (folder / "as-much").open("wb") as file:
            for _ in range(-(-size // len(_ZEROS))):
                file.write(_ZEROS)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None
