"""Aggregates of row scores: means, intervals, comparisons, groups and gaps.

Each takes row scores of shape (n,), or with ``metric=...`` that corpus metric's row statistics of shape (n, d).
"""

from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.groups import WorstGroup, grouped, worst_group
from codeshift.metrics.aggregates.intervals import bootstrap_ci, mean
from codeshift.metrics.aggregates.multiple import holm
from codeshift.metrics.aggregates.pairs import PairedDifference, paired_difference
from codeshift.metrics.aggregates.prior import PriorShift, prior_shift
from codeshift.metrics.aggregates.ratios import generalization_gap, relative_performance
from codeshift.metrics.aggregates.seeds import SeedsEstimate, hierarchical_bootstrap

__all__ = [
    "Estimate",
    "PairedDifference",
    "PriorShift",
    "SeedsEstimate",
    "WorstGroup",
    "bootstrap_ci",
    "generalization_gap",
    "grouped",
    "hierarchical_bootstrap",
    "holm",
    "mean",
    "paired_difference",
    "prior_shift",
    "relative_performance",
    "worst_group",
]
