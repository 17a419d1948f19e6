"""The sections of the page: what each says above and below its figures and tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from codeshift.documents.document import Block, Code, Facts, Note, Paragraph, Points, Section, SideBySide
from codeshift.documents.inline import Mark, Text, spans
from codeshift.study.findings import Claim, Findings
from codeshift.study.findings.claim import ClaimVerdict
from codeshift.study.folder.stored_settings import StoredSettings
from codeshift.study.report.blocks import figures, methods_key, modes_key, tables
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.shown import ReportFigure, ReportTable

VERDICT_KINDS: Mapping[ClaimVerdict, str] = {"holds": "holds", "does not hold": "fails", "not shown": "open"}
"""Look of a claim's card by its verdict."""


def what_was_found(contents: ReportContents) -> Section:
    """Return the claims, each with its verdict, and how outputs fail."""
    findings = contents.findings
    summary = findings.summary()
    progress: Text = summary[0]
    if findings.results.counts["failed"]:
        progress = (summary[0], " ", Mark("Failed cells are marked and do not count.", "failed"))
    blocks: list[Block] = [Paragraph(progress)]
    if findings.claims:
        seeds = _seeds(findings)
        meaning = (
            "A claim holds where the whole 95% interval of its number lies on the side that it says, does not hold "
            f"where it lies on the other, and is not shown otherwise. All are about {findings.measure.title}; {seeds}."
        )
        blocks += [SideBySide(tuple(map(_claim_section, findings.claims)), 30.0), Note(meaning)]
    blocks.append(Points(tuple(findings.failing())))
    return Section(title="What was found", blocks=tuple(blocks), name="findings", menu="Findings")


def _claim_section(claim: Claim) -> Section:
    title = (Mark(claim.verdict, "verdict"), " ", claim.claim)
    return Section(title=title, blocks=(Paragraph(claim.evidence),), look="card", kind=VERDICT_KINDS[claim.verdict])


def _seeds(findings: Findings) -> str:
    split, trained = findings.results.seeds_done
    if not trained:
        return "no training is done yet"
    if trained == split == 1:
        return "there is one training seed, so the intervals say how sure the scores of these models are, not of others"
    return f"intervals include the noise of {split} split and {trained} training seeds as well as that of the rows"


def what_is_left(contents: ReportContents) -> Section:
    """Return the heat map of relative performance."""
    table = contents.tables.get(ReportTable.RELATIVE)
    blocks = () if table is None else (Paragraph((*spans(table.caption), ".")), *tables(contents, ReportTable.RELATIVE))
    return Section(title="What is left when a region is masked", blocks=blocks, name="relative", menu="What is left")


def share_kept(contents: ReportContents) -> Section:
    """Return the curves over the share kept."""
    means, of_scenarios = (
        figures(contents, ReportFigure.CURVES, 22.0),
        figures(contents, ReportFigure.CURVES_BY_SCENARIO, 15.0),
    )
    dashed = "; the dashed line is the model without fine-tuning" if contents.findings.cells.has_none else ""
    note = Note(
        "Means over the scenarios that have a value at each share. "
        f"Bands are 95% intervals over seeds and rows{dashed}."
    )
    by_scenario = Section(title="Each scenario, on test_ood", blocks=of_scenarios)
    blocks = (methods_key(contents.findings), *means, note, by_scenario) if means or of_scenarios else ()
    return Section(title="The share of the region kept", blocks=blocks, name="curves", menu="Share kept")


def in_against_out(contents: ReportContents) -> Section:
    """Return the scores in distribution against those out of distribution."""
    note = (
        "One mark for each scenario, method and share kept; filled: region masked, hollow: all of it kept. Lines are "
        "95% intervals. On the dashed line both parts score the same; rows of the two parts can also differ in "
        "difficulty."
    )
    return Section(
        title="In distribution against out of distribution",
        blocks=_with_key(contents, figures(contents, ReportFigure.ID_AGAINST_OOD), Note(note)),
        name="id-ood",
        menu="In and out",
    )


def _with_key(contents: ReportContents, drawn: tuple[Block, ...], *below: Block) -> tuple[Block, ...]:
    """Return figures below the key of the methods, and what follows; nothing without figures."""
    return (methods_key(contents.findings), *drawn, *below) if drawn else ()


def methods_compared(contents: ReportContents) -> Section:
    """Return the differences between methods, and who is right."""
    compared = (*figures(contents, ReportFigure.DIFFERENCES, 24.0), *tables(contents, ReportTable.COMPARISONS))
    table = contents.tables.get(ReportTable.DISAGREEMENTS)
    right = () if table is None else (Section(title=table.caption, blocks=tables(contents, ReportTable.DISAGREEMENTS)),)
    blocks = (*compared, *right) if compared else ()
    return Section(title="Methods compared", blocks=blocks, name="methods", menu="Methods")


