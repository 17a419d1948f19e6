"""Checks of the sizes that parts got: other than asked for, or so few distinct rows that a score is no evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codeshift.errors import ParameterError, SizeWarning, SmallPartWarning, warn
from codeshift.formatting import counted
from codeshift.parts import MASKED, PARTS, TEST_ID, TEST_OOD
from codeshift.splits.config import SplitConfig
from codeshift.splits.partition import Partition


def check_sizes(partition: Partition, identities: np.ndarray, config: SplitConfig) -> None:
    """Warn of parts of another size than requested, and of test parts with few distinct rows.

    Args:
        partition: Partition of the rows.
        identities: Identity of each row, of shape ``(n,)``: equal numbers for copies of one row.
        config: Requested sizes.

    Raises:
        ParameterError: if a size differs by more than ``config.tolerance``.
    """
    _check_requested(partition, config)
    unasked = (TEST_ID,) if partition.requested.get("test_id") == 0 else ()
    small = small_parts(partition.parts, identities, config.min_test_rows, unasked=unasked)
    if small:
        warn(SmallPartWarning(words_of_small_parts(small, config.min_test_rows)))


def _check_requested(partition: Partition, config: SplitConfig) -> None:
    counts = {part: int((partition.parts == i).sum()) for i, part in enumerate(PARTS)}
    counts["kept"] = int((partition.pool & (partition.reasons != MASKED)).sum())
    missed = {name: counts[name] - rows for name, rows in partition.requested.items() if counts[name] != rows}
    if not missed:
        return
    differences = "; ".join(f"{name}: asked {partition.requested[name]} rows, got {counts[name]}" for name in missed)
    reason = "equal rows, near-duplicates and groups are kept together"
    if config.tolerance is not None and max(map(abs, missed.values())) > config.tolerance * len(partition.parts):
        remedy = f"{differences} ({reason}): allow more, or ask for sizes that the groups can make up"
        raise ParameterError("tolerance", "large enough for the sizes that are possible", config.tolerance, remedy)
    warn(SizeWarning(f"{differences} ({reason})"))


def small_parts(parts: np.ndarray, identities: np.ndarray, least: int, *, unasked: Sequence[int] = ()) -> list[str]:
    """Return the test parts with fewer distinct rows than ``least``, in words.

    Args:
        parts: Part of each row, as an index into ``PARTS``: of shape ``(n,)``.
        identities: Identity of each row, of shape ``(n,)``: equal numbers for copies of one row.
        least: Number of distinct rows below which a part is named.
        unasked: Parts that need no rows.

    >>> small_parts(np.full(40, TEST_OOD), np.arange(40) // 10, 30, unasked=(TEST_ID,))
    ['test_ood has 4 distinct rows (40 with copies)']
    """
    small = []
    for part in (TEST_OOD, TEST_ID):
        of_part = identities[parts == part]
        distinct = count_distinct(of_part)
        if distinct < least and part not in unasked:
            copies = f" ({len(of_part):,} with copies)" if len(of_part) != distinct else ""
            small.append(f"{PARTS[part]} has {counted(distinct, 'distinct row')}{copies}")
    return small


def count_distinct(identities: np.ndarray) -> int:
    """Count the different rows, given the identity of each.

    >>> count_distinct(np.array([0, 1, 0]))
    2
    """
    return len(np.unique(identities))


def words_of_small_parts(small: Sequence[str], least: int) -> str:
    """Return one sentence about what ``small_parts`` found."""
    remedy = "widen the region, ask for a larger part, or gather more rows"
    return f"{', '.join(small)}: a score on fewer than {least:,} is little evidence; {remedy}"
