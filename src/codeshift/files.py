"""Files that are written atomically, and JSON records with digests that reveal damage.

A record is a JSON file with its own digest and, if it is written after other files, theirs. So a file that is torn,
was edited or is on a failing disk raises an error with its name and is never used.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from codeshift.errors import DamagedFileError
from codeshift.temporary_files import temporary_name
from codeshift.wording import closest

_DIGEST, _FILES = "sha256", "files"


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a temporary path for a file that then replaces ``path``; a reader sees either the old or the new file.

    The file is flushed to the disk before it replaces ``path``, so a crash of the machine leaves no partial file. An
    error of the system, such as that the disk is full, names ``path``.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replaced(Path(folder) / "a.bin") as temporary:
    ...         _ = temporary.write_bytes(b"1")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a.bin']
    """
    with replaced_together([path]) as writing, writing(path) as temporary:
        yield temporary


@contextmanager
def replaced_together(paths: Sequence[Path]) -> Iterator[Callable[[Path], AbstractContextManager[Path]]]:
    """Yield a function that makes ``replaced`` of each of several files of a folder; all are replaced at the end.

    If one cannot be written, such as on a full disk, none is replaced.

    Raises:
        OSError: if one cannot be written; the error names the file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     parts = [Path(folder) / "train.txt", Path(folder) / "test.txt"]
    ...     with replaced_together(parts) as writing:
    ...         for part in parts:
    ...             with writing(part) as temporary:
    ...                 _ = temporary.write_text("x")
    ...         before = sorted(path.name.partition(".txt")[0] for path in Path(folder).iterdir())
    ...     before, sorted(path.name for path in Path(folder).iterdir())
    (['.test', '.train'], ['test.txt', 'train.txt'])
    """
    temporaries = {path: path.with_name(temporary_name(path.name)) for path in paths}

    @contextmanager
    def writing(path: Path) -> Iterator[Path]:
        try:
            yield temporaries[path]
            to_disk(temporaries[path])
        except OSError as error:
            own = error.filename is None or Path(error.filename) == temporaries[path]
            if error.errno is None or not own:
                raise
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error

    try:
        yield writing
        for path, temporary in temporaries.items():
            os.replace(temporary, path)
    finally:
        for temporary in temporaries.values():
            temporary.unlink(missing_ok=True)
    for folder in {path.parent for path in paths}:
        to_disk(folder)


