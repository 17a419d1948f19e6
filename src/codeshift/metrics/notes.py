"""Notes on a value: several in one text, and the single ones again."""

from __future__ import annotations

_BETWEEN = "; "


def joined_notes(*notes: str) -> str:
    """Return several notes as one text, each once and without empty ones.

    >>> joined_notes("one class only", "", "one class only", "2 rows left out")
    'one class only; 2 rows left out'
    """
    return _BETWEEN.join(dict.fromkeys(filter(None, notes)))


def single_notes(text: str) -> list[str]:
    """Return the notes that ``joined_notes`` has joined.

    >>> single_notes("one class only; 2 rows left out"), single_notes("")
    (['one class only', '2 rows left out'], [])
    """
    return text.split(_BETWEEN) if text else []
