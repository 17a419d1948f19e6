"""Selection of the scenarios that have enough test rows for claims."""

from __future__ import annotations

import numpy as np

from codeshift.parts import TEST_PARTS
from codeshift.study.findings.cells import Cells
from codeshift.study.results import rows_of


def distinct_rows(cells: Cells, metric: str, part: str, scenario: str | None = None) -> int | None:
    """Count the distinct rows of a part that a metric scored, of the split seed with fewest.

    Near-duplicates count once, as in the intervals, which resample them together. Return None if no run on the part is
    done.
    """
    found: dict[int, int] = {}
    for record in cells.results.records:
        split = record.key.split_seed
        if record.status != "done" or split in found:
            continue
        if part in TEST_PARTS and (scenario or "", split) not in cells.results.splits:
            continue
        if record.key.scenario in (None, scenario):
            of = scenario if part in TEST_PARTS else None
            scored = ~np.isnan(cells.results.statistics(record.key, metric, part, of)).any(axis=1)
            rows = np.arange(len(cells.results.scores(record.key, rows_of(part))))
            if part in TEST_PARTS:
                rows = rows[cells.results.members(part, scenario or "", split)]
            found[split] = len(np.unique(cells.results.copies(record.key, rows_of(part))[rows[scored]]))
    return min(found.values(), default=None)


def too_small(cells: Cells, metric: str) -> dict[str, int]:
    """Return the scenarios with fewer distinct rows of ``test_ood`` than ``min_rows``, with their numbers of rows."""
    counts = {name: distinct_rows(cells, metric, "test_ood", name) for name in cells.results.scenarios}
    return {name: count for name, count in counts.items() if count is not None and count < cells.min_rows}


def left_out(small: dict[str, int], min_rows: int) -> str:
    """Describe the scenarios that a claim leaves out in words.

    >>> left_out({"rare": 12}, 30)
    'Left out, with fewer than 30 distinct rows of test_ood: rare (12).'
    """
    named = ", ".join(f"{name} ({count})" for name, count in small.items())
    return f"Left out, with fewer than {min_rows} distinct rows of test_ood: {named}." if small else ""
