"""Functions of a row for the tests of ``PredicateSplitter``; a new process must be able to import them."""

from __future__ import annotations

from typing import Any


def is_busy_method(row: dict[str, Any]) -> bool:
    """Return whether a method uses ``self`` often."""
    return row["code"].count("self") > 4


def from_early_years(row: dict[str, Any]) -> bool:
    """Return whether a row is from before 1998, by another column than the code."""
    return row["year"] < 1998


def returns_early(row: dict[str, Any]) -> bool:
    """Return whether there is more than one return."""
    return row["code"].count("return") > 1


def returns_text(row: dict[str, Any]) -> Any:
    """Return text, which is not a Boolean."""
    return "yes"


def adds_often(row: dict[str, Any]) -> bool:
    """Return whether there are more than three sums."""
    return row["code"].count("+") > 3
