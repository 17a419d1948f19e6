"""The sections of the page on classifiers: classes taken for others, their mix, calibration, and detection."""

from __future__ import annotations

from codeshift.documents.document import Block, Note, Paragraph, Section
from codeshift.formatting import counted
from codeshift.study.report.blocks import figures, parts_key, tables
from codeshift.study.report.contents import ReportContents
from codeshift.study.report.shown import ReportFigure, ReportTable


def classes_confused(contents: ReportContents) -> Section:
    """Return the confusion of classes, and the failures of each class."""
    note = Note(
        "Rows by true class (down) and predicted class (across), over all scenarios and seeds; a row that lies in the "
        "part of several scenarios is counted in each. The darker, the larger the share of the true class."
        + _outside(contents)
    )
    drawn = figures(contents, ReportFigure.CONFUSION, 24.0)
    blocks: tuple[Block, ...] = (*drawn, *([note] if drawn else []), *tables(contents, ReportTable.CLASSES))
    return Section(title="Which classes are wrong", blocks=blocks, name="classes", menu="Classes")


def _outside(contents: ReportContents) -> str:
    """Return how many rows have no place in the figure, in words; empty if all have one."""
    findings = contents.findings
    outside = sum(
        matrix.outside for matrix in findings.confusions if matrix.cell.ood_kept == findings.cells.lowest_share
    )
    return f" Not shown: {counted(outside, 'row')} whose label is none of the classes, all wrong." if outside else ""


def mix_of_classes(contents: ReportContents) -> Section:
    """Return what of each gap the mix of classes alone explains."""
    blocks = tables(contents, ReportTable.PRIOR_SHIFT)
    title = "What the mix of classes alone explains"
    return Section(title=title, blocks=blocks, name="prior-shift", menu="Mix of classes")


def how_sure(contents: ReportContents) -> Section:
    """Return the reliability plots and the table of calibration."""
    note = Note(
        "Rows by the probability of the likeliest class, in bins, and the share of each bin that is right, all seeds "
        "together; lines are 95% intervals for as many rows as one seed has on average. Below the dashed line a model "
        "is surer than it is right."
    )
    drawn = figures(contents, ReportFigure.RELIABILITY)
    shown: tuple[Block, ...] = (parts_key(("test_id", "test_ood")), *drawn, note) if drawn else ()
    blocks = (*shown, *tables(contents, ReportTable.CALIBRATION))
    return Section(title="How sure models are, and how right", blocks=blocks, name="calibration", menu="Calibration")


def confidence_and_shift(contents: ReportContents) -> Section:
    """Return whether models' confidence tells the shift, or that it was not measured."""
    measured = tables(contents, ReportTable.DETECTION)
    untold = "Not measured: no run has the probabilities of the tokens that its model wrote. Outputs that were made "
    untold += "elsewhere come without them, those of a study with detection=False too, and nothing is written unless a "
    untold += "metric needs it."
    blocks: tuple[Block, ...] = measured or (Paragraph(untold),)
    return Section(title="Whether confidence tells the shift", blocks=blocks, name="detection", menu="Detection")
