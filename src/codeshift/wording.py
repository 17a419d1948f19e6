"""Wording of values, hints and remedies in the messages of errors."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import partial
from typing import Any

_LONGEST_SHOWN = 120


def shown(value: Any) -> str:
    """Return the repr of ``value``, shortened for a message.

    >>> shown("a" * 500)[-4:]
    "...'"
    """
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 4] + "..." + text[-1]


def closest(name: object, options: Iterable[object]) -> str:
    """Return a hint that names the options closest to a misspelt ``name``, or all options if there are few.

    Args:
        name: Value that was given, not converted to text, so that a hint can tell ``True`` from ``"True"``.
        options: Values that could have been given.

    >>> closest("while_statment", ["for_statement", "while_statement", "if_statement"])
    'did you mean while_statement, if_statement or for_statement?'
    >>> closest("cobol", ["java", "python"])
    'choose one of java, python'
    >>> closest(True, ["True", "False"])
    "True is a truth value, did you mean the text 'True'?"
    """
    distinct = list({(type(option), str(option)): option for option in options}.values())
    distinct.sort(key=str)
    written_alike = next((o for o in distinct if str(o) == str(name) and type(o) is not type(name)), None)
    if written_alike is not None and not any(o is name or (type(o) is type(name) and o == name) for o in distinct):
        return f"{name!r} is {_kind(name)}, did you mean {_kind(written_alike, 'the')} {written_alike!r}?"
    plain = all(isinstance(option, str) for option in distinct)
    texts = [str(option) if plain else repr(option) for option in distinct]
    matches = difflib.get_close_matches(str(name), texts, n=3, cutoff=0.6)
    if matches:
        return f"did you mean {_joined_by_or(matches)}?"
    if len(texts) <= 20:
        return f"choose one of {', '.join(texts)}"
    return f"choose one of {', '.join(texts[:20])} and {len(texts) - 20} more"


_KINDS = {str: "text", bool: "truth value", int: "whole number", float: "number"}


def _kind(value: object, article: str = "a") -> str:
    """Return the kind of a value in words.

    >>> _kind(True), _kind("a"), _kind(3, "the")
    ('a truth value', 'text', 'the whole number')
    """
    kind = _KINDS.get(type(value), type(value).__name__)
    return kind if article == "a" and kind == "text" else f"{article} {kind}"


def _joined_by_or(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]


class Verbatim(str):
    """Value that an error describes in words, shown without quotes.

    >>> Verbatim("0 of 60 rows")
    0 of 60 rows
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Remedy(str):
    """Remedy whose last words are Python, in place of which the command line names an option.

    Args:
        words: Words before the Python.
        code: What to do in Python.
        option: Name of the option that does it, without dashes.
        value: Value of the option; None for a switch.

    >>> remedy = Remedy("leave them out with ", "data.filter(...)", option="require", value="code")
    >>> print(remedy, remedy.option, remedy.value)
    leave them out with data.filter(...) require code
    """

    words: str
    code: str
    option: str
    value: str | None

    def __new__(cls, words: str, code: str, *, option: str, value: str | None = None) -> Remedy:  # noqa: D102
        remedy = super().__new__(cls, words + code)
        remedy.words, remedy.code, remedy.option, remedy.value = words, code, option, value
        return remedy

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Remedy, option=self.option, value=self.value), (self.words, self.code)
