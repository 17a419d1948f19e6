"""Plots as SVG that sits in a page: it takes the page's font and colours, so light and dark come for free."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from codeshift.errors import MissingExtraError
from codeshift.study.cells import Cell, Measure

if find_spec("matplotlib") is None:
    raise MissingExtraError("matplotlib", "report")

import matplotlib as mpl
from matplotlib.figure import Figure

# Colours that stand for variables of the page; see _for_page.
_TEXT, _LINE, _ID, _OOD = "#010101", "#020202", "#030303", "#040404"
_VARIABLES = {_TEXT: "currentColor", _LINE: "var(--rule)", _ID: "var(--id)", _OOD: "var(--ood)"}
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none", "font.size": 10, "text.color": _TEXT, "axes.labelcolor": _TEXT, "xtick.color": _TEXT,
    "ytick.color": _TEXT, "axes.edgecolor": _LINE, "grid.color": _LINE,
}  # fmt: skip


def dot_plot(cells: Sequence[Cell], measure: Measure) -> str:
    """Inline SVG: for each scenario and method the two test parts as dots with intervals, joined by a line.

    Args:
        cells: in the order in which they are to stand, from the top.
        measure: which metric, and how it is shown.
    """
    rows = list(dict.fromkeys((cell.scenario, cell.method) for cell in cells))
    scenarios = list(dict.fromkeys(cell.scenario for cell in cells))
    # A gap between scenarios.
    heights = {row: -(i + 0.9 * scenarios.index(row[0])) for i, row in enumerate(rows)}
    with mpl.rc_context({**_STYLE, "svg.hashsalt": measure.metric}):
        figure = Figure(figsize=(3.9, 0.36 * (len(rows) + 0.9 * len(scenarios)) + 0.7), layout="constrained")
        axes = figure.subplots()
        for row, height in heights.items():
            _draw_row(axes, [cell for cell in cells if (cell.scenario, cell.method) == row], height, measure)
        for scenario in scenarios:
            top = max(height for (name, _), height in heights.items() if name == scenario)
            axes.text(0, top + 0.62, scenario, transform=axes.get_yaxis_transform(), fontweight="bold", va="center")
        axes.set_yticks(list(heights.values()), [method for _, method in heights])
        axes.set_ylim(min(heights.values()) - 0.6, 1.0)
        unit = " (%)" if measure.unit == "%" else " (nats)"
        axes.set_xlabel(f"{measure.title}{unit}, {measure.better} is better")
        if measure.unit == "%":
            axes.set_xlim(left=-0.25, right=max(5.0, axes.get_xlim()[1]))
        axes.grid(axis="x", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
        return _for_page(figure, measure)


def _draw_row(axes: Any, cells: Sequence[Cell], height: float, measure: Measure) -> None:
    estimates = {cell.part: cell.estimates[measure.metric] for cell in cells}
    values = [e.value * measure.scale for e in estimates.values() if not math.isnan(e.value)]
    axes.plot(values, [height] * len(values), color=_LINE, linewidth=1.2, zorder=1)
    for part, colour, offset in (("test_id", _ID, 0.12), ("test_ood", _OOD, -0.12)):
        estimate = estimates.get(part)
        if estimate is None or math.isnan(estimate.value):
            continue
        y = height + offset
        if estimate.has_interval:
            axes.plot([estimate.low * measure.scale, estimate.high * measure.scale], [y, y], color=colour, linewidth=2)
        marker = "o" if part == "test_id" else "D"
        axes.plot([estimate.value * measure.scale], [y], marker=marker, color=colour, markersize=6, linestyle="none")


def _for_page(figure: Figure, measure: Measure) -> str:
    """The figure as an ``<svg>`` element whose names clash with no other's and whose colours are the page's."""
    buffer = io.StringIO()
    metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", transparent=True, metadata=metadata)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{measure.metric}-", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    svg = re.sub(r"font: (?:(\d+) )?([\d.]+)px [^;\"]*", _font, svg)
    label = f"{measure.title}: {measure.better} is better. The same numbers stand in the table."
    return svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _font(found: re.Match[str]) -> str:
    """Size and weight stay; the family is the page's."""
    weight = f"; font-weight: {found[1]}" if found[1] else ""
    return f"font-size: {found[2]}px{weight}"
