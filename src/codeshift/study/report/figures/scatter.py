"""Scatter plots: in distribution against out of distribution, and strength of a shift against its cost."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from codeshift.metrics import Estimate
from codeshift.study.findings import Cell, Findings
from codeshift.study.report.figures.panel import Panel, Plot
from codeshift.study.report.figures.series import axis_title, rows_told, styles
from codeshift.study.report.figures.theme import Theme
from codeshift.study.report.shown import ReportFigure
from codeshift.study.results.measures import SHARE, method_name

_NARROWEST = 0.1  # percent of the baseline, from the bottom to the top of a plot


def id_against_ood(findings: Findings) -> Plot | None:
    """Plot each cell's score on ``test_id`` (x) and ``test_ood`` (y), with the diagonal where both are equal."""
    points = _points(findings)
    if not points:
        return None
    label = f"{len(points)} points, {findings.measure.title} on test_id across and on test_ood up."
    draw = partial(_draw_scatter, findings=findings, points=points)
    panel = Panel(title="test_id against test_ood", draw=draw, label=label, width=4.4, height=4.2)
    return Plot(name=ReportFigure.ID_AGAINST_OOD, title="In distribution against out of distribution", panels=(panel,))


def _points(findings: Findings) -> list[tuple[Cell, Estimate, Estimate]]:
    shown = (None, findings.cells.lowest_share, 1.0)
    by_cell: dict[Cell, dict[str, Estimate]] = {}
    for score in findings.scores:
        if score.measure.metric == findings.measure.metric and score.cell.ood_kept in shown:
            by_cell.setdefault(score.cell, {})[score.part] = score.estimate
    pairs = [(cell, parts["test_id"], parts["test_ood"]) for cell, parts in by_cell.items()]
    return [pair for pair in pairs if not math.isnan(pair[1].value + pair[2].value)]


def _draw_scatter(ax: Any, theme: Theme, *, findings: Findings, points: list[tuple[Cell, Estimate, Estimate]]) -> None:
    scale, style = findings.measure.scale.factor, styles(findings, theme)
    labelled: set[tuple[str, bool]] = set()
    for cell, across, up in points:
        colour, marker = style[cell.method]
        hollow = cell.ood_kept == 1
        x, y = across.value * scale, up.value * scale
        for estimate, line in ((across, "x"), (up, "y")):
            if estimate.has_interval:
                ends = [estimate.low * scale, estimate.high * scale]
                ax.plot(
                    ends if line == "x" else [x, x],
                    ends if line == "y" else [y, y],
                    color=colour,
                    alpha=0.3,
                    linewidth=1,
                )
        name = method_name(cell.method) + (", all kept" if hollow else ", region masked" if cell.ood_kept == 0 else "")
        ax.plot(
            [x], [y], marker=marker, markersize=6, linestyle="none", color=colour, markeredgewidth=1.3,
            markerfacecolor=theme.surface if hollow else colour,
            label=None if (cell.method, hollow) in labelled else name,
        )  # fmt: skip
        labelled.add((cell.method, hollow))
    low, high = (end(*ax.get_xlim(), *ax.get_ylim()) for end in (min, max))
    ax.plot([low, high], [low, high], color=theme.soft, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_aspect("equal")
    side = "below" if findings.measure.higher_is_better else "above"
    ax.text(
        0.97, 0.03, f"{side} the line: worse out of distribution", transform=ax.transAxes, ha="right", color=theme.soft,
        fontsize=theme.size - 1,
    )  # fmt: skip
    ax.set_xlabel(f"{axis_title(findings.measure, 'test_id')}; {rows_told(inside.n for _, inside, _ in points)}")
    ax.set_ylabel(f"{axis_title(findings.measure, 'test_ood')}; {rows_told(ood.n for _, _, ood in points)}")
    if theme.legend:
        ax.legend(fontsize=theme.size - 1, loc="upper left")


def strength_against_cost(findings: Findings) -> Plot | None:
    """Plot the AUC of the audit's classifier (x) and the share of the 100% baseline (y), by scenario."""
    effects = [effect for effect in findings.strength if effect.points]
    if not effects:
        return None
    draw = partial(_draw_strength, findings=findings)
    label = " ".join(effect.sentence for effect in effects)
    panel = Panel(title="Strength of the shift", draw=draw, label=label, width=4.4, height=3.2)
    return Plot(name=ReportFigure.STRENGTH, title="Strength of the shift against what it costs", panels=(panel,))


def _draw_strength(ax: Any, theme: Theme, *, findings: Findings) -> None:
    style = styles(findings, theme)
    for i, effect in enumerate(findings.strength):
        colour, marker = style[effect.method]
        shift = (i - (len(findings.strength) - 1) / 2) * 0.003  # so that intervals of two methods do not overlap
        for auc, estimate in effect.points.values():
            if estimate.has_interval:
                ends = [estimate.low * SHARE.scale.factor, estimate.high * SHARE.scale.factor]
                ax.plot([auc + shift] * 2, ends, color=colour, alpha=0.35, linewidth=1.2)
        xs = [auc + shift for auc, _ in effect.points.values()]
        ys = [estimate.value * SHARE.scale.factor for _, estimate in effect.points.values()]
        ax.plot(xs, ys, marker=marker, color=colour, linestyle="none", markersize=6, label=method_name(effect.method))
    ax.axhline(100, color=theme.soft, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    low, high = ax.get_ylim()
    if high - low < _NARROWEST:  # equal but for rounding
        middle = (low + high) / 2
        ax.set_ylim(middle - _NARROWEST / 2, middle + _NARROWEST / 2)
    ax.locator_params(axis="x", nbins=5)
    rows = rows_told(estimate.n for effect in findings.strength for _, estimate in effect.points.values())
    ax.set_xlabel(f"strength of the shift (AUC; .5 is none); {rows}")
    ax.set_ylabel(f"% of the 100% baseline's {findings.measure.title}")
    if theme.legend:
        ax.legend(fontsize=theme.size - 1)
