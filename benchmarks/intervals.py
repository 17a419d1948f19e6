"""Simulate how often the intervals of ``codeshift.metrics`` hold the truth that scores were drawn from.

Run: OMP_NUM_THREADS=1 python benchmarks/intervals.py --out benchmarks/intervals.md

Scores are drawn with a known mean; an interval covers where it holds it. Continuous scores are normal: rows have
standard deviation 1, half of their variance is the row's own (the same for all seeds) and half is the residual; seeds
have 0, 1 or 10. Shares are the same model with a threshold: a row is a hit where its normal score lies above it, and
the threshold makes the mean share .1 or .5. Nested seeds have rows of their own.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from statistics import NormalDist

import numpy as np
from scipy.special import expit, stdtrit

from codeshift.metrics import bootstrap_ci, generalization_gap, hierarchical_bootstrap, relative_performance
from codeshift.metrics.aggregates.components import NOISE
from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.seeds import FEWEST
from codeshift.study.findings.strength import spearman

SEEDS, ROWS, SPREADS = (2, 3, 5, 10, 20), (20, 100, 1000), (0, 1, 10)
_AT_ONCE = 50  # simulations in memory
KINDS = ("continuous, crossed", "continuous, nested", "share of .1", "share of .5", "share of .9")


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=500, help="simulations a cell")
    parser.add_argument("--out", type=Path, help="the page to write; printed without")
    arguments = parser.parse_args()
    start = time.process_time()
    page = "\n".join(pages(arguments.runs))
    page += f"\n\nAll of it took {time.process_time() - start:.0f} CPU seconds.\n"
    if arguments.out is None:
        print(page)
    else:
        arguments.out.write_text(page, encoding="utf-8")


def pages(runs: int) -> Iterator[str]:
    """The page, piece by piece."""
    error = 100 * (0.95 * 0.05 / runs) ** 0.5
    yield "# How often intervals hold the truth\n"
    yield "`OMP_NUM_THREADS=1 python benchmarks/intervals.py --out benchmarks/intervals.md`: the share of 95%"
    yield "intervals that hold the mean that scores were drawn from, in percent, over"
    yield f"{runs} simulations a cell (standard error {error:.1f}).\n"
    yield _HEAD
    yield from _seeds(runs)
    yield _RATIOS
    yield from _ratios(runs)
    yield _RANKS
    yield from _ranks(runs)


def _seeds(runs: int) -> Iterator[str]:
    yield f"| scores | rows | {' | '.join(f'{s} seeds' for s in SEEDS)} |"
    yield "|---|---|" + "---|" * len(SEEDS)
    for kind, rows in product(KINDS, ROWS):
        cells = []
        for count in SEEDS:
            found = [covered(kind, count, rows, spread, runs) for spread in SPREADS]
            cells.append(" / ".join(found))
        yield f"| {kind} | {rows:,} | {' | '.join(cells)} |"


def covered(kind: str, seeds: int, rows: int, spread: float, runs: int) -> str:
    """The coverage of ``hierarchical_bootstrap`` in percent, with the share of simulations that have an interval."""
    rng = np.random.default_rng([seeds, rows, int(spread), KINDS.index(kind)])
    hits = given = 0
    for start in range(0, runs, _AT_ONCE):
        scores, truth = drawn(kind, min(_AT_ONCE, runs - start), seeds, rows, spread, rng)
        low, high = ends(scores, nested="nested" in kind, share="share" in kind)
        checked(scores[:2], low, high, nested="nested" in kind)
        given += int((~np.isnan(low)).sum())
        hits += int(((low <= truth) & (truth <= high)).sum())
    if given < 0.1 * runs:
        return "–"
    of = "" if given >= 0.995 * runs else f" ({100 * given / runs:.0f})"
    return f"{100 * hits / given:.0f}{of}"


def ends(scores: np.ndarray, *, nested: bool, share: bool) -> tuple[np.ndarray, np.ndarray]:
    """The intervals of many simulations, shape (runs, seeds, rows): what ``checked`` finds the library gives."""
    _, seeds, rows = scores.shape
    of_seeds = scores.mean(axis=2)
    value = of_seeds.mean(axis=1)
    between = of_seeds.var(axis=1, ddof=1) / seeds
    moved = (scores - of_seeds[:, :, None]) / (rows * (rows - 1)) ** 0.5
    square = (moved**2).sum(axis=(1, 2)) / seeds**2
    if nested:
        parts = [(between - NOISE * square, seeds - 1), (square, seeds * (rows - 1))]
    else:
        of_rows = (moved.mean(axis=1) ** 2).sum(axis=1)
        residual = (square * seeds - of_rows) / (seeds - 1)
        parts = [
            (between - NOISE * residual, seeds - 1), (of_rows - residual, rows - 1),
            (residual, (seeds - 1) * (rows - 1)),
        ]  # fmt: skip
    half = np.sqrt(sum(np.maximum(variance, 0) * stdtrit(df, 0.975) ** 2 for variance, df in parts))
    if not share:
        return value - half, value + half
    hits = scores.sum(axis=(1, 2))
    few = (hits < FEWEST) | (scores[0].size - hits < FEWEST)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds, scaled = np.log(value / (1 - value)), half / (value * (1 - value))
        return tuple(np.where(few, np.nan, expit(odds + sign * scaled)) for sign in (-1, 1))


def checked(scores: np.ndarray, low: np.ndarray, high: np.ndarray, *, nested: bool) -> None:
    """Compare with the library, in the first simulations."""
    for i, table in enumerate(scores):
        found = hierarchical_bootstrap(table, rows="nested" if nested else "crossed")
        np.testing.assert_allclose((found.low, found.high), (low[i], high[i]), rtol=1e-6, atol=1e-9)


def drawn(
    kind: str, runs: int, seeds: int, rows: int, spread: float, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Scores of shape (runs, seeds, rows), and their true mean."""
    own = rng.normal(size=(runs, seeds if "nested" in kind else 1, rows))
    scores = spread * rng.normal(size=(runs, seeds, 1)) + (own + rng.normal(size=(runs, seeds, rows))) / 2**0.5
    if kind.startswith("continuous"):
        return scores, 0.0
    share = float(kind.removeprefix("share of "))
    return (scores < NormalDist().inv_cdf(share) * (1 + spread**2) ** 0.5).astype(float), share


