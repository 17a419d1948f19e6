"""The section on rewritten test rows: what each transform costs, by scenario, method and share kept."""

from __future__ import annotations

from codeshift.documents.document import Column, Note, Section, Table
from codeshift.formatting import MISSING
from codeshift.parts import PARTS, TEST_ID
from codeshift.study.findings import Findings
from codeshift.study.report.blocks import tables
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.shown import ReportTable
from codeshift.study.report.tables import count_value, estimated, interval_p_value, kept_share, named
from codeshift.study.results.measures import method_name

_TITLE = "The same programs in other clothes"


def transformed_table(findings: Findings) -> Table | None:
    """Make the table of the changes from ``test_id`` to its rows rewritten; None without transforms."""
    rows = tuple(
        (
            named(change.transform), named(change.cell.scenario), named(method_name(change.cell.method)),
            kept_share(change.cell.ood_kept),
            estimated(change.measure, change.estimate, change.state.unmeasured or MISSING,
                      kind=change.state.unmeasured, change=True),
            interval_p_value(change.p_value), interval_p_value(change.p_holm),
            count_value(change.n), count_value(change.rows - change.changed),
        )
        for change in findings.transformed
    )  # fmt: skip
    columns = (
        Column("transform", numeric=False), Column("scenario", numeric=False), Column("method", numeric=False),
        Column("kept"),
        Column(f"change of {findings.measure.heading_of_change}"), Column("p"), Column("p (Holm)"),
        Column("rows"), Column("left as they are"),
    )  # fmt: skip
    note = (
        f"Rewritten minus {PARTS[TEST_ID]}, row by row: the rows are the same programs, rewritten without a change "
        "of what they do. Rows that the rewrite leaves as they are count, with no change; their number is over all "
        "split seeds. p: two-sided, of the t interval of the paired difference over seeds and rows, below .05 exactly "
        "if the 95% interval leaves out 0. Holm's correction is over the scenarios of a transform at one share kept."
    )
    return Table(name=ReportTable.TRANSFORMED, caption=_TITLE, columns=columns, rows=rows, note=note) if rows else None


def in_other_clothes(contents: ReportContents) -> Section:
    """Return what the transforms of the test rows cost."""
    shown = tables(contents, ReportTable.TRANSFORMED)
    note = Note(
        "What a model loses here, it loses to the form of programs alone: region, difficulty and answers are the same."
    )
    return Section(title=_TITLE, blocks=(*shown, note) if shown else (), name="transformed", menu="Other clothes")
