"""Aggregates of row scores: means, intervals, comparisons, groups and gaps."""

from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.intervals import bootstrap_ci, mean

__all__ = ["Estimate", "bootstrap_ci", "mean"]
