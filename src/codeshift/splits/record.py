"""Fields of a manifest, and its JSON file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Self, get_args, get_origin, get_type_hints

import numpy as np

from codeshift.errors import ManifestError, shown
from codeshift.files import content_digest, write_text
from codeshift.properties.serialise import from_dict
from codeshift.regions.base import Region
from codeshift.splits.config import RECORDED, SplitConfig
from codeshift.splits.facts import asked_and_got, environment, found_in, grammars_of
from codeshift.splits.manifest_rows import by_part, labels_of, listed
from codeshift.splits.partition import Partition
from codeshift.splits.rows import SplitRows

if TYPE_CHECKING:
    from codeshift.properties.near_duplicates import DuplicateComponents

FORMAT = "codeshift-split/2"
_DIGEST = "sha256"
_FIRST = "codeshift-split/1"
_KEYS: dict[str, Sequence[str]] = {
    "region": ("type",),
    "request": RECORDED,
    "rows": (),
    "near_duplicates": ("components", "rows", "largest", "longest_chain"),
}
_NO_MANIFEST = "it is not a readable manifest"


@dataclass(frozen=True)
class SplitRecord:
    """Fields of ``SplitManifest``, which describes them, with their conversion to JSON and back."""

    splitter: str
    region: dict[str, Any]
    request: dict[str, Any]
    columns: tuple[str, ...]
    also_reads: tuple[str, ...]
    sizes: dict[str, dict[str, int | None]]
    region_rows: int
    grammars: dict[str, dict[str, str]]
    versions: dict[str, str]
    rows: dict[str, dict[str, list[str]]]
    control: dict[str, list[str]]
    near_duplicates: dict[str, int] | None

    @classmethod
    def create(
        cls,
        *,
        splitter: str,
        region: Region,
        config: SplitConfig,
        columns: tuple[str, ...],
        also_reads: tuple[str, ...],
        spans: Mapping[str, tuple[int, int]],
        digests: np.ndarray,
        inside: np.ndarray,
        partition: Partition,
        similar: DuplicateComponents | None,
    ) -> Self:
        """Collect the fields from the results of splitting."""
        labels = labels_of(partition.parts, partition.reasons)
        slices = {name: slice(*span) for name, span in spans.items()}
        return cls(
            splitter=splitter,
            region=region.to_dict(),
            request=config.to_dict(),
            columns=columns,
            also_reads=also_reads,
            sizes=asked_and_got(partition, config),
            region_rows=int(inside.sum()),
            grammars=grammars_of(language for _, language in region.parsed()),
            versions=environment(),
            rows={name: by_part(digests[span], labels[span]) for name, span in slices.items()},
            control={}
            if partition.control is None
            else {name: listed(digests[span][partition.control[span]]) for name, span in slices.items()},
            near_duplicates=None if similar is None else found_in(similar),
        )

    def fitted_region(self) -> Region:
        """Rebuild the region, to apply it to other rows: ``manifest.fitted_region().contains(PropertyTable(rows))``.

        Raises:
            ManifestError: if the manifest's region is not a region.
        """
        region = from_dict(self.region)
        if not isinstance(region, Region):
            raise ManifestError(f"the region of the manifest is {shown(self.region)}: {_NO_MANIFEST}")
        return region

    def to_json(self) -> str:
        """Return the manifest as JSON text, with a digest of its content at the end."""
        content = {"format": FORMAT, **asdict(self)}
        return json.dumps(content | {_DIGEST: content_digest(content)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, *, name: str = "the text") -> Self:
        """Read a manifest from JSON text; errors refer to the text by ``name``.

        Raises:
            ManifestError: if the text is not a manifest, has a format that this version does not know, or was changed
                after it was written.
        """
        try:
            plain = json.loads(text)
            digest = content_digest(plain) if isinstance(plain, dict) else ""
        except (ValueError, RecursionError) as error:
            raise ManifestError(f"{name} is not JSON ({error}): it is cut off, or not a manifest") from error
        stated = plain.get("format") if isinstance(plain, dict) else None
        if stated != FORMAT:
            why = "it was written before the first release: split the rows again" if stated == _FIRST else _NO_MANIFEST
            raise ManifestError(f"{name} has the format {stated!r}, not {FORMAT!r}: {why}")
        kinds = get_type_hints(SplitRecord)
        known = {field.name for field in fields(cls)}
        missing, unknown = sorted(known - set(plain)), sorted(set(plain) - known - {"format", _DIGEST})
        if missing or unknown:
            raise ManifestError(f"{name} lacks the fields {missing} and holds the unknown fields {unknown}")
        if plain.get(_DIGEST) != digest:
            remedy = "take the file that was published, or split the rows again"
            raise ManifestError(f"{name} is not what was written (its digest differs): {remedy}")
        values = {field: plain[field] for field in known}
        odd = next((field for field in sorted(known) if not _is_of(values[field], kinds[field])), None)
        odd = odd or next((field for field, keys in _KEYS.items() if _lacks(values[field], keys)), None)
        if odd is not None:
            raise ManifestError(f"{name} holds {shown(values[odd])} as {odd}: {_NO_MANIFEST}")
        return cls(**{**values, "columns": tuple(plain["columns"]), "also_reads": tuple(plain["also_reads"])})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the manifest as JSON; an existing file is replaced as a whole or not at all."""
        write_text(Path(path), self.to_json())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a manifest from a file.

        Raises:
            ManifestError: if the file is not a manifest, has a format that this version does not know, or was changed
                after it was written.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ManifestError(f"{path} is not text ({error}): it is not a manifest") from error
        return cls.from_json(text, name=str(path))

    def check_order(self, sources: SplitRows, parts: np.ndarray, reasons: np.ndarray) -> None:
        """Check that the rows are in the order of an assignment.

        Raises:
            ManifestError: if they are not.
        """
        digests = sources.digests(self.columns, self.also_reads)
        labels = labels_of(parts, reasons)
        for name, (start, stop) in sources.spans.items():
            if by_part(digests[start:stop], labels[start:stop]) != self.rows[name]:
                raise ManifestError(
                    "the rows are not those that were assigned, or stand in another order: "
                    "pass the same data, or use manifest.apply"
                )


def _lacks(value: Mapping[str, Any] | None, keys: Sequence[str]) -> bool:
    """Return whether a mapping is empty or lacks a key; False for None."""
    return value is not None and (not value or not set(keys) <= set(value))


def _is_of(value: Any, kind: Any) -> bool:
    """Return whether a JSON value has the type of a field, with a list for a tuple.

    >>> _is_of({"train": ["a"]}, dict[str, list[str]]), _is_of({"train": [1]}, dict[str, list[str]]), _is_of(True, int)
    (True, False, False)
    """
    origin, parts = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if origin is UnionType:
        return any(_is_of(value, part) for part in parts)
    if origin is dict:
        return isinstance(value, dict) and all(_is_of(one, parts[1]) for one in value.values())
    if origin in (list, tuple):
        return isinstance(value, list) and all(_is_of(one, parts[0]) for one in value)
    return isinstance(value, kind) and (kind is NoneType or not isinstance(value, bool))
