"""Selection of the scenarios that have enough test rows for claims."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from codeshift.study.findings.cells import Cells
from codeshift.study.settings.keys import RunKey


def distinct_rows(
    cells: Cells,
    metric: str,
    part: str,
    scenario: str | None = None,
    rows: Callable[[RunKey], NDArray[np.bool_] | None] | None = None,
) -> int | None:
    """Count the distinct rows of a part that a metric scored, of the split seed with fewest.

    Near-duplicates count once, as in the intervals, which resample them together. Return None if no run on the part is
    done.

    Args:
        cells: Cells of the study.
        metric: Name of the metric.
        part: Part whose rows are counted.
        scenario: Scenario of the part of the test rows.
        rows: Function that returns the mask of the rows of a run's evaluated set that count, or None to leave out its
            split seed; by default all count.
    """
    counts: dict[int, int] = {}
    for record in cells.results.records:
        split = record.key.split_seed
        if record.status != "done" or split in counts:
            continue
        if part in cells.results.scenario_parts and (scenario or "", split) not in cells.results.splits:
            continue
        if record.key.scenario in (None, scenario):
            of = scenario if part in cells.results.scenario_parts else None
            taken = None if rows is None else rows(record.key)
            if rows is not None and taken is None:
                continue
            counted = ~np.isnan(cells.results.set_statistics(record.key, metric, part, of)).any(axis=1)
            counted &= True if taken is None else taken
            counts[split] = len(np.unique(cells.results.copies(record.key, cells.results.rows_of(part))[counted]))
    return min(counts.values(), default=None)


def too_small(cells: Cells, metric: str, part: str = "test_ood") -> dict[str, int]:
    """Return the scenarios with fewer distinct rows of a part than ``min_rows``, with their numbers of rows."""
    counts = {name: distinct_rows(cells, metric, part, name) for name in cells.results.scenarios}
    return {name: count for name, count in counts.items() if count is not None and count < cells.min_rows}
