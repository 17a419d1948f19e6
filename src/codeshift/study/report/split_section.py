"""The section of the page on the splits: a card for each scenario, with its audits and what the split cut."""

from __future__ import annotations

import math
from dataclasses import replace
from urllib.parse import quote

from codeshift.audit.verdict import NO_SHIFT, SOUND
from codeshift.documents.document import Block, Code, Figure, Note, Paragraph, Section, SideBySide
from codeshift.documents.inline import Link
from codeshift.study.folder.split_audit import AuditError
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.report.blocks import draw_figure, parts_key, tables
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.figures.distributions import drawn_distributions
from codeshift.study.report.shown import ReportFigure, ReportTable

_OF_THE_SHIFT = (SOUND, NO_SHIFT)  # verdicts whose reasons are what shows the shift, or fails to


def the_splits(contents: ReportContents) -> Section:
    """Return the splits of all scenarios and seeds."""
    splits = contents.findings.results.splits
    if not splits:
        return Section(title="The splits", blocks=())
    distributions = _distribution_figures(contents)
    blocks: list[Block] = [parts_key()] if distributions else []
    if any(distribution.categories for facts in splits.values() for distribution in drawn_distributions(facts)):
        meaning = "Bold: what defines the region; for elements, those that changed most with it follow."
        blocks.append(Note(f"Shares of each part's rows. {meaning}"))
    by_scenario: dict[str, dict[int, SplitFacts]] = {}
    for (scenario, seed), facts in splits.items():
        by_scenario.setdefault(scenario, {})[seed] = facts
    several = len(contents.findings.results.split_seeds) > 1
    cards = tuple(
        _card(scenario, of_seeds, distributions.get(scenario, ()), several=several)
        for scenario, of_seeds in by_scenario.items()
    )
    blocks += [SideBySide(cards, 22.0), *tables(contents, ReportTable.SPLITS)]
    return Section(title="The splits", blocks=tuple(blocks), name="splits", menu="Splits")


def _card(scenario: str, of_seeds: dict[int, SplitFacts], figures: tuple[Figure, ...], *, several: bool) -> Section:
    """Return what is said of a scenario: of its first split seed, with the audits and manifests of all."""
    seed, first = next(iter(of_seeds.items()))
    sizes = ", ".join(f"{count:,} {part}" for part, count in first.sizes.items())
    named = {seed: f"Split seed {seed}: " if several else "" for seed in of_seeds}
    links = [
        Paragraph((Link(f"{named[seed]}{facts.manifest}", relative_link(facts.manifest)),))
        for seed, facts in of_seeds.items()
        if facts.manifest
    ]
    return Section(
        title=scenario,
        blocks=(
            Paragraph(first.meaning),
            Paragraph(f"Rows{f' of split seed {seed}' if several else ''}: {sizes}."),
            *(Paragraph(f"{named[seed]}{_audit_sentence(facts)}") for seed, facts in of_seeds.items()),
            SideBySide(figures),
            Section(title="splitter and manifest", blocks=(Code(first.splitter), *links), look="folded"),
        ),
        look="card",
    )


def _audit_sentence(facts: SplitFacts) -> str:
    if facts.audit is None:
        return "No audit was made."
    if isinstance(facts.audit, AuditError):
        return f"The audit failed: {facts.audit.error}"
    is_said = facts.audit.verdict.label in _OF_THE_SHIFT or math.isnan(facts.auc)
    return f"Audit: {facts.audit.verdict}" + ("" if is_said else f" AUC {facts.auc:.3f}.")


def _distribution_figures(contents: ReportContents) -> dict[str, tuple[Figure, ...]]:
    """Draw the distributions of each scenario, without captions, as they stand beside its split."""
    if ReportFigure.DISTRIBUTIONS not in contents.plots:
        return {}
    by_scenario: dict[str, tuple[Figure, ...]] = {}
    for i, panel in enumerate(contents.plots[ReportFigure.DISTRIBUTIONS].panels):
        shown = replace(draw_figure(panel, f"distributions-{i}", captioned=False), width=None)
        by_scenario[panel.group] = (*by_scenario.get(panel.group, ()), shown)
    return by_scenario


def relative_link(path: str) -> str:
    """Return an address that can only point to a file beside the page, whatever the path contains.

    >>> relative_link("splits/a b.json"), relative_link("javascript:alert(1)")
    ('./splits/a%20b.json', './javascript%3Aalert%281%29')
    """
    return "./" + quote(path.replace("\\", "/").lstrip("/"))
