"""The heat map of relative performance, scenarios by methods, for papers; a page has a table instead."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from codeshift.study.findings import Findings, RelativePerformance
from codeshift.study.report.figures.panel import Panel, Plot
from codeshift.study.report.figures.series import short
from codeshift.study.report.figures.theme import Theme
from codeshift.study.report.shown import ReportFigure
from codeshift.study.results.measures import SHARE, method_name


def heat_map(findings: Findings) -> Plot | None:
    """Plot scores relative to each scenario's 100% baseline, by method and share kept; None without a baseline."""
    cells = [performance for performance in findings.relative if performance.measure == findings.measure]
    if not cells:
        return None
    scenarios = [name for names in findings.results.dimensions.values() for name in names]
    columns = list(dict.fromkeys((performance.cell.method, performance.cell.ood_kept or 0.0) for performance in cells))
    draw = partial(_draw, findings=findings, cells=cells, scenarios=scenarios, columns=columns)
    width, height = 2.2 + 0.85 * len(columns), 0.9 + 0.3 * len(scenarios)
    panel = Panel(
        title="", draw=draw, label=" ".join(performance.sentence for performance in cells), width=width, height=height
    )
    return Plot(name=ReportFigure.HEAT_MAP, title="What is left of the 100% baseline", panels=(panel,))


def _draw(
    ax: Any,
    theme: Theme,
    *,
    findings: Findings,
    cells: list[RelativePerformance],
    scenarios: list[str],
    columns: list[Any],
) -> None:
    import matplotlib as mpl

    values = np.full((len(scenarios), len(columns)), np.nan)
    for performance in cells:
        at = (
            scenarios.index(performance.cell.scenario),
            columns.index((performance.cell.method, performance.cell.ood_kept or 0.0)),
        )
        values[at] = performance.value * SHARE.scale.factor
        dark = abs(values[at] - 100) > 60
        text = f"{values[at]:.0f}" if not math.isnan(values[at]) else performance.text
        ax.text(
            *at[::-1], text, ha="center", va="center", color="white" if dark else theme.text, fontsize=theme.size - 1
        )
    worse = "RdBu" if findings.measure.higher_is_better else "RdBu_r"
    scale = mpl.colors.TwoSlopeNorm(100, *_limits(values))
    ax.imshow(np.ma.masked_invalid(values), cmap=worse, norm=scale, aspect="auto")
    ax.set_xticks(range(len(columns)), [f"{method_name(m)}\n{100 * kept:.4g}% kept" for m, kept in columns])
    ax.set_yticks(range(len(scenarios)), list(map(short, scenarios)))
    ax.xaxis.tick_top()
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)


def _limits(values: Any) -> tuple[float, float]:
    """Return limits at equal distance from 100 that hold all values up to 200, so that a shade means one distance."""
    defined = values[~np.isnan(values)]
    far = max(10.0, float(np.abs(defined - 100).max())) if defined.size else 10.0
    far = min(far, 100.0)
    return 100 - far, 100 + far
