"""Studies of many scenarios, methods and seeds in one call, and reports of their results.

Importing this package loads no torch; planning and running a study does.
"""

from codeshift.study.config_file import SettingsError
from codeshift.study.errors import LockWarning, StudyError
from codeshift.study.findings import Findings
from codeshift.study.keys import RunKey
from codeshift.study.loading import load_results
from codeshift.study.plan import Plan, PlannedAudit, PlannedRun, PlannedTest
from codeshift.study.power import PowerSettings, ScenarioPower, StudyPower
from codeshift.study.records import EvaluationFacts, RunRecord, TrainingFacts
from codeshift.study.report import ModelsReport, Report
from codeshift.study.results import StudyResults
from codeshift.study.scores import RunScores
from codeshift.study.split_audit import AuditError, SplitAudit
from codeshift.study.split_facts import SplitFacts
from codeshift.study.stored_settings import StoredSettings
from codeshift.study.study import Study
from codeshift.study.study_file import load_study
from codeshift.study.study_models import StudyModel

__all__ = [
    "AuditError",
    "EvaluationFacts",
    "Findings",
    "LockWarning",
    "ModelsReport",
    "Plan",
    "PlannedAudit",
    "PlannedRun",
    "PlannedTest",
    "PowerSettings",
    "Report",
    "RunKey",
    "RunRecord",
    "RunScores",
    "ScenarioPower",
    "SettingsError",
    "SplitAudit",
    "SplitFacts",
    "StoredSettings",
    "Study",
    "StudyError",
    "StudyModel",
    "StudyPower",
    "StudyResults",
    "TrainingFacts",
    "load_results",
    "load_study",
]
