"""The section of the page on rows that corpora hold: what a model may have read before."""

from __future__ import annotations

from codeshift.documents.document import Block, Paragraph, Points, Section
from codeshift.study.report.blocks import tables
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.shown import ReportTable


def seen_rows(contents: ReportContents) -> Section:
    """Return what corpora hold of the test rows, the scores on these and on the others, and methods on both."""
    results = contents.findings.results
    errors = tuple(f"{corpus} could not be searched: {error}" for corpus, error in results.unmarked.items())
    blocks: list[Block] = [Points(errors)] if errors else []
    if results.marks:
        blocks.append(Paragraph(_told(contents)))
    for name in (ReportTable.SEEN_SHARES, ReportTable.SEEN, ReportTable.SEEN_ADVANTAGES):
        if name in contents.tables:
            shown = Section(title=contents.tables[name].caption, blocks=tables(contents, name))
            blocks.append(shown)
    return Section(title="Rows that corpora hold", blocks=tuple(blocks), name="seen", menu="Seen rows")


def _told(contents: ReportContents) -> str:
    """Say how many test rows each corpus holds, of the split seed that holds most."""
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
