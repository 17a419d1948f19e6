"""Formatting of numbers in reports, tables and messages.

A number that rounds to zero has no sign, so none is written as ``-0.0``. A value that was not measured is a dash, and
an infinity is written with its symbol.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

MISSING = "–"
"""Dash for a value that was not measured."""


def fixed(value: float, digits: int = 0, *, signed: bool = False) -> str:
    """Format a number with a fixed number of decimals, and commas between thousands.

    Args:
        value: Any number; NaN is written as a dash.
        digits: Number of decimals.
        signed: Whether to write a plus before numbers above 0.

    >>> fixed(-0.04, 1), fixed(1234.5, 1, signed=True), fixed(float("nan")), fixed(float("-inf"))
    ('0.0', '+1,234.5', '–', '−∞')
    >>> fixed(-0.04, 1, signed=True), fixed(0.04, 1, signed=True)
    ('0.0', '0.0')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return ("+" if signed else "") + "∞" if value > 0 else "−∞"
    text = f"{value:z,.{digits}f}"
    return f"+{text}" if signed and value > 0 and text.strip("0.") else text


def significant(value: float, digits: int = 6) -> str:
    """Format a number with at most ``digits`` significant digits.

    >>> significant(0.25), significant(-0.0), significant(1234567.0), significant(float("nan"))
    ('0.25', '0', '1,234,567', '–')
    """
    if not math.isfinite(value):
        return fixed(value)
    if value == round(value) and abs(value) < 1e15:
        return f"{value:z,.0f}"
    return f"{value:z,.{digits}g}"


def interval(low: float, high: float, digits: int) -> str:
    """Format an interval in brackets, or as a dash if an end is NaN.

    >>> interval(-0.00001, 0.25, 2), interval(float("nan"), float("nan"), 2)
    ('[0.00, 0.25]', '–')
    """
    return MISSING if math.isnan(low) or math.isnan(high) else f"[{fixed(low, digits)}, {fixed(high, digits)}]"


def share(value: float, digits: int = 1) -> str:
    """Format a share as a percentage.

    >>> share(0.125), share(-0.0001), share(0.05, 0)
    ('12.5%', '0.0%', '5%')
    """
    return MISSING if math.isnan(value) else f"{fixed(100 * value, digits)}%"


def p_value(p: float) -> str:
    """Format a p-value, never as 0: below 0.001 it is written with one significant digit.

    A permutation test cannot give less than ``1 / (1 + n_permutations)``, so no digit is made up.

    >>> p_value(0.05), p_value(0.0005), p_value(1.0), p_value(float("nan"))
    ('0.050', '0.0005', '1.000', '–')
    """
    if math.isnan(p):
        return MISSING
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1g}"


def moment_of(seconds: float) -> str:
    """Format seconds since 1970 as an ISO date in UTC, with the time of day unless it is midnight.

    >>> moment_of(1719878400.0), moment_of(1719878400.0 + 3661)
    ('2024-07-02', '2024-07-02T01:01:01Z')
    """
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%d}" if seconds % 86_400 == 0 else moment.isoformat().replace("+00:00", "Z")


def counted(number: int, singular: str, several: str = "") -> str:
    """Format a number with the noun that it counts.

    >>> counted(1, "row"), counted(1200, "row"), counted(0, "entry", "entries")
    ('1 row', '1,200 rows', '0 entries')
    """
    return f"{number:,} {singular if number == 1 else several or singular + 's'}"


def shortest(value: float) -> str:
    """Format a number in as few digits as give it back exactly.

    >>> shortest(0.5), shortest(1.0), shortest(1 / 3)
    ('0.5', '1', '0.3333333333333333')
    """
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


def listed(items: Sequence[object], most: int = 5, joint: str = ", ") -> str:
    """List the first of many things, and how many more there are.

    >>> listed(["a", "b"]), listed(range(9), 3)
    ('a, b', '0, 1, 2 and 6 more')
    """
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return joint.join(map(str, items[:most])) + more


def first_few(singular: str, items: Sequence[object], most: int = 5) -> str:
    """Name the first few of many things, by a noun that is made plural with an s.

    >>> first_few("row", [3]), first_few("row", range(9))
    ('row 3', 'rows 0, 1, 2, 3, 4, ...')
    """
    named = ", ".join(map(str, items[:most]))
    return f"{singular}{'s' if len(items) > 1 else ''} {named}{', ...' if len(items) > most else ''}"
