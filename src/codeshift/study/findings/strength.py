"""Does a stronger shift cost more? Relative performance against the audit's measure of strength, over scenarios."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from codeshift.formatting import fixed
from codeshift.metrics import Estimate
from codeshift.metrics.base import FloatArray
from codeshift.study.findings.cells import Cell, Cells
from codeshift.study.findings.finding import Finding
from codeshift.study.findings.quantity import Quantity, nothing
from codeshift.study.measures import method_name
from codeshift.study.split_facts import SplitFacts

FEWEST = 4
"""Scenarios that a rank correlation is taken over at least."""


@dataclass(frozen=True, kw_only=True)
class StrengthEffect(Finding):
    """Spearman's correlation of the shift's strength (AUC) with the score that is lost; above 0: stronger costs more.

    Its interval resamples scenarios along with seeds and rows; ``n`` counts scenarios.

    Attributes:
        method: its name.
        ood_kept: the share kept.
        points: by scenario the AUC, and the relative performance with its interval.
    """

    method: str
    ood_kept: float
    points: dict[str, tuple[float, Estimate]]

    @property
    def sentence(self) -> str:
        """The finding in words."""
        if self.value != self.value:
            return f"{method_name(self.method)}: not measured (it takes {FEWEST} scenarios with an audit)."
        interval = f" [{fixed(self.low, 2)}, {fixed(self.high, 2)}]" if self.estimate.has_interval else ""
        told = f"rank correlation of shift strength (AUC) with loss {fixed(self.value, 2, signed=True)}{interval}"
        return f"{method_name(self.method)}: {told} over {self.n} scenarios."


def strength_effects(cells: Cells, metric: str) -> Iterator[StrengthEffect]:
    """Of each method at the smallest share kept; nothing without a 100% baseline."""
    if cells.masked is None or cells.masked == 1 or 1.0 not in cells.results.ood_kept:
        return
    for method in cells.methods:
        points: dict[str, tuple[float, Quantity]] = {}
        for scenario in cells.results.scenarios:
            auc = shift_strength(cells, scenario)
            found = cells.relative(Cell(scenario=scenario, method=method, ood_kept=cells.masked), metric)
            if not math.isnan(auc) and found.defined:
                points[scenario] = auc, found
        correlated = _spearman(cells, metric, points)
        yield StrengthEffect(
            estimate=cells.estimate(correlated), seeds=correlated.seeds, method=method, ood_kept=cells.masked,
            points={name: (auc, cells.estimate(found)) for name, (auc, found) in points.items()},
        )  # fmt: skip


def shift_strength(cells: Cells, scenario: str) -> float:
    """The mean over split seeds of the AUC of the audit's classifier for ``test_ood``; NaN without an audit."""
    of_scenario = [facts for (name, _), facts in cells.results.splits.items() if name == scenario]
    found = [auc for auc in map(audit_auc, of_scenario) if not math.isnan(auc)]
    return math.fsum(found) / len(found) if found else math.nan


def audit_auc(facts: SplitFacts) -> float:
    """The AUC of the audit's classifier two-sample test of ``train`` and ``test_ood``; NaN where there is none."""
    for part in (facts.audit or {}).get("strength", ()):
        if part["part"] == "test_ood" and part["classifier"]["statistic"] is not None:
            return float(part["classifier"]["statistic"])
    return math.nan


def _spearman(cells: Cells, metric: str, points: dict[str, tuple[float, Quantity]]) -> Quantity:
    if len(points) < FEWEST:
        return nothing(cells.n_resamples)
    strength = np.array([auc for auc, _ in points.values()])
    sign = -1.0 if cells.metric(metric).higher_is_better else 1.0
    lost = sign * np.array([found.value for _, found in points.values()])
    draws = sign * np.array([found.draws for _, found in points.values()]).T
    drawn = np.random.default_rng([cells.seed, 2]).integers(0, len(points), draws.shape)
    return Quantity(
        value=float(_rank_correlation(strength[None, :], lost[None, :])[0]),
        draws=_rank_correlation(strength[drawn], np.take_along_axis(draws, drawn, axis=1)),
        n=len(points),
        seeds=min(found.seeds for _, found in points.values()),
    )


def _rank_correlation(a: FloatArray, b: FloatArray) -> FloatArray:
    """Spearman's, row by row; NaN where a side does not vary."""
    from scipy.stats import rankdata

    first, second = (rankdata(side, axis=1) for side in (a, b))
    first, second = (side - side.mean(axis=1, keepdims=True) for side in (first, second))
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
        return np.where(spread > 0, (first * second).sum(axis=1) / spread, np.nan)
