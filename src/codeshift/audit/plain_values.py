"""Values of an audit's report as plain ones, which ``json`` can write."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from codeshift.properties import Property

KEY = "key"
"""Name, in a field's metadata, of its key among plain values where that is not the field's own name."""


def plain(value: Any) -> Any:
    """Return a value of a report as lists, dicts, texts and numbers; NaN as None, and infinity as text.

    >>> from codeshift.audit.copies import Copies
    >>> plain(Copies(part="test", n=0, distinct=0, largest=0))
    {'part': 'test', 'n': 0, 'distinct': 0, 'largest': 0, 'repeated': 0, 'repeated_share': None}
    """
    if isinstance(value, Property):
        return value.to_dict()
    if dataclasses.is_dataclass(value):
        compared = {key_of(f): plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.compare}
        return compared | {name: plain(getattr(value, name)) for name in _derived(type(value))}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def key_of(field: dataclasses.Field[Any]) -> str:
    """Return the key of a field."""
    return str(field.metadata.get(KEY, field.name))


def _derived(cls: type) -> list[str]:
    """Return the names of a class's properties, inherited ones first, such as the shares computed from its counts."""
    members = {name: member for base in reversed(cls.__mro__) for name, member in vars(base).items()}
    return [name for name, member in members.items() if isinstance(member, property)]
