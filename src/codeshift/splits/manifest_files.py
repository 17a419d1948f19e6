"""Files of a manifest: its text, and for splits of many rows the digests of the rows in a Parquet file beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from codeshift.errors import ManifestError
from codeshift.files import file_digest, hint_of_missing, replaced
from codeshift.hashing import DIGEST
from codeshift.parts import CONTROL
from codeshift.splits.manifest_rows import RowDigests
from codeshift.wording import shown

MANY_ROWS = 1_000_000
"""Number of rows from which on a manifest keeps their digests in a file of their own, unless told otherwise."""

ROWS_SUFFIX = ".rows.parquet"
"""Ending of the file of rows beside a manifest."""


def read_text(path: Path) -> str:
    """Return the text of a manifest's file.

    Raises:
        ManifestError: if there is no such file, or it is not text.
    """
    if not os.path.isfile(path):  # Path.is_file raises for a name that is too long
        raise ManifestError(f"path must be the file of a manifest, got {shown(str(path))}: {hint_of_missing(path)}")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path} is not text ({error}): it is not a manifest") from error


def write_rows(
    path: Path, digests: Mapping[str, Mapping[str, RowDigests]], control: Mapping[str, RowDigests]
) -> dict[str, str]:
    """Write the digests of rows beside a manifest and return what the manifest records of the file.

    Args:
        path: Path of the manifest.
        digests: Digests by official split and part.
        control: Digests of the rows of ``train_control`` by official split.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    lists = [(split, part, listed.array) for split, parts in digests.items() for part, listed in parts.items()]
    lists += [(split, CONTROL, listed.array) for split, listed in control.items()]
    words = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([("split", words), ("part", words), ("digest", pa.binary(DIGEST.itemsize))])
    where = path.with_name(path.stem + ROWS_SUFFIX)
    with replaced(where) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for split, part, array in lists:
            names = [pa.array([name] * len(array)).dictionary_encode() for name in (split, part)]
            values = pa.FixedSizeBinaryArray.from_buffers(
                pa.binary(DIGEST.itemsize), len(array), [None, pa.py_buffer(np.ascontiguousarray(array).tobytes())]
            )
            writer.write_table(pa.table([*names, values], names=schema.names).cast(schema))
    return {"name": where.name, "sha256": file_digest(where)}


def read_rows(path: Path, recorded: Mapping[str, str]) -> dict[str, Any]:
    """Read the digests of rows from the file beside a manifest.

    Args:
        path: Path of the manifest.
        recorded: What the manifest records of the file.

    Returns:
        The digests by official split and part, and those of ``train_control`` by official split.

    Raises:
        ManifestError: if the file is missing, or is not what was written.
    """
    import pyarrow.parquet as pq

    where = path.with_name(Path(recorded["name"]).name)
    if not where.exists():
        raise ManifestError(f"{path} keeps its rows in {where.name}, which is not beside it: take both files")
    if file_digest(where) != recorded["sha256"]:
        raise ManifestError(f"{where} is not what was written (its digest differs): take the file that was published")
    table = pq.read_table(where)
    digests = np.concatenate([np.empty(0, DIGEST), *map(_array_of, table["digest"].chunks)])
    splits, of_split = _dictionary(table["split"])
    names, of_part = _dictionary(table["part"])
    codes = of_split * len(names) + of_part
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    parts: dict[str, dict[str, RowDigests]] = {}
    control: dict[str, RowDigests] = {}
    for start, listed in zip(starts.tolist(), np.split(digests, starts[1:]), strict=True):
        split, part = splits[of_split[start]], names[of_part[start]]
        if part == CONTROL:
            control[split] = RowDigests(listed)
        else:
            parts.setdefault(split, {})[part] = RowDigests(listed)
    return {"digests": parts, "control": control}


def _array_of(chunk: Any) -> np.ndarray:
    """Return an array of fixed-width binary values of Arrow as an array of digests."""
    return np.frombuffer(chunk.buffers()[1], DIGEST)[chunk.offset : chunk.offset + len(chunk)]


def _dictionary(column: Any) -> tuple[list[str], np.ndarray]:
    """Return the distinct values of a column of few, and the code of each row."""
    combined = column.unify_dictionaries().combine_chunks()
    return combined.dictionary.to_pylist(), combined.indices.to_numpy()
