"""The cache of properties: a folder of Arrow files, each with a record of its digest, which a split never rests on.

A file that is not what was written is removed, and its values are computed anew; where nothing can be written, values
stay in memory.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from codeshift.errors import CacheWarning
from codeshift.files import damaged, vouched_files, write_json

if TYPE_CHECKING:
    from datasets import Dataset


def cached(name: str, compute: Callable[..., Dataset]) -> Dataset:
    """Values from the cache, or computed and put there.

    Args:
        name: what tells them from all others.
        compute: what makes them, given ``cache_file_name=`` or ``keep_in_memory=``.
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
        warnings.warn(CacheWarning(f"{errors[0]}: its values are computed anew"), stacklevel=5)
    try:
        values = compute(cache_file_name=str(folder / f"{name}.arrow"))
        write_json(record, {}, [Path(file["filename"]) for file in values.cache_files])
    except OSError as error:
        warnings.warn(CacheWarning(f"values of properties are not cached in {folder} ({error})"), stacklevel=5)
        return compute(keep_in_memory=True)
    return values


def _folder() -> Path | None:
    """Where values are kept; None where there is no folder that can be written to."""
    try:
        named = os.environ.get("CODESHIFT_CACHE")
        folder = (Path(named) if named else Path.home() / ".cache" / "codeshift") / "properties"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # a home that is read-only, or none at all
        return None
    return folder if os.access(folder, os.W_OK) else None
