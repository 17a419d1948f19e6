"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codeshift.errors import ParameterError


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


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path to write a file at, which then takes the place of ``path``; a reader sees the old file or the new one.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replaced(Path(folder) / "a.bin") as temporary:
    ...         _ = temporary.write_bytes(b"1")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a.bin']
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Writes a file as UTF-8; a reader sees the old file or the new one, never a part.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(Path(folder) / "a.txt", "größe").read_text(encoding="utf-8")
    'größe'
    """
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path
