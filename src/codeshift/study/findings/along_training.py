"""Course of training: the loss of watched parts, and the regret on test_ood of a choice by ID validation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.metrics import Estimate
from codeshift.parts import PARTS, TEST_PARTS, VALIDATION
from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.finding import Finding
from codeshift.study.folder.records import TrainingFacts
from codeshift.study.results.measures import method_name


@dataclass(frozen=True, kw_only=True)
class TrainingCurve:
    """Loss of a part along training, the mean over the seeds that measured it at a step.

    Attributes:
        cell: Cell of the trainings.
        part: Part: ``"validation"``, ``"test_id"`` or ``"test_ood"``.
        steps: Steps, ascending.
        losses: Mean loss at each step, in nats per target token, or per row of a classification.
        seeds: Number of trainings.

    >>> cell = Cell(scenario="loops", method="lora", ood_kept=0.0)
    >>> print(TrainingCurve(cell=cell, part="test_ood", steps=(10, 20, 30), losses=(2.0, 1.5, 1.75), seeds=1).sentence)
    loops, LoRA: loss on test_ood 2.000 at step 10, 1.750 at step 30, lowest 1.500 at step 20.
    """

    cell: Cell
    part: str
    steps: tuple[int, ...]
    losses: tuple[float, ...]
    seeds: int

    @property
    def sentence(self) -> str:
        """Curve in words."""
        name = method_name(self.cell.method)
        best = int(np.argmin(self.losses))
        ends = f"{self.losses[0]:.3f} at step {self.steps[0]:,}, {self.losses[-1]:.3f} at step {self.steps[-1]:,}"
        lowest = f"lowest {self.losses[best]:.3f} at step {self.steps[best]:,}"
        return f"{self.cell.scenario}, {name}: loss on {self.part} {ends}, {lowest}."


@dataclass(frozen=True, kw_only=True)
class Regret(Finding):
    """Loss on ``test_ood`` of the step that ID validation chooses, minus that of the best watched step.

    The best step is chosen on the rows that it is measured on, so the regret is an upper estimate; it is never below 0.
    ``n`` is the number of trainings, and so is ``seeds``. The interval is Student's over them.

    Source: arXiv 2509.12235, which finds that performance out of distribution peaks early in fine-tuning.

    Attributes:
        cell: Cell of the trainings.
        chosen: Mean step that ID validation chooses.
        best: Mean step that is best on ``test_ood``.
        loss: Mean loss on ``test_ood`` at the chosen step, in nats.

    >>> from codeshift.metrics import Estimate
    >>> cell = Cell(scenario="loops", method="lora", ood_kept=0.0)
    >>> value = Estimate(0.25, 0.25, 0.25, 1, 0.95, "none")
    >>> print(Regret(estimate=value, seeds=1, cell=cell, chosen=30, best=20, loss=1.75).sentence)
    loops, LoRA, none of the region kept: loss on test_ood at the step that ID validation chooses (mean 30) is
    0.250 [0.250, 0.250] nats above that at the best on test_ood (mean 20).
    """

    cell: Cell
    chosen: float
    best: float
    loss: float

    @property
    def sentence(self) -> str:
        """Finding in words."""
        steps = f"the step that ID validation chooses (mean {self.chosen:,.0f})"
        best = f"the best on test_ood (mean {self.best:,.0f})"
        ends = f" [{self.low:.3f}, {self.high:.3f}]" if self.estimate.has_interval else ""
        return f"{self.cell.title}: loss on test_ood at {steps} is {self.value:.3f}{ends} nats above that at {best}."


def training_curves(cells: Cells) -> Iterator[TrainingCurve]:
    """Yield the curves of each part of each cell whose trainings watched test parts."""
    for cell in _trained_cells(cells):
        trainings = _watching(cells, cell)
        for part in (PARTS[VALIDATION], *TEST_PARTS):
            runs = [dict(training.watched[part]) for training in trainings if part in training.watched]
            if not runs:
                continue
            steps = sorted({step for run in runs for step in run})
            losses = [float(np.mean([run[step] for run in runs if step in run])) for step in steps]
            yield TrainingCurve(cell=cell, part=part, steps=tuple(steps), losses=tuple(losses), seeds=len(runs))


def regrets(cells: Cells) -> Iterator[Regret]:
    """Yield the regret of each cell whose trainings watched ``test_ood`` and have a validation loss."""
    for cell in _trained_cells(cells):
        runs = [regret for facts in _watching(cells, cell) if (regret := regret_of(facts)) is not None]
        if runs:
            values, chosen, best, losses = (list(column) for column in zip(*runs, strict=True))
            yield Regret(
                estimate=mean_regret(values, cells.confidence), seeds=len(runs), cell=cell,
                chosen=float(np.mean(chosen)), best=float(np.mean(best)), loss=float(np.mean(losses)),
            )  # fmt: skip


def _trained_cells(cells: Cells) -> Iterator[Cell]:
    """Yield the cells with a region that is masked: the shared baseline has no scenario to watch."""
    yield from (cell for cell in cells if cell.ood_kept is not None and cell.ood_kept < 1)


def _watching(cells: Cells, cell: Cell) -> list[TrainingFacts]:
    records = [record for record in cells.records(cell) if record.status == "done"]
    return [record.training for record in records if record.training is not None and record.training.watched]


def regret_of(facts: TrainingFacts) -> tuple[float, int, int, float] | None:
    """Return the regret of one training, the step chosen, the best step, and the loss at the step chosen."""
    inside, outside = (dict(facts.watched.get(part, ())) for part in (PARTS[VALIDATION], TEST_PARTS[1]))
    steps = [step for step in sorted(outside) if not math.isnan(inside.get(step, math.nan))]
    if not steps:
        return None
    chosen, best = (min(steps, key=losses.__getitem__) for losses in (inside, outside))
    return outside[chosen] - outside[best], chosen, best, outside[chosen]


def mean_regret(values: Sequence[float], confidence: float) -> Estimate:
    """Return the mean of the regret of each training with Student's interval, from 0 up; none for a single one."""
    from scipy.special import stdtrit

    count, mean = len(values), math.fsum(values) / len(values)
    half = math.nan
    if count > 1:
        half = float(stdtrit(count - 1, (1 + confidence) / 2) * np.std(values, ddof=1) / math.sqrt(count))
    low = max(0.0, mean - half) if count > 1 else math.nan
    return Estimate(mean, low, mean + half, count, confidence, "t over seeds", note="" if count > 1 else "one seed")
