"""Cache of properties: a folder of Arrow files, each with a record of its digest; no split depends on it.

A file that differs from what was written is removed, and its values are computed again; if nothing can be written,
values stay in memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from codeshift.errors import CacheWarning, warn
from codeshift.files import damaged, vouched_files, write_json

if TYPE_CHECKING:
    from datasets import Dataset


def cached(name: str, compute: Callable[..., Dataset]) -> Dataset:
    """Return values from the cache; compute and store them if they are not there.

    Args:
        name: the name of the values, unique among all others.
        compute: the function that computes them, given ``cache_file_name=`` or ``keep_in_memory=``.
    """
    import datasets

    folder = _folder() if datasets.is_caching_enabled() else None
    if folder is None:
        return compute(keep_in_memory=True)
    record = folder / f"{name}.json"
    if record.exists():
        if not (errors := damaged(record)):
            parts = [datasets.Dataset.from_file(str(path)) for path in vouched_files(record)]
            return datasets.concatenate_datasets(parts)
        warn(CacheWarning(f"{errors[0]}: its values are computed again"))
    try:
        for left in folder.glob(f"{name}*.arrow"):  # of these, ``datasets`` would take the number of processes
            left.unlink()
        values = compute(cache_file_name=str(folder / f"{name}.arrow"))
        write_json(record, {}, [Path(file["filename"]) for file in values.cache_files])
    except OSError as error:
        warn(CacheWarning(f"values of properties are not cached in {folder} ({error})"))
        return compute(keep_in_memory=True)
    return values


def _folder() -> Path | None:
    """Return the folder of the cache; None if there is no writable folder."""
    try:
        named = os.environ.get("CODESHIFT_CACHE")
        folder = (Path(named) if named else Path.home() / ".cache" / "codeshift") / "properties"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # a home that is read-only, or no home
        return None
    return folder if os.access(folder, os.W_OK) else None
