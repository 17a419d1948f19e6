"""The figure of losses along training, in distribution and out of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from codeshift.study.findings import Findings, TrainingCurve
from codeshift.study.report.figures.panel import Panel, Plot
from codeshift.study.report.figures.theme import Theme
from codeshift.study.report.shown import ReportFigure
from codeshift.study.results.measures import method_name

_LOOKS = {"validation": ("test_id", ":"), "test_id": ("test_id", "-"), "test_ood": ("test_ood", "-")}


def loss_curves(findings: Findings) -> Plot | None:
    """Plot the loss on ID validation, ``test_id`` and ``test_ood`` along training, by scenario and method."""
    by_cell: dict[tuple[str, str], list[TrainingCurve]] = {}
    for curve in findings.training_curves:
        if curve.cell.ood_kept == findings.cells.lowest_share and len(curve.steps) > 1:
            by_cell.setdefault((curve.cell.scenario, curve.cell.method), []).append(curve)
    panels = [
        Panel(
            title=f"{scenario}, {method_name(method)}", draw=partial(_draw, curves=curves), width=3.6, height=2.5,
            label=" ".join(curve.sentence for curve in curves),
        )
        for (scenario, method), curves in by_cell.items()
    ]  # fmt: skip
    return Plot(name=ReportFigure.ALONG_TRAINING, title="Along training", panels=tuple(panels)) if panels else None


def _draw(ax: Any, theme: Theme, *, curves: Sequence[TrainingCurve]) -> None:
    for curve in curves:
        part, style = _LOOKS[curve.part]
        ax.plot(curve.steps, curve.losses, color=theme.parts[part], linestyle=style, linewidth=1.6, label=curve.part)
        best = min(range(len(curve.steps)), key=curve.losses.__getitem__)
        ax.plot([curve.steps[best]], [curve.losses[best]], marker="o", color=theme.parts[part], markersize=5)
    ax.set_xlabel("step")
    ax.set_ylabel("loss (nats)")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=theme.size, frameon=False)
