"""The parts of a split as folders of Parquet files, one of each shard that has rows of the part."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fsspec
import numpy as np

from codeshift.data.saving import write_parquet
from codeshift.distributed.shards import Storage
from codeshift.distributed.sources import Shards
from codeshift.errors import ParameterError
from codeshift.files import file_digest
from codeshift.hashing import digest
from codeshift.parts import CONTROL, DELIVERED, MANIFEST
from codeshift.splits.assignment import SplitAssignment
from codeshift.splits.card import dataset_card
from codeshift.splits.partition import positions_of
from codeshift.splits.rows import SplitRows

_README = "README.md"
_FOLDERS = (*DELIVERED, CONTROL)


def check_out(out: str, storage: Mapping[str, Any], *, overwrite: bool) -> str:
    """Check, before any work is done, that parts can be written to a folder, and return its path for all workers.

    Raises:
        ParameterError: if it is a file, or has parts that may not be replaced.
    """
    system, folder = fsspec.core.url_to_fs(out, **storage)
    if system.isfile(folder):
        raise ParameterError("out", "a folder", out, "it is a file: name another")
    there = [name for name in (*_FOLDERS, MANIFEST) if system.exists(f"{folder}/{name}")]
    if there and not overwrite:
        raise ParameterError("out", "a folder without parts", out, f"{there[0]} is already there: name another folder")
    where: str = system.unstrip_protocol(folder)
    return where


def write_part_files(assignment: SplitAssignment, source: Shards, out: str, storage: Mapping[str, Any]) -> None:
    """Write the parts, then the manifest, which is there only if all parts are.

    Args:
        assignment: Parts of all rows.
        source: Shards that hold these rows.
        out: Folder, as a path of fsspec.
        storage: Options of its file system.
    """
    system, folder = fsspec.core.url_to_fs(out, **storage)
    _remove_parts(system, folder)
    parts = source.divided(assignment.parts)
    controls = [None] * len(parts) if assignment.control is None else source.divided(assignment.control)
    name = _name(assignment, source, out)
    own = [
        (f"{name}-{number:05d}", of_shard, control)
        for number, (of_shard, control) in enumerate(zip(parts, controls, strict=True))
    ]
    written = source.each(_write_rows, out, tuple(storage.items()), assignment.delivered, own=own)
    delivered = [part for part in assignment.delivered if any(part in names for names in written)]
    with tempfile.TemporaryDirectory() as local:
        assignment.manifest.save(Path(local, MANIFEST))
        card = dataset_card(assignment.manifest, manifest_path=MANIFEST, digest=file_digest(Path(local, MANIFEST)))
        Path(local, _README).write_text(_configuration(delivered, name) + card, encoding="utf-8")
        names = sorted((path.name for path in Path(local).iterdir()), key=lambda name: (name == MANIFEST, name))
        for file in names:
            system.put_file(f"{local}/{file}", f"{folder}/{file}")


def _remove_parts(system: Any, folder: str) -> None:
    """Remove the manifest and the parts of a split that was written before."""
    for name in (MANIFEST, *_FOLDERS):
        if system.exists(f"{folder}/{name}"):
            system.rm(f"{folder}/{name}", recursive=True)


def _write_rows(
    rows: SplitRows,
    out: str,
    storage: Storage,
    delivered: Sequence[str],
    name: str,
    parts: np.ndarray,
    control: np.ndarray | None,
) -> list[str]:
    """Write the rows of a shard to the folders of their parts and return the parts that have any."""
    # A file system of its own, since threads that share one share its transaction, and would end each other's.
    system, folder = fsspec.core.url_to_fs(out, skip_instance_cache=True, **dict(storage))
    written = []
    for part in delivered:
        positions = positions_of(part, parts, control)
        if not len(positions):
            continue
        system.makedirs(f"{folder}/{part}", exist_ok=True)
        with system.transaction, system.open(f"{folder}/{part}/{name}.parquet", "wb") as file:
            write_parquet(rows.select(positions), file)
        written.append(part)
    return written


def _name(assignment: SplitAssignment, source: Shards, out: str) -> str:
    """Return what the names of files begin with, which differs for another split, other rows or another folder.

    ``datasets.load_dataset`` knows the files of a folder with a card by their patterns within it alone, so it would
    take those of another folder of the same name from its cache.
    """
    shards = (f"{shard.path} {shard.version}" for shard in source.shards)
    options = json.dumps(assignment.manifest.config.to_dict())
    return digest([out, assignment.manifest.splitter, options, *shards])[:8]


def _configuration(parts: Sequence[str], name: str) -> str:
    """Return the head of the dataset's card, which tells ``datasets.load_dataset`` where each part is."""
    files = "".join(f"  - split: {part}\n    path: {part}/{name}-*.parquet\n" for part in parts)
    return f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n\n"
