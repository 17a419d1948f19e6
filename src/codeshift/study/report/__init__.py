"""Reports of studies: an HTML page, Markdown, LaTeX tables, and figures for papers."""

from codeshift.study.report.models_report import ModelsReport, report_of
from codeshift.study.report.study_report import Report

__all__ = ["ModelsReport", "Report", "report_of"]
