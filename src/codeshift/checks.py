"""Checks of arguments, shared by the classes of the library."""

from __future__ import annotations

import functools
import math
import numbers
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from codeshift.errors import ParameterError
from codeshift.wording import Verbatim, closest

Check = Callable[[str, Any], Any]
"""Function of an argument's name and value that returns the value to use or raises a ``ParameterError``."""

SettingsClass = TypeVar("SettingsClass", bound=type)


def is_integer(value: Any) -> bool:
    """Tell whether a value is a whole number, NumPy's included; True and False are not."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number, NumPy's included; True and False are not."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def check_bool(parameter: str, value: Any) -> bool:
    """Return True or False, NumPy's included; a text such as ``"no"``, which would count as true, is refused.

    Raises:
        ParameterError: if the value is neither.

    >>> check_bool("keep_weights", "no")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: keep_weights must be True or False, got 'no': give False
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    meant = str(value).strip().lower()
    remedy = next((f"give {word}" for word, texts in _TRUTH.items() if meant in texts), "give one of the two")
    raise ParameterError(parameter, "True or False", value, remedy)


def read_bool(parameter: str, text: str) -> bool:
    """Return the truth value of a text, for places where only text can be given, such as the command line.

    Raises:
        ParameterError: if the text is no truth value.

    >>> read_bool("bf16", "yes"), read_bool("bf16", "False")
    (True, False)
    """
    for word, texts in _TRUTH.items():
        if text.strip().lower() in texts:
            return word == "True"
    raise ParameterError(parameter, "true or false", text, "give one of the two")


_TRUTH = {"True": ("1", "true", "yes", "on"), "False": ("0", "false", "no", "off")}


def plain_number(value: Any) -> Any:
    """Return a number of NumPy as one of Python, which JSON and reprs show as it is, and other values unchanged.

    >>> plain_number(np.float64(0.5)), plain_number(None)
    (0.5, None)
    """
    return value.item() if isinstance(value, np.generic) else value


def check_integer(
    parameter: str, value: Any, *, smallest: int | None = None, largest: int | None = None, remedy: str | None = None
) -> int:
    """Return a whole number as an int.

    Args:
        parameter: Name of the argument, for errors.
        value: Value that was given; NumPy's numbers are accepted, True and False are not.
        smallest: Smallest value allowed; None for no limit.
        largest: Largest value allowed; None for no limit.
        remedy: What to do about an invalid value, for errors.

    Raises:
        ParameterError: if the value is no whole number, below ``smallest`` or above ``largest``.

    >>> check_integer("steps", True, smallest=1)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: steps must be a whole number from 1 up, got True: such as 1
    """
    if not is_integer(value) or not _in_bounds(value, smallest, largest):
        constraint = "a whole number" + _bounds(smallest, largest)
        raise ParameterError(parameter, constraint, value, remedy or f"such as {smallest or 0}")
    return int(value)


def check_number(
    parameter: str,
    value: Any,
    *,
    smallest: float | None = None,
    largest: float | None = None,
    above: float | None = None,
    below: float | None = None,
    remedy: str = "give another number",
) -> float:
    """Return a finite number, as an int if it is whole by type, else as a float.

    Args:
        parameter: Name of the argument, for errors.
        value: Value that was given; NumPy's numbers are accepted, True and False are not.
        smallest: Smallest value allowed.
        largest: Largest value allowed.
        above: Bound that the value must exceed.
        below: Bound that the value must stay below.
        remedy: What to do about an invalid value, for errors.

    Raises:
        ParameterError: if the value is no finite number or is outside the bounds.

    >>> check_number("learning_rate", 0, above=0, remedy="such as 1e-4")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: learning_rate must be a number above 0, got 0: such as 1e-4
    """
    open_ends = (above is None or value > above) and (below is None or value < below) if is_number(value) else False
    if not open_ends or not _in_bounds(value, smallest, largest):
        constraint = "a number" + _bounds(smallest, largest)
        if above is not None or below is not None:
            ends = {"above": above, "at least": smallest, "below": below, "at most": largest}
            constraint = "a number " + " and ".join(f"{word} {end:g}" for word, end in ends.items() if end is not None)
        raise ParameterError(parameter, constraint, value, remedy)
    return int(value) if is_integer(value) else float(value)


def check_share(parameter: str, value: Any) -> float:
    """Return a share of rows strictly between 0 and 1; at either end there is nothing to split.

    Raises:
        ParameterError: if the value is no such share.

    >>> check_share("share", 1)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: share must be a share of rows above 0 and below 1, got 1: 0.2 takes a fifth
    """
    if not is_number(value) or not 0 < float(value) < 1:
        raise ParameterError(parameter, "a share of rows above 0 and below 1", value, "0.2 takes a fifth")
    return float(value)


