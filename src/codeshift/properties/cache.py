"""Cache of properties: a folder of Arrow files, each with a record of its digest; no split depends on it.

A file that differs from what was written is removed, and its values are computed again; if nothing can be written,
values stay in memory. Beyond ``$CODESHIFT_CACHE_GB`` gigabytes, by default 20, the values that were not used for the
longest time are removed.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codeshift.errors import CacheWarning, DamagedFileError, ParameterError, warn
from codeshift.files import damaged, vouched_files, write_json

if TYPE_CHECKING:
    from datasets import Dataset

_LIMIT_GB = 20.0
_IN_USE = 3600.0  # seconds after its last use in which a table may still read a file


def cached(name: str, compute: Callable[..., Dataset]) -> Dataset:
    """Return values from the cache; compute and store them if they are not there.

    Args:
        name: Name of the values, unique among all others.
        compute: Function that computes them, given ``cache_file_name=`` or ``keep_in_memory=``.

    Raises:
        ParameterError: if ``$CODESHIFT_CACHE_GB`` is no number.
    """
    import datasets

    folder = _writable() if datasets.is_caching_enabled() else None
    if folder is None:
        return compute(keep_in_memory=True)
    limit = size_limit()
    record = folder / f"{name}.json"
    if record.exists():
        if not (errors := damaged(record)):
            parts = [datasets.Dataset.from_file(str(path)) for path in vouched_files(record)]
            with suppress(OSError):  # a record of another user's, or one that another process has just removed
                os.utime(record)
            return datasets.concatenate_datasets(parts)
        warn(CacheWarning(f"{errors[0]}: its values are computed again"))
    try:
        # ``datasets`` would reuse these files, and the number of processes that they were written with.
        for stale in folder.glob(f"{name}*.arrow"):
            stale.unlink()
        values = compute(cache_file_name=str(folder / f"{name}.arrow"))
        write_json(record, {}, [Path(file["filename"]) for file in values.cache_files])
    except OSError as error:
        warn(CacheWarning(f"values of properties are not cached in {folder} ({error})"))
        return compute(keep_in_memory=True)
    with suppress(OSError):  # what cannot be removed stays
        remove_unused(limit)
    return values


def cache_folder() -> Path:
    """Return the folder of the cache: ``properties`` in ``$CODESHIFT_CACHE``, else in ``~/.cache/codeshift``.

    Raises:
        RuntimeError: if there is no home folder.
    """
    named = os.environ.get("CODESHIFT_CACHE")
    return (Path(named) if named else Path.home() / ".cache" / "codeshift") / "properties"


def size_limit() -> float:
    """Return the bytes that the cache may take: ``$CODESHIFT_CACHE_GB`` gigabytes, by default 20.

    Raises:
        ParameterError: if that is no number from 0 on.
    """
    text = os.environ.get("CODESHIFT_CACHE_GB", "")
    if not text:
        return _LIMIT_GB * 1e9
    try:
        gigabytes = float(text)
    except ValueError:
        gigabytes = math.nan
    if not gigabytes >= 0:
        raise ParameterError("CODESHIFT_CACHE_GB", "a number of gigabytes from 0 on", text, "unset it to allow 20")
    return gigabytes * 1e9


@dataclass(frozen=True)
class CacheEntry:
    """Values of one property or parse in the cache.

    Attributes:
        record: Path of their record.
        files: Paths of their files.
        size: Bytes of all of these.
        used: Time of their last use, in seconds since 1970.
    """

    record: Path
    files: tuple[Path, ...]
    size: int
    used: float

    def remove(self) -> None:
        """Remove the record and the files."""
        for path in (self.record, *self.files):
            path.unlink(missing_ok=True)


def cache_entries() -> list[CacheEntry]:
    """Return the entries of the cache, those that were not used for the longest time first."""
    folder = cache_folder()
    entries = []
    for record in folder.glob("*.json") if folder.is_dir() else ():
        try:
            files = tuple(vouched_files(record))
        except DamagedFileError:
            files = tuple(sorted(folder.glob(f"{record.stem}*.arrow")))
        except FileNotFoundError:  # another process has just removed it
            continue
        with suppress(FileNotFoundError):  # or is removing it now
            sizes = [path.stat().st_size for path in (record, *files) if path.exists()]
            entries.append(CacheEntry(record, files, sum(sizes), record.stat().st_mtime))
    return sorted(entries, key=lambda entry: (entry.used, entry.record))


def remove_unused(limit: float) -> None:
    """Remove what was not used for the longest time, and not for an hour, until the cache takes ``limit`` bytes."""
    entries = cache_entries()
    size = sum(entry.size for entry in entries)
    for entry in entries:
        if size <= limit or time.time() - entry.used < _IN_USE:
            return
        entry.remove()
        size -= entry.size


def clear_cache() -> list[CacheEntry]:
    """Remove all entries of the cache, and files that belong to none, and return the entries."""
    entries = cache_entries()
    for entry in entries:
        entry.remove()
    if cache_folder().is_dir():
        for file in cache_folder().glob("*.arrow"):
            file.unlink(missing_ok=True)
    return entries


def _writable() -> Path | None:
    """Return the folder of the cache; None if there is no writable folder."""
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # a home that is read-only, or no home
        return None
    return folder if os.access(folder, os.W_OK) else None