def _ratios(runs: int) -> Iterator[str]:
    yield "| | 20 rows | 50 rows | 200 rows |"
    yield "|---|---|---|---|"
    for name, make in _MADE.items():
        yield f"| {name} | " + " | ".join(_coverage(make, rows, runs) for rows in (20, 50, 200)) + " |"


def _coverage(make: Callable[[int, np.random.Generator], tuple[Estimate, float]], rows: int, runs: int) -> str:
    rng = np.random.default_rng(rows)
    found = [make(rows, rng) for _ in range(runs)]
    given = [(one, truth) for one, truth in found if one.has_interval]
    hits = sum(one.low <= truth <= one.high for one, truth in given)
    of = "" if len(given) >= 0.995 * runs else f" ({100 * len(given) / runs:.0f})"
    return f"{100 * hits / len(given):.0f}{of}"


def _pair(rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A model that is right on 40% of rows and its baseline, right on 70%, on the same rows."""
    row = rng.normal(size=rows)
    scores = [(row + rng.normal(size=rows)) / 2**0.5 for _ in range(2)]
    return tuple((s < NormalDist().inv_cdf(p)).astype(float) for s, p in zip(scores, (0.4, 0.7), strict=True))


def _relative(method: str, paired: bool = True) -> Callable[[int, np.random.Generator], tuple[Estimate, float]]:
    def made(rows: int, rng: np.random.Generator) -> tuple[Estimate, float]:
        a, b = _pair(rows, rng)
        b = b if paired else _pair(rows, rng)[1]
        return relative_performance(a, b, paired=paired, method=method, n_resamples=500), 4 / 7

    return made


def _gap(method: str) -> Callable[[int, np.random.Generator], tuple[Estimate, float]]:
    def made(rows: int, rng: np.random.Generator) -> tuple[Estimate, float]:
        inside, outside = (rng.random(n) < p for n, p in ((rows, 0.1), (4 * rows, 0.3)))
        return generalization_gap(outside, inside, method=method, n_resamples=500), 0.2

    return made


def _of_groups(labelled: bool) -> Callable[[int, np.random.Generator], tuple[Estimate, float]]:
    """Every row has three copies that score as it does."""

    def made(rows: int, rng: np.random.Generator) -> tuple[Estimate, float]:
        scores = np.repeat(rng.random(rows), 4)
        labels = np.repeat(np.arange(rows), 4) if labelled else None
        return bootstrap_ci(scores, groups=labels, n_resamples=500), 0.5

    return made


def _of_share(share: float) -> Callable[[int, np.random.Generator], tuple[Estimate, float]]:
    def made(rows: int, rng: np.random.Generator) -> tuple[Estimate, float]:
        return bootstrap_ci((rng.random(rows) < share).astype(float), n_resamples=500), share

    return made


_MADE = {
    "`relative_performance`, percentile": _relative("percentile"),
    "the same, BCa": _relative("BCa"),
    "the same, Fieller": _relative("Fieller"),
    "the same, Fieller, other rows": _relative("Fieller", paired=False),
    "`generalization_gap` of shares .3 and .1, percentile": _gap("percentile"),
    "the same, t": _gap("t"),
    "`bootstrap_ci`, each row with three copies, `groups=` given": _of_groups(labelled=True),
    "the same, not given": _of_groups(labelled=False),
    "`bootstrap_ci` of a share of .5": _of_share(0.5),
    "`bootstrap_ci` of a share of .05": _of_share(0.05),
}


def _ranks(runs: int) -> Iterator[str]:
    counts = (4, 5, 6, 8, 12, 20)
    yield f"| | {' | '.join(f'{count} scenarios' for count in counts)} |"
    yield "|---|" + "---|" * len(counts)
    rng = np.random.default_rng(0)
    found = []
    for count in counts:
        sides = rng.normal(size=(runs, 2, count))
        estimates = [spearman(a, b, 0.95) for a, b in sides]
        wrong = sum(one.low > 0 or one.high < 0 for one in estimates)
        found.append(f"{100 * wrong / runs:.1f}")
    yield f"| wrongly shown, % | {' | '.join(found)} |"


_HEAD = """## Over seeds and rows

`hierarchical_bootstrap`. In a cell stand three numbers: seeds have no standard deviation of their own, that of the
rows, and ten times that of the rows. In brackets, the percentage of simulations that have an interval at all, where it
is not all: a share with fewer than 5 hits or misses has none, and the coverage is that of the others. Shares are normal
scores below a threshold: where seeds differ as much as rows, a share of .1 is below .04 in half of the seeds and above
.3 in one of ten, and where they differ ten times as much it is nearly 0 or 1 in each seed.
"""
_RATIOS = """
## Over rows

Pairs are a model that is right on 40% of rows and its baseline, right on 70%, on the same rows; a gap is between 4
times as many rows of one share and the rows of another. In brackets, again, the percentage that have an interval.
"""
_RANKS = """
## Rank correlation over scenarios

Strength of the shift and loss are drawn independently: how often the interval of their rank correlation leaves 0 out.
"""


if __name__ == "__main__":
    main()
