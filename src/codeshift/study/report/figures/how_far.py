"""Plot of scores over the similarity to the nearest training row, by scenario and method."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from codeshift.study.findings import Findings, SimilarityCurve
from codeshift.study.report.figures.panel import Panel, Plot
from codeshift.study.report.figures.series import axis_title, rows_told, styles
from codeshift.study.report.figures.theme import Theme
from codeshift.study.report.shown import ReportFigure
from codeshift.study.results.measures import method_name


def how_far(findings: Findings) -> Plot | None:
    """Plot a panel for each scenario, with a curve and its band for each method; None without similarities."""
    panels = []
    for scenario in findings.results.scenarios:
        curves = [curve for curve in findings.similarity_curves if curve.cell.scenario == scenario]
        if curves:
            draw = partial(_draw, findings=findings, curves=curves)
            label = " ".join(curve.sentence for curve in curves)
            panels.append(Panel(title=scenario, draw=draw, label=label, width=2.9, height=2.3, plain=True))
    if not panels:
        return None
    return Plot(name=ReportFigure.HOW_FAR, title="Scores over similarity", panels=tuple(panels))


def _draw(ax: Any, theme: Theme, *, findings: Findings, curves: Sequence[SimilarityCurve]) -> None:
    style, scale = styles(findings, theme), findings.measure.scale.factor
    for curve in curves:
        colour, marker = style[curve.cell.method]
        banded = [point for point in curve.points if point.estimate.has_interval]
        ax.fill_between(
            [point.similarity for point in banded],
            [point.estimate.low * scale for point in banded],
            [point.estimate.high * scale for point in banded],
            color=colour, alpha=0.16, linewidth=0,
        )  # fmt: skip
        ax.plot(
            [point.similarity for point in curve.points], [point.estimate.value * scale for point in curve.points],
            color=colour, marker=marker, markersize=4, linewidth=1.6, label=method_name(curve.cell.method),
        )  # fmt: skip
    rows = rows_told(point.estimate.n for curve in curves for point in curve.points)
    ax.set_xlabel(f"similarity to the nearest training row; {rows}")
    ax.set_ylabel(axis_title(findings.measure))
    if theme.legend:
        ax.legend(fontsize=theme.size - 1)
