"""What stands in the tables of a report: estimates, counts and names."""

from __future__ import annotations

import math
from collections.abc import Iterable

from codeshift.documents.document import Value
from codeshift.formatting import MISSING
from codeshift.metrics import Estimate
from codeshift.study.measures import Measure


def estimated(
    measure: Measure, estimate: Estimate, missing: str = MISSING, *, kind: str = "", change: bool = False
) -> Value:
    """An estimate as a value: its number, and its interval behind it.

    Args:
        measure: how the number is shown.
        estimate: the number.
        missing: what stands in place of NaN.
        kind: of that: ``"failed"``, ``"pending"`` or nothing.
        change: whether the number is a difference.

    >>> from codeshift.study.measures import EXACT_MATCH
    >>> estimated(EXACT_MATCH, Estimate(0.5, 0.4, 0.6, n=9, confidence=0.95, method="percentile")).whole
    '50.0% [40.0, 60.0]'
    """
    if math.isnan(estimate.value):
        return Value(missing, kind=kind)
    text = measure.difference(estimate.value) if change else measure.text(estimate.value) + measure.sign
    return Value(text, order=estimate.value, aside=measure.interval(estimate))


def counted(number: int) -> Value:
    """A count.

    >>> counted(1200).text
    '1,200'
    """
    return Value(f"{number:,}", order=float(number))


def counted_each(numbers: Iterable[int]) -> Value:
    """A count of each of several figures in one place: one number where all are the same.

    >>> counted_each([8, 8]).text, counted_each([1200, 3, 8]).text, counted_each([]).text
    ('8', '3 to 1,200', '0')
    """
    found = sorted(set(numbers)) or [0]
    text = f"{found[0]:,}" + (f" to {found[-1]:,}" if len(found) > 1 else "")
    return Value(text, order=float(found[0]))


def named(text: str, order: float | None = None, kind: str = "") -> Value:
    """A name."""
    return Value(text, order=order, kind=kind)
