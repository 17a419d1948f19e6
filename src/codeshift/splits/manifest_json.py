"""JSON text of a manifest: its format, its digest, and the checks of what is read back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from codeshift.errors import ManifestError, shown
from codeshift.files import content_digest
from codeshift.properties.serialise import check_plain
from codeshift.splits.config import RECORDED

FORMAT = "codeshift-split/2"
NO_MANIFEST = "it is not a readable manifest"

_DIGEST = "sha256"
_FIRST = "codeshift-split/1"
_KEYS: dict[str, Sequence[str]] = {
    "region": ("type",),
    "request": RECORDED,
    "rows": (),
    "near_duplicates": ("components", "rows", "largest", "longest_chain"),
}


def to_text(fields: Mapping[str, Any]) -> str:
    """Return the fields of a manifest as JSON text, with a digest of its content at the end."""
    content = {"format": FORMAT, **fields}
    return json.dumps(content | {_DIGEST: content_digest(content)}, indent=1, ensure_ascii=False) + "\n"


def fields_of(text: str, name: str, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields of a manifest from JSON text.

    Args:
        text: the JSON text.
        name: the name of the text, for errors.
        kinds: the type of each field.

    Raises:
        ManifestError: if the text is not a manifest, has a format that this version does not know, or was changed after
            it was written.
    """
    try:
        plain = json.loads(text)
        digest = content_digest(plain) if isinstance(plain, dict) else ""
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{name} is not JSON ({error}): it is cut off, or not a manifest") from error
    stated = plain.get("format") if isinstance(plain, dict) else None
    if stated != FORMAT:
        why = "it was written before the first release: split the rows again" if stated == _FIRST else NO_MANIFEST
        raise ManifestError(f"{name} has the format {stated!r}, not {FORMAT!r}: {why}")
    missing, unknown = sorted(set(kinds) - set(plain)), sorted(set(plain) - set(kinds) - {"format", _DIGEST})
    if missing or unknown:
        raise ManifestError(f"{name} lacks the fields {missing} and holds the unknown fields {unknown}")
    if plain.get(_DIGEST) != digest:
        remedy = "take the file that was published, or split the rows again"
        raise ManifestError(f"{name} is not what was written (its digest differs): {remedy}")
    values = {field: plain[field] for field in kinds}
    odd = next((field for field in sorted(kinds) if not _is_of(values[field], kinds[field])), None)
    odd = odd or next((field for field, keys in _KEYS.items() if _lacks(values[field], keys)), None)
    if odd is not None:
        raise ManifestError(f"{name} holds {shown(values[odd])} as {odd}: {NO_MANIFEST}")
    try:
        check_plain(values["region"])
    except ManifestError as error:
        raise ManifestError(f"{name}: {error}: {NO_MANIFEST}") from error
    return {field: tuple(value) if get_origin(kinds[field]) is tuple else value for field, value in values.items()}


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
