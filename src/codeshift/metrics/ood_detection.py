"""Whether a model knows that rows are out of distribution: how well each score of its outputs tells them apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.checks import check_integer, check_number
from codeshift.errors import ParameterError
from codeshift.formatting import fixed
from codeshift.metrics.aggregates import Estimate, bootstrap_ci
from codeshift.metrics.base import FloatArray
from codeshift.metrics.ood_scores import DISTANCES, ModelOutputs, TrainFeatures, ood_scores
from codeshift.metrics.ranking import AUROC, AveragePrecision, FalseNegativeRateAt, Ranking, ranking_rows
from codeshift.metrics.risk_coverage import RiskCoverage, risk_coverage
from codeshift.wording import Verbatim


@dataclass(frozen=True)
class Detector:
    """How well one score tells out-of-distribution rows from in-distribution ones.

    Attributes:
        name: Name of the score, as in ``ood_scores``.
        auroc: How often an out-of-distribution row scores above an in-distribution one; .5 is chance.
        aupr: Average precision of the out-of-distribution rows; chance is their share.
        fpr_at_95: Share of out-of-distribution rows that pass as in-distribution at the threshold that lets 95% of
            the in-distribution rows pass (FPR at 95% TPR, in-distribution being positive). Lower is better.
        left_out: Number of rows without this score.

    >>> inside, outside = ModelOutputs(margin=np.linspace(1, 3, 40)), ModelOutputs(margin=np.linspace(0, 2, 20))
    >>> detector = ood_detection(inside, outside)["margin"]
    >>> round(detector.auroc.value, 2), detector.tells
    (0.86, True)
    """

    name: str
    auroc: Estimate
    aupr: Estimate
    fpr_at_95: Estimate
    left_out: int = 0

    @property
    def tells(self) -> bool:
        """Whether the score tells the shift: the interval of its AUROC lies above .5."""
        return self.auroc.low > 0.5


@dataclass(frozen=True)
class OODDetection:
    """Scores of a model's outputs, and how well each tells rows that are out of distribution.

    Attributes:
        detectors: Scores by name, in the order of ``ood_scores``.
        rows_id: Number of in-distribution rows.
        rows_ood: Number of out-of-distribution rows.
        risk: Risk-coverage curves of all rows together by score; empty if there are no errors.

    >>> inside, outside = ModelOutputs(logits=[[4.0, 0.0]] * 3), ModelOutputs(logits=[[0.2, 0.0]] * 2)
    >>> list(ood_detection(inside, outside).detectors)
    ['maximum softmax probability', 'entropy', 'energy']
    """

    detectors: dict[str, Detector]
    rows_id: int
    rows_ood: int
    risk: dict[str, RiskCoverage]

    def __getitem__(self, name: str) -> Detector:
        return self.detectors[name]

    @property
    def best(self) -> Detector:
        """Score with the highest AUROC; chosen after the fact, so its interval is not corrected for the choice."""
        return max(
            self.detectors.values(),
            key=lambda detector: -1.0 if math.isnan(detector.auroc.value) else detector.auroc.value,
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return a dict of plain values for each score: ``score``, and value, ``_low`` and ``_high`` of each figure."""
        table = []
        for detector in self.detectors.values():
            row: dict[str, Any] = {"score": detector.name}
            for name in ("auroc", "aupr", "fpr_at_95"):
                figure: Estimate = getattr(detector, name)
                row |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
            row |= {"tells": detector.tells, "left_out": detector.left_out}
            if detector.name in self.risk:
                curve = self.risk[detector.name]
                row |= {"aurc": curve.area.value, "aurc_low": curve.area.low, "aurc_high": curve.area.high}
            table.append(row)
        return table

    def __str__(self) -> str:
        lines = [f"{self.rows_id:,} in-distribution and {self.rows_ood:,} out-of-distribution rows"]
        for detector in self.detectors.values():
            figures = ((detector.auroc, "AUROC"), (detector.aupr, "AUPR"), (detector.fpr_at_95, "FPR at 95% TPR"))
            shown = ", ".join(f"{name} {_shown(figure)}" for figure, name in figures)
            lines.append(
                f"{detector.name}: {shown}" + (f", {detector.left_out} rows left out" if detector.left_out else "")
            )
        if not (self.rows_id and self.rows_ood):
            lines.append("one side has no rows: there is nothing to tell apart")
        return "\n".join(lines)


