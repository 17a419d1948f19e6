"""Helpers of plots of several methods: a colour and a marker for each, and labels that do not overlap."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from codeshift.study.findings import Findings
from codeshift.study.report.figures.theme import MARKERS, Theme
from codeshift.study.report.tables import counted_each
from codeshift.study.results.measures import Measure
from codeshift.study.settings.keys import NONE


def styles(findings: Findings, theme: Theme) -> dict[str, tuple[str, str]]:
    """Return colour and marker by method; the first are reserved for the model without fine-tuning."""
    methods = (NONE, *findings.cells.methods)
    return {m: (theme.series[i % len(theme.series)], MARKERS[i % len(MARKERS)]) for i, m in enumerate(methods)}


def short(name: str, longest: int = 28) -> str:
    """Shorten a name to leave room for a plot beside it.

    >>> short("syntax_for_statement"), short("a" * 40, longest=5)
    ('syntax_for_statement', 'aaaa…')
    """
    return name if len(name) <= longest else name[: longest - 1] + "…"


def axis_title(measure: Measure, part: str = "") -> str:
    """Return the title of an axis: metric, part and unit.

    >>> from codeshift.study.results.measures import EXACT_MATCH
    >>> axis_title(EXACT_MATCH, "test_ood")
    'exact match on test_ood (%)'
    """
    unit = f" ({measure.scale.unit.strip()})" if measure.scale.unit else ""
    return f"{measure.title}{f' on {part}' if part else ''}{unit}"


def rows_told(numbers: Iterable[int]) -> str:
    """Describe the numbers of rows behind the values of a figure.

    >>> rows_told([32, 32]), rows_told([40, 8, 0]), rows_told([])
    ('n = 32', 'n = 8 to 40', '')
    """
    distinct = sorted({number for number in numbers if number})
    return f"n = {counted_each(distinct).text}" if distinct else ""


def label_ends(ax: Any, ends: Sequence[tuple[float, float, str, str]], theme: Theme, gap: float = 0.085) -> None:
    """Write each label beside the end of its line, moved apart if they would overlap.

    Args:
        ax: Axes of matplotlib, with their final limits.
        ends: Tuples of the end's x and y, the text and the colour.
        theme: Theme of the plot.
        gap: Smallest distance between labels, as a share of the height.
    """
    low, high = ax.get_ylim()
    shown = sorted((end for end in ends if not math.isnan(end[1])), key=lambda end: end[1])
    heights = apart([(y - low) / (high - low) for _, y, _, _ in shown], gap)
    for (x, _, text, colour), height in zip(shown, heights, strict=True):
        ax.annotate(
            text, (x, low + height * (high - low)), xytext=(7, 0), textcoords="offset points", color=colour,
            va="center", fontsize=theme.size, annotation_clip=False,
        )  # fmt: skip


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Move ascending heights as little as possible so that they are ``gap`` apart.

    >>> [round(height, 6) for height in apart([0.5, 0.5, 0.9], 0.2)]
    [0.4, 0.6, 0.9]
    """
    groups: list[list[float]] = []  # wanted heights of labels that touch
    for height in heights:
        groups.append([height])
        while len(groups) > 1 and _top(groups[-2], gap) + gap > _bottom(groups[-1], gap):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_bottom(group, gap) + i * gap for group in groups for i in range(len(group))]


def _bottom(group: Sequence[float], gap: float) -> float:
    return sum(group) / len(group) - gap * (len(group) - 1) / 2


def _top(group: Sequence[float], gap: float) -> float:
    return sum(group) / len(group) + gap * (len(group) - 1) / 2
