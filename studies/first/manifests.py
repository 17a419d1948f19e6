"""The manifests and audits of a study in two small files, as all manifests of a study list the same rows.

``manifests.parquet`` has the digest of each row (by its code, or by other columns as well), and a column for each
manifest: the position of its part in the list of parts. ``manifests.json.zst`` has what else the manifests hold, the
parts, and the figures of the audits. The region of a cluster, a vocabulary and coordinates, is left out, as it takes
more than all else; ``study.py`` fits it again. ``codeshift.data.PublishedSplits`` is alike, but holds no manifests with
official splits, which those of a study are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from codeshift.splitters import SplitManifest

TABLE, FACTS = "manifests.parquet", "manifests.json.zst"
_LEVEL = 19  # of zstd: regions of clusters repeat one vocabulary, which only a large window finds
_LARGE = ("NearestCentroid",)
"""Types of regions that are left out."""


def save_manifests(folder: Path, paths: Mapping[str, Path], audits: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the manifests of a study, by name, and the figures of its audits.

    Args:
        folder: Folder of the two files.
        paths: File of each manifest by name.
        audits: Figures of each audit by name.
    """
    recipes: dict[str, Mapping[str, Any]] = {}
    columns: dict[str, pa.Array] = {}
    parts: list[str] = []
    for name, path in paths.items():
        manifest = json.loads(path.read_text(encoding="utf-8"))
        listed = sorted(
            (digest, f"{split}/{part}")
            for split, by_part in manifest["rows"].items()
            for part, of_part in by_part.items()
            for digest in of_part
        )
        digests = pa.array([bytes.fromhex(digest) for digest, _ in listed], pa.binary(16))
        known = columns.setdefault(_digests_of(manifest), digests)
        assert known.equals(digests), f"{path} lists other rows"  # noqa: S101 - those of a study list the same
        parts += sorted({part for _, part in listed}.difference(parts))
        columns[name] = pa.array([parts.index(part) for _, part in listed], pa.int8())
        region = manifest["region"]
        recipes[name] = {**manifest, "rows": {}, "region": None if region["type"] in _LARGE else region}
    pq.write_table(pa.table(columns), folder / TABLE, compression="zstd", compression_level=_LEVEL)
    facts = json.dumps({"parts": parts, "manifests": recipes, "audits": dict(audits)}, ensure_ascii=False).encode()
    (folder / FACTS).write_bytes(pa.Codec("zstd", compression_level=_LEVEL).compress(facts, asbytes=True))


def load_audits(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the figures of the audits by name."""
    audits: dict[str, dict[str, Any]] = _facts(folder)["audits"]
    return audits


def load_manifest(folder: Path, name: str) -> SplitManifest:
    """Return a manifest by name; its digest is checked.

    Raises:
        ManifestError: if it is not the one that was saved, or if its region was left out.
    """
    facts = _facts(folder)
    digests = _digests_of(facts["manifests"][name])
    table = pq.read_table(folder / TABLE, columns=[digests, name])
    rows: dict[str, dict[str, list[str]]] = {}
    for digest, label in zip(table[digests].to_pylist(), table[name].to_pylist(), strict=True):
        split, _, part = facts["parts"][label].partition("/")
        rows.setdefault(split, {}).setdefault(part, []).append(digest.hex())
    content = {**facts["manifests"][name], "rows": rows}
    return SplitManifest.from_json(json.dumps(content), name=name)


def _facts(folder: Path) -> dict[str, Any]:
    with pa.input_stream(folder / FACTS, compression="zstd") as stream:
        facts: dict[str, Any] = json.loads(stream.read())
    return facts


def _digests_of(manifest: Mapping[str, Any]) -> str:
    """Return the name of the column of digests by which a manifest knows rows: by code, or by a project as well."""
    return f"digest[{','.join(manifest['also_reads'])}]"
