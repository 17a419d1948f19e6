"""Curves with bands: over the share of the region kept, and over the weights of WiSE-FT and scaled adapters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from codeshift.arithmetic import exact_mean
from codeshift.study.findings import Cell, Curve, Findings
from codeshift.study.report.figures.panel import Panel, Plot
from codeshift.study.report.figures.series import axis_title, label_ends, rows_told, styles
from codeshift.study.report.figures.theme import Theme
from codeshift.study.report.shown import ReportFigure
from codeshift.study.results.measures import METHOD_NAMES, method_name
from codeshift.study.settings.keys import NONE

_SHORT = METHOD_NAMES | {"none": "no fine-tuning", "full": "full"}


def mean_curves(findings: Findings) -> Plot | None:
    """Plot the mean over scenarios on each part, over the share of the region kept."""
    curves = [curve for curve in findings.curves if curve.scenario is None and _drawable(curve)]
    parts = list(dict.fromkeys(curve.part for curve in curves))
    panels = [_kept_panel(findings, part, [c for c in curves if c.part == part], None, labels=True) for part in parts]
    return Plot(name=ReportFigure.CURVES, title="Mean over scenarios", panels=tuple(panels)) if panels else None


def scenario_curves(findings: Findings) -> Plot | None:
    """Plot the score on ``test_ood`` of each scenario, over the share of the region kept."""
    panels = []
    for scenario in findings.results.scenarios:
        curves = [c for c in findings.curves if c.scenario == scenario and c.part == "test_ood" and _drawable(c)]
        if curves:
            panels.append(_kept_panel(findings, "test_ood", curves, scenario, labels=False))
    return Plot(name=ReportFigure.CURVES_BY_SCENARIO, title="Each scenario", panels=tuple(panels)) if panels else None


def variant_plot(findings: Findings) -> Plot | None:
    """Plot the score between no fine-tuning and all of it, with a line for each part."""
    panels = []
    for over, method in dict.fromkeys((curve.over, curve.method) for curve in findings.variants):
        curves = [c for c in findings.variants if (c.over, c.method) == (over, method) and _drawable(c)]
        if curves:
            draw = partial(_draw_variants, findings=findings, curves=curves)
            title = f"{method_name(method)}: {over}"
            panels.append(Panel(title=title, draw=draw, label=" ".join(curve.sentence for curve in curves)))
    return (
        Plot(name=ReportFigure.VARIANTS, title="Between no fine-tuning and all of it", panels=tuple(panels))
        if panels
        else None
    )


def _drawable(curve: Curve) -> bool:
    return sum(not math.isnan(point.estimate.value) for point in curve.points) > 1


def _kept_panel(findings: Findings, part: str, curves: Sequence[Curve], scenario: str | None, *, labels: bool) -> Panel:
    draw = partial(_draw_kept, findings=findings, curves=curves, part=part, scenario=scenario, labels=labels)
    size: dict[str, Any] = {"width": 3.9, "height": 2.8} if labels else {"width": 2.9, "height": 2.1, "plain": True}
    title = part if scenario is None else scenario
    return Panel(title=title, draw=draw, label=" ".join(curve.sentence for curve in curves), **size)


def _draw_kept(
    ax: Any, theme: Theme, *, findings: Findings, curves: Sequence[Curve], part: str, scenario: str | None, labels: bool
) -> None:
    style, measure = styles(findings, theme), findings.measure
    ends = []
    for curve in curves:
        ends.append(_draw_line(ax, curve, *style[curve.method], _SHORT.get(curve.method, curve.method)))
    shares = [point.x for point in curves[0].points]
    without = _untrained_score(findings, part, scenario)
    if not math.isnan(without):
        colour = style[NONE][0]
        ax.axhline(without * measure.scale.factor, color=colour, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
        ends.append((max(shares), without * measure.scale.factor, _SHORT[NONE], colour))
    _share_axis(ax, shares)
    rows = rows_told(point.estimate.n for curve in curves for point in curve.points)
    ax.set_xlabel(f"share of the region kept (%); {rows}")
    ax.set_ylabel(axis_title(measure, part) if labels else axis_title(measure))
    ax.grid(axis="x", visible=False)
    if labels:
        label_ends(ax, ends, theme)


def _untrained_score(findings: Findings, part: str, scenario: str | None) -> float:
    """Return the score of the model without fine-tuning, for a scenario or as the mean over all."""
    if not findings.cells.has_none:
        return math.nan
    names = findings.results.scenarios if scenario is None else (scenario,)
    cells = [Cell(scenario=name, method=NONE, ood_kept=None) for name in names]
    values = [findings.cells.quantity(cell, findings.measure.metric, part).value for cell in cells]
    defined = [value for value in values if not math.isnan(value)]
    return exact_mean(defined)


def _draw_line(ax: Any, curve: Curve, colour: str, marker: str, name: str) -> tuple[float, float, str, str]:
    scale = curve.measure.scale.factor
    points = [point for point in curve.points if not math.isnan(point.estimate.value)]
    xs, ys = [point.x for point in points], [point.estimate.value * scale for point in points]
    banded = [point for point in points if point.estimate.has_interval]
    ax.fill_between(
        [p.x for p in banded], [p.estimate.low * scale for p in banded], [p.estimate.high * scale for p in banded],
        color=colour, alpha=0.16, linewidth=0,
    )  # fmt: skip
    ax.plot(xs, ys, color=colour, marker=marker, markersize=4.5, linewidth=1.8, label=name)
    return xs[-1], ys[-1], name, colour


def _share_axis(ax: Any, shares: Sequence[float]) -> None:
    """Set the axis of shares; with small shares it is in square roots, so that their labels do not overlap."""
    if min((share for share in shares if share), default=1.0) < 0.2:
        ax.set_xscale("function", functions=(_root, _square))
        ax.set_xlim(_square(-0.04), _square(1.04))
    ax.set_xticks(shares, [f"{share * 100:.4g}" for share in shares])
    ax.minorticks_off()


def _root(x: Any) -> Any:
    return np.sign(x) * np.sqrt(np.abs(x))


def _square(x: Any) -> Any:
    return np.sign(x) * np.square(x)


def _draw_variants(ax: Any, theme: Theme, *, findings: Findings, curves: Sequence[Curve]) -> None:
    ends = []
    colours = theme.parts | {"general": theme.parts["train"]}
    for curve, marker in zip(curves, ("D", "o", "s"), strict=False):
        ends.append(_draw_line(ax, curve, colours[curve.part], marker, curve.part))
    turned = "weight of fine-tuning" if curves[0].over == "wise_ft" else f"{curves[0].over}: scale"
    ax.set_xlabel(f"{turned}; {rows_told(point.estimate.n for curve in curves for point in curve.points)}")
    ax.set_ylabel(axis_title(findings.measure))
    ax.grid(axis="x", visible=False)
    label_ends(ax, ends, theme)
