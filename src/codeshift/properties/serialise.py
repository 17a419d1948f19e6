"""Frozen dataclasses to JSON and back: the form of regions and properties in a manifest.

A value is written as ``{"type": class name, field: value, ...}``. Only classes declared as ``Serialisable`` are ever
made from JSON; nothing is evaluated or imported by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType, NoneType, UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from codeshift.errors import ManifestError
from codeshift.wording import closest, shown


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
        fields = {f.name: _to_plain(getattr(self, f.name)) for f in dataclasses.fields(self) if f.init}  # type: ignore[arg-type]
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
        return cls(**{key: _from_plain(value) for key, value in plain.items() if key != "type"})
    except TypeError as error:
        raise ManifestError(f"a {name} in a manifest has fields that do not fit: {error}") from error


def check_plain(plain: Any) -> None:
    """Check that a value is one that ``to_dict`` wrote, as far as this process knows the types in it.

    Raises:
        ManifestError: if it or a value within it has no type, or fields that do not fit its type.

    >>> from codeshift.properties import TokenCount
    >>> check_plain(TokenCount("code").to_dict())
    >>> check_plain({"type": "TokenCount", "column": None})
    Traceback (most recent call last):
        ...
    codeshift.errors.ManifestError: a TokenCount in a manifest holds None as column
    """
    if not isinstance(plain, dict) or not isinstance(plain.get("type"), str):
        raise ManifestError(f"{shown(plain)} stands in a manifest where a value with its type should")
    cls = Serialisable._known.get(plain["type"])
    if cls is None:
        for value in plain.values():
            if isinstance(value, dict):
                check_plain(value)
        return
    kinds = _field_types(cls)
    missing = [f.name for f in dataclasses.fields(cls) if _is_required(f) and f.name not in plain]  # type: ignore[arg-type]
    unknown = sorted(set(plain) - set(kinds) - {"type"})
    if missing or unknown:
        fault = f"lacks {missing}" if missing else f"has the unknown fields {unknown}"
        raise ManifestError(f"a {plain['type']} in a manifest {fault}")
    for name in sorted(set(plain) - {"type"}):
        if not is_of(plain[name], kinds[name]):
            raise ManifestError(f"a {plain['type']} in a manifest holds {shown(plain[name])} as {name}")


def _field_types(cls: type[Serialisable]) -> dict[str, Any]:
    """Return the type of each field that is written; Any where it is a name that only a type checker knows."""
    try:
        hints = get_type_hints(cls)
    except NameError:
        hints = {}
    return {f.name: hints.get(f.name, Any) for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.init and field.default is field.default_factory is dataclasses.MISSING


def is_of(value: Any, kind: Any, written_as: Mapping[Any, Any] = MappingProxyType({})) -> bool:
    """Return whether a value of JSON has the type of a field, as ``to_dict`` and its like write it.

    A list stands for a tuple, a dict for a dataclass, a whole number also for a fraction. True for types that say
    nothing of JSON.

    Args:
        value: Value.
        kind: Type of the field.
        written_as: Types of JSON by the types that are written in another way than by their fields.

    Raises:
        ManifestError: if it is a dict of a known type whose fields do not fit, as ``check_plain`` says.

    >>> is_of({"train": ["a"]}, dict[str, list[str]]), is_of({"train": [1]}, dict[str, list[str]]), is_of(True, int)
    (True, False, False)
    >>> is_of([1, 2], tuple[int, ...]), is_of([1, 2], tuple[int]), is_of(2, float | None)
    (True, False, True)
    """
    if kind in written_as:
        return is_of(value, written_as[kind], written_as)
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):
        return any(is_of(value, part, written_as) for part in parts)
    if origin is Literal:
        return value in parts
    if origin in (list, tuple):
        return isinstance(value, list) and _are_of(value, origin, parts, written_as)
    if origin is dict:
        return isinstance(value, dict) and all(is_of(item, parts[1], written_as) for item in value.values())
    if not isinstance(kind, type):
        return True
    if issubclass(kind, Serialisable):
        return isinstance(value, dict) and _is_written_by(value, kind)
    if dataclasses.is_dataclass(kind):
        return isinstance(value, dict) and _has_fields_of(value, kind, written_as)
    if kind in (int, float):
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    return kind not in (str, bool, dict, list, NoneType) or isinstance(value, kind)


def _are_of(values: list[Any], origin: type, parts: tuple[Any, ...], written_as: Mapping[Any, Any]) -> bool:
    if origin is list or parts[-1] is Ellipsis:
        return all(is_of(value, parts[0], written_as) for value in values)
    return len(values) == len(parts) and all(map(partial(is_of, written_as=written_as), values, parts))


def _is_written_by(plain: dict[str, Any], kind: type[Serialisable]) -> bool:
    check_plain(plain)
    cls = Serialisable._known.get(plain["type"])
    return cls is None or issubclass(cls, kind)


def _has_fields_of(plain: dict[str, Any], kind: type, written_as: Mapping[Any, Any]) -> bool:
    hints, needed = get_type_hints(kind), {field.name for field in dataclasses.fields(kind) if _is_required(field)}
    return needed <= set(plain) <= set(hints) and all(is_of(v, hints[name], written_as) for name, v in plain.items())


def class_of(plain: Mapping[str, Any]) -> type[Serialisable] | None:
    """Return the class of the value that ``to_dict`` wrote; None if this process knows none of that name."""
    return Serialisable._known.get(str(plain["type"]))


def _to_plain(value: Any) -> Any:
    if isinstance(value, Serialisable):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _from_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return from_dict(value)
    if isinstance(value, list):
        return tuple(_from_plain(item) for item in value)
    return value
