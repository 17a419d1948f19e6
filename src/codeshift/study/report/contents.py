"""What a report shows, whatever it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codeshift.documents.document import Table
from codeshift.study.findings import Findings
from codeshift.study.report.figures import Plot


@dataclass(frozen=True, kw_only=True, eq=False)
class ReportContents:
    """The parts of a report.

    Attributes:
        findings: findings of the study.
        title: title of the page.
        subtitle: sentence under it.
        tables: tables that the study has numbers for.
        plots: figures that the study has numbers for, by name.
        examples: number of rows shown of each scenario and kind of difference.
        notes: how the results came about, a sentence each.
        command: command that gives the same results again.
    """

    findings: Findings
    title: str
    subtitle: str
    tables: tuple[Table, ...]
    plots: Mapping[str, Plot]
    examples: int
    notes: tuple[str, ...]
    command: str
