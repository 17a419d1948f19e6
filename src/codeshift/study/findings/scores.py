"""Scores, relative performance and gaps of the cells of a study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codeshift.study.findings.cells import Cell, Cells, State
from codeshift.study.findings.finding import Finding
from codeshift.study.results.measures import SHARE, Measure


@dataclass(frozen=True, kw_only=True)
class Score(Finding):
    """Score of a cell on one part.

    Attributes:
        cell: Cell of the score.
        part: Part: ``"test_ood"``, ``"test_id"`` or ``"general"``.
        measure: Display of the metric.
        state: State of the cell's runs.

    >>> from codeshift.metrics import Estimate
    >>> from codeshift.study.results.measures import EXACT_MATCH
    >>> cell, state = Cell(scenario="loops", method="lora", ood_kept=0.0), State(status="done", done=1, planned=1)
    >>> value = Estimate(0.5, 0.4, 0.6, 90, 0.95, "percentile")
    >>> print(Score(estimate=value, seeds=1, cell=cell, part="test_ood", measure=EXACT_MATCH, state=state))
    loops, LoRA, none of the region kept: exact match on test_ood 50.0% [40.0, 60.0], n = 90.
    """

    cell: Cell
    part: str
    measure: Measure
    state: State

    @property
    def text(self) -> str:
        """Value with its interval, or the reason why there is none."""
        if self.state.unmeasured:
            return self.state.unmeasured
        return "not measured" if not self.n else self.measure.estimate(self.estimate)

    @property
    def sentence(self) -> str:
        """Finding in words."""
        value = f"{self.text}{self.rows_told}{_partly(self.state)}"
        return f"{self.cell.title}: {self.measure.title} on {self.part} {value}."


@dataclass(frozen=True, kw_only=True)
class RelativePerformance(Finding):
    """Score of a cell on ``test_ood`` as a share of that of the same method's 100% baseline, on the same rows.

    Attributes:
        cell: Cell of the score.
        measure: Display of the metric.
        state: State of the cell's runs.
        baseline: State of the baseline's runs.

    >>> from codeshift.metrics import Estimate
    >>> from codeshift.study.results.measures import EXACT_MATCH
    >>> cell, state = Cell(scenario="loops", method="lora", ood_kept=0.0), State(status="done", done=1, planned=1)
    >>> value = Estimate(0.8, 0.6, 0.9, 90, 0.95, "percentile")
    >>> print(RelativePerformance(
    ...     estimate=value, seeds=1, cell=cell, measure=EXACT_MATCH, state=state, baseline=state
    ... ))
    loops, LoRA, none of the region kept: 80.0% [60.0, 90.0] of the 100% baseline's exact match on test_ood, n = 90.
    """

    cell: Cell
    measure: Measure
    state: State
    baseline: State

    @property
    def text(self) -> str:
        """Share with its interval, or the reason why there is none."""
        for state, whose in ((self.state, ""), (self.baseline, "baseline ")):
            if state.unmeasured:
                return whose + state.unmeasured
        return SHARE.estimate(self.estimate) if self.n and self.value == self.value else "not measured"

    @property
    def sentence(self) -> str:
        """Finding in words."""
        value = f"{self.text} of the 100% baseline's {self.measure.title} on test_ood{self.rows_told}"
        return f"{self.cell.title}: {value}{_partly(self.state)}."


@dataclass(frozen=True, kw_only=True)
class CellChange(Finding):
    """Score of a cell on one part minus that on another.

    Attributes:
        cell: Cell of the scores.
        measure: Display of the metric.
        state: State of the cell's runs.
    """

    cell: Cell
    measure: Measure
    state: State

    @property
    def text(self) -> str:
        """Difference with its interval, or the reason why there is none."""
        if self.state.unmeasured:
            return self.state.unmeasured
        return self.measure.change(self.estimate) if self.value == self.value else "not measured"


@dataclass(frozen=True, kw_only=True)
class Gap(CellChange):
    """Score of a cell on ``test_id`` minus that on ``test_ood``: outside of the region minus inside.

    It includes any difference in difficulty between the two sets of rows as well, which relative performance does not.

    Attributes:
        cell: Cell of the scores.
        measure: Display of the metric.
        state: State of the cell's runs.

    >>> from codeshift.metrics import Estimate
    >>> from codeshift.study.results.measures import EXACT_MATCH
    >>> cell, state = Cell(scenario="loops", method="lora", ood_kept=0.0), State(status="done", done=1, planned=1)
    >>> value = Estimate(0.2, 0.1, 0.3, 90, 0.95, "percentile")
    >>> print(Gap(estimate=value, seeds=1, cell=cell, measure=EXACT_MATCH, state=state))
    loops, LoRA, none of the region kept: exact match on test_id less that on test_ood +20.0 points [10.0, 30.0], n
    = 90.
    """

    @property
    def sentence(self) -> str:
        """Finding in words."""
        return f"{self.cell.title}: {self.measure.title} on test_id less that on test_ood {self.text}{self.rows_told}."


def scores(cells: Cells) -> Iterator[Score]:
    """Yield the score of every cell on every part, by every metric."""
    for cell in cells:
        for part in cells.parts:
            for metric in cells.results.metrics:
                quantity = cells.quantity(cell, metric, part)
                yield Score(
                    estimate=cells.estimate(quantity), seeds=quantity.seeds, cell=cell, part=part,
                    measure=cells.measure(metric), state=cells.state(cell),
                )  # fmt: skip


def relative_performances(cells: Cells) -> Iterator[RelativePerformance]:
    """Yield the relative performance of each cell with part of its region masked; none without a 100% baseline."""
    for cell in cells:
        baseline = cells.baseline(cell)
        if cell.ood_kept is None or cell.ood_kept == 1 or not cells.records(baseline):
            continue
        for metric in cells.results.metrics:
            quantity = cells.relative(cell, metric)
            yield RelativePerformance(
                estimate=cells.estimate(quantity), seeds=quantity.seeds, cell=cell, measure=cells.measure(metric),
                state=cells.state(cell), baseline=cells.state(baseline),
            )  # fmt: skip


def gaps(cells: Cells) -> Iterator[Gap]:
    """Yield the generalisation gap of every cell."""
    for cell in cells:
        for metric in cells.results.metrics:
            quantity = cells.quantity(cell, metric, "test_id") - cells.quantity(cell, metric, "test_ood")
            yield Gap(
                estimate=cells.estimate(quantity), seeds=quantity.seeds, cell=cell, measure=cells.measure(metric),
                state=cells.state(cell),
            )  # fmt: skip


def _partly(state: State) -> str:
    return f" ({state.done} of {state.planned} runs are done)" if state.status == "partly" else ""
