"""The report as one HTML page, which needs no other file and no network; all texts from data are escaped."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from codeshift.audit.verdict import NO_SHIFT, SOUND
from codeshift.documents import html as documents_html
from codeshift.documents.document import Figure, Table
from codeshift.errors import check_extra
from codeshift.study.findings import Claim, ExampleRow, Findings
from codeshift.study.findings.failures import MODES, RIGHT
from codeshift.study.keys import NONE
from codeshift.study.measures import method_name
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.differences import marked
from codeshift.study.report.figures.distributions import drawn
from codeshift.study.report.figures.panel import Panel, themed
from codeshift.study.report.figures.svg import inline_svg
from codeshift.study.report.figures.theme import PAGE
from codeshift.study.report.study_tables import part_kind
from codeshift.study.split_facts import SplitFacts

check_extra("report")

from jinja2 import Environment, StrictUndefined  # noqa: E402
from markupsafe import Markup  # noqa: E402

_REM = 6.6  # rem of a page for an inch of a plot, which gives labels the size of the smaller text
_SECTIONS = {
    "findings": "Findings", "relative": "What is left", "curves": "Share kept", "id-ood": "In and out",
    "methods": "Methods", "variants": "Variants", "forgetting": "What changed", "unseen": "Masked elements",
    "strength": "Strength", "failures": "Failures", "examples": "Examples", "splits": "Splits", "scores": "All scores",
    "made": "How it was made",
}  # fmt: skip
_SHAPES = (
    "M1 1H9V9H1Z", "M5 .5A4.5 4.5 0 1 1 5 9.5A4.5 4.5 0 1 1 5 .5Z", "M5 0L10 5L5 10L0 5Z", "M5 .5L9.7 9H.3Z",
    "M5 9.5L.3 1H9.7Z", "M3.5 0H6.5V3.5H10V6.5H6.5V10H3.5V6.5H0V3.5H3.5Z",
    "M2.5 0L5 2.5L7.5 0L10 2.5L7.5 5L10 7.5L7.5 10L5 7.5L2.5 10L0 7.5L2.5 5L0 2.5Z",
)  # fmt: skip
_VERDICTS = {"holds": ("holds", "M1 5L4 8L9 2"), "does not hold": ("fails", "M1.5 1.5L8.5 8.5M8.5 1.5L1.5 8.5"),
             "not shown": ("open", "M1 5H9")}  # fmt: skip

_OF_THE_SHIFT = (SOUND, NO_SHIFT)  # verdicts whose reasons are what shows the shift, or fails to


def to_html(report: ReportContents) -> str:
    """Render the page of a report."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.globals["table_html"] = _grid
    environment.globals["figure_html"] = lambda figure: _ours(documents_html.figure(figure))
    template = environment.from_string(_read("page.html.j2"))
    script = _read("page.js")
    page = template.render(
        **_content(report), style=_ours(_read("page.css")), script=_ours(script), script_hash=_hash(script)
    )
    return page.lstrip()


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _ours(text: str) -> Markup:
    """Mark a text as safe markup: our own files, plots whose texts matplotlib escaped, and rendered tables."""
    return Markup(text)  # noqa: S704


def _hash(script: str) -> Markup:
    """Return the hash that allows only this script to run; base64 needs no escape."""
    return _ours(f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}")


def _grid(table: Table, kind: str = "") -> Markup:
    """Render a table that the page's script sorts, without its caption, which is a heading of the page."""
    return _ours(documents_html.table(replace(table, caption=""), classes=f"sort {kind}".strip()))


def _content(report: ReportContents) -> dict[str, Any]:
    findings = report.findings
    plots = _plots(report)
    tables = {table.name: table for table in report.tables}
    examples: dict[str, list[dict[str, Any]]] = {}
    for example in findings.examples(report.examples):
        examples.setdefault(example.scenario, []).append(_example(example))
    splits = _splits(findings, _by_scenario(report, plots))
    shown = {
        "relative": "relative" in tables, "curves": "curves" in plots or "curves_by_scenario" in plots,
        "id-ood": "id_against_ood" in plots, "methods": "differences" in plots or "comparisons" in tables,
        "variants": "variants" in plots, "forgetting": "forgetting" in tables, "unseen": "unseen" in tables,
        "strength": "strength" in plots, "failures": "failure_modes" in plots, "examples": bool(examples),
        "splits": bool(splits),
    }  # fmt: skip
    summary = findings.summary()
    return {
        "title": report.title,
        "subtitle": report.subtitle,
        "sections": [(anchor, name) for anchor, name in _SECTIONS.items() if shown.get(anchor, True)],
        "progress": summary[0],
        "claims": [_claim(claim) for claim in findings.claims],
        "failing": findings.failing(),
        "metric": findings.measure.title,
        "seeds_told": _seeds(findings),
        "methods": _methods(findings),
        "modes": [{"name": mode, "colour": i} for i, mode in enumerate((RIGHT, *MODES))],
        "plots": plots,
        "plot_titles": {name: plot.title for name, plot in report.plots.items()}
        | {"curves": "Mean over the scenarios"},
        "tables": tables,
        "examples": list(examples.items()),
        "splits": splits,
        "shares": any(one.categories for facts in findings.results.splits.values() for one in drawn(facts)),
        "failed": [f"{r.key}: {r.error}" for r in findings.results.records if r.status == "failed"],
        "n_resamples": f"{findings.n_resamples:,}",
        "seed": findings.seed,
        "settings": _settings(findings.results.settings),
        "notes": report.notes,
        "command": report.command,
    }