def ood_detection(
    in_distribution: ModelOutputs,
    out_of_distribution: ModelOutputs,
    *,
    train: TrainFeatures | None = None,
    temperature: float = 1.0,
    confidence: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> OODDetection:
    """Measure how well each score of a model's outputs tells out-of-distribution rows from in-distribution ones.

    A model that is as sure outside of its distribution as inside does not know the shift, whatever it loses there. The
    order of rows has no effect.

    Args:
        in_distribution: What the model gave for rows such as those of ``test_id``.
        out_of_distribution: What it gave for rows such as those of ``test_ood``.
        train: Features of the training rows, for distances; both sides then need features.
        temperature: Temperature of the energy.
        confidence: Nominal coverage of the intervals; those of ``risk`` are 95% intervals whatever it is.
        n_resamples: Number of resamples of each interval.
        seed: Seed of the resampling.

    Returns:
        The scores that both sides allow. A row without a score is left out of it and counted. If both sides have
        ``errors``, also the risk-coverage curve of each score.

    Raises:
        ParameterError: if an option is wrong, both sides allow no score in common, or one lacks the features that
            ``train`` is for.

    Source of the figures: Hendrycks and Gimpel (ICLR 2017); Liang, Li and Srikant, Enhancing the reliability of
    out-of-distribution image detection in neural networks (ICLR 2018) for the rate at 95%.

    >>> rng = np.random.default_rng(0)
    >>> inside = ModelOutputs(logits=rng.normal(size=(200, 4)) + 3 * np.eye(4)[rng.integers(0, 4, 200)])
    >>> outside = ModelOutputs(logits=rng.normal(size=(100, 4)))
    >>> print(ood_detection(inside, outside))
    200 in-distribution and 100 out-of-distribution rows
    maximum softmax probability: AUROC 0.898 [0.859, 0.931], AUPR 0.780 [0.695, 0.859], FPR at 95% TPR 0.620 ...
    """
    check_number("confidence", confidence, above=0, below=1, remedy="0.95 is a 95% interval")
    check_integer("n_resamples", n_resamples, smallest=1, remedy="leave it out to take 2000")
    sides = in_distribution, out_of_distribution
    scores = [ood_scores(side, train, temperature=temperature) for side in sides]
    groups = _numbered_groups(*sides)
    options = {"confidence": confidence, "n_resamples": n_resamples, "seed": seed}
    errors = None if any(side.errors is None for side in sides) else np.concatenate([side.errors for side in sides])
    common = _common_scores(scores[0], scores[1], train)
    detectors, risk = {}, {}
    outside = np.repeat([False, True], [side.rows for side in sides])
    for name in common:
        both = np.concatenate([side[name] for side in scores])
        measured = ~np.isnan(both)
        rows = ranking_rows(outside[measured], both[measured])
        alike = None if groups is None else groups[measured]
        detectors[name] = Detector(
            name=name,
            auroc=_ranking_estimate(AUROC(), rows, alike, options),
            aupr=_ranking_estimate(AveragePrecision(), rows, alike, options),
            fpr_at_95=_ranking_estimate(_AT_95, rows, alike, options),
            left_out=int((~measured).sum()),
        )
        if errors is not None and (measured & ~np.isnan(errors)).any():
            kept = measured & ~np.isnan(errors)
            of = None if groups is None else groups[kept]
            risk[name] = risk_coverage(-both[kept], errors[kept], groups=of, n_resamples=n_resamples, seed=seed)
    return OODDetection(detectors, in_distribution.rows, out_of_distribution.rows, risk)


def _common_scores(
    inside: dict[str, FloatArray], outside: dict[str, FloatArray], train: TrainFeatures | None
) -> list[str]:
    """Return the names of the scores that both sides allow."""
    common = [name for name in inside if name in outside]
    if not common:
        scores = f"{', '.join(inside) or 'no score'} against {', '.join(outside) or 'no score'}"
        remedy = "keep the same of the model on both sides; features need train="
        raise ParameterError("out_of_distribution", "given a score that in_distribution has", Verbatim(scores), remedy)
    if train is not None and not {*DISTANCES} <= {*common}:
        remedy = "keep features on both sides, or leave train out"
        raise ParameterError("train", "left out where a side has no features", Verbatim("features of train"), remedy)
    return common


_AT_95 = FalseNegativeRateAt(fpr=0.05)
"""Share of out-of-distribution rows, positive here, that are missed where 5% of in-distribution rows are flagged."""


def _ranking_estimate(
    metric: Ranking, rows: FloatArray, groups: np.ndarray | None, options: dict[str, Any]
) -> Estimate:
    return bootstrap_ci(rows, metric=metric, groups=groups, **options)


def _numbered_groups(inside: ModelOutputs, outside: ModelOutputs) -> np.ndarray | None:
    """Number the groups of both sides, which are apart; None if neither side has any."""
    if inside.groups is None and outside.groups is None:
        return None
    numbers: dict[Any, int] = {}
    labels = [
        (side, label)
        for side, outputs in enumerate((inside, outside))
        for label in (range(outputs.rows) if outputs.groups is None else outputs.groups)
    ]
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)


def _shown(figure: Estimate) -> str:
    if not figure.has_interval:
        return fixed(figure.value, 3)
    return f"{fixed(figure.value, 3)} [{fixed(figure.low, 3)}, {fixed(figure.high, 3)}]"
