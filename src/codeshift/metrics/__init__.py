"""Metrics: a score of each row and a score of the corpus; aggregates give means, intervals, groups and gaps.

Importing this package loads numpy and nothing heavier; sacrebleu, rapidfuzz, scipy and tree-sitter load when a metric
that needs them scores its first row.
"""

from codeshift.metrics.aggregates import (
    Estimate,
    PairedDifference,
    PriorShift,
    SeedsEstimate,
    WorstGroup,
    bootstrap_ci,
    generalization_gap,
    grouped,
    hierarchical_bootstrap,
    holm,
    mean,
    paired_difference,
    prior_shift,
    relative_performance,
    worst_group,
)
from codeshift.metrics.base import CorpusScore, Metric, SufficientStatistics, WeightedMetric, column_sums
from codeshift.metrics.bleu import BLEU
from codeshift.metrics.by_name import metric_by_name
from codeshift.metrics.calibration import BrierScore, ExpectedCalibrationError, LogLoss, Reliability, reliability
from codeshift.metrics.chrf import ChrF
from codeshift.metrics.codebleu import CodeBLEU
from codeshift.metrics.confusion import F1, MCC, Accuracy, BalancedAccuracy
from codeshift.metrics.edit import EditSimilarity
from codeshift.metrics.elements import ElementPrecision, ElementRecall
from codeshift.metrics.exact import ExactMatch
from codeshift.metrics.likelihood import NegativeLogLikelihood, TokenAccuracy
from codeshift.metrics.ood_detection import Detector, OODDetection, ood_detection
from codeshift.metrics.ood_scores import ModelOutputs, TrainFeatures, ood_scores
from codeshift.metrics.pass_at_k import PassAtK
from codeshift.metrics.ranking import AUROC, AveragePrecision, FalseNegativeRateAt
from codeshift.metrics.risk_coverage import RiskCoverage, risk_coverage
from codeshift.metrics.validity import SyntacticValidity

__all__ = [
    "AUROC",
    "BLEU",
    "F1",
    "MCC",
    "Accuracy",
    "AveragePrecision",
    "BalancedAccuracy",
    "BrierScore",
    "ChrF",
    "CodeBLEU",
    "CorpusScore",
    "Detector",
    "EditSimilarity",
    "ElementPrecision",
    "ElementRecall",
    "Estimate",
    "ExactMatch",
    "ExpectedCalibrationError",
    "FalseNegativeRateAt",
    "LogLoss",
    "Metric",
    "ModelOutputs",
    "NegativeLogLikelihood",
    "OODDetection",
    "PairedDifference",
    "PassAtK",
    "PriorShift",
    "Reliability",
    "RiskCoverage",
    "SeedsEstimate",
    "SufficientStatistics",
    "SyntacticValidity",
    "TokenAccuracy",
    "TrainFeatures",
    "WeightedMetric",
    "WorstGroup",
    "bootstrap_ci",
    "column_sums",
    "generalization_gap",
    "grouped",
    "hierarchical_bootstrap",
    "holm",
    "mean",
    "metric_by_name",
    "ood_detection",
    "ood_scores",
    "paired_difference",
    "prior_shift",
    "relative_performance",
    "reliability",
    "risk_coverage",
    "worst_group",
]
