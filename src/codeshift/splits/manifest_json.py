"""JSON text of a manifest: its format, its digest, and the checks of what is read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from codeshift.errors import ManifestError
from codeshift.files import content_digest, json_value
from codeshift.properties.serialise import check_plain, is_of
from codeshift.splits.config import SplitConfig
from codeshift.splits.facts import PartSize
from codeshift.splits.manifest_rows import RowDigests
from codeshift.wording import shown

MANIFEST_FORMAT = "codeshift-split/2"
NO_MANIFEST = "it is not a readable manifest"

_DIGEST = "sha256"
_FIRST = "codeshift-split/1"
_ROWS_FILE = "rows_file"
OF_ROWS = ("digests", "control")
"""Fields that can be in a file of their own."""


@dataclass
class _SizeRecord:
    """Keys of a part's size in the file."""

    asked: int | None
    got: int


_KEYS = {"config": "request", "digests": "rows"}
"""Key of a field in the file, where it is not the field's name."""
_WRITTEN_AS = {SplitConfig: dict, RowDigests: list[str], PartSize: _SizeRecord}
"""Types of JSON by those of the fields that are not written by their own fields."""
_OPTIONAL = frozenset({"transformed"})
"""Fields that the file leaves out if they are empty."""


def to_text(values: Mapping[str, Any], rows_file: Mapping[str, str] | None = None) -> str:
    """Return the fields of a manifest as JSON text, with a digest of its content at the end.

    Args:
        values: Fields.
        rows_file: Name and the digest of the file that holds the digests of the rows; None to list them here.
    """
    elsewhere = () if rows_file is None else OF_ROWS
    listed = {
        name: value for name, value in values.items() if name not in elsewhere and (name not in _OPTIONAL or value)
    }
    plain = {_KEYS.get(field, field): _to_plain(value) for field, value in listed.items()}
    if rows_file is not None:
        plain[_ROWS_FILE] = dict(rows_file)
    content = {"format": MANIFEST_FORMAT, **plain}
    return json.dumps(content | {_DIGEST: content_digest(content)}, indent=1, ensure_ascii=False) + "\n"


def fields_of(
    text: str,
    name: str,
    kinds: Mapping[str, Any],
    read_rows: Callable[[Mapping[str, str]], Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Read the fields of a manifest from JSON text.

    Args:
        text: JSON text.
        name: Name of the text, for errors.
        kinds: Type of each field.
        read_rows: Function that reads the fields in a file of their own, given its name and digest; None if there
            is no folder to look for it in.

    Raises:
        ManifestError: if the text is not a manifest, has a format that this version does not know, or was changed after
            it was written.
    """
    plain = _checked_content(text, name, {_KEYS.get(field, field) for field in kinds})
    rows_file = plain.get(_ROWS_FILE)
    if rows_file is None:
        return _checked_fields(plain, name, kinds)
    if read_rows is None or not is_of(rows_file, dict[str, str]) or set(rows_file) != {"name", _DIGEST}:
        raise ManifestError(f"{name} keeps its rows in a file beside it: read it with SplitManifest.load")
    others = {field: kind for field, kind in kinds.items() if field not in OF_ROWS}
    return _checked_fields(plain, name, others) | dict(read_rows(rows_file))


def _checked_fields(plain: Mapping[str, Any], name: str, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a manifest's content, each of its type."""
    values: dict[str, Any] = {
        field: plain.get(_KEYS.get(field, field), {} if field in _OPTIONAL else None) for field in kinds
    }
    odd = next((field for field in sorted(kinds) if not is_of(values[field], kinds[field], _WRITTEN_AS)), None)
    odd = odd or next(
        (field for field in ("region", "digests", "config") if field in kinds and not values[field]), None
    )
    if odd is not None or "type" not in values["region"]:
        odd = odd or "region"
        raise ManifestError(f"{name} holds {shown(values[odd])} as {_KEYS.get(odd, odd)}: {NO_MANIFEST}")
    try:
        check_plain(values["region"])
    except ManifestError as error:
        raise ManifestError(f"{name}: {error}: {NO_MANIFEST}") from error
    return {field: _from_plain(value, kinds[field]) for field, value in values.items()}


def _checked_content(text: str, name: str, keys: set[str]) -> dict[str, Any]:
    """Return the content of a manifest's text, of the known format, with these keys and unchanged."""
    try:
        plain = json_value(text)
        digest = content_digest(plain) if isinstance(plain, dict) else ""
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{name} is not JSON ({error}): it is cut off, or not a manifest") from error
    stated = plain.get("format") if isinstance(plain, dict) else None
    if stated != MANIFEST_FORMAT:
        why = "it was written before the first release: split the rows again" if stated == _FIRST else NO_MANIFEST
        raise ManifestError(f"{name} has the format {stated!r}, not {MANIFEST_FORMAT!r}: {why}")
    if _ROWS_FILE in plain:
        keys = (keys - {_KEYS.get(field, field) for field in OF_ROWS}) | {_ROWS_FILE}
    missing, unknown = sorted(keys - _OPTIONAL - set(plain)), sorted(set(plain) - keys - {"format", _DIGEST})
    if missing or unknown:
        raise ManifestError(f"{name} lacks the fields {missing} and holds the unknown fields {unknown}")
    if plain.get(_DIGEST) != digest:
        remedy = "take the file that was published, or split the rows again"
        raise ManifestError(f"{name} is not what was written (its digest differs): {remedy}")
    return dict(plain)


def _to_plain(value: Any) -> Any:
    """Return a field as a JSON value; a dataclass leaves out what has its default."""
    if isinstance(value, SplitConfig):
        return value.to_dict()
    if isinstance(value, PartSize):
        return asdict(_SizeRecord(asked=value.requested, got=value.actual))
    if is_dataclass(value):
        items = ((field, getattr(value, field.name)) for field in fields(value))
        return {field.name: _to_plain(item) for field, item in items if item != field.default}
    if isinstance(value, dict):
        return {key: _to_plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, RowDigests) else value


def _from_plain(value: Any, kind: Any) -> Any:
    """Return a JSON value as the type of a field, which it fits."""
    if kind is SplitConfig:
        return SplitConfig.from_dict(value)
    if kind is RowDigests:
        return RowDigests.from_hex(value)
    if kind is PartSize:
        return PartSize(requested=value["asked"], actual=value["got"])
    origin, parts = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return next(_from_plain(value, part) for part in parts if is_of(value, part, _WRITTEN_AS))
    if origin is dict and parts[1] is not Any:
        return {key: _from_plain(item, parts[1]) for key, item in value.items()}
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{key: _from_plain(item, hints[key]) for key, item in value.items()})  # type: ignore[operator]
    return tuple(value) if origin is tuple else value
