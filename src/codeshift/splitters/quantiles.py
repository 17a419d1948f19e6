"""Quantile bands of a property, as adjacent intervals of its values."""

from __future__ import annotations

import math
from typing import Any

from codeshift.checks import is_number
from codeshift.errors import ParameterError
from codeshift.properties import Property, PropertyTable
from codeshift.properties.tallies import NumberTally, Tally
from codeshift.regions.interval import Interval


def check_band(
    quantiles: Any, bounds: Any
) -> tuple[tuple[float, float] | None, tuple[float | None, float | None] | None]:
    """Return the quantiles or the bounds of a band, whichever is given; the quantiles of the top fifth if neither is.

    Raises:
        ParameterError: if both are given, or the one that is given is no pair of numbers in order.

    >>> check_band(None, None), check_band(None, (100, None))
    (((0.8, 1.0), None), (None, (100.0, None)))
    """
    if bounds is None:
        return check_quantiles((0.8, 1.0) if quantiles is None else quantiles), None
    if quantiles is not None:
        raise ParameterError("quantiles", "left out if bounds is given", quantiles, "choose one of the two")
    return None, check_bounds(bounds)


def check_quantiles(quantiles: Any) -> tuple[float, float]:
    """Return a pair ``(low, high)`` with ``0 <= low < high <= 1``.

    Raises:
        ParameterError: if the value is not such a pair.

    >>> check_quantiles((0.9, 0.1))
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: quantiles must be two numbers in order, 0 <= low < high <= 1, got (0.9, 0.1): \
(0.9, 1.0) takes the top tenth
    """
    pair = tuple(quantiles) if isinstance(quantiles, list | tuple) else ()
    numeric = len(pair) == 2 and all(is_number(q) for q in pair)
    if not numeric or not 0 <= pair[0] < pair[1] <= 1:
        raise ParameterError(
            "quantiles", "two numbers in order, 0 <= low < high <= 1", quantiles, "(0.9, 1.0) takes the top tenth"
        )
    return float(pair[0]), float(pair[1])


def check_bounds(bounds: Any) -> tuple[float | None, float | None]:
    """Return a pair ``(low, high)`` of numbers in order; ``None`` for an open end.

    Raises:
        ParameterError: if the value is not such a pair.
    """
    pair = tuple(bounds) if isinstance(bounds, list | tuple) else ()
    finite = [b for b in pair if is_number(b)]
    fits = len(pair) == 2 and len(finite) == sum(b is not None for b in pair) and finite
    if not fits or (len(finite) == 2 and finite[0] >= finite[1]):
        raise ParameterError(
            "bounds", "two numbers in order (None for an open end)", bounds, "(100, None) takes 100 and above"
        )
    return tuple(None if b is None else float(b) for b in pair)  # type: ignore[return-value]


def band_of(
    measured: Property,
    table: PropertyTable,
    quantiles: tuple[float, float] | None,
    bounds: tuple[float | None, float | None] | None = None,
) -> Interval:
    """Return the interval of a property between bounds, or between quantiles over all rows of ``table``."""
    if bounds is not None:
        return Interval(measured, *bounds)
    assert quantiles is not None  # noqa: S101 - one of the two is given
    return Interval(measured, *cut(table.summarise(NumberTally(measured)), quantiles))


def cut(tally: Tally, quantiles: tuple[float, float]) -> tuple[float | None, float | None]:
    """Return the half-open interval ``[low, high)`` of the rows between two quantiles.

    A threshold is the value of the row of rank ``round(q * n)``, so it is one of the values and needs no interpolation.
    Adjacent bands share a threshold, so no row is in two bands or in none; a band that starts at 0 or ends at 1 is open
    there and includes shorter or longer programs of other datasets.

    >>> tally = Tally.of([5.0, 1, 2, 4, 3])
    >>> cut(tally, (0.6, 1.0))
    (4.0, None)
    >>> cut(tally, (0.2, 0.6))
    (2.0, 4.0)
    """
    last = tally.rows - 1
    ranks = [min(math.floor(q * tally.rows + 0.5), last) for q in quantiles]
    low = None if quantiles[0] == 0 else tally.at(ranks[0])
    high = None if quantiles[1] == 1 else tally.at(ranks[1])
    return low, high
