"""Pictures of Study 1's page: dots with intervals by kind of shift, scenario and method, and curves over rows kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.drawing import Theme, line, svg, text

PANEL, GAP = 345, 22
"""Width of the panel of a corpus, and the space between two."""
TITLES = {"stdlib": "Python's standard library", "algorithms": "TheAlgorithms, four languages"}
DIMENSIONS = {
    "complexity": "length", "syntax": "syntax", "semantics": "semantics", "vocabulary": "rare tokens", "APIs": "an API",
    "composition": "compounds", "projects": "project, language",
}  # fmt: skip
EXACT, LOSS = "exact_match", "negative_log_likelihood"
FACTOR = {EXACT: 100.0, LOSS: 1.0}
UNIT = {EXACT: "points of exact match", LOSS: "nats a token"}
_ROW, _TOP, _LABELS = 26, 62, 146

Number = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """Axis of a picture, from values to places.

    Attributes:
        low: Smallest value.
        high: Largest value.
        start: Place of the smallest value.
        end: Place of the largest value.
    """

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value; values beyond the ends are at the ends."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return round values within the axis, about five."""
        rough = (self.high - self.low) / 5
        step = 10 ** math.floor(math.log10(rough))
        step = next(step * factor for factor in (1, 2, 5, 10) if step * factor >= rough)
        first = math.ceil(self.low / step)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def axis_over(numbers: Sequence[Number], start: float, end: float, *, zero: bool = True) -> Axis:
    """Return the axis that holds the intervals of numbers, and 0 if asked."""
    ends = [value for number in numbers for value in _ends(number)] + ([0.0] if zero else [])
    low, high = min(ends), max(ends)
    margin = (high - low or 1.0) * 0.04
    return Axis(low=low - margin, high=high + margin, start=start, end=end)


def _ends(number: Number) -> list[float]:
    return [number[name] for name in ("value", "low", "high") if number[name] is not None]


def side_by_side(panels: Sequence[tuple[str, float]], title: str, *, tall: bool) -> str:
    """Return a picture of panels, each with its height, side by side or, for a phone, below each other."""
    body, across, down = [], 0.0, 0.0
    for content, height in panels:
        body.append(f'<g transform="translate({across},{down})">{content}</g>')
        across, down = (0.0, down + height + 24) if tall else (across + PANEL + GAP, down)
    heights = [height for _, height in panels]
    count = len(panels)
    width = PANEL if tall else count * PANEL + (count - 1) * GAP
    return svg(width, sum(heights) + 24 * (count - 1) if tall else max(heights), title, "".join(body))


def by_kind(studies: Mapping[str, Any], theme: Theme, *, tall: bool) -> str:
    """Draw the gap and the cost by the kind of shift: the main picture."""
    panels = []
    for corpus, answers in studies.items():
        figures = answers["metrics"][EXACT]["figures"]
        rows = [("all scenarios", figures["gap"], figures["cost"])]
        rows += [
            (label, figures[f"gap of {name}"], figures[f"cost of {name}"])
            for name, label in DIMENSIONS.items()
            if f"gap of {name}" in figures
        ]
        if "control" in figures:
            rows.append(("random (control)", figures["control gap"], figures["control"]))
        panels.append(_dots(TITLES[corpus], rows, EXACT, theme, bold=1))
    return side_by_side(panels, "What models lose out of distribution, and what of it masking costs", tall=tall)


def by_scenario(studies: Mapping[str, Any], metric: str, theme: Theme, *, tall: bool) -> str:
    """Draw the gap and the cost of each scenario."""
    panels = []
    for corpus, answers in studies.items():
        lines = answers["metrics"][metric]["scenarios"]
        rows = [
            (scenario["scenario"].replace("builtins_", ""), scenario["gap"], scenario["cost"]) for scenario in lines
        ]
        panels.append(_dots(TITLES[corpus], rows, metric, theme))
    return side_by_side(panels, "The gap and the cost of masking in each scenario", tall=tall)


