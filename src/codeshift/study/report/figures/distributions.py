"""How the number that a split cuts is distributed in its parts."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from codeshift.study.findings import Findings
from codeshift.study.report.figures.panel import Panel, Plot
from codeshift.study.report.figures.theme import Theme
from codeshift.study.split_facts import SplitFacts

_BINS = 36


def distributions(findings: Findings) -> Plot | None:
    """One panel for each scenario that cuts a number, such as a length; of the first split seed."""
    panels = []
    for scenario in findings.results.scenarios:
        found = (facts for (name, _), facts in findings.results.splits.items() if name == scenario)
        facts = next(found, None)
        if facts is not None and any(len(values) for values in facts.property_values.values()):
            parts = ", ".join(f"{part} {len(values)} rows" for part, values in facts.property_values.items())
            label = f"Distribution of {facts.property_name} in {parts}."
            draw = partial(_draw, facts=facts)
            panels.append(Panel(title=scenario, draw=draw, label=label, width=2.9, height=2.0, plain=True))
    return Plot(name="distributions", title="What the splits cut", panels=tuple(panels)) if panels else None


def _draw(ax: Any, theme: Theme, *, facts: SplitFacts) -> None:
    parts = {part: np.asarray(v, dtype=np.float64) for part, v in facts.property_values.items()}
    parts = {part: v[np.isfinite(v)] for part, v in parts.items()}
    everything = np.concatenate([*parts.values()])
    edges = bin_edges(everything)
    for part in ("train", "test_id", "test_ood"):
        values = parts.get(part, np.empty(0))
        if len(values):
            shares = np.histogram(values, edges)[0] / len(values) * 100
            ax.stairs(shares, edges, color=theme.parts[part], linewidth=1.6, label=f"{part} ({len(values):,})",
                      fill=part == "test_ood", alpha=0.55 if part == "test_ood" else 1)  # fmt: skip
    if edges[0] > 0 and edges[-1] > 30 * edges[0]:
        _logarithmic(ax)
    ax.set_xlabel(facts.property_name)
    ax.set_ylabel("rows of the part (%)")
    ax.grid(axis="x", visible=False)
    if theme.legend:
        ax.legend(fontsize=theme.size - 2)


def _logarithmic(ax: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    ax.xaxis.set_minor_locator(NullLocator())


def bin_edges(values: np.ndarray) -> np.ndarray:
    """Bins for all parts together, even in the logarithm where all values are above 0 and spread far.

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
    if (values == np.floor(values)).all():
        # Between whole numbers: other bins would hold none or two of them, and draw a comb.
        edges = np.append(np.unique(np.floor(edges)) - 0.5, np.floor(high) + 0.5)
    return edges
