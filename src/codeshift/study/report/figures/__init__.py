"""The figures of a study, for a page and for papers."""

from __future__ import annotations

from codeshift.study.findings import Findings
from codeshift.study.report.figures.along_training import loss_curves
from codeshift.study.report.figures.bars import difference_bars, failures, unseen
from codeshift.study.report.figures.classes import confusion, reliability_diagram
from codeshift.study.report.figures.curves import mean_curves, scenario_curves, variant_plot
from codeshift.study.report.figures.distributions import distributions
from codeshift.study.report.figures.heat_map import heat_map
from codeshift.study.report.figures.how_far import how_far
from codeshift.study.report.figures.panel import Panel, Plot
from codeshift.study.report.figures.scatter import id_against_ood, strength_against_cost
from codeshift.study.report.shown import ReportFigure

__all__ = ["Panel", "Plot", "plots"]

_MAKERS = (
    heat_map, mean_curves, scenario_curves, id_against_ood, difference_bars, unseen, strength_against_cost, how_far,
    failures, variant_plot, confusion, reliability_diagram, distributions, loss_curves,
)  # fmt: skip


def plots(findings: Findings) -> dict[ReportFigure, Plot]:
    """Make the figures that the study has numbers for, by name."""
    plotted = (make(findings) for make in _MAKERS)
    return {plot.name: plot for plot in plotted if plot is not None}