def _plots(report: ReportContents) -> dict[str, list[Figure]]:
    """Draw each panel of each plot, with captions if there are several; the heat map is a table in a page."""
    return {
        name: [_figure(panel, f"{name}-{i}", captioned=len(plot.panels) > 1) for i, panel in enumerate(plot.panels)]
        for name, plot in report.plots.items()
        if name != "heat_map"
    }


def _by_scenario(report: ReportContents, made: Mapping[str, list[Figure]]) -> dict[str, list[Figure]]:
    """Return the figures of distributions by scenario, without captions, to place beside each split."""
    by_scenario: dict[str, list[Figure]] = {}
    if "distributions" in made:
        for panel, figure in zip(report.plots["distributions"].panels, made["distributions"], strict=True):
            by_scenario.setdefault(panel.group, []).append(replace(figure, caption="", width=None))
    return by_scenario


def _figure(panel: Panel, name: str, *, captioned: bool) -> Figure:
    with themed(PAGE, salt=name):
        svg = inline_svg(panel.figure(PAGE), name, panel.label)
    caption = panel.title if captioned else ""
    return Figure(name=name, label=panel.label, svg=svg, caption=caption, width=panel.width * _REM)


def _methods(findings: Findings) -> list[dict[str, Any]]:
    methods = (NONE, *findings.cells.methods)
    made = [
        {"name": method_name(method), "colour": i % 7, "shape": _SHAPES[i % len(_SHAPES)]}
        for i, method in enumerate(methods)
    ]
    return made if findings.cells.has_none else made[1:]


def _claim(claim: Claim) -> dict[str, str]:
    kind, mark = _VERDICTS[claim.verdict]
    return {"kind": kind, "mark": mark, "verdict": claim.verdict, "claim": claim.claim, "told": claim.told}


def _seeds(findings: Findings) -> str:
    trained, split = len(findings.results.train_seeds), len(findings.results.split_seeds)
    if trained == split == 1:
        return "there is one training seed, so the intervals say how sure the scores of these models are, not of others"
    return f"intervals include the noise of {split} split and {trained} training seeds as well as that of the rows"


def _example(example: ExampleRow) -> dict[str, Any]:
    tuned = [text for name, text in example.outputs.items() if name != NONE]
    return {
        "kind": example.kind[0].upper() + example.kind[1:],
        "part": example.part,
        "part_kind": part_kind(example.part),
        "row": example.row,
        "source": example.source,
        "reference": _lacking(example.reference, tuned),
        "outputs": [(method_name(name), marked(text, example.reference)) for name, text in example.outputs.items()],
    }


def _lacking(reference: str, outputs: list[str]) -> list[tuple[str, bool]]:
    """Split the reference into stretches, each with whether some output lacks it."""
    lacks = [False] * len(reference)
    for output in outputs:
        at = 0
        for text, lacking in marked(reference, output):
            if lacking:
                lacks[at : at + len(text)] = [True] * len(text)
            at += len(text)
    stretches: list[tuple[str, bool]] = []
    for character, lacking in zip(reference, lacks, strict=True):
        if stretches and stretches[-1][1] == lacking:
            stretches[-1] = (stretches[-1][0] + character, lacking)
        else:
            stretches.append((character, lacking))
    return stretches


def _splits(findings: Findings, figures: Mapping[str, list[Figure]]) -> list[dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for (scenario, seed), facts in findings.results.splits.items():
        several = len(findings.results.split_seeds) > 1
        named = f"Split seed {seed}: " if several else ""
        if scenario not in made:
            sizes = ", ".join(f"{count:,} {part}" for part, count in facts.sizes.items())
            of = f" of split seed {seed}" if several else ""
            made[scenario] = {
                "name": scenario, "meaning": facts.meaning, "sizes": f"Rows{of}: {sizes}.", "splitter": facts.splitter,
                "figures": figures.get(scenario, []), "audits": [], "manifests": [],
            }  # fmt: skip
        told = _audit(facts)
        made[scenario]["audits"].append(f"{named}{told}")
        if facts.manifest:
            link = {"address": relative_link(facts.manifest), "name": f"{named}{facts.manifest}"}
            made[scenario]["manifests"].append(link)
    return list(made.values())


def _audit(facts: SplitFacts) -> str:
    if facts.audit is None:
        return "No audit was made."
    told = facts.audit.verdict.label in _OF_THE_SHIFT or math.isnan(facts.auc)
    return f"Audit: {facts.audit.verdict}" + ("" if told else f" AUC {facts.auc:.3f}.")


def relative_link(path: str) -> str:
    """Return an address that can only point to a file beside the page, whatever the path contains.

    >>> relative_link("splits/a b.json"), relative_link("javascript:alert(1)")
    ('./splits/a%20b.json', './javascript%3Aalert%281%29')
    """
    return "./" + quote(path.replace("\\", "/").lstrip("/"))


def _settings(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Format the settings, nested ones as JSON, without sizes that official splits determine."""
    data = settings.get("data")
    settled = {f"{part}_size" for part in ("test", "validation") if isinstance(data, Mapping) and part in data}
    told = []
    for name, value in settings.items():
        if value is None or value in ("", [], {}) or name in settled:
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        told.append((str(name).replace("_", " "), text))
    return told
