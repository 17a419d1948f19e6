"""Findings of a study: scores, comparisons, forgetting, unseen elements, failure modes and claims."""

from codeshift.study.findings.along_training import Regret, TrainingCurve
from codeshift.study.findings.cells import Cell, State
from codeshift.study.findings.claim import Claim
from codeshift.study.findings.classes import Calibration, ClassFailures, Confusion
from codeshift.study.findings.comparisons import Comparison
from codeshift.study.findings.curves import Curve, Point
from codeshift.study.findings.detection import ShiftDetection
from codeshift.study.findings.disagreements import Disagreement, ExampleRow
from codeshift.study.findings.failures import FailureModes
from codeshift.study.findings.finding import Finding
from codeshift.study.findings.findings import Findings
from codeshift.study.findings.forgetting import Forgetting
from codeshift.study.findings.how_far import EqualGap, SimilarityCurve, SimilarityPoint
from codeshift.study.findings.over_models import ModelsClaim, claims_over_models
from codeshift.study.findings.prior_gap import PriorGap
from codeshift.study.findings.scores import Gap, RelativePerformance, Score
from codeshift.study.findings.seen import SeenAdvantage, SeenScore, SeenShare
from codeshift.study.findings.seen_pairs import ScenarioPairs
from codeshift.study.findings.strength import StrengthEffect
from codeshift.study.findings.transformed import TransformedChange
from codeshift.study.findings.unseen import UnseenElement

__all__ = [
    "Calibration",
    "Cell",
    "Claim",
    "ClassFailures",
    "Comparison",
    "Confusion",
    "Curve",
    "Disagreement",
    "EqualGap",
    "ExampleRow",
    "FailureModes",
    "Finding",
    "Findings",
    "Forgetting",
    "Gap",
    "ModelsClaim",
    "Point",
    "PriorGap",
    "Regret",
    "RelativePerformance",
    "ScenarioPairs",
    "Score",
    "SeenAdvantage",
    "SeenScore",
    "SeenShare",
    "ShiftDetection",
    "SimilarityCurve",
    "SimilarityPoint",
    "State",
    "StrengthEffect",
    "TrainingCurve",
    "TransformedChange",
    "UnseenElement",
    "claims_over_models",
]
