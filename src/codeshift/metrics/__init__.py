"""Metrics: one score a row, and one for the corpus; means, intervals, groups and gaps come afterwards.

Importing this package loads numpy and nothing heavier; sacrebleu, rapidfuzz, scipy and tree-sitter load when a metric
that needs them scores its first row.
"""

from codeshift.metrics.aggregates import Estimate, bootstrap_ci, mean
from codeshift.metrics.base import CorpusScore, Metric, SufficientStatistics, column_sums
from codeshift.metrics.exact import ExactMatch
from codeshift.metrics.likelihood import NegativeLogLikelihood, TokenAccuracy

__all__ = [
    "CorpusScore",
    "Estimate",
    "ExactMatch",
    "Metric",
    "NegativeLogLikelihood",
    "SufficientStatistics",
    "TokenAccuracy",
    "bootstrap_ci",
    "column_sums",
    "mean",
]
