"""Figures of differences as intervals, recalls as dots, and failure modes as bars."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from codeshift.study.findings import Comparison, Findings, UnseenElement
from codeshift.study.findings.failures import MODES, RIGHT
from codeshift.study.report.figures.panel import Panel, Plot
from codeshift.study.report.figures.series import rows_told, short, styles
from codeshift.study.report.figures.theme import Theme
from codeshift.study.report.shown import ReportFigure
from codeshift.study.results.measures import SHARE, method_name

_BAR = 0.3  # inches for a line


def difference_bars(findings: Findings) -> Plot | None:
    """Plot other methods minus full fine-tuning on ``test_ood`` at the smallest share kept, by scenario."""
    panels = []
    for method in findings.cells.methods:
        compared = [
            comparison for comparison in findings.comparisons
            if comparison.method == method and comparison.ood_kept == findings.cells.lowest_share
            and not math.isnan(comparison.value)
        ]  # fmt: skip
        if compared:
            title = f"{method_name(method)} less {method_name(compared[0].reference)}"
            draw = partial(_draw_differences, findings=findings, compared=compared)
            label = " ".join(comparison.sentence for comparison in compared)
            panels.append(Panel(title=title, draw=draw, label=label, width=4.6, height=0.9 + _BAR * len(compared)))
    return (
        Plot(name=ReportFigure.DIFFERENCES, title="Methods compared", panels=tuple(panels), columns=2)
        if panels
        else None
    )


def _draw_differences(ax: Any, theme: Theme, *, findings: Findings, compared: list[Comparison]) -> None:
    scale = findings.measure.scale.factor
    colour, marker = styles(findings, theme)[compared[0].method]
    ax.axvline(0, color=theme.soft, linewidth=1)
    for y, comparison in zip(range(0, -len(compared), -1), compared, strict=True):
        if comparison.estimate.has_interval:
            ax.plot([comparison.low * scale, comparison.high * scale], [y, y], color=colour, linewidth=1.6)
        face = colour if comparison.significant else theme.surface
        ax.plot(
            [comparison.value * scale],
            [y],
            marker=marker,
            color=colour,
            markersize=6,
            markerfacecolor=face,
            markeredgewidth=1.4,
        )
    ax.set_yticks(
        range(0, -len(compared), -1),
        [f"{short(comparison.scenario)} (n = {comparison.n:,})" for comparison in compared],
    )
    ax.set_ylim(0.6 - len(compared), 0.6)
    ax.set_xlabel(f"difference in {findings.measure.heading_of_change};\nfilled: significant after Holm's correction")
    ax.grid(axis="y", visible=False)


def unseen(findings: Findings) -> Plot | None:
    """Plot each method's recall of the masked element on ``test_ood``, by scenario."""
    shown = [
        element for element in findings.unseen if element.cell.ood_kept in (None, findings.cells.lowest_share, 1.0)
    ]
    shown = [element for element in shown if not math.isnan(element.value)]
    if not shown:
        return None
    scenarios = list(dict.fromkeys(element.cell.scenario for element in shown))
    draw = partial(_draw_unseen, findings=findings, shown=shown, scenarios=scenarios)
    label = " ".join(element.sentence for element in shown)
    panel = Panel(title="Masked elements", draw=draw, label=label, width=4.6, height=1.05 + 0.5 * len(scenarios))
    return Plot(name=ReportFigure.UNSEEN, title="Masked elements that are written all the same", panels=(panel,))


def _draw_unseen(
    ax: Any, theme: Theme, *, findings: Findings, shown: list[UnseenElement], scenarios: list[str]
) -> None:
    style = styles(findings, theme)
    methods = list(style)
    for element in shown:
        colour, marker = style[element.cell.method]
        hollow = element.cell.ood_kept == 1
        y = -scenarios.index(element.cell.scenario) - 0.16 * (
            methods.index(element.cell.method) - (len(methods) - 1) / 2
        )
        if element.estimate.has_interval and not hollow:
            ends = [element.low * SHARE.scale.factor, element.high * SHARE.scale.factor]
            ax.plot(ends, [y, y], color=colour, linewidth=1.4, alpha=0.7)
        ax.plot(
            [element.value * SHARE.scale.factor], [y], marker=marker, color=colour, markersize=5.5, markeredgewidth=1.2,
            markerfacecolor=theme.surface if hollow else colour,
        )  # fmt: skip
    rows = {name: rows_told(element.n for element in shown if element.cell.scenario == name) for name in scenarios}
    ax.set_yticks(range(0, -len(scenarios), -1), [f"{short(name)} ({rows[name]})" for name in scenarios])
    ax.set_ylim(0.5 - len(scenarios), 0.5)
    ax.set_xlim(-3, 103)
    ax.set_xlabel("outputs with the element (%),\nof those that should have it;\nhollow: all of the region kept")
    ax.grid(axis="y", visible=False)


def failures(findings: Findings) -> Plot | None:
    """Plot the share of outputs with each failure mode over all scenarios, by method and part."""
    rows = failure_shares(findings)
    if not rows:
        return None
    draw = partial(_draw_failures, rows=rows, outputs={at: count.total() for at, count in findings.outputs.items()})
    panel = Panel(
        title="Failure modes", draw=draw, label=" ".join(findings.failing()), width=5.4, height=0.8 + _BAR * len(rows)
    )
    return Plot(name=ReportFigure.FAILURES, title="How outputs fail", panels=(panel,))


def failure_shares(findings: Findings) -> dict[tuple[str, str], dict[str, float]]:
    """Return shares of outputs by mode, over all scenarios, by method (at the smallest share kept) and part."""
    return {
        at: {mode: count[mode] / count.total() for mode in (RIGHT, *MODES)} for at, count in findings.outputs.items()
    }


def _draw_failures(
    ax: Any, theme: Theme, *, rows: dict[tuple[str, str], dict[str, float]], outputs: dict[tuple[str, str], int]
) -> None:
    present = [mode for mode in (RIGHT, *MODES) if any(shares[mode] for shares in rows.values())]
    colours = dict(zip((RIGHT, *MODES), theme.modes, strict=True))
    for y, shares in zip(range(0, -len(rows), -1), rows.values(), strict=True):
        start = 0.0
        for mode in present:
            width = shares[mode] * SHARE.scale.factor
            ax.barh(y, width, 0.72, left=start, color=colours[mode], edgecolor=theme.surface, linewidth=0.8,
                    label=mode if y == 0 else None)  # fmt: skip
            start += width
    ax.set_yticks(range(0, -len(rows), -1), [f"{method_name(at[0])}, {at[1]} (n = {outputs[at]:,})" for at in rows])
    ax.set_xlim(0, 100)
    ax.set_xlabel("share of outputs (%)")
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    if theme.legend:
        ax.legend(fontsize=theme.size - 1, loc="upper center", bbox_to_anchor=(0.4, -0.3), ncols=3)
