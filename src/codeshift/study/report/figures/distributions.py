"""Figures of the distributions of a split's properties in its parts: numbers, elements, clusters, projects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from functools import partial
from typing import Any

import numpy as np

from codeshift.audit.bins import whole_bins
from codeshift.regions.distribution import Distribution
from codeshift.study.findings import Findings
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.report.figures.panel import Panel, Plot
from codeshift.study.report.figures.theme import Theme
from codeshift.study.report.shown import ReportFigure

_BINS = 36
_LINE = 0.2  # inches for a category
_MARKS = {"train": ("s", 7.0), "test_id": ("o", 4.5), "test_ood": ("D", 5.5)}  # marks behind others are larger
_LONGEST = 26
_DAY = 86_400.0  # seconds


def distributions(findings: Findings) -> Plot | None:
    """Plot the properties of each scenario, one panel for each, of the first split seed."""
    panels: list[Panel] = []
    for scenario, facts in first_splits(findings).items():
        panels += _panels(scenario, facts)
    return Plot(name=ReportFigure.DISTRIBUTIONS, title="What the splits cut", panels=tuple(panels)) if panels else None


def first_splits(findings: Findings) -> dict[str, SplitFacts]:
    """Return the split of the first seed of each scenario that has one, in the order of the scenarios."""
    first: dict[str, SplitFacts] = {}
    for (scenario, _), facts in findings.results.splits.items():
        first.setdefault(scenario, facts)
    return {scenario: first[scenario] for scenario in findings.results.scenarios if scenario in first}


def drawn_distributions(facts: SplitFacts) -> tuple[Distribution, ...]:
    """Return the distributions of a split that have rows to draw."""
    return tuple(distribution for distribution in facts.distributions if any(distribution.rows.values()))


def _panels(scenario: str, facts: SplitFacts) -> Iterator[Panel]:
    every = drawn_distributions(facts)
    for distribution in every:
        parts = ", ".join(f"{part} {rows} rows" for part, rows in distribution.rows.items())
        title = f"{scenario}: {distribution.name}" if len(every) > 1 else scenario
        label = f"Distribution of {distribution.name} in {parts}. {distribution.summary}."
        draw, height = partial(_draw, distribution=distribution), 2.0
        if distribution.categories:
            draw, height = partial(_draw_shares, distribution=distribution), 0.55 + _LINE * len(distribution.categories)
        yield Panel(title=title, draw=draw, label=label, width=2.9, height=height, plain=not distribution.categories,
                    group=scenario)  # fmt: skip


def _draw(ax: Any, theme: Theme, *, distribution: Distribution) -> None:
    unit = _DAY if distribution.times else 1.0
    parts = {part: np.asarray(v, dtype=np.float64) / unit for part, v in distribution.values.items()}
    parts = {part: v[np.isfinite(v)] for part, v in parts.items()}
    everything = np.concatenate([*parts.values()])
    edges = bin_edges(everything)
    for part in _MARKS:
        values = parts.get(part, np.empty(0))
        if len(values):
            shares = np.histogram(values, edges)[0] / len(values) * 100
            ax.stairs(shares, edges, color=theme.parts[part], linewidth=1.6, label=f"{part} ({len(values):,})",
                      fill=part == "test_ood", alpha=0.55 if part == "test_ood" else 1)  # fmt: skip
    if distribution.times:
        _dated(ax)
    elif edges[0] > 0 and edges[-1] > 30 * edges[0]:
        _logarithmic(ax)
    ax.set_xlabel(distribution.name)
    ax.set_ylabel("rows of the part (%)")
    ax.grid(axis="x", visible=False)
    if theme.legend:
        ax.legend(fontsize=theme.size - 2)


def _draw_shares(ax: Any, theme: Theme, *, distribution: Distribution) -> None:
    """Draw a line for each category, with a mark for each part; masked categories are bold."""
    places = -np.arange(len(distribution.categories))
    shown = {part: 100 * distribution.values[part] for part in _MARKS if distribution.rows.get(part)}
    low, high = (limit(list(shown.values()), axis=0) for limit in (np.min, np.max))
    ax.hlines(places, low, high, color=theme.line, linewidth=1.4, zorder=1)
    for part, shares in shown.items():
        mark, size = _MARKS[part]
        ax.plot(shares, places, mark, color=theme.parts[part], markersize=size, clip_on=False, zorder=3,
                label=f"{part} ({distribution.rows[part]:,})")  # fmt: skip
    ax.set_yticks(places, [_tail(name) for name in distribution.categories])
    for tick, inside in zip(ax.get_yticklabels(), distribution.inside, strict=True):
        tick.set_fontweight("bold" if inside else "normal")
        tick.set_color(theme.text if inside else theme.soft)
    ax.tick_params(axis="y", pad=7)  # half of a mark at 0 is outside of the axes
    ax.set_ylim(places[-1] - 0.6, 0.6)
    ax.set_xlim(0, max(1.0, float(high.max())) * 1.02)
    ax.set_xlabel(f"rows (%) by {distribution.name}", loc="right")
    ax.grid(axis="y", visible=False)
    if theme.legend:
        _legend_below(ax, theme)


def _legend_below(ax: Any, theme: Theme) -> None:
    """Place the legend below the axis label: marks can be anywhere above it."""
    from matplotlib.transforms import ScaledTranslation

    below = ax.transAxes + ScaledTranslation(0, -0.4, ax.figure.dpi_scale_trans)
    ax.legend(fontsize=theme.size - 2, ncols=3, loc="upper right", bbox_to_anchor=(1.03, 0), bbox_transform=below,
              handletextpad=0.1, columnspacing=0.7, borderaxespad=0, borderpad=0)  # fmt: skip


def _tail(name: str) -> str:
    """Shorten a name to its end, the most informative part of an API or a path."""
    return name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"


def _dated(ax: Any) -> None:
    """Label the axis with dates in UTC; its values are days since 1970, as in matplotlib."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(tz=UTC, minticks=2, maxticks=5)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))


def _logarithmic(ax: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    ax.xaxis.set_minor_locator(NullLocator())


def bin_edges(values: np.ndarray) -> np.ndarray:
    """Return bin edges for all parts together, evenly spaced in the logarithm if all values are above 0 and spread far.

    >>> bin_edges(np.array([1.0, 2.0, 3.0])).tolist()
    [0.5, 1.5, 2.5, 3.5]
    """
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.array([low - 0.5, low + 0.5])
    edges = np.linspace(low, high, _BINS + 1)
    if low > 0 and high > 30 * low:
        edges = np.geomspace(low, high, _BINS + 1)
    return whole_bins(edges, values)
