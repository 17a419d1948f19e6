"""Draw the picture of the demo from the results of ``codeshift demo``.

Run ``codeshift demo`` first, then ``python scripts/picture.py codeshift-demo``. It writes ``overview-*.svg`` into
``docs/assets``, wide and tall, for light and dark pages: programs and a region, parts, and the scores of the demo's
models.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codeshift.demo import HELD_OUT, ROWS, SCENARIOS, demo_rows
from codeshift.properties import PropertyTable, TokenCount, TreeDepth
from codeshift.splitters import SplitManifest
from codeshift.study import Findings, load_results
from drawing import ASSETS, THEMES, Theme, line, svg, text

WIDTH, HEIGHT, PANEL, GAP = 960, 300, 290, 45
PARTS = ("train", "validation", "test_id", "test_ood", "excluded")
METHODS = {"none": "no fine-tuning", "full": "full fine-tuning", "lora": "LoRA"}
DOTS = 700


def main() -> int:
    """Write the picture in both themes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=Path, help="the folder of a demo")
    parser.add_argument("--scenario", default="loops", choices=[scenario.name for scenario in SCENARIOS])
    parser.add_argument("--metric", default="exact_match")
    parser.add_argument("--rows", type=int, default=ROWS, help="as the demo was given it")
    options = parser.parse_args()
    facts = read(options.demo, options.scenario, options.metric, options.rows)
    for theme in THEMES:
        for shape in ("wide", "tall"):
            picture = draw(facts, theme, tall=shape == "tall")
            (ASSETS / f"overview-{shape}-{theme.name}.svg").write_text(picture, encoding="utf-8")
    return 0


@dataclass(frozen=True, kw_only=True)
class Found:
    """Content of the picture: coordinates and sides of programs, rows of parts, the audit's leakage, scores."""

    meaning: str
    lengths: np.ndarray
    depths: np.ndarray
    inside: np.ndarray
    sizes: dict[str, int]
    leaking: int
    auc: float
    scores: dict[str, dict[str, tuple[float, float, float]]]
    metric: str


def read(folder: Path, scenario: str, metric: str, count: int) -> Found:
    """Read the content from the demo's folder, and from the functions that it split."""
    results = load_results(folder)
    [seed] = results.split_seeds
    facts = results.splits[scenario, seed]
    table = PropertyTable(demo_rows(count, seed=seed))
    scores: dict[str, dict[str, tuple[float, float, float]]] = {method: {} for method in METHODS}
    for score in Findings(results=results).scores:
        if score.cell.scenario == scenario and score.cell.ood_kept in (None, 0) and score.measure.metric == metric:
            scores[score.cell.method][score.part] = (score.value, score.low, score.high)
    return Found(
        meaning=HELD_OUT[scenario],
        lengths=np.asarray(table.values(TokenCount("code"))),
        depths=np.asarray(table.values(TreeDepth("code", "python"))),
        inside=SplitManifest.load(folder / facts.manifest).fitted_region().contains(table),
        sizes=dict(facts.sizes),
        leaking=sum(part["near"] for part in facts.audit.figures["leakage"] if part["part"].startswith("test")),
        auc=facts.auc,
        scores=scores,
        metric=metric.replace("_", " "),
    )


def draw(facts: Found, theme: Theme, *, tall: bool) -> str:
    """Return the picture as SVG text, its panels side by side or, for a phone, below each other."""
    panels = (
        ("1  Say what is out of distribution", programs(facts, theme)),
        ("2  Deal the rows, and audit the split", parts(facts, theme)),
        ("3  Score models inside and outside", scores(facts, theme)),
    )
    body = []
    for number, (title, content) in enumerate(panels):
        x, y = (0, number * (HEIGHT + 20)) if tall else (number * (PANEL + GAP), 0)
        body.append(f'<g transform="translate({x},{y})">{text(0, 22, title, theme.text, bold=True)}')
        body.append(f"{content}</g>")
    width, height = (PANEL + 20, 3 * HEIGHT + 40) if tall else (WIDTH, HEIGHT)
    return svg(width, height, f"{facts.meaning}: programs, parts and scores", "".join(body))


