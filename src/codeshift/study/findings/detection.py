"""Whether the confidence of models tells the shift: how well scores of their outputs rank rows by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from codeshift.metrics import AUROC, AveragePrecision, Estimate, FalseNegativeRateAt, ModelOutputs, ood_scores
from codeshift.metrics.base import FloatArray
from codeshift.metrics.ranking import ranking_rows
from codeshift.study.findings.cells import Cell, Cells, State
from codeshift.study.findings.finding import Finding, share
from codeshift.study.findings.quantity import Quantity
from codeshift.study.keys import RunKey
from codeshift.study.measures import Measure, measure_of, method_name

CONFIDENCE = "maximum softmax probability"
"""Score that claims are about, chosen before any result was seen: the usual baseline of detection."""

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
        """The finding in words."""
        name = method_name(self.cell.method)
        place = f"{self.cell.scenario}, {name}, {share(self.cell.ood_kept)}"
        if self.value != self.value:
            return f"{place}: {self.state.unmeasured or 'not measured'}."
        told = f"{self.score} tells test_ood from test_id with AUROC {AUROC_SHOWN.estimate(self.estimate)}"
        return f"{place}: {told}; {self.measure.title} is worse by {self.measure.change(self.lost)}{self.rows_told}."


def shift_detections(cells: Cells, metric: str) -> Iterator[ShiftDetection]:
    """Yield how well each score of each cell tells the shift; none for text, whose probabilities are not kept."""
    if not cells.results.classes:
        return
    for scenario in cells.results.scenarios:
        for cell in cells.of_scenario(scenario):
            inside, outside = (cells.quantity(cell, metric, part) for part in ("test_id", "test_ood"))
            lost = cells.estimate(cells.worse(metric, outside - inside))
            for score in ood_scores(ModelOutputs(logits=np.zeros((1, 2)))):
                figures = {name: detection(cells, cell, score, name) for name in _FIGURES}
                yield ShiftDetection(
                    estimate=cells.estimate(figures["auroc"]), seeds=figures["auroc"].seeds, cell=cell, score=score,
                    state=cells.state(cell), average_precision=cells.estimate(figures["aupr"]),
                    rate_at_95=cells.estimate(figures["fpr"]), lost=lost, measure=cells.measure(metric),
                )  # fmt: skip


def detection(cells: Cells, cell: Cell, score: str, figure: str = "auroc") -> Quantity:
    """Return a figure of a score over the runs of a cell that are done.

    Args:
        cells: Cells of the study.
        cell: Cell of the models.
        score: Name of the score.
        figure: Figure: "auroc", "aupr" or "fpr".
    """
    scenario = cell.scenario
    split = [record for record in cells.records(cell) if (scenario, record.key.split_seed) in cells.results.splits]
    name = f"{score} of {scenario}: {figure}"
    return cells.resampler.of_rows(
        split, "test", None, name, lambda key: _ranked(cells, key, scenario, score), _FIGURES[figure]
    )


def _ranked(cells: Cells, key: RunKey, scenario: str, score: str) -> FloatArray:
    """Return the statistics of the ranking of the rows of both parts, NaN for other rows; shape (rows, 4)."""
    scores = cells.results.scores(key)
    strange = ood_scores(ModelOutputs(logits=scores.logits))[score]
    outside, inside = (cells.results.members(part, scenario, key.split_seed) for part in ("test_ood", "test_id"))
    return np.where((inside | outside)[:, None], ranking_rows(outside, strange), np.nan)
