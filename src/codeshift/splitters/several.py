"""One value or several of them, as the tuple that a splitter keeps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from codeshift.errors import ParameterError


def several(parameter: str, value: Any, constraint: str, example: str) -> tuple[Any, ...]:
    """Return one text or number, or several of them, as a tuple.

    The order of a list stays. A set has none, or one that depends on the process, so its members are sorted.

    Args:
        parameter: the argument's name, for errors.
        value: what was given.
        constraint: what it must be, for errors.
        example: for errors, too.

    Raises:
        ParameterError: if ``value`` is neither one nor several.

    >>> several("nodes", "call", "node types", "call"), several("nodes", {"for", "call"}, "node types", "call")
    (('call',), ('call', 'for'))
    >>> several("nodes", None, "node types", 'such as ("call",)')
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: nodes must be node types, got None: such as ("call",)
    """
    if isinstance(value, str | int | np.generic):
        members: Iterable[Any] = (value,)
    elif isinstance(value, set | frozenset):
        members = sorted(value, key=lambda member: (type(member).__name__, str(member)))
    elif isinstance(value, Iterable):
        members = value
    else:
        raise ParameterError(parameter, constraint, value, example)
    return tuple(member.item() if isinstance(member, np.generic) else member for member in members)
