"""Figures of classifiers: which classes are taken for which, and how often models are right by how sure they are."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codeshift.metrics import Reliability
from codeshift.study.findings import Findings
from codeshift.study.report.figures.panel import Panel, Plot
from codeshift.study.report.figures.series import short
from codeshift.study.report.figures.theme import Theme
from codeshift.study.report.shown import ReportFigure
from codeshift.study.results.measures import method_name

_MOST_CLASSES = 30  # more cannot be read; the table has them
_DARKEST = 0.6  # opacity of a cell that holds all rows, on which a number can still be read in both themes


def confusion(findings: Findings) -> Plot | None:
    """Plot the confusion of classes over all scenarios at the smallest share kept, by method and part."""
    labels = findings.results.classes
    panels = []
    for (method, part), counts in confused(findings).items():
        if counts.any() and len(labels) <= _MOST_CLASSES:
            title = f"{method_name(method)}, {part}"
            right = int(np.trace(counts))
            rows = f"of {int(counts.sum()):,} rows {right:,} have their class"
            label = f"{title}: {rows}; true classes down, predicted across."
            side = 1.6 + 0.34 * len(labels)
            draw = partial(_draw_confusion, labels=labels, counts=counts, part=part)
            panels.append(Panel(title=title, draw=draw, label=label, width=side + 0.4, height=side))
    return (
        Plot(name=ReportFigure.CONFUSION, title="Classes taken for others", panels=tuple(panels), columns=2)
        if panels
        else None
    )


def confused(findings: Findings) -> dict[tuple[str, str], NDArray[np.int64]]:
    """Return numbers of rows by true class and predicted class, over all scenarios and seeds, by method and part."""
    counts: dict[tuple[str, str], NDArray[np.int64]] = {}
    for matrix in findings.confusions:
        if matrix.cell.ood_kept == findings.cells.lowest_share:
            at = (matrix.cell.method, matrix.part)
            counts[at] = counts.get(at, np.zeros_like(matrix.counts)) + matrix.counts
    return counts


def _draw_confusion(ax: Any, theme: Theme, *, labels: tuple[str, ...], counts: NDArray[np.int64], part: str) -> None:
    from matplotlib.patches import Rectangle

    for true, row in enumerate(counts):
        for predicted, count in enumerate(row):
            if count:
                opacity = _DARKEST * count / row.sum()
                corner = (predicted - 0.5, true - 0.5)
                ax.add_patch(Rectangle(corner, 1, 1, facecolor=theme.parts[part], alpha=opacity, edgecolor="none"))
                of_cell = {"ha": "center", "va": "center", "color": theme.text, "fontsize": theme.size - 2}
                ax.text(predicted, true, f"{count:,}", **of_cell)
    names = [short(label, 16) for label in labels]
    ax.set_xticks(range(len(labels)), names, rotation=90)
    ax.set_yticks(range(len(labels)), names)
    ax.set_xlim(-0.5, len(labels) - 0.5)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    ax.grid(visible=False)


def reliability_diagram(findings: Findings) -> Plot | None:
    """Plot accuracy by confidence on both parts, by scenario and method, at the smallest share kept."""
    by_panel: dict[tuple[str, str], dict[str, Reliability]] = {}
    for calibration in findings.calibrations:
        if calibration.cell.ood_kept == findings.cells.lowest_share and calibration.bins is not None:
            parts = by_panel.setdefault((calibration.cell.scenario, calibration.cell.method), {})
            parts[calibration.part] = calibration.bins
    panels = []
    for (scenario, method), parts in by_panel.items():
        title = f"{scenario}, {method_name(method)}"
        label = f"{title}: " + " ".join(f"On {part}, {_bins_in_words(bins)}." for part, bins in parts.items())
        panels.append(
            Panel(title=title, draw=partial(_draw_reliability, parts=parts), label=label, width=3.4, height=3.0)
        )
    return Plot(name=ReportFigure.RELIABILITY, title="Accuracy by confidence", panels=tuple(panels)) if panels else None


def _bins_in_words(bins: Reliability) -> str:
    filled = np.flatnonzero(bins.rows)
    return "; ".join(
        f"{int(bins.rows[i])} rows with confidence {bins.confidence[i]:.2f} are right in {bins.accuracy[i]:.2f}"
        for i in filled
    )


def _draw_reliability(ax: Any, theme: Theme, *, parts: dict[str, Reliability]) -> None:
    ax.plot([0, 1], [0, 1], color=theme.soft, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    for (part, bins), marker in zip(parts.items(), ("o", "s"), strict=False):
        filled = bins.rows > 0
        x, y = bins.confidence[filled], bins.accuracy[filled]
        ax.vlines(x, bins.low[filled], bins.high[filled], color=theme.parts[part], alpha=0.5, linewidth=1.2)
        ax.plot(x, y, marker=marker, markersize=4.5, color=theme.parts[part], linewidth=1.4, label=part)
    ax.set_xlim(0, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel("confidence")
    ax.set_ylabel("share right")
    if theme.legend:
        ax.legend(loc="upper left")
