"""Reports of studies: an HTML page, Markdown, LaTeX tables, and figures for papers."""

from codeshift.study.report.study_report import Report

__all__ = ["Report"]
