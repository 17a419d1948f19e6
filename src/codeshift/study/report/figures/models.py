"""The figure of claims over models: the number of each model and of their mean, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from codeshift.metrics import Estimate
from codeshift.study.findings import ModelsClaim
from codeshift.study.report.figures.panel import Panel, Plot
from codeshift.study.report.figures.series import short
from codeshift.study.report.figures.theme import MARKERS, Theme
from codeshift.study.report.shown import ReportFigure

_BAR = 0.3  # inches for a line


def claims_of_models(claims: Sequence[ModelsClaim]) -> Plot | None:
    """Plot each claim's number by model, and its mean over models."""
    panels = [
        Panel(
            title=claim.claim, draw=partial(_draw, claim=claim), label=claim.sentence, width=4.6,
            height=0.95 + _BAR * len(_estimates(claim)),
        )
        for claim in claims
        if any(not math.isnan(estimate.value) for _, estimate in _estimates(claim))
    ]  # fmt: skip
    return Plot(name=ReportFigure.MODELS, title="Claims by model", panels=tuple(panels), columns=2) if panels else None


def _estimates(claim: ModelsClaim) -> list[tuple[str, Estimate]]:
    """Return the name and the number of each line: of each model, and of their mean last."""
    of_models = [(name, each.estimate) for name, each in claim.by_model.items()]
    return of_models if math.isnan(claim.value) else [*of_models, ("mean", claim.estimate)]


def _draw(ax: Any, theme: Theme, *, claim: ModelsClaim) -> None:
    scale, lines = claim.measure.scale.factor, _estimates(claim)
    above = next(iter(claim.by_model.values())).above
    ax.axvline(above * scale, color=theme.soft, linewidth=1)
    heights = range(0, -len(lines), -1)
    for i, (y, (name, estimate)) in enumerate(zip(heights, lines, strict=True)):
        mean = name == "mean" and i == len(claim.by_model)
        colour = theme.text if mean else theme.series[(i + 1) % len(theme.series)]
        if estimate.has_interval:
            ax.plot([estimate.low * scale, estimate.high * scale], [y, y], color=colour, linewidth=1.6)
        marker = MARKERS[2] if mean else MARKERS[1]
        ax.plot([estimate.value * scale], [y], marker=marker, color=colour, markersize=6)
    ax.set_yticks(heights, [short(name) for name, _ in lines])
    ax.set_ylim(0.6 - len(lines), 0.6)
    ax.set_xlabel(f"{claim.measure.heading_of_change}; right of the line the claim holds")
    ax.grid(axis="y", visible=False)
