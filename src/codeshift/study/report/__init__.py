"""The report of a study."""

from codeshift.study.report.demo_page import Example, Report, ScenarioNote, findings

__all__ = ["Example", "Report", "ScenarioNote", "findings"]
