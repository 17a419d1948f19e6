"""Numbers and pictures of Study 1's page in Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from studies.first.pictures import EXACT, FACTOR, Number

POINTS, PERCENT, NATS = " points", "%", " nats"
NOT_MEASURED: Number = {
    "value": None, "low": None, "high": None, "n": 0, "seeds": 0, "note": "", "verdict": "not shown",
}  # fmt: skip
_WIDTH = 120


def number(
    of: Number, metric: str = EXACT, *, signed: bool = True, unit: str = "", digits: int = 3, share: bool = False
) -> str:
    """Return a number with its interval: points or percent of exact match, or nats with so many digits.

    The interval of a ``share`` of rows ends at 0 and 100%.

    >>> number({"value": 0.125, "low": 0.0625, "high": 0.25, "note": ""})
    '+12.5 [6.2, 25.0]'
    """
    if of["value"] is None:
        return "not measured"
    digits = 1 if metric == EXACT else digits
    value, low, high = (None if end is None else end * FACTOR[metric] for end in (of["value"], of["low"], of["high"]))
    if share and low is not None:
        low, high = max(low, 0.0), min(high, FACTOR[metric])
    ends = "" if low is None else f" [{_fixed(low, digits)}, {_fixed(high, digits)}]"
    return f"{_fixed(value, digits, signed=signed)}{unit}{ends}"


def _fixed(value: float, digits: int, *, signed: bool = False) -> str:
    rounded = round(value, digits) or 0.0
    return f"{rounded:{'+' if signed and rounded else ''}.{digits}f}"


def shown(of: Number, metric: str = EXACT) -> str:
    """Return a number with the verdict on it."""
    return f"**{of['verdict']}**<br>{unbroken(number(of, metric))}"


def unbroken(words: str) -> str:
    """Return words that a line of a table does not break."""
    return words.replace(" ", "&nbsp;").replace("-", "&#8209;")


def picture(name: str, alt: str, up: str = "../../") -> str:
    """Return the markup of a picture, in both themes and for wide and narrow pages."""
    lines = []
    for theme in ("light", "dark"):
        place = f"{up}assets/first-{name}"
        lines += [
            "<picture>",
            f'  <source media="(max-width: 700px)" srcset="{place}-tall-{theme}.svg">',
            f'  <img src="{place}-wide-{theme}.svg#only-{theme}" alt="{alt}" width="712">',
            "</picture>",
        ]
    return "\n".join(lines)


def filled(template: str, words: Mapping[str, Any]) -> str:
    """Return a template with its words in place, and with its paragraphs in lines of at most 120 characters."""
    blocks = template.format_map(words).strip().split("\n\n")
    return "\n\n".join(_wrapped(block) for block in blocks if block.strip()) + "\n"


def _wrapped(block: str) -> str:
    """Wrap a paragraph, or the items of a list; tables, headings and markup stay as they are."""
    block = block.strip()
    if block.startswith(("|", "#", "<")):
        return block
    options: dict[str, Any] = {"width": _WIDTH, "break_long_words": False, "break_on_hyphens": False}
    if block.startswith("- "):
        return "\n".join(textwrap.fill(item, subsequent_indent="  ", **options) for item in block.splitlines())
    return textwrap.fill(block, **options)