def programs(facts: Found, theme: Theme) -> str:
    """Draw a dot for each program, by its length and the depth of its syntax tree."""
    chosen = np.random.default_rng(0).permutation(len(facts.lengths))[:DOTS]
    jitter = np.random.default_rng(1).uniform(-0.45, 0.45, len(facts.depths))
    x = scaled(np.log(facts.lengths), 8, PANEL - 8)[chosen]
    y = scaled(-(facts.depths + jitter), 52, 250)[chosen]
    dots = []
    for side, colour, radius in ((False, theme.train, 1.7), (True, theme.ood, 2.4)):
        picked = facts.inside[chosen] == side
        dots += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{radius}"/>' for a, b in zip(x[picked], y[picked], strict=True)]
        dots.insert(len(dots) - int(picked.sum()), f'<g fill="{colour}" fill-opacity=".75">')
        dots.append("</g>")
    axes = line(0, 258, PANEL, 258, theme.line) + line(0, 44, 0, 258, theme.line)
    labels = text(PANEL, 274, "longer", theme.faint, anchor="end") + text(6, 52, "deeper", theme.faint)
    return axes + "".join(dots) + labels + text(0, 292, f"● held out: {facts.meaning}", theme.ood)


def parts(facts: Found, theme: Theme) -> str:
    """Draw a bar for each part, in proportion to its rows."""
    colours = {"train": theme.train, "validation": theme.train, "test_id": theme.id, "test_ood": theme.ood}
    masked = f'fill="none" stroke="{theme.ood}" stroke-dasharray="3 3"'
    most = max(facts.sizes.values())
    body = []
    for number, part in enumerate(part for part in PARTS if facts.sizes[part]):
        y, width = 52 + 38 * number, max(3.0, facts.sizes[part] / most * 160)
        paint = f'fill="{colours[part]}"' if part in colours else masked
        body.append(text(78, y + 15, "masked" if part == "excluded" else part, theme.text, anchor="end"))
        body.append(f'<rect x="88" y="{y}" width="{width:.1f}" height="20" rx="3" {paint}/>')
        body.append(text(88 + width + 8, y + 15, f"{facts.sizes[part]:,}", theme.faint))
    tested = facts.sizes["test_id"] + facts.sizes["test_ood"]
    words = f"{facts.leaking} of {tested:,} test rows have a copy in train"
    strength = text(0, 274, f"audit: test_ood against train, AUC {facts.auc:.2f}", theme.text)
    return "".join(body) + strength + text(0, 292, words, theme.text)


def scores(facts: Found, theme: Theme) -> str:
    """Draw a line for each method, from its score in distribution to that out of distribution."""
    flat = [value for by_part in facts.scores.values() for value in by_part.values()]
    low, high = min(entry[1] for entry in flat), max(entry[2] for entry in flat)
    body = []
    for number, (method, label) in enumerate(METHODS.items()):
        y = 90 + 64 * number
        body.append(text(0, y - 18, label, theme.text))
        at = {part: scaled_one(entry[0], low, high, 14, PANEL - 50) for part, entry in facts.scores[method].items()}
        gap = f'x1="{at["test_id"]:.1f}" y1="{y}" x2="{at["test_ood"]:.1f}" y2="{y}"'
        body.append(f'<line {gap} stroke="{theme.line}" stroke-width="5"/>')
        for part, colour in (("test_id", theme.id), ("test_ood", theme.ood)):
            value, least, most = facts.scores[method][part]
            ends = [scaled_one(end, low, high, 14, PANEL - 50) for end in (least, most)]
            body.append(line(ends[0], y, ends[1], y, colour))
            body.append(f'<circle cx="{at[part]:.1f}" cy="{y}" r="6" fill="{colour}"/>')
            first = at[part] == min(at.values())
            shift, anchor = (6, "end") if first else (-6, "start")  # apart, where the two are near each other
            body.append(text(at[part] + shift, y + 24, f"{value:.1%}", colour, anchor=anchor))
    key = text(0, 292, "● in distribution", theme.id) + text(130, 292, "● out of distribution", theme.ood)
    return "".join(body) + text(0, 52, facts.metric, theme.faint) + key


def scaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Scale values to a range."""
    return low + (values - values.min()) / (values.max() - values.min()) * (high - low)


def scaled_one(value: float, least: float, most: float, low: float, high: float) -> float:
    """Scale a value from one range to another."""
    return low + (value - least) / (most - least) * (high - low)


if __name__ == "__main__":
    sys.exit(main())