def _dots(
    title: str, rows: Sequence[tuple[str, Number, Number]], metric: str, theme: Theme, *, bold: int = 0
) -> tuple[str, float]:
    """Return a panel with two dots in each row, and its height."""
    axis = axis_over([number for _, *pair in rows for number in pair], _LABELS + 10, PANEL - 12)
    bottom = _TOP + _ROW * len(rows)
    body = [text(0, 18, title, theme.text, bold=True), *_grid(axis, _TOP - 10, bottom, metric, theme)]
    body.append(text(0, 42, "● gap", theme.ood))
    body.append(text(56, 42, "● cost of masking", theme.id))
    for number, (label, gap, cost) in enumerate(rows):
        y = _TOP + _ROW * number + 8
        body.append(text(_LABELS, y + 4, label, theme.text if number < bold else theme.faint, anchor="end"))
        for value, colour, shift in ((gap, theme.ood, -3.5), (cost, theme.id, 3.5)):
            body.append(_dot(axis, value, y + shift, colour, 4.5 if number < bold else 3.5))
    body.append(text((axis.start + axis.end) / 2, bottom + 36, UNIT[metric], theme.faint, anchor="middle"))
    return "".join(body), bottom + 44


def _dot(axis: Axis, number: Number, y: float, colour: str, radius: float) -> str:
    """Return a dot with its interval."""
    ends = "" if number["low"] is None else line(axis.at(number["low"]), y, axis.at(number["high"]), y, colour)
    return f'{ends}<circle cx="{axis.at(number["value"]):.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>'


def _grid(axis: Axis, top: float, bottom: float, metric: str, theme: Theme) -> list[str]:
    """Return the ticks of an axis with their numbers, and a stronger line at 0."""
    body = []
    for value in axis.ticks():
        x = axis.at(value)
        strong = theme.faint if abs(value) < 1e-9 else theme.line
        body.append(line(x, top, x, bottom, strong).replace('stroke-width="1.5"', 'stroke-width="1"'))
        body.append(text(x, bottom + 18, f"{value * FACTOR[metric]:g}", theme.faint, anchor="middle"))
    return body


MODELS = (
    ("none", "without fine-tuning"), ("wise", "WiSE-FT, masked"), ("full", "full, masked"), ("lora", "LoRA, masked"),
    ("full kept", "full, kept"), ("lora kept", "LoRA, kept"),
)  # fmt: skip


def by_method(studies: Mapping[str, Any], theme: Theme, *, tall: bool) -> str:
    """Draw the scores of each method in and out of distribution."""
    panels = []
    for corpus, answers in studies.items():
        figures = answers["metrics"][EXACT]["figures"]
        rows = [(label, figures[f"{name} test_id"], figures[f"{name} test_ood"]) for name, label in MODELS]
        axis = axis_over([number for _, *pair in rows for number in pair], _LABELS + 10, PANEL - 12)
        bottom = _TOP + _ROW * len(rows)
        body = [text(0, 18, TITLES[corpus], theme.text, bold=True), *_grid(axis, _TOP - 10, bottom, EXACT, theme)]
        body += [text(0, 42, "● in distribution", theme.id), text(130, 42, "● out of distribution", theme.ood)]
        for number, (label, inside, outside) in enumerate(rows):
            y = _TOP + _ROW * number + 8
            body.append(text(_LABELS, y + 4, label, theme.text, anchor="end"))
            body.append(_dot(axis, inside, y - 3.5, theme.id, 4))
            body.append(_dot(axis, outside, y + 3.5, theme.ood, 4))
        body.append(text((axis.start + axis.end) / 2, bottom + 36, "exact match, %", theme.faint, anchor="middle"))
        panels.append(("".join(body), bottom + 44.0))
    return side_by_side(panels, "Exact match of each method in and out of distribution", tall=tall)


def by_share(studies: Mapping[str, Any], theme: Theme, *, tall: bool) -> str:
    """Draw the negative log-likelihood over the share of the region's rows that is kept."""
    panels = []
    for corpus, answers in studies.items():
        means = answers["metrics"][LOSS].get("curve", {}).get("mean")
        if means:
            panels.append(_curves(TITLES[corpus], means, theme))
    return side_by_side(panels, "The loss out of distribution over the share of the region kept", tall=tall)