def check_choice(parameter: str, value: Any, options: Iterable[str]) -> str:
    """Return a text that is one of ``options``.

    Raises:
        ParameterError: if it is none of them; the message names the closest ones.

    >>> check_choice("precision", "bf15", ("fp32", "bf16"))
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: precision must be one of fp32, bf16, got 'bf15': did you mean bf16?
    """
    known = tuple(options)
    if not isinstance(value, str) or value not in known:
        raise ParameterError(parameter, f"one of {', '.join(known)}", value, closest(value, known))
    return str(value)


def _in_bounds(value: float, smallest: float | None, largest: float | None) -> bool:
    return (smallest is None or value >= smallest) and (largest is None or value <= largest)


def _bounds(smallest: float | None, largest: float | None) -> str:
    if smallest is not None and largest is not None:
        return f" from {smallest:g} to {largest:g}"
    return f" from {smallest:g} up" if smallest is not None else f" up to {largest:g}" if largest is not None else ""


def several(parameter: str, value: Any, constraint: str, example: str) -> tuple[Any, ...]:
    """Return one or several texts or numbers as a tuple.

    The order of a list is kept. The members of a set, whose order may depend on the process, are sorted.

    Args:
        parameter: Name of the argument, for errors.
        value: Value that was given.
        constraint: What the value must be, for errors.
        example: Example of a valid value, for errors.

    Raises:
        ParameterError: if ``value`` is neither a text or number nor an iterable.

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


def check_texts(parameter: str, value: Any, *, members: str, example: str) -> tuple[str, ...]:
    """Return several texts as a tuple; a single text, which would count as its characters, is refused.

    Args:
        parameter: Name of the argument, for errors.
        value: Value that was given, an iterable of texts.
        members: What the texts are, for errors.
        example: Example of a valid value, for errors.

    Raises:
        ParameterError: if the value is a single text or no iterable of texts.

    >>> check_texts("freeze", ["shared.*"], members="patterns", example='("shared.*",)')
    ('shared.*',)
    """
    constraint, remedy = f"several {members}", f"write it as {example}"
    if isinstance(value, str):
        raise ParameterError(parameter, constraint, value, remedy)
    texts = several(parameter, value, constraint, remedy)
    if not all(isinstance(text, str) for text in texts):
        raise ParameterError(parameter, constraint, value, remedy)
    return texts


def optional(check: Check) -> Check:
    """Return a check that accepts None and passes other values to ``check``.

    >>> optional(check_bool)("keep_weights", None)
    """
    return lambda parameter, value: None if value is None else check(parameter, value)


def settings(
    checks: Mapping[str, Check], renamed: Mapping[str, str] | None = None
) -> Callable[[SettingsClass], SettingsClass]:
    """Make a keyword-only dataclass check its arguments, and suggest close names for unknown ones.

    Args:
        checks: Checks by name of the argument; a default is not checked.
        renamed: Current names by earlier names.

    Returns:
        A decorator, to be written above that of the dataclass. The class raises a ``ParameterError`` for an argument
        that is invalid, unknown or given by an earlier name.

    >>> from dataclasses import dataclass
    >>> @settings({"steps": check_integer}, {"updates": "steps"})
    ... @dataclass(frozen=True, kw_only=True)
    ... class Plan:
    ...     steps: int = 1
    >>> Plan(steps=np.int64(3))
    Plan(steps=3)
    >>> Plan(updates=3)
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: updates must be given by its current name, got 3: it is steps now
    """

    def decorate(cls: SettingsClass) -> SettingsClass:
        names = [field.name for field in fields(cls) if field.init]
        store = cls.__init__  # type: ignore[misc]

        @functools.wraps(store)
        def __init__(self: Any, *args: Any, **arguments: Any) -> None:  # noqa: N807 - it takes its place
            for name, value in arguments.items():
                if name in (renamed or {}):
                    raise ParameterError(name, "given by its current name", value, name_hint(name, names, renamed))
                if name not in names:
                    raise ParameterError(
                        cls.__name__, "given settings that it has", Verbatim(name), name_hint(name, names)
                    )
            settled = {
                name: checks[name](name, value) if name in checks else value for name, value in arguments.items()
            }
            store(self, *args, **settled)

        cls.__init__ = __init__  # type: ignore[misc]
        return cls

    return decorate


def settle(instance: object, **values: Any) -> None:
    """Set attributes of a frozen dataclass to the values that its arguments settle to, in ``__post_init__``.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Plan:
    ...     steps: int
    ...     def __post_init__(self):
    ...         settle(self, steps=check_integer("steps", self.steps))
    >>> Plan(np.int64(3))
    Plan(steps=3)
    """
    for name, value in values.items():
        object.__setattr__(instance, name, value)


def name_hint(name: object, known: Iterable[str], renamed: Mapping[str, str] | None = None) -> str:
    """Return a hint for an unknown ``name``: its current name, or the known names closest to it.

    >>> name_hint("updates", ("steps",), {"updates": "steps"}), name_hint("step", ("steps", "seed"))
    ('it is steps now', 'did you mean steps?')
    """
    today = (renamed or {}).get(str(name))
    return closest(name, known) if today is None else f"it is {today} now"
