"""The tables of a study of classifiers: failures by class, the mix of classes, calibration, and confidence."""

from __future__ import annotations

import math
from collections.abc import Iterator

from codeshift.documents.document import Column, Table, Value
from codeshift.draws import TRAIN_ROWS
from codeshift.formatting import MISSING, share
from codeshift.study.findings import Findings
from codeshift.study.findings.classes import error_metric
from codeshift.study.findings.detection import AUROC_SHOWN
from codeshift.study.report.shown import ReportTable
from codeshift.study.report.tables import count_value, estimated, kept_share, named, of_all, part_kind
from codeshift.study.results.measures import SHARE, method_name


def class_table(findings: Findings) -> Table | None:
    """Make the table of failures by true class, of each cell at the smallest share kept."""
    rows = tuple(
        (
            named(confusion.cell.scenario), named(method_name(confusion.cell.method)),
            named(confusion.part, kind=part_kind(confusion.part)), named(failed.label), count_value(failed.n),
            of_all(failed.right, failed.n), of_all(failed.wrong, failed.n), *_taken_for(failed.taken_for, failed.n),
        )
        for confusion in findings.confusions
        if confusion.cell.ood_kept == findings.cells.lowest_share
        for failed in confusion.by_class
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("part", numeric=False),
        Column("class", numeric=False), Column("rows"), Column("right"), Column("wrong"),
        Column("most often predicted", numeric=False), Column("share"),
    )  # fmt: skip
    note = "Rows of a true class, all seeds together, with the smallest share of the region kept. "
    note += "Share: that of the class's rows that are predicted as the class to the left."
    return (
        Table(name=ReportTable.CLASSES, caption="Failures by class", columns=columns, rows=rows, note=note)
        if rows
        else None
    )


def _taken_for(taken: tuple[str, int], total: int) -> tuple[Value, Value]:
    label, count = taken
    return (named(label), of_all(count, total)) if count else (Value(MISSING), Value(MISSING))


def prior_table(findings: Findings) -> Table | None:
    """Make the table of the gaps that the mix of classes alone makes, beside the measured ones."""
    rows = tuple(
        (
            named(gap.cell.scenario), named(method_name(gap.cell.method)), kept_share(gap.cell.ood_kept),
            *(
                estimated(gap.measure, figure, unmeasured or MISSING, kind=unmeasured, change=True)
                for figure in (gap.gap, gap.estimate, gap.left)
            ),
            Value(MISSING if math.isnan(gap.compared) else share(gap.compared, 0)), count_value(gap.n),
        )
        for gap in findings.prior_gaps
        for unmeasured in (gap.state.unmeasured,)
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("kept"),
        Column(f"gap in {findings.measure.heading_of_change}"), Column("by the mix of classes"), Column("left"),
        Column("test_ood compared"), Column("rows"),
    )  # fmt: skip
    note = (
        "Gap: test_id minus test_ood. By the mix of classes: test_id minus the same rows, weighted so that each class "
        "has its share of test_ood. Left: the difference of the two, which is due to other programs of the same "
        "classes. Compared: the share of test_ood whose class some row of test_id has."
    )
    caption = "What the mix of classes alone explains"
    return Table(name=ReportTable.PRIOR_SHIFT, caption=caption, columns=columns, rows=rows, note=note) if rows else None


def calibration_table(findings: Findings) -> Table | None:
    """Make the table of confidence and accuracy of each cell on both parts."""
    rows = tuple(
        (
            named(calibration.cell.scenario), named(method_name(calibration.cell.method)),
            kept_share(calibration.cell.ood_kept), named(calibration.part, kind=part_kind(calibration.part)),
            count_value(calibration.n),
            *(
                estimated(SHARE, figure, calibration.state.unmeasured or MISSING, kind=calibration.state.unmeasured)
                for figure in (calibration.confidence, calibration.accuracy, calibration.error)
            ),
        )
        for calibration in findings.calibrations
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("kept"),
        Column("part", numeric=False), Column("rows"), Column("mean confidence"), Column("accuracy"),
        Column("calibration error ↓"),
    )  # fmt: skip
    bins = error_metric(findings.results.metrics.values()).bins
    note = (
        "Confidence: the probability of the likeliest class. Calibration error: the mean difference of confidence and "
        f"accuracy over {bins} bins of confidence, above 0 by chance alone. Means over seeds."
    )
    caption = "How sure models are, and how right"
    return Table(name=ReportTable.CALIBRATION, caption=caption, columns=columns, rows=rows, note=note) if rows else None


def detection_table(findings: Findings) -> Table | None:
    """Make the table of how well each score tells the shift, beside what is lost by the shift."""
    metric = findings.measure
    rows = tuple(
        (
            named(detection.cell.scenario), named(method_name(detection.cell.method)),
            kept_share(detection.cell.ood_kept), named(detection.score), count_value(detection.n),
            *(
                estimated(shown, figure, unmeasured or MISSING, kind=unmeasured, change=change)
                for shown, figure, change in (
                    (AUROC_SHOWN, detection.estimate, False), (AUROC_SHOWN, detection.average_precision, False),
                    (SHARE, detection.rate_at_95, False), (metric, detection.lost, True),
                )
            ),
        )
        for detection in findings.detections
        for unmeasured in (detection.state.unmeasured,)
    )  # fmt: skip
    columns = (
        Column("scenario", numeric=False), Column("method", numeric=False), Column("kept"),
        Column("score", numeric=False), Column("rows"), Column("AUROC (of 100)"), Column("AUPR (of 100)"),
        Column("FPR at 95% TPR ↓"), Column(f"loss of {metric.heading_of_change}"),
    )  # fmt: skip
    note = (
        "Rows of test_ood against those of test_id; an AUROC of 50 is chance, an AUPR of test_ood's share. "
        "FPR: rows of test_ood that pass where 95% of test_id pass. Loss: what test_ood is worse by than test_id. "
        f"Distances are those of a row's features from the features of training rows, of {TRAIN_ROWS:,} at most."
    )
    caption = "Whether confidence tells the shift"
    return Table(name=ReportTable.DETECTION, caption=caption, columns=columns, rows=rows, note=note) if rows else None


def class_tables(findings: Findings) -> Iterator[Table]:
    """Yield the tables of classes that the study has numbers for; none for text."""
    tables = (make(findings) for make in (class_table, prior_table, calibration_table, detection_table))
    yield from (table for table in tables if table is not None)
