"""Files that are written whole or not at all, and are read back as they were written or not at all.

A record is a JSON file with its own digest and, where it is written after other files, theirs. So one that is torn,
edited or hit by a failing disk is told by its name, never taken for what it was.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from codeshift.errors import DamagedFileError

_DIGEST, _FILES = "sha256", "files"


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path to write a file at, which then takes the place of ``path``; a reader sees the old file or the new one.

    What was written is on the disk before it takes the place, so a machine that stops leaves no part of it either.

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
        to_disk(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    to_disk(path.parent)


def to_disk(path: Path) -> None:
    """Have the system write a file or folder to its disk now."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, as ``sha256sum`` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_digest(content: Mapping[str, Any]) -> str:
    """The SHA-256 of JSON values, however a file spaces and orders them; a digest among them is left out.

    >>> content_digest({"a": 1, "b": [2.5]}) == content_digest({"b": [2.5], "a": 1, "sha256": "of before"})
    True
    """
    plain = {name: value for name, value in content.items() if name != _DIGEST}
    text = json.dumps(plain, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def write_json(path: Path, content: Mapping[str, Any], files: Iterable[Path] = (), *, allow_nan: bool = False) -> Path:
    """Write JSON values with their digest, and with those of other files beneath its folder.

    Args:
        path: the record.
        content: JSON values by name.
        files: what was written before it, for ``check_file`` and ``damaged``.
        allow_nan: allow numbers that are not finite, which Python's JSON alone can read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_json(Path(folder) / "run.json", {"steps": 12})
    ...     _ = path.write_text(path.read_text().replace("12", "13"))
    ...     read_json(path)
    Traceback (most recent call last):
        ...
    codeshift.errors.DamagedFileError: ...run.json is not what was written (its digest differs)
    """
    vouched = {file.relative_to(path.parent).as_posix(): file_digest(file) for file in sorted(files)}
    whole = dict(content) | ({_FILES: vouched} if vouched else {})
    whole = json.loads(json.dumps(whole))  # as it is read back: tuples are lists, names are texts
    text = json.dumps(whole | {_DIGEST: content_digest(whole)}, indent=1, ensure_ascii=False, allow_nan=allow_nan)
    return write_text(path, text + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON values of a record, without its digest and those of other files.

    Raises:
        FileNotFoundError: there is no such record.
        DamagedFileError: it is not what was written.
    """
    whole = _read(path)
    whole.pop(_FILES, None)
    return whole


def damaged(path: Path) -> list[DamagedFileError]:
    """What is wrong with a record and with the files that it vouches for; nothing where there is no such record."""
    try:
        vouched = _read(path).get(_FILES, {})
    except FileNotFoundError:
        return []
    except DamagedFileError as error:
        return [error]
    errors = []
    for name in vouched:
        try:
            _check(path.parent / name, vouched[name])
        except DamagedFileError as error:
            errors.append(error)
    return errors


def _read(path: Path) -> dict[str, Any]:
    """The content of a record, digests of other files included."""
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(whole, dict):
            raise DamagedFileError(path, f"it holds a {type(whole).__name__}, not an object")
        digest = content_digest(whole)
    except (ValueError, RecursionError) as error:
        if isinstance(error, DamagedFileError):
            raise
        raise DamagedFileError(path, f"it is no JSON: {error}") from error
    if whole.pop(_DIGEST, None) != digest:
        raise DamagedFileError(path, "its digest differs")
    return dict(whole)


def check_file(path: Path, file: Path) -> None:
    """Check one of the files that the record at ``path`` vouches for.

    A large file that is read often is read through once a process, unless its size or its time changes.

    Raises:
        DamagedFileError: the record or the file is not what was written, or the record does not know the file.
    """
    vouched = _read(path).get(_FILES, {})
    name = file.relative_to(path.parent).as_posix()
    if name not in vouched:
        raise DamagedFileError(file, f"{path.name} does not vouch for it")
    _check(file, vouched[name])


def _check(file: Path, digest: str) -> None:
    try:
        facts = file.stat()
        differs = _digest_at(file, facts.st_size, facts.st_mtime_ns) != digest
    except FileNotFoundError as error:
        raise DamagedFileError(file, "it is missing") from error
    if differs:
        raise DamagedFileError(file, "its digest differs")


@lru_cache(maxsize=256)
def _digest_at(file: Path, size: int, time: int) -> str:
    """The digest of a file as it was at a time."""
    return file_digest(file)


def vouched_files(path: Path) -> list[Path]:
    """The files that a record vouches for, by name.

    Raises:
        DamagedFileError: the record is not what was written.
    """
    return [path.parent / name for name in sorted(_read(path).get(_FILES, {}))]


_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{32}")


def remove_unfinished(folder: Path) -> None:
    """Remove what processes that were killed have left of files that they were writing; nobody else may write there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / f".test.parquet.{'0' * 32}").write_bytes(b"torn")
    ...     remove_unfinished(Path(folder))
    ...     list(Path(folder).iterdir())
    []
    """
    for path in folder.glob(".*"):
        if _TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


def is_full(error: BaseException) -> bool:
    """Whether an error says that a disk, or a user's share of it, is full.

    >>> is_full(OSError(errno.ENOSPC, "No space left on device")), is_full(OSError(errno.EACCES, "denied"))
    (True, False)
    """
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def set_aside(path: Path) -> Path | None:
    """Rename a damaged file or folder to ``<name>.damaged``, so that it can be looked at and made anew.

    Returns:
        the new path; None where there is nothing to rename.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_text(Path(folder) / "run.json", "torn")
    ...     set_aside(path).name, path.exists()
    ('run.json.damaged', False)
    """
    if not path.exists():
        return None
    place = path.with_name(f"{path.name}.damaged")
    number = 1
    while place.exists():
        number += 1
        place = path.with_name(f"{path.name}.damaged{number}")
    os.replace(path, place)
    return place
