"""Studies of many scenarios, methods and seeds in one call, and reports of their results.

Importing this package loads no torch; planning and running a study does.
"""

from codeshift.study.config_file import SettingsError
from codeshift.study.errors import LockWarning, StudyError
from codeshift.study.findings import Findings
from codeshift.study.folder.records import EvaluationFacts, RunRecord, TrainingFacts
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.folder.split_audit import AuditError, SplitAudit
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.folder.stored_settings import StoredSettings
from codeshift.study.planning.plan import Plan, PlannedAudit, PlannedRun, PlannedTest
from codeshift.study.planning.power import PowerSettings, ScenarioPower, StudyPower
from codeshift.study.report import ModelsReport, Report
from codeshift.study.results.loading import load_results
from codeshift.study.results.study_results import StudyResults
from codeshift.study.settings.keys import RunKey
from codeshift.study.settings.study_model import StudyModel
from codeshift.study.study import Study
from codeshift.study.study_file import load_study

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
