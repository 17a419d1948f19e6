"""The section of the page on rows that corpora hold: what a model may have read before."""

from __future__ import annotations

from collections.abc import Iterator

from codeshift.documents.document import Block, Code, Paragraph, Points, Section, SideBySide
from codeshift.documents.inline import Mark
from codeshift.study.findings import ScenarioPairs
from codeshift.study.report.blocks import scenario_sections, tables
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.seen_tables import MARK_TITLES
from codeshift.study.report.shown import ReportTable
from codeshift.study.report.tables import part_kind


def seen_rows(contents: ReportContents) -> Section:
    """Return what corpora hold of the test rows, the scores on these and on the others, and methods on both."""
    results = contents.findings.results
    errors = tuple(f"{corpus} could not be searched: {error}" for corpus, error in results.unmarked.items())
    blocks: list[Block] = [Points(errors)] if errors else []
    if results.marks:
        blocks.append(Paragraph(_counts_of_corpora(contents)))
    for name in (ReportTable.SEEN_SHARES, ReportTable.SEEN, ReportTable.SEEN_ADVANTAGES):
        if name in contents.tables:
            shown = Section(title=contents.tables[name].caption, blocks=tables(contents, name))
            blocks.append(shown)
    pairs = scenario_sections(_pairs_of_scenarios(contents), "pair")
    if pairs:
        blocks.append(Section(title="The most similar pairs that are no equal texts", blocks=pairs))
    return Section(title="Rows that corpora hold", blocks=tuple(blocks), name="seen", menu="Seen rows")


def _pairs_of_scenarios(contents: ReportContents) -> dict[str, list[tuple[Block, ...]]]:
    """Return the blocks of each scenario's pairs."""
    by_scenario: dict[str, list[tuple[Block, ...]]] = {}
    for pairs in contents.findings.seen_pairs(contents.examples):
        by_scenario.setdefault(pairs.scenario, []).extend(_side_by_side(pairs))
    return by_scenario


def _side_by_side(pairs: ScenarioPairs) -> Iterator[tuple[Block, ...]]:
    """Yield a row of the study beside that of the corpus, for each pair."""
    for pair in pairs.pairs:
        similarity = f"{MARK_TITLES[pair.kind]}, Jaccard similarity {pair.jaccard:.2f}"
        head = Paragraph((
            Mark(similarity, "strong"), Mark(" · ", "soft"), Mark(pairs.part, part_kind(pairs.part)),
            Mark(f", row {pair.position}, {pairs.column}, split seed {pairs.split_seed}", "soft"),
        ))  # fmt: skip
        row, other = Code(pair.row, caption="row of the study"), Code(pair.corpus_row, caption=f"row of {pairs.corpus}")
        yield head, SideBySide((row, other), 21.0)


def _counts_of_corpora(contents: ReportContents) -> str:
    """Return the sentence on how many test rows each corpus holds, of the split seed that holds most."""
    counts = []
    for corpus in dict.fromkeys(name for marks in contents.findings.results.marks.values() for name in marks.corpora):
        of_seeds = [
            (int(marks.seen(corpus).sum()), marks.n)
            for marks in contents.findings.results.marks.values()
            if corpus in marks.corpora
        ]
        rows_seen, rows = max(of_seeds)
        counts.append(f"{corpus} {rows_seen:,} of {rows:,}")
    return f"Test rows that each corpus holds as a copy of any kind that could be looked for: {'; '.join(counts)}."