def between(contents: ReportContents) -> Section:
    """Return the curves over WiSE-FT weights and adapter scales."""
    drawn = figures(contents, ReportFigure.VARIANTS, 22.0)
    note = "Mean over scenarios with the region masked; made of the trained weights, without new training."
    blocks = (*drawn, Note(note)) if drawn else ()
    return Section(title="Between no fine-tuning and all of it", blocks=blocks, name="variants", menu="Variants")


def what_changed(contents: ReportContents) -> Section:
    """Return each method against the model without fine-tuning."""
    blocks = tables(contents, ReportTable.FORGETTING)
    return Section(title="What fine-tuning changed", blocks=blocks, name="forgetting", menu="What changed")


def along_training(contents: ReportContents) -> Section:
    """Return the losses along training, and what a choice by ID validation loses."""
    drawn = figures(contents, ReportFigure.ALONG_TRAINING, 22.0)
    note = Note(
        "Loss on the watched rows, the mean over seeds; a dot marks the lowest. Where that of test_ood lies before "
        "that of validation, a choice in distribution comes too late for the region. Nothing was chosen by test parts."
    )
    blocks = (*drawn, *([note] if drawn else []), *tables(contents, ReportTable.REGRETS))
    return Section(title="Along training", blocks=blocks, name="training", menu="Along training")


def masked_elements(contents: ReportContents) -> Section:
    """Return how often outputs hold the masked elements."""
    unseen_tables = tables(contents, ReportTable.UNSEEN)
    blocks = (
        (methods_key(contents.findings), *figures(contents, ReportFigure.UNSEEN, 24.0), *unseen_tables)
        if unseen_tables
        else ()
    )
    return Section(title="Elements that fine-tuning masked", blocks=blocks, name="unseen", menu="Masked elements")


def strength(contents: ReportContents) -> Section:
    """Return what is left over the strength of the shift."""
    blocks = _with_key(contents, figures(contents, ReportFigure.STRENGTH))
    return Section(title="Strength of the shift against what it costs", blocks=blocks, name="strength", menu="Strength")


def how_outputs_fail(contents: ReportContents) -> Section:
    """Return the failure modes."""
    drawn = figures(contents, ReportFigure.FAILURES, 30.0)
    blocks = (modes_key(), *drawn, *tables(contents, ReportTable.FAILURES)) if drawn else ()
    return Section(title="How outputs fail", blocks=blocks, name="failures", menu="Failures")


def all_scores(contents: ReportContents) -> Section:
    """Return the table of all scores."""
    return Section(title="All scores", blocks=tables(contents, ReportTable.SCORES), name="scores", menu="All scores")


def how_it_was_made(contents: ReportContents) -> Section:
    """Return the settings of the study, the runs that failed, and the command that gives the same results."""
    findings = contents.findings
    records = findings.results.records
    failed = tuple(f"{record.key}: {record.error}" for record in records if record.status == "failed")
    trained_elsewhere = tuple(
        f"{record.key}: {record.origin['model'] or 'a model without a name'}" for record in records if record.origin
    )
    intervals = (
        "Intervals: over split seeds, training seeds and rows, each variance with its own t quantile; a level with a "
        "single member adds no variance. Those of single runs are percentile bootstrap over rows, "
        f"{findings.n_resamples:,} resamples, seed {findings.seed}. Rows that are nearly the same count as one."
    )
    blocks: list[Block] = [
        Points(contents.notes),
        Section(title="Runs that failed", blocks=(Points(failed),)),
        Section(
            title="Runs that were given: outputs of models that were trained elsewhere",
            blocks=(Points(trained_elsewhere),),
        ),
        Paragraph(intervals),
        Facts(settings_told(findings.results.settings)),
    ]
    if contents.command:
        blocks.append(Section(title="To get the same results", blocks=(Code(contents.command),)))
    return Section(title="How it was made", blocks=tuple(blocks), name="made", menu="How it was made")


def settings_told(settings: StoredSettings) -> tuple[tuple[str, str], ...]:
    """Format the settings, nested ones as JSON, without sizes that official splits determine."""
    settled = {f"{part}_size" for part in ("test", "validation") if part in settings.official_parts}
    values = {**settings.plain, "versions": settings.versions}
    shown = {name: value for name, value in values.items() if value not in (None, "", [], {}) and name not in settled}
    return tuple((name.replace("_", " "), _as_text(value)) for name, value in shown.items())


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
