"""Checks of arguments that many of the library's classes take."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from codeshift.errors import ParameterError


def is_integer(value: Any) -> bool:
    """Whether a value is a whole number, NumPy's included; True and False are none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number, NumPy's included; True and False are none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def check_share(parameter: str, value: Any) -> float:
    """Return a share of rows strictly between 0 and 1: with neither end is there anything to split.

    Raises:
        ParameterError: if it is none.

    >>> check_share("share", 1)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: share must be a share of rows above 0 and below 1, got 1: 0.2 takes a fifth
    """
    if not is_number(value) or not 0 < float(value) < 1:
        raise ParameterError(parameter, "a share of rows above 0 and below 1", value, "0.2 takes a fifth")
    return float(value)


def check_integer(parameter: str, value: Any, *, smallest: int | None = None) -> int:
    """Return a whole number.

    Raises:
        ParameterError: if it is none, or below ``smallest``.
    """
    if not is_integer(value) or (smallest is not None and int(value) < smallest):
        bound = "" if smallest is None else f" from {smallest} up"
        raise ParameterError(parameter, f"a whole number{bound}", value, f"such as {smallest or 0}")
    return int(value)


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
