"""The effect of a shift's strength: relative performance against the audit's measure of strength, over scenarios."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.arithmetic import exact_mean
from codeshift.formatting import fixed
from codeshift.metrics import Estimate
from codeshift.metrics.base import FloatArray
from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.finding import Finding
from codeshift.study.findings.quantity import Quantity
from codeshift.study.results.measures import method_name

FEWEST_SCENARIOS = 4
"""Smallest number of scenarios for a rank correlation."""


@dataclass(frozen=True, kw_only=True)
class StrengthEffect(Finding):
    """Spearman's correlation of the shift's strength (AUC) with the score that is lost; above 0: stronger costs more.

    Its interval is over scenarios; ``n`` counts them.

    Attributes:
        method: Name of the method.
        ood_kept: Share kept.
        points: AUC, and relative performance with its interval, by scenario.

    >>> value = Estimate(0.8, 0.2, 0.9, 5, 0.95, "percentile")
    >>> print(StrengthEffect(estimate=value, seeds=1, method="lora", ood_kept=0.0, points={}))
    LoRA: rank correlation of shift strength (AUC) with loss +0.80 [0.20, 0.90] over 5 scenarios.
    """

    method: str
    ood_kept: float
    points: dict[str, tuple[float, Estimate]]

    @property
    def sentence(self) -> str:
        """Finding in words."""
        if self.value != self.value:
            return f"{method_name(self.method)}: not measured (it takes {FEWEST_SCENARIOS} scenarios with an audit)."
        interval = f" [{fixed(self.low, 2)}, {fixed(self.high, 2)}]" if self.estimate.has_interval else ""
        correlation = f"{fixed(self.value, 2, signed=True)}{interval} over {self.n} scenarios"
        return f"{method_name(self.method)}: rank correlation of shift strength (AUC) with loss {correlation}."


def strength_effects(cells: Cells, metric: str, scenarios: Sequence[str] | None = None) -> Iterator[StrengthEffect]:
    """Yield the effect on each method at the smallest share kept, over ``scenarios``; none without a 100% baseline."""
    if cells.lowest_share is None or cells.lowest_share == 1 or 1.0 not in cells.results.ood_kept:
        return
    for method in cells.methods:
        points: dict[str, tuple[float, Quantity]] = {}
        for scenario in cells.results.scenarios if scenarios is None else scenarios:
            auc = shift_strength(cells, scenario)
            relative = cells.relative(Cell(scenario=scenario, method=method, ood_kept=cells.lowest_share), metric)
            if not math.isnan(auc) and relative.defined:
                points[scenario] = auc, relative
        sign = -1.0 if cells.metric(metric).higher_is_better else 1.0
        sides = [auc for auc, _ in points.values()], [sign * relative.value for _, relative in points.values()]
        estimate = spearman(np.array(sides[0]), np.array(sides[1]), cells.confidence)
        if len(points) < FEWEST_SCENARIOS:
            estimate = Estimate(math.nan, math.nan, math.nan, 0, cells.confidence, estimate.method)
        yield StrengthEffect(
            estimate=estimate, seeds=min((relative.seeds for _, relative in points.values()), default=0),
            method=method, ood_kept=cells.lowest_share,
            points={name: (auc, cells.estimate(relative)) for name, (auc, relative) in points.items()},
        )  # fmt: skip


def shift_strength(cells: Cells, scenario: str) -> float:
    """Return the mean over split seeds of the AUC of the audit's classifier for ``test_ood``; NaN without an audit."""
    of_seeds = [facts.auc for (name, _), facts in cells.results.splits.items() if name == scenario]
    measured = [auc for auc in of_seeds if not math.isnan(auc)]
    return exact_mean(measured)


def spearman(a: FloatArray, b: FloatArray, confidence: float) -> Estimate:
    """Return Spearman's correlation with Fisher's interval over scenarios, with Bonett and Wright's variance.

    Noise of seeds and rows is part of how scenarios differ. The quantile is Student's, as scenarios are few. There is
    no interval for fewer than 4 scenarios, or if a side does not vary.

    Source: Bonett and Wright, Sample size requirements for estimating Pearson, Kendall and Spearman correlations
    (Psychometrika 2000).

    >>> print(spearman(np.arange(9.0), np.array([0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0, 8.0]), 0.95))
    0.9667 [0.7011, 0.9967] (95% Fisher's z over scenarios, n=9)
    """
    from scipy.special import stdtrit

    count, value, low, high = len(a), rank_correlation(a, b), math.nan, math.nan
    if count >= FEWEST_SCENARIOS and not math.isnan(value):
        half = float(stdtrit(count - 2, (1 + confidence) / 2)) * math.sqrt((1 + value**2 / 2) / (count - 3))
        least = 1 - 6 * 2 / (count * (count**2 - 1))  # one swap away from a perfect correlation, whose z is infinite
        middle = math.atanh(max(-least, min(least, value)))
        low, high = math.tanh(middle - half), math.tanh(middle + half)
    return Estimate(value, low, high, count, confidence, "Fisher's z over scenarios")


def rank_correlation(a: FloatArray, b: FloatArray) -> float:
    """Return Spearman's correlation of two arrays of shape (n,); NaN if a side does not vary.

    >>> round(rank_correlation(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])), 3)
    0.8
    """
    from scipy.stats import rankdata

    if len(a) < 2:
        return math.nan
    first, second = (rankdata(side) for side in (a, b))
    first, second = (side - side.mean() for side in (first, second))
    spread = math.sqrt(math.fsum(first**2) * math.fsum(second**2))
    return math.fsum(first * second) / spread if spread > 0 else math.nan
