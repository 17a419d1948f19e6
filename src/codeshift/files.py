"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
