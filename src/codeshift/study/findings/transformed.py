"""The same programs in other clothes: what each transform of the test rows costs, row by row."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from codeshift.parts import PARTS, TEST_ID, rewritten_by, transformed_by
from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.correction import holm_within
from codeshift.study.findings.quantity import Quantity
from codeshift.study.findings.scores import CellChange
from codeshift.study.settings.keys import RunKey


@dataclass(frozen=True, kw_only=True)
class TransformedChange(CellChange):
    """Score of a cell on rows that a transform rewrites minus that on ``test_id``, whose rows they are, one to one.

    Rows that the transform leaves as they are count too, with no difference.

    Attributes:
        transform: Name of the transform.
        cell: Cell of the scores.
        measure: Display of the metric.
        state: State of the cell's runs.
        rows: Rows of ``test_id``, of all split seeds.
        changed: Number of them that the transform changes.
        p_value: P-value of the interval.
        p_holm: P-value after Holm's correction over the scenarios of a transform, method and share kept.
    """

    transform: str
    rows: int
    changed: int
    p_value: float
    p_holm: float = math.nan

    @property
    def sentence(self) -> str:
        """Finding in words."""
        part = transformed_by(self.transform)
        what = f"{self.measure.title} on {part} less that on {PARTS[TEST_ID]} {self.text}{self.rows_told}"
        return f"{self.cell.title}: {what}; {self.changed:,} of {self.rows:,} rows are rewritten."


def transformed_changes(cells: Cells, metric: str) -> list[TransformedChange]:
    """Return the change of every cell by every transform; none unless the study has transforms."""
    transforms = cells.results.settings.transforms
    changes = [_transformed_change(cells, metric, cell, transform) for transform in transforms for cell in cells]
    families = [(change.transform, change.cell.method, change.cell.ood_kept) for change in changes]
    corrected = holm_within([change.p_value for change in changes], families)
    return [replace(change, p_holm=p) for change, p in zip(changes, corrected, strict=True)]


def sides_of(cells: Cells, metric: str, cell: Cell, transform: str) -> tuple[Quantity, Quantity]:
    """Return the scores of a cell on the rows that a transform rewrites, and on these rows as they were."""
    before, after = (
        cells.resampler.quantity(cells.records(cell), metric, part, cell.scenario)
        for part in (PARTS[TEST_ID], transformed_by(transform))
    )
    return after, before


def _transformed_change(cells: Cells, metric: str, cell: Cell, transform: str) -> TransformedChange:
    after, before = sides_of(cells, metric, cell, transform)
    difference = after - before
    rows, changed = rewritten_counts(cells, cell, transform)
    return TransformedChange(
        transform=transform, estimate=cells.estimate(difference), seeds=difference.seeds, cell=cell,
        measure=cells.measure(metric), state=cells.state(cell), rows=rows, changed=changed,
        p_value=difference.p_value(),
    )  # fmt: skip


def rewritten_counts(cells: Cells, cell: Cell, transform: str) -> tuple[int, int]:
    """Return the number of rows of ``test_id`` of all split seeds, and of those that are rewritten."""
    keys = {record.key.split_seed: record.key for record in cells.records(cell) if record.status == "done"}
    rows = changed = 0
    for split_seed, key in keys.items():
        if (cell.scenario, split_seed) in cells.results.splits:
            members = cells.results.members(PARTS[TEST_ID], cell.scenario, split_seed)
            rows += int(members.sum())
            changed += int((members & _rows_rewritten(cells, key, transform)).sum())
    return rows, changed


def _rows_rewritten(cells: Cells, key: RunKey, transform: str) -> NDArray[np.bool_]:
    """Return the mask of the test rows whose source or reference a transform changes: one for each split seed."""

    def compare() -> NDArray[np.bool_]:
        before, after = (cells.results.scores(key, name) for name in ("test", rewritten_by(transform)))
        texts = zip(before.sources, before.references, after.sources, after.references, strict=True)
        return np.array([(source, target) != tuple(others) for source, target, *others in texts], dtype=bool)

    return cells.once(("rewritten", transform, key.split_seed), compare)
