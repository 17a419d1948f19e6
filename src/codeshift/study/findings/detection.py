"""Whether the confidence of models tells the shift: how well scores of their outputs rank rows by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codeshift.metrics import AUROC, AveragePrecision, Estimate, FalseNegativeRateAt
from codeshift.metrics.base import FloatArray
from codeshift.metrics.ranking import ranking_rows
from codeshift.study.findings.cells import Cell, Cells, State
from codeshift.study.findings.finding import Finding
from codeshift.study.findings.quantity import Quantity
from codeshift.study.results.measures import Measure, measure_of
from codeshift.study.results.study_results import StudyResults
from codeshift.study.settings.keys import RunKey

CONFIDENCE = "maximum softmax probability"
"""Score of classifiers that claims are about."""
CONFIDENCE_OF_TEXT = "mean token log-probability"
"""Score of models that write that claims are about: it ranks outputs as their perplexity does."""

_FIGURES = {"auroc": AUROC(), "aupr": AveragePrecision(), "fpr": FalseNegativeRateAt(fpr=0.05)}
AUROC_SHOWN = measure_of(_FIGURES["auroc"])


@dataclass(frozen=True, kw_only=True)
class ShiftDetection(Finding):
    """How well a score of a model's outputs tells the rows of ``test_ood`` from those of ``test_id``.

    ``estimate`` is the AUROC: how often a row of ``test_ood`` seems stranger than one of ``test_id``; .5 is chance.

    Attributes:
        cell: Cell of the models.
        score: Name of the score, as in ``codeshift.metrics.ood_scores``.
        state: State of the cell's runs.
        average_precision: Average precision of the rows of ``test_ood`` (AUPR); chance is their share.
        rate_at_95: Share of rows of ``test_ood`` that pass at the threshold that lets 95% of ``test_id`` pass.
        lost: What the study's metric is worse by on ``test_ood`` than on ``test_id``.
        measure: Display of that metric.

    >>> from codeshift.study.results.measures import EXACT_MATCH
    >>> cell, state = Cell(scenario="loops", method="lora", ood_kept=0.0), State(status="done", done=1, planned=1)
    >>> auroc, lost = Estimate(0.75, 0.7, 0.8, 90, 0.95, "percentile"), Estimate(0.2, 0.1, 0.3, 90, 0.95, "percentile")
    >>> print(ShiftDetection(
    ...     estimate=auroc, seeds=1, cell=cell, score="msp", state=state, average_precision=auroc, rate_at_95=lost,
    ...     lost=lost, measure=EXACT_MATCH,
    ... ))
    loops, LoRA, none of the region kept: msp tells test_ood from test_id with AUROC 75.0 of 100 [70.0, 80.0];
    exact match is worse by +20.0 points [10.0, 30.0], n = 90.
    >>> none, failed = Cell(scenario="loops", method="none", ood_kept=None), State(status="failed", done=0, planned=1)
    >>> unknown = Estimate(*[float("nan")] * 3, 0, 0.95, "percentile")
    >>> print(ShiftDetection(
    ...     estimate=unknown, seeds=0, cell=none, score="msp", state=failed, average_precision=unknown,
    ...     rate_at_95=unknown, lost=unknown, measure=EXACT_MATCH,
    ... ))
    loops, without fine-tuning: failed.
    """

    cell: Cell
    score: str
    state: State
    average_precision: Estimate
    rate_at_95: Estimate
    lost: Estimate
    measure: Measure

    @property
    def sentence(self) -> str:
        """Finding in words."""
        place = self.cell.title
        if self.value != self.value:
            return f"{place}: {self.state.unmeasured or 'not measured'}."
        finding = f"{self.score} tells test_ood from test_id with AUROC {AUROC_SHOWN.estimate(self.estimate)}"
        return f"{place}: {finding}; {self.measure.title} is worse by {self.measure.change(self.lost)}{self.rows_told}."


def shift_detections(cells: Cells, metric: str) -> Iterator[ShiftDetection]:
    """Yield how well each score of each cell tells the shift; none if no run has scores."""
    if not is_measured(cells):
        return
    for cell in cells:
        inside, outside = (cells.quantity(cell, metric, part) for part in ("test_id", "test_ood"))
        lost = cells.estimate(cells.worse(metric, outside - inside))
        for score in _scores_of(cells, cell) or (confidence_of(cells),):
            figures = {name: detection(cells, cell, score, name) for name in _FIGURES}
            yield ShiftDetection(
                estimate=cells.estimate(figures["auroc"]), seeds=figures["auroc"].seeds, cell=cell, score=score,
                state=cells.state(cell), average_precision=cells.estimate(figures["aupr"]),
                rate_at_95=cells.estimate(figures["fpr"]), lost=lost, measure=cells.measure(metric),
            )  # fmt: skip


def confidence_of(cells: Cells) -> str:
    """Return the score that claims are about, chosen before any result was seen: the usual baseline of the task."""
    return CONFIDENCE if cells.results.classes else CONFIDENCE_OF_TEXT


def is_measured(cells: Cells) -> bool:
    """Return whether the study measures detection: of classes always, of text if a run has confidences."""
    return bool(cells.results.classes) or any(
        CONFIDENCE_OF_TEXT in cells.results.scores(record.key).ood
        for record in cells.results.records
        if record.status == "done"
    )


def detection(cells: Cells, cell: Cell, score: str, figure: str = "auroc") -> Quantity:
    """Return a figure of a score over the runs of a cell that are done and have it.

    Args:
        cells: Cells of the study.
        cell: Cell of the models.
        score: Name of the score.
        figure: Figure: "auroc", "aupr" or "fpr".
    """
    scenario = cell.scenario
    scored = [record for record in cells.done_records(cell) if score in cells.results.scores(record.key).ood]
    name = f"{score} of {scenario}: {figure}"
    return cells.resampler.of_rows(
        scored, "test", None, name, lambda key: _ranked(cells, key, scenario, score), _FIGURES[figure]
    )


def _scores_of(cells: Cells, cell: Cell) -> tuple[str, ...]:
    """Return the names of the scores that the runs of a cell have."""
    return tuple(dict.fromkeys(name for r in cells.done_records(cell) for name in cells.results.scores(r.key).ood))


def _ranked(cells: Cells, key: RunKey, scenario: str, score: str) -> FloatArray:
    """Return the statistics of the ranking of the rows of both parts, NaN for other rows; shape (rows, 4)."""
    results = cells.results
    strange = results.scores(key).ood[score]
    outside, inside = (_rows_compared(results, key, part, scenario) for part in ("test_ood", "test_id"))
    measured = (inside | outside) & ~np.isnan(strange)
    return np.where(measured[:, None], ranking_rows(outside, np.nan_to_num(strange)), np.nan)


def _rows_compared(results: StudyResults, key: RunKey, part: str, scenario: str) -> NDArray[np.bool_]:
    """Return the rows of a part that are compared: all of a classifier's, or those that text was written for."""
    if results.classes:
        return results.members(part, scenario, key.split_seed)
    return results.scored_rows(key, part, scenario)
