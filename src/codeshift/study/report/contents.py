"""The contents of a report, in any format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codeshift.documents.document import Table
from codeshift.study.findings import Findings
from codeshift.study.report.figures import Plot
from codeshift.study.report.shown import ReportFigure, ReportTable


@dataclass(frozen=True, kw_only=True, eq=False)
class ReportContents:
    """Contents of a report.

    Attributes:
        findings: Findings of the study.
        title: Title of the page.
        subtitle: Sentence under the title.
        tables: Tables that the study has numbers for, by name.
        plots: Figures that the study has numbers for, by name.
        examples: Number of example rows for each scenario and kind of difference, and of similar pairs for each corpus.
        notes: Sentences on how the results were made.
        command: Command that reproduces the results.
    """

    findings: Findings
    title: str
    subtitle: str
    tables: Mapping[ReportTable, Table]
    plots: Mapping[ReportFigure, Plot]
    examples: int
    notes: tuple[str, ...]
    command: str
