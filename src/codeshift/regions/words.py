"""Values of a region in words: lists of names, and values that have no words of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_MOST = 4  # number of names that are listed; the manifest has all of them
_LONGEST = 60  # number of characters of a value that are shown


def joined_words(names: Sequence[Any], word: str) -> str:
    """Join names with commas and ``word`` before the last; only the first of many are listed.

    >>> joined_words(("for", "while"), "or"), joined_words(range(7), "and"), joined_words((), "or")
    ('for or while', '0, 1, 2, 3 and 3 more', 'none')
    """
    shown = [_shortened(str(name)) for name in names[:_MOST]]
    shown += [f"{len(names) - _MOST:,} more"] if len(names) > _MOST else []
    if len(shown) < 2:
        return shown[0] if shown else "none"
    return f"{', '.join(shown[:-1])} {word} {shown[-1]}"


def spelled(plain: Any) -> str:
    """Return a value without words of its own like its repr; long ones are cut.

    >>> spelled({"type": "Odd", "digits": [1, 3], "of": None})
    'Odd(digits=(1, 3))'
    """
    if isinstance(plain, Mapping) and "type" in plain:
        fields = (f"{name}={spelled(v)}" for name, v in plain.items() if name != "type" and v is not None)
        return _shortened(f"{plain['type']}({', '.join(fields)})", 2 * _LONGEST)
    return _shortened(repr(tuple(plain) if isinstance(plain, list) else plain))


def _shortened(text: str, longest: int = _LONGEST) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
