"""Simulation of the study's own test, of which only sums of squares need to be drawn.

With normal scores, the difference of two models and the squares that its interval is made of are independent: one is
normal, the others are chi-squared. So many studies are simulated in milliseconds, whatever their number of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import stdtrit

from codeshift.metrics.aggregates.components import noise
from codeshift.metrics.base import FloatArray
from codeshift.study.planning.power.spreads import Variances

_STUDIES = 20_000  # simulated: the standard error of a power of .8 is .003
_LARGEST = 128  # seeds


@dataclass(frozen=True, kw_only=True)
class Design:
    """Rows and seeds that a difference of two models is measured on.

    Attributes:
        rows: Number of distinct rows with each split seed.
        splits: Number of split seeds.
        trainings: Number of training seeds for each split seed.
        own_rows: Whether each split seed has test rows of its own; official ones are shared.

    >>> Design(rows=200, splits=1, trainings=3).runs
    3
    """

    rows: int
    splits: int = 1
    trainings: int = 1
    own_rows: bool = False

    @property
    def runs(self) -> int:
        """Number of trained models on each side."""
        return self.splits * self.trainings


def smallest_difference(design: Design, variances: Variances, *, power: float, confidence: float) -> float:
    """Return the smallest true difference that the study's interval excludes 0 for with this probability.

    NaN if there are fewer than 2 rows. With one trained model on each side, it is the difference of these two models
    on other rows, not of other trainings: nothing shows how those differ.

    >>> variances = Variances(seeds=0.0008, rows=0.125, residual=0.125)
    >>> differences = [smallest_difference(Design(rows=200, trainings=n), variances, power=0.8, confidence=0.95)
    ...          for n in (1, 3, 10)]
    >>> [round(difference, 2) for difference in differences]
    [0.1, 0.13, 0.08]
    """
    if design.rows < 2:
        return float("nan")
    errors, halves = _studies(design, variances, confidence)
    low, high = 0.0, float(np.max(halves + np.abs(errors)))
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if _share_shown(errors, halves, middle) >= power else (middle, high)
    return high


def power_of(design: Design, variances: Variances, difference: float, *, confidence: float) -> float:
    """Return the probability that the study's interval excludes 0 if the true difference is this.

    >>> variances = Variances(seeds=0.0008, rows=0.125, residual=0.125)
    >>> [round(power_of(Design(rows=200, trainings=10), variances, by, confidence=0.95), 1) for by in (0.0, 0.2)]
    [0.0, 1.0]
    """
    return _share_shown(*_studies(design, variances, confidence), difference) if design.rows > 1 else float("nan")


def fewest_seeds(shows: Callable[[int], bool]) -> int | None:
    """Return the smallest number of seeds, from 2 to 128, that shows a difference; None if none does.

    >>> fewest_seeds(lambda seeds: seeds >= 37), fewest_seeds(lambda seeds: False)
    (37, None)
    """
    if not shows(_LARGEST):
        return None
    low, high = 1, _LARGEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if shows(middle) else (middle, high)
    return high


def _share_shown(errors: FloatArray, halves: FloatArray, difference: float) -> float:
    return float(np.mean(np.abs(errors + difference) > halves))


@lru_cache(maxsize=256)
def _studies(design: Design, variances: Variances, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Return the errors of the difference, and half the widths of its intervals, of simulated studies."""
    rng = np.random.default_rng(0)
    splits, trainings, n = design.splits, design.trainings, design.rows
    own = design.own_rows and splits > 1
    of_seeds = variances.seeds if design.runs > 1 else 0.0
    run = of_seeds + variances.residual / n
    shared = variances.rows / n
    errors = rng.normal(size=_STUDIES) * np.sqrt(run / design.runs + shared / (splits if own else 1))

    def squares(mean: float, df: int) -> FloatArray:
        return mean * rng.chisquare(df, _STUDIES) / df if df else np.zeros(_STUDIES)

    of_trainings = splits * (trainings - 1)
    within = squares(run / design.runs, of_trainings)
    rows_within = squares(variances.residual / n / design.runs, of_trainings * (n - 1))
    between = squares((run / trainings + (shared if own else 0.0)) / splits, splits - 1)
    if own:
        rows = rows_between = squares((shared + variances.residual / n / trainings) / splits, splits * (n - 1))
    else:
        rows = squares(shared + variances.residual / n / design.runs, n - 1)
        rows_between = squares(variances.residual / n / design.runs, (splits - 1) * (n - 1))
    trained = _positive_part(within - noise(of_trainings) * rows_within) if of_trainings else np.zeros(_STUDIES)
    between_splits = (
        _positive_part(between - trained - noise(splits - 1) * rows_between) if splits > 1 else np.zeros(_STUDIES)
    )
    residual, times = (rows_between, splits - 1 + own) if splits > 1 else (rows_within, trainings - 1)
    parts = [
        (between_splits, splits - 1),
        (trained, of_trainings),
        (_positive_part(rows - residual), n - 1),
        (residual, times * (n - 1)),
    ]
    return errors, np.sqrt(sum(part * stdtrit(df, (1 + confidence) / 2) ** 2 for part, df in parts if df))


def _positive_part(values: FloatArray) -> FloatArray:
    return np.maximum(values, 0.0)
