"""Check for test parts with so few distinct rows that a score on them is no evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codeshift.formatting import counted
from codeshift.splits.partition import PARTS, TEST_ID, TEST_OOD


def distinct_rows(labels: np.ndarray) -> int:
    """Count the different rows, given the identity of each.

    >>> distinct_rows(np.array([0, 1, 0]))
    2
    """
    return len(np.unique(labels))


def small_parts(parts: np.ndarray, identities: np.ndarray, least: int, *, unasked: Sequence[int] = ()) -> list[str]:
    """Return the test parts with fewer distinct rows than ``least``, in words.

    Args:
        parts: the part of each row, as an index into ``PARTS``: of shape ``(n,)``.
        identities: the identity of each row, of shape ``(n,)``: equal numbers for copies of one row.
        least: the number of distinct rows below which a part is named.
        unasked: the parts that need no rows.

    >>> small_parts(np.full(40, TEST_OOD), np.arange(40) // 10, 30, unasked=(TEST_ID,))
    ['test_ood has 4 distinct rows (40 with copies)']
    """
    small = []
    for part in (TEST_OOD, TEST_ID):
        rows = identities[parts == part]
        distinct = distinct_rows(rows)
        if distinct < least and part not in unasked:
            copies = f" ({len(rows):,} with copies)" if len(rows) != distinct else ""
            small.append(f"{PARTS[part]} has {counted(distinct, 'distinct row')}{copies}")
    return small


def in_words(small: Sequence[str], least: int) -> str:
    """Return one sentence about what ``small_parts`` found."""
    remedy = "widen the region, ask for a larger part, or gather more rows"
    return f"{', '.join(small)}: a score on fewer than {least:,} is little evidence; {remedy}"
