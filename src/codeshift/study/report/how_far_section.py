"""The section on how near training rows are: curves over similarity, and the gap at equal similarity."""

from __future__ import annotations

import math

from codeshift.documents.document import Column, Note, Section, Table, Value
from codeshift.formatting import MISSING
from codeshift.formatting import share as percent
from codeshift.parts import TEST_PARTS
from codeshift.study.findings import Findings
from codeshift.study.findings.how_far import FEWEST, EqualGap
from codeshift.study.report.blocks import figures, methods_key, tables
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.shown import ReportFigure, ReportTable
from codeshift.study.report.tables import count_value, estimated, kept_share, named
from codeshift.study.results.measures import SHARE, method_name

_ID, _OOD = TEST_PARTS


def how_far_table(findings: Findings) -> Table | None:
    """Make the table of gaps at equal similarity; None without similarities."""
    rows = tuple(
        (
            named(gap.cell.scenario or "mean", order=1.0 if gap.cell.scenario else 0.0),
            named(method_name(gap.cell.method)), kept_share(gap.cell.ood_kept),
            estimated(gap.measure, gap.gap, change=True),
            estimated(gap.measure, gap.estimate, _missing_reason(gap), change=True),
            estimated(SHARE, gap.share) if gap.share.has_interval else Value(_missing_reason(gap)),
            Value(MISSING if math.isnan(gap.compared) else percent(gap.compared, 0)),
            count_value(gap.distinct if gap.too_few else gap.n),
        )
        for gap in findings.equal_gaps
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("kept"),
        Column(f"gap in {findings.measure.heading_of_change}"), Column("at equal similarity"),
        Column("explained"), Column(f"{_OOD} compared"), Column("rows"),
    )  # fmt: skip
    note = (
        f"Gap: {_ID} minus {_OOD}. At equal similarity: the same within bins of similarity to the nearest training "
        f"row, each weighted by its rows of {_OOD}; bins with fewer than {FEWEST} rows of a part are left out. "
        f"Too few: fewer than {findings.min_rows} distinct rows of a part are compared. Explained: the share of the "
        "gap that goes away. It is left out where the gap may be 0."
    )
    return Table(
        name=ReportTable.HOW_FAR, caption="The gap at equal similarity", columns=columns, rows=rows, note=note
    ) if rows else None  # fmt: skip


def _missing_reason(gap: EqualGap) -> str:
    return "too few" if gap.too_few else MISSING


def how_far_is_far(contents: ReportContents) -> Section:
    """Return the curves over similarity, and what of the gap it explains."""
    drawn, shown = figures(contents, ReportFigure.HOW_FAR, 15.0), tables(contents, ReportTable.HOW_FAR)
    note = Note(
        "Similarity: the cosine of TF-IDF vectors of tokens, to the nearest row of what was trained on; without "
        "fine-tuning, of what the models with the region masked were trained on. Test rows in the region and outside "
        "of it together; bands are 95% intervals over seeds and rows."
    )
    blocks = (methods_key(contents.findings), *drawn, note, *shown) if drawn else shown
    return Section(title="How far is far", blocks=blocks, name="how-far", menu="How far")
