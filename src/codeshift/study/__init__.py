"""Studies of many scenarios, methods and seeds in one call, and reports of their results.

Importing this package loads no torch; planning and running a study does.
"""

from codeshift.study.config_file import SettingsError
from codeshift.study.errors import LockWarning, StudyError
from codeshift.study.findings import Findings
from codeshift.study.keys import RunKey, RunRecord
from codeshift.study.loading import load_results
from codeshift.study.plan import Plan, PlannedRun, PlannedTest
from codeshift.study.report import Report
from codeshift.study.results import StudyResults
from codeshift.study.scores import RunScores
from codeshift.study.split_facts import SplitFacts
from codeshift.study.study import Study
from codeshift.study.study_file import load_study

__all__ = [
    "Findings",
    "LockWarning",
    "Plan",
    "PlannedRun",
    "PlannedTest",
    "Report",
    "RunKey",
    "RunRecord",
    "RunScores",
    "SettingsError",
    "SplitFacts",
    "Study",
    "StudyError",
    "StudyResults",
    "load_results",
    "load_study",
]