def to_disk(path: Path) -> None:
    """Flush a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> Path:
    """Write a file as UTF-8; a reader sees either the old or the new file, never a part of it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(Path(folder) / "a.txt", "größe").read_text(encoding="utf-8")
    'größe'
    """
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as ``sha256sum`` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of JSON values, independent of spacing and order; a digest among them is left out.

    >>> content_digest({"a": 1, "b": [2.5]}) == content_digest({"b": [2.5], "a": 1, "sha256": "of before"})
    True
    """
    plain = {name: value for name, value in content.items() if name != _DIGEST}
    text = json.dumps(plain, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def finite(value: Any) -> Any:
    """Replace NaN and infinite numbers in JSON values, which JSON does not have, by None.

    >>> finite({"value": float("nan"), "interval": (0.5, float("inf"))})
    {'value': None, 'interval': [0.5, None]}
    """
    if isinstance(value, Mapping):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_json(path: Path, content: Mapping[str, Any], files: Iterable[Path] = (), *, allow_nan: bool = False) -> Path:
    """Write a record: JSON values with their digest and the digests of other files in or below its folder.

    Args:
        path: Path of the record.
        content: JSON values by name.
        files: Files written before it, whose digests ``check_file`` and ``damaged`` compare.
        allow_nan: Whether to allow numbers that are not finite, which only Python's JSON can read.

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
    record = dict(content) | ({_FILES: vouched} if vouched else {})
    record = json.loads(json.dumps(record))  # as it is read back: tuples are lists, names are texts
    text = json.dumps(record | {_DIGEST: content_digest(record)}, indent=1, ensure_ascii=False, allow_nan=allow_nan)
    return write_text(path, text + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read the JSON values of a record, without its digest and those of other files.

    Raises:
        FileNotFoundError: if there is no such record.
        DamagedFileError: if it is not what was written.
    """
    record = _read_record(path)
    record.pop(_FILES, None)
    return record


def damaged(path: Path) -> list[DamagedFileError]:
    """Return the damage to a record and to the files whose digests it holds; an empty list if there is no record."""
    try:
        vouched = _read_record(path).get(_FILES, {})
    except FileNotFoundError:
        return []
    except DamagedFileError as error:
        return [error]
    return damaged_files(path.parent, vouched)


def damaged_files(folder: Path, digests: Mapping[str, str]) -> list[DamagedFileError]:
    """Return the damage to files of a folder, given their digests by name."""
    errors = []
    for name, digest in digests.items():
        try:
            _check_digest(folder / name, digest)
        except DamagedFileError as error:
            errors.append(error)
    return errors


def json_value(text: str | bytes) -> Any:
    """Return the value of a text in JSON.

    Raises:
        ValueError: it is no JSON, or nested more deeply than Python reads.

    >>> json_value("[" * 100_000)
    Traceback (most recent call last):
        ...
    ValueError: it is nested too deeply
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _read_record(path: Path) -> dict[str, Any]:
    """Read the content of a record, digests of other files included."""
    try:
        record = json_value(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise DamagedFileError(path, f"it holds a {type(record).__name__}, not an object")
        digest = content_digest(record)
    except (ValueError, RecursionError) as error:
        if isinstance(error, DamagedFileError):
            raise
        raise DamagedFileError(path, f"it is not JSON: {error}") from error
    if record.pop(_DIGEST, None) != digest:
        raise DamagedFileError(path, "its digest differs")
    return dict(record)


def check_file(path: Path, file: Path) -> None:
    """Check one of the files whose digests the record at ``path`` holds.

    A file is hashed once per process, unless its size or modification time changes.

    Raises:
        DamagedFileError: if the record or the file is not what was written, or the record does not list the file.
    """
    vouched = _read_record(path).get(_FILES, {})
    name = file.relative_to(path.parent).as_posix()
    if name not in vouched:
        raise DamagedFileError(file, f"{path.name} holds no digest of it")
    _check_digest(file, vouched[name])


def _check_digest(file: Path, digest: str) -> None:
    try:
        facts = file.stat()
        differs = _digest_at(file, facts.st_size, facts.st_mtime_ns) != digest
    except FileNotFoundError as error:
        raise DamagedFileError(file, "it is missing") from error
    if differs:
        raise DamagedFileError(file, "its digest differs")


@lru_cache(maxsize=256)
def _digest_at(file: Path, size: int, time: int) -> str:
    """Return the digest of a file, cached by size and modification time."""
    return file_digest(file)


def vouched_files(path: Path) -> list[Path]:
    """Return the files whose digests a record holds, in the order of their names.

    Raises:
        FileNotFoundError: if there is no such record.
        DamagedFileError: if the record is not what was written.
    """
    return [path.parent / name for name in sorted(_read_record(path).get(_FILES, {}))]


def hint_of_missing(path: Path) -> str:
    """Return a hint for a path that has no file: the closest names in its folder, or that there is no such folder.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_text(Path(folder) / "train.jsonl", "")
    ...     hint_of_missing(Path(folder) / "trian.jsonl"), hint_of_missing(Path("nowhere/train.jsonl"))
    ('did you mean train.jsonl?', "there is no folder 'nowhere'")
    """
    if not os.path.isdir(path.parent):  # Path.is_dir raises for a name that is too long
        return f"there is no folder {str(path.parent)!r}"
    names = [other.name for other in path.parent.iterdir()]
    return closest(path.name, names) if names else f"the folder {str(path.parent)!r} is empty"


def is_full(error: BaseException) -> bool:
    """Tell whether an error means that a disk, or a user's quota on it, is full.

    >>> is_full(OSError(errno.ENOSPC, "No space left on device")), is_full(OSError(errno.EACCES, "denied"))
    (True, False)
    """
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def set_aside(path: Path) -> Path | None:
    """Rename a damaged file or folder to ``<name>.damaged``, so that it can be inspected and created again.

    Returns:
        The new path, or None if there is nothing to rename.

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