def _curves(title: str, means: Mapping[str, Any], theme: Theme) -> tuple[str, float]:
    shares = sorted({share for points in means.values() for share in points}, key=float)
    points = [number for by_share in means.values() for number in by_share.values() if number["value"] is not None]
    top, bottom = _TOP, _TOP + 190
    axis = axis_over(points, bottom, top, zero=False)
    body = [text(0, 18, title, theme.text, bold=True), *_levels(axis, theme)]
    places = {share: 66 + number * (PANEL - 96) / (len(shares) - 1) for number, share in enumerate(shares)}
    for share, x in places.items():
        body.append(text(x, bottom + 20, f"{float(share) * 100:g}%", theme.faint, anchor="middle"))
    for number, (method, label) in enumerate((("full", "full"), ("lora", "LoRA"))):
        colour = (theme.ood, theme.id)[number]
        shift = (-2.5, 2.5)[number]
        known = [(places[share] + shift, at) for share, at in means[method].items() if at["value"] is not None]
        track = " ".join(f"{x:.1f},{axis.at(at['value']):.1f}" for x, at in known)
        body.append(f'<polyline points="{track}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, at in known:
            if at["low"] is not None:
                body.append(line(x, axis.at(at["low"]), x, axis.at(at["high"]), colour))
            body.append(f'<circle cx="{x:.1f}" cy="{axis.at(at["value"]):.1f}" r="4" fill="{colour}"/>')
        body.append(text(70 * number, 42, f"● {label}", colour))
    body.append(text(PANEL / 2, bottom + 40, "rows of the region in training", theme.faint, anchor="middle"))
    body.append(text(PANEL - 12, 42, "nats a token", theme.faint, anchor="end"))
    return "".join(body), bottom + 48.0


def _levels(axis: Axis, theme: Theme) -> list[str]:
    """Return the ticks of an upright axis with their numbers."""
    body = []
    for value in axis.ticks():
        body.append(line(50, axis.at(value), PANEL - 12, axis.at(value), theme.line))
        body.append(text(44, axis.at(value) + 4, f"{value:g}", theme.faint, anchor="end"))
    return body


def by_strength(studies: Mapping[str, Any], theme: Theme, *, tall: bool) -> str:
    """Draw the gap and the cost of each scenario over the AUC of an audit's classifier."""
    panels = []
    for corpus, answers in studies.items():
        panels.append(_scatter(TITLES[corpus], answers["metrics"][LOSS]["scenarios"], theme))
    return side_by_side(panels, "What is lost in each scenario, over the AUC of an audit's classifier", tall=tall)


def _scatter(title: str, lines: Sequence[Mapping[str, Any]], theme: Theme) -> tuple[str, float]:
    top, bottom = _TOP, _TOP + 190
    axis = axis_over(
        [{**line_[name], "low": None, "high": None} for line_ in lines for name in ("gap", "cost")], bottom, top
    )
    across = Axis(low=0.45, high=1.0, start=60, end=PANEL - 14)
    body = [text(0, 18, title, theme.text, bold=True), *_levels(axis, theme)]
    for value in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        body.append(text(across.at(value), bottom + 20, f"{value:g}", theme.faint, anchor="middle"))
    for name, colour in (("gap", theme.ood), ("cost", theme.id)):
        for scenario in lines:
            x, y = across.at(scenario["auc"]), axis.at(scenario[name]["value"])
            body.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}" fill-opacity=".85"/>')
    body += [text(0, 42, "● gap", theme.ood), text(60, 42, "● cost of masking", theme.id)]
    body.append(text(PANEL - 12, 42, "nats a token", theme.faint, anchor="end"))
    body.append(text(PANEL / 2, bottom + 40, "AUC of the audit's classifier", theme.faint, anchor="middle"))
    return "".join(body), bottom + 48.0
