"""Simulate how often the intervals of metrics of classes hold the truth that rows were drawn from.

Run: OMP_NUM_THREADS=1 python benchmarks/intervals_of_classes.py --out benchmarks/intervals_of_classes.md

Rows of two classes have normal evidence of standard deviation 1 that lies 1.5 apart; of four, the right class's lies
1.5 higher. Probabilities are those of Bayes' rule, and so calibrated, or their logits are three times as large. The
truth is the value of 200,000 rows.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from functools import cache

import numpy as np
from simulated_pages import Counts, write_page

from codeshift.metrics import (
    AUROC,
    F1,
    MCC,
    Accuracy,
    AveragePrecision,
    BalancedAccuracy,
    BrierScore,
    ExpectedCalibrationError,
    FalseNegativeRateAt,
    LogLoss,
    Metric,
    bootstrap_ci,
    ood_detection,
)
from codeshift.metrics.ood_scores import ModelOutputs

ROWS = (50, 200, 1000)
_APART, _TRUTH, _RESAMPLES = 1.5, 200_000, 200
_FOUR = np.array([0.6, 0.25, 0.1, 0.05])
METRICS = (
    Accuracy(), BalancedAccuracy(), F1(), F1(average="macro"), MCC(), AUROC(), AveragePrecision(),
    FalseNegativeRateAt(fpr=0.05), BrierScore(), LogLoss(), ExpectedCalibrationError(),
)  # fmt: skip
SETTINGS = {
    "one in two positive": (2, 0.5, 1.0), "one in ten positive": (2, 0.1, 1.0), "four classes": (4, 0.0, 1.0),
    "one in two, too sure": (2, 0.5, 3.0),
}  # fmt: skip


def pages(runs: int, counts: Counts) -> Iterator[str]:
    """The page, piece by piece."""
    error = 100 * (0.95 * 0.05 / runs) ** 0.5
    yield "# How often intervals of metrics of classes hold the truth\n"
    command = f"python benchmarks/intervals_of_classes.py --runs {runs} --out benchmarks/intervals_of_classes.md"
    yield f"`OMP_NUM_THREADS=1 {command}`:"
    yield "the share of 95% intervals of `bootstrap_ci` that hold the truth, in percent, with 50, 200 and 1,000 rows,"
    yield f"over {runs} simulations a cell (standard error {error:.1f}). In brackets, the percentage of simulations"
    yield "that have an interval at all, where it is not all: a score that rests on fewer than 5 rows has none.\n"
    yield f"| metric | {' | '.join(SETTINGS)} |"
    yield "|---|" + "---|" * len(SETTINGS)
    for metric in METRICS:
        cells = [
            " / ".join(_covered(counts, metric, rows, *setting, runs) for rows in ROWS)
            if _fits(metric, setting[0])
            else "–"
            for setting in SETTINGS.values()
        ]
        yield f"| `{metric.name}` | {' | '.join(cells)} |"
    detected = " / ".join(_detected(counts, inside, outside, runs) for inside, outside in _SIDES)
    yield "\nAnd of `ood_detection`, whose AUROC of two normal distributions 1 apart is .760, with 20 and 50, 50 and"
    yield f"200, 300 and 700 rows in and out of distribution: {detected}."
    yield _WHY


_SIDES = ((20, 50), (50, 200), (300, 700))
_WHY = """
Why not all near 95: five positive rows among fifty show few of the values that their recall can have, and
rare rows decide a log loss. Average precision is biased upwards in few rows. The interval of the calibration
error is made to hold in 95% of cases at least, whatever the model (Fang and Santos 2019, where a bin's gap of
three standard deviations counts as clear); with 50 rows, of which many bins have one or two, it holds in
fewer. The metrics of a cell share their draws, so that all of them are a little high or low together.
"""


def drawn(
    rows: int, classes: int, share: float, sureness: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of shape (rows, classes) and the classes."""
    prior = _FOUR if classes > 2 else np.array([1 - share, share])
    truth = rng.choice(classes, size=rows, p=prior)
    if classes == 2:
        logit = np.log(share / (1 - share)) + _APART * (rng.normal(size=rows) + _APART * (truth - 0.5))
        logits = np.column_stack([np.zeros(rows), sureness * logit])
    else:
        evidence = rng.normal(size=(rows, classes)) + _APART * np.eye(classes)[truth]
        logits = sureness * (np.log(prior) + _APART * evidence)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True), truth


def _fits(metric: Metric, classes: int) -> bool:
    return classes == 2 or metric != F1()


@cache
def _population(classes: int, share: float, sureness: float) -> tuple[np.ndarray, np.ndarray]:
    return drawn(_TRUTH, classes, share, sureness, np.random.default_rng(0))


@cache
def _value(metric: Metric, classes: int, share: float, sureness: float) -> float:
    """The truth, as a value of very many rows."""
    return metric.corpus(*_population(classes, share, sureness)).value


def _covered(counts: Counts, metric: Metric, rows: int, classes: int, share: float, sureness: float, runs: int) -> str:
    def count() -> tuple[int, int]:
        truth = _value(metric, classes, share, sureness)
        rng = np.random.default_rng([rows, classes, int(100 * share), int(sureness)])
        hits = given = 0
        for run in range(runs):  # each with resamples of its own, whose chance is then not that of all of them
            statistics = metric.statistics(*drawn(rows, classes, share, sureness, rng))
            estimate = bootstrap_ci(statistics, metric=metric, n_resamples=_RESAMPLES, seed=run)
            given += estimate.has_interval
            hits += bool(estimate.low <= truth <= estimate.high)
        return hits, given

    return _cell(*counts.once((metric.name, rows, classes, share, sureness, runs), count), runs)


def _detected(counts: Counts, inside: int, outside: int, runs: int) -> str:
    def count() -> tuple[int, int]:
        rng = np.random.default_rng([inside, outside])
        hits = given = 0
        for run in range(runs):
            sides = ModelOutputs(margin=rng.normal(1, size=inside)), ModelOutputs(margin=rng.normal(size=outside))
            estimate = ood_detection(*sides, n_resamples=_RESAMPLES, seed=run)["margin"].auroc
            given += estimate.has_interval
            hits += bool(estimate.low <= 0.76025 <= estimate.high)
        return hits, given

    return _cell(*counts.once(("ood_detection", inside, outside, runs), count), runs)


def _cell(hits: int, given: int, runs: int) -> str:
    of = "" if given >= 0.995 * runs else f" ({100 * given / runs:.0f})"
    return f"{100 * hits / given:.0f}{of}" if given else "–"


if __name__ == "__main__":
    write_page(__doc__.splitlines()[0], pages, runs=300)
