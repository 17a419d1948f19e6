"""How much of a gap the mix of classes alone explains: the effect of prior shift, beside the gap of each cell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from codeshift.arithmetic import ratio
from codeshift.metrics import Estimate
from codeshift.metrics.aggregates.prior import prior_shift_sample
from codeshift.metrics.base import FloatArray
from codeshift.parts import TEST_PARTS
from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.quantity import Quantity
from codeshift.study.findings.scores import CellChange
from codeshift.study.settings.keys import RunKey

_ID, _OOD = TEST_PARTS


@dataclass(frozen=True, kw_only=True)
class PriorGap(CellChange):
    """Gap that a cell would have if the mix of classes alone moved: what prior shift explains of the measured gap.

    It is the score on ``test_id`` minus that of the same rows, weighted so that each class has its share of
    ``test_ood``. What the measured gap exceeds it by is due to other programs of the same classes.

    Attributes:
        cell: Cell of the scores.
        measure: Display of the metric.
        state: State of the cell's runs.
        gap: Score on ``test_id`` minus that on ``test_ood``.
        left: Gap minus that of the mix alone.
        compared: Share of the rows of ``test_ood`` whose class ``test_id`` has too; the others tell nothing of the mix.

    >>> from codeshift.study.findings import State
    >>> from codeshift.study.results.measures import EXACT_MATCH
    >>> cell, state = Cell(scenario="loops", method="lora", ood_kept=0.0), State(status="done", done=1, planned=1)
    >>> gap, mix, left = (Estimate(v, v - 0.1, v + 0.1, 90, 0.95, "percentile") for v in (0.3, 0.1, 0.2))
    >>> print(PriorGap(
    ...     estimate=mix, seeds=1, cell=cell, measure=EXACT_MATCH, state=state, gap=gap, left=left, compared=1.0
    ... ))
    loops, LoRA, none of the region kept: of the gap in exact match of +30.0 points [20.0, 40.0], the mix of classes
    alone makes +10.0 points [0.0, 20.0]; +20.0 points [10.0, 30.0] are left, n = 90.
    """

    gap: Estimate
    left: Estimate
    compared: float

    @property
    def sentence(self) -> str:
        """Finding in words."""
        if math.isnan(self.value):
            return f"{self.cell.title}: the effect of the mix of classes is {self.text}."
        gap, left = self.measure.change(self.gap), self.measure.change(self.left)
        return (
            f"{self.cell.title}: of the gap in {self.measure.title} of {gap}, the mix of classes alone makes "
            f"{self.text}; {left} are left{self.rows_told}."
        )


def prior_gaps(cells: Cells, metric: str) -> Iterator[PriorGap]:
    """Yield the part of each cell's gap that the mix of classes alone explains; none for text."""
    if not cells.results.classes:
        return
    for cell in cells:
        gap = cells.quantity(cell, metric, _ID) - cells.quantity(cell, metric, _OOD)
        mix = replace(_of_mix(cells, metric, cell), n=gap.n, groups=gap.groups)
        yield PriorGap(
            estimate=cells.estimate(mix), seeds=mix.seeds, cell=cell, measure=cells.measure(metric),
            state=cells.state(cell), gap=cells.estimate(gap), left=cells.estimate(gap - mix),
            compared=_share_compared(cells, cell),
        )  # fmt: skip


def _of_mix(cells: Cells, metric: str, cell: Cell) -> Quantity:
    """Return the score on ``test_id`` minus that with the classes in the shares of ``test_ood``."""
    measured = cells.metric(metric)
    change = cells.resampler.of_rows(
        cells.done_records(cell), "test", None, f"{metric} by the mix of {cell.scenario}",
        partial(_sample_rows, cells, metric, cell), sample_of=partial(prior_shift_sample, metric=measured),
    )  # fmt: skip
    return -change


def _sample_rows(cells: Cells, metric: str, cell: Cell, key: RunKey) -> FloatArray:
    """Return what ``prior_shift_sample`` takes of each row of a run, NaN for rows of neither part."""
    inside, outside = (cells.results.members(part, cell.scenario, key.split_seed) for part in TEST_PARTS)
    scores = cells.results.scores(key)
    rows = np.column_stack([outside, scores.classes, scores.statistics[metric]])
    return np.where((inside | outside)[:, None], rows, np.nan)


def _share_compared(cells: Cells, cell: Cell) -> float:
    """Return the share of the rows of ``test_ood`` whose class ``test_id`` has too, of all runs together."""
    known = total = 0
    for record in cells.done_records(cell):
        classes = cells.results.scores(record.key).classes
        inside, outside = (cells.results.members(part, cell.scenario, record.key.split_seed) for part in TEST_PARTS)
        known += int(np.isin(classes[outside], classes[inside]).sum())
        total += int(outside.sum())
    return ratio(known, total)
