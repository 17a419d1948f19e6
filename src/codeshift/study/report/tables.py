"""Values in the tables of a report: estimates, counts and names."""

from __future__ import annotations

import math
from collections.abc import Iterable

from codeshift.documents.document import Value
from codeshift.formatting import MISSING, p_value, share
from codeshift.metrics import Estimate
from codeshift.study.results.measures import Measure

SMALLEST_P = 0.0005
"""Smallest p-value of an interval that is printed as a number."""


def estimated(
    measure: Measure, estimate: Estimate, missing: str = MISSING, *, kind: str = "", change: bool = False
) -> Value:
    """Format an estimate: its number, followed by its interval.

    Args:
        measure: Display of the metric.
        estimate: Estimate to format.
        missing: Text in place of NaN.
        kind: Kind of that text: ``"failed"``, ``"pending"`` or empty.
        change: Whether the number is a difference.

    >>> from codeshift.study.results.measures import EXACT_MATCH
    >>> estimated(EXACT_MATCH, Estimate(0.5, 0.4, 0.6, n=9, confidence=0.95, method="percentile")).whole
    '50.0% [40.0, 60.0]'
    """
    if math.isnan(estimate.value):
        return Value(missing, kind=kind)
    text = measure.difference(estimate.value) if change else measure.text(estimate.value) + measure.sign
    return Value(text, order=estimate.value, aside=measure.interval(estimate))


def interval_p_value(p: float) -> Value:
    """Format the p-value of an interval. So far out in the tails its size is that of an assumption: it has a bound.

    >>> interval_p_value(2e-16).text, interval_p_value(0.0005).text, interval_p_value(0.03).text
    ('< 0.0005', '0.0005', '0.030')
    """
    if math.isnan(p):
        return Value(MISSING)
    return Value(p_value(p) if p >= SMALLEST_P else f"< {p_value(SMALLEST_P)}", order=p)


def count_value(number: int) -> Value:
    """Format a count.

    >>> count_value(1200).text
    '1,200'
    """
    return Value(f"{number:,}", order=float(number))


def counted_each(numbers: Iterable[int]) -> Value:
    """Format several counts as their range, or as one number if all are equal.

    >>> counted_each([8, 8]).text, counted_each([1200, 3, 8]).text, counted_each([]).text
    ('8', '3 to 1,200', '0')
    """
    distinct = sorted(set(numbers)) or [0]
    text = f"{distinct[0]:,}" + (f" to {distinct[-1]:,}" if len(distinct) > 1 else "")
    return Value(text, order=float(distinct[0]))


def named(text: str, order: float | None = None, kind: str = "") -> Value:
    """Format a name."""
    return Value(text, order=order, kind=kind)


def kept_share(kept: float | None) -> Value:
    """Format the share of a region that is kept; a dash without fine-tuning.

    >>> kept_share(0.05).text
    '5%'
    """
    return Value(MISSING, order=-1.0) if kept is None else Value(f"{100 * kept:.4g}%", order=kept)


def part_kind(part: str) -> str:
    """Return the mark of a part; empty if it has none.

    >>> part_kind("test_ood"), part_kind("general")
    ('ood', '')
    """
    return {"test_ood": "ood", "test_id": "id"}.get(part, "")


def of_all(count: int, total: int) -> Value:
    """Format a count as a share of all, followed by itself.

    >>> of_all(3, 12).whole
    '25% (3)'
    """
    return Value(share(count / total, 0), order=count / total, aside=f"({count:,})")
