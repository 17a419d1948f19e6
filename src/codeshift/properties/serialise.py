"""Frozen dataclasses to JSON and back: the form of regions and properties in a manifest.

A value is written as ``{"type": class name, field: value, ...}``. Only classes declared as ``Serialisable`` are ever
made from JSON; nothing is evaluated or imported by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from codeshift.errors import ManifestError, closest


class Serialisable:
    """Base of the dataclasses that a manifest can contain; every subclass is known by its class name."""

    _known: ClassVar[dict[str, type[Serialisable]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # A notebook's cell that is run again defines its class again; the same name in another module is a clash.
        earlier = Serialisable._known.get(cls.__name__)
        if earlier is not None and earlier.__module__ != cls.__module__:
            raise TypeError(f"{cls.__name__} is already the name of {earlier.__module__}.{earlier.__qualname__}")
        Serialisable._known[cls.__name__] = cls

    def to_dict(self) -> dict[str, Any]:
        """Return this value as plain lists, dicts, numbers and strings, which ``json`` can write."""
        fields = {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self) if f.init}  # type: ignore[arg-type]
        return {"type": type(self).__name__, **fields}


def from_dict(plain: dict[str, Any]) -> Any:
    """Make the value that ``to_dict`` wrote.

    Raises:
        ManifestError: if the type is unknown or its fields do not fit.

    >>> from codeshift.properties import TokenCount
    >>> from_dict(TokenCount("code").to_dict())
    TokenCount(column='code')
    """
    name = plain.get("type")
    cls = Serialisable._known.get(str(name))
    if cls is None:
        raise ManifestError(f"unknown type {name!r} in a manifest: {closest(str(name), Serialisable._known)}")
    try:
        return cls(**{key: _revived(value) for key, value in plain.items() if key != "type"})
    except TypeError as error:
        raise ManifestError(f"a {name} in a manifest has fields that do not fit: {error}") from error


def class_of(plain: Mapping[str, Any]) -> type[Serialisable] | None:
    """Return the class of the value that ``to_dict`` wrote; None if this process knows none of that name."""
    return Serialisable._known.get(str(plain["type"]))


def _plain(value: Any) -> Any:
    if isinstance(value, Serialisable):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _revived(value: Any) -> Any:
    if isinstance(value, dict):
        return from_dict(value)
    if isinstance(value, list):
        return tuple(_revived(item) for item in value)
    return value
