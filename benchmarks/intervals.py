"""Simulate how often the intervals of ``codeshift.metrics`` hold the truth that scores were drawn from.

Run: OMP_NUM_THREADS=1 python benchmarks/intervals.py --out benchmarks/intervals.md

Scores are drawn with a known mean; an interval covers where it holds it. Continuous scores are normal: rows have
standard deviation 1, half of their variance is the row's own (the same for all seeds) and half is the residual. Of
shares each seed has a true share of its own, and its rows are hits where such a normal score lies below the quantile of
that share. Nested seeds have rows of their own.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from statistics import NormalDist

import numpy as np
from intervals_of_studies import studies
from scipy.special import expit, ndtr, ndtri, stdtrit
from simulated_pages import write_page

from codeshift.metrics import (
    bootstrap_ci,
    generalization_gap,
    hierarchical_bootstrap,
    paired_difference,
    relative_performance,
)
from codeshift.metrics.aggregates.components import noise
from codeshift.metrics.aggregates.estimate import Estimate
from codeshift.metrics.aggregates.seeds import FEWEST_EVENTS
from codeshift.study.findings.strength import spearman

SEEDS, ROWS = (2, 3, 5, 10, 20), (20, 100, 1000)
_OF_STUDIES = 2  # simulations of a study to five of an interval: they take longer
_AT_ONCE = 50  # simulations in memory
_LARGEST = 0.5  # of p (1 - p), the variance of seeds that are all right or all wrong
KINDS = (
    "continuous, crossed", "continuous, nested", "share of .1", "share of .3", "share of .5", "share of .9",
    "share of .3, nested", "probit share of .1", "probit share of .5", "probit share of .9",
)  # fmt: skip


def pages(runs: int) -> Iterator[str]:
    """The page, piece by piece."""
    error = 100 * (0.95 * 0.05 / runs) ** 0.5
    yield "# How often intervals hold the truth\n"
    yield "`OMP_NUM_THREADS=1 python benchmarks/intervals.py --out benchmarks/intervals.md`: the share of 95%"
    yield "intervals that hold the mean that scores were drawn from, in percent, over"
    yield f"{runs} simulations a cell (standard error {error:.1f}).\n"
    yield _HEAD
    table: dict[tuple[str, int, int], list[str]] = {}
    yield from _seeds(runs, table)
    yield from _outside(table)
    yield _STUDIES.format(runs=_OF_STUDIES * runs // 5, error=100 * (0.95 * 0.05 / (_OF_STUDIES * runs / 5)) ** 0.5)
    yield from studies(_OF_STUDIES * runs // 5)
    yield _RATIOS
    yield from _ratios(runs)
    yield _RANKS
    yield from _ranks(runs)


def _seeds(runs: int, table: dict[tuple[str, int, int], list[str]]) -> Iterator[str]:
    yield f"| scores | rows | {' | '.join(f'{s} seeds' for s in SEEDS)} |"
    yield "|---|---|" + "---|" * len(SEEDS)
    for kind, rows in product(KINDS, ROWS):
        cells = []
        for count in SEEDS:
            table[kind, rows, count] = [covered(kind, count, rows, spread, runs) for spread in spreads(kind, rows)]
            cells.append(" / ".join(table[kind, rows, count]))
        yield f"| {kind} | {rows:,} | {' | '.join(cells)} |"


def _outside(table: dict[tuple[str, int, int], list[str]]) -> Iterator[str]:
    """Which numbers of 3 seeds and more lie outside of 92 to 98%, and of 2 below 88%."""
    every = [(at, cell) for at, cells in table.items() for cell in cells if cell != "–"]
    value = [(at, cell, int(cell.split()[0])) for at, cell in every]
    low = [(at, cell) for at, cell, percent in value if percent < (92 if at[2] > 2 else 88)]
    high = [(at, cell) for at, cell, percent in value if percent > 98 and at[2] > 2]
    partial = sum("(" in cell for _, cell in high)
    too_low = "; ".join(f"{kind}, {rows:,} rows, {count} seeds: {cell}" for (kind, rows, count), cell in low)
    yield f"\nBelow 92% (with 2 seeds, below 88%): {too_low or 'none'}."
    yield f"Above 98%, of 3 seeds and more: {len(high)} of {sum(at[2] > 2 for at, _ in every)} numbers, {partial} of"
    yield "them where not every simulation has an interval."
    full = [f"{kind}, {rows:,} rows, {count} seeds: {c}" for (kind, rows, count), c in high if "(" not in c]
    yield f"The others: {'; '.join(full) or 'none'}."
    yield _WHY


def spreads(kind: str, rows: int) -> Sequence[float]:
    """The standard deviations of seeds: of scores, of true shares, or of their probits."""
    if kind.startswith("continuous"):
        return 0.0, rows**-0.5, 1.0, 10.0
    if kind.startswith("probit"):
        return 0.0, 1.0, 10.0
    largest = share_of(kind) * (1 - share_of(kind))
    return 0.0, (largest / rows) ** 0.5, (largest * min(100 / rows, _LARGEST)) ** 0.5


def share_of(kind: str) -> float:
    """The mean share of a kind of scores."""
    return float(kind.split("share of ")[1].split(",")[0])


def covered(kind: str, seeds: int, rows: int, spread: float, runs: int) -> str:
    """The coverage of ``hierarchical_bootstrap`` in percent, with the share of simulations that have an interval."""
    rng = np.random.default_rng([seeds, rows, int(1e6 * spread), KINDS.index(kind)])
    hits = with_interval = 0
    for start in range(0, runs, _AT_ONCE):
        scores, truth = drawn(kind, min(_AT_ONCE, runs - start), seeds, rows, spread, rng)
        low, high = ends(scores, nested="nested" in kind, share="share" in kind)
        checked(scores[:2], low, high, nested="nested" in kind)
        with_interval += int((~np.isnan(low)).sum())
        hits += int(((low <= truth) & (truth <= high)).sum())
    if with_interval < 0.1 * runs:
        return "–"
    of = "" if with_interval >= 0.995 * runs else f" ({100 * with_interval / runs:.0f})"
    return f"{100 * hits / with_interval:.0f}{of}"


def ends(scores: np.ndarray, *, nested: bool, share: bool) -> tuple[np.ndarray, np.ndarray]:
    """The intervals of many simulations, shape (runs, seeds, rows): what ``checked`` finds the library gives."""
    _, seeds, rows = scores.shape
    of_seeds = scores.mean(axis=2)
    value = of_seeds.mean(axis=1)
    between = of_seeds.var(axis=1, ddof=1) / seeds
    moved = (scores - of_seeds[:, :, None]) / (rows * (rows - 1)) ** 0.5
    square = (moved**2).sum(axis=(1, 2)) / seeds**2
    if nested:
        parts = [(between - noise(seeds - 1) * square, seeds - 1), (square, seeds * (rows - 1))]
    else:
        of_rows = (moved.mean(axis=1) ** 2).sum(axis=1)
        residual = (square * seeds - of_rows) / (seeds - 1)
        parts = [
            (between - noise(seeds - 1) * residual, seeds - 1), (of_rows - residual, rows - 1),
            (residual, (seeds - 1) * (rows - 1)),
        ]  # fmt: skip
    half = np.sqrt(sum(np.maximum(variance, 0) * stdtrit(df, 0.975) ** 2 for variance, df in parts))
    if not share:
        return value - half, value + half
    hits = scores.sum(axis=(1, 2))
    none = (hits < FEWEST_EVENTS) | (scores[0].size - hits < FEWEST_EVENTS)
    with np.errstate(divide="ignore", invalid="ignore"):
        square = value * (1 - value)
        few = half**2 / square
        shrunk = (value + few / 2) / (1 + few)
        odds, scaled = np.log(value / (1 - value)), half / square * np.sqrt(shrunk * (1 - shrunk) / square)
        return tuple(np.where(none, np.nan, expit(odds + sign * scaled)) for sign in (-1, 1))


def checked(scores: np.ndarray, low: np.ndarray, high: np.ndarray, *, nested: bool) -> None:
    """Compare with the library, in the first simulations."""
    for i, table in enumerate(scores):
        estimate = hierarchical_bootstrap(table, rows="nested" if nested else "crossed")
        np.testing.assert_allclose((estimate.low, estimate.high), (low[i], high[i]), rtol=1e-6, atol=1e-9)


def drawn(
    kind: str, runs: int, seeds: int, rows: int, spread: float, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Scores of shape (runs, seeds, rows), and their true mean."""
    own = rng.normal(size=(runs, seeds if "nested" in kind else 1, rows))
    scores = (own + rng.normal(size=(runs, seeds, rows))) / 2**0.5
    if kind.startswith("continuous"):
        return scores + spread * rng.normal(size=(runs, seeds, 1)), 0.0
    share = share_of(kind)
    if kind.startswith("probit"):
        shares = ndtr(ndtri(share) * (1 + spread**2) ** 0.5 + spread * rng.normal(size=(runs, seeds)))
    elif spread:
        both = share * (1 - share) / spread**2 - 1
        shares = rng.beta(share * both, (1 - share) * both, size=(runs, seeds))
    else:
        shares = np.full((runs, seeds), share)
    return (scores < ndtri(shares)[:, :, None]).astype(float), share


def _ratios(runs: int) -> Iterator[str]:
    counts = (10, 20, 50, 200)
    yield f"| | {' | '.join(f'{count:,}' for count in counts)} |"
    yield "|---|" + "---|" * len(counts)
    for name, make in _MADE.items():
        yield f"| {name} | " + " | ".join(_coverage(make, count, runs) for count in counts) + " |"


def _coverage(make: Callable[[int, np.random.Generator], tuple[Estimate, float]], rows: int, runs: int) -> str:
    rng = np.random.default_rng(rows)
    estimates = [make(rows, rng) for _ in range(runs)]
    with_interval = [(estimate, truth) for estimate, truth in estimates if estimate.has_interval]
    hits = sum(estimate.low <= truth <= estimate.high for estimate, truth in with_interval)
    of = "" if len(with_interval) >= 0.995 * runs else f" ({100 * len(with_interval) / runs:.0f})"
    return f"{100 * hits / len(with_interval):.0f}{of}"


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


def _of_rows(method: str, skewed: bool = False) -> Callable[[int, np.random.Generator], tuple[Estimate, float]]:
    def made(rows: int, rng: np.random.Generator) -> tuple[Estimate, float]:
        scores = rng.exponential(size=rows) if skewed else rng.random(rows)
        return bootstrap_ci(scores, method=method, n_resamples=500), 1.0 if skewed else 0.5

    return made


def _of_groups(labelled: bool, even: bool = True) -> Callable[[int, np.random.Generator], tuple[Estimate, float]]:
    """Every row has three copies that score as it does, or as many as a geometric number says."""

    def made(rows: int, rng: np.random.Generator) -> tuple[Estimate, float]:
        times = np.full(rows, 4) if even else rng.geometric(0.25, size=rows)
        scores, labels = np.repeat(rng.random(rows), times), np.repeat(np.arange(rows), times)
        return bootstrap_ci(scores, groups=labels if labelled else None, n_resamples=500), 0.5

    return made


def _two_of_groups(
    function: Callable[..., Estimate], truth: float, **options: str
) -> Callable[[int, np.random.Generator], tuple[Estimate, float]]:
    """Two systems of means 1 and .5, in groups of four rows that are half alike."""

    def made(rows: int, rng: np.random.Generator) -> tuple[Estimate, float]:
        labels = np.repeat(np.arange(rows), 4)
        own = rng.random(rows)[labels]
        a, b = (0.5 * own + 0.25 * (rng.random(rows)[labels] + rng.random(4 * rows)) for _ in range(2))
        if function is generalization_gap:
            b = 0.5 * rng.random(rows)[labels] + 0.5 * rng.random(4 * rows)
            return function(a + 0.5, b, id_groups=labels, ood_groups=labels, n_resamples=500), truth
        if function is paired_difference:
            options.setdefault("n_permutations", 1)
        return function(a + 0.5, b, groups=labels, n_resamples=500, **options), truth

    return made


def _of_share(share: float) -> Callable[[int, np.random.Generator], tuple[Estimate, float]]:
    def made(rows: int, rng: np.random.Generator) -> tuple[Estimate, float]:
        return bootstrap_ci((rng.random(rows) < share).astype(float), n_resamples=500), share

    return made


_MADE = {
    "`bootstrap_ci` of uniform scores, percentile": _of_rows("percentile"),
    "the same, BCa": _of_rows("BCa"),
    "`bootstrap_ci` of exponential scores, percentile": _of_rows("percentile", skewed=True),
    "the same, BCa ": _of_rows("BCa", skewed=True),
    "`bootstrap_ci` of a share of .5": _of_share(0.5),
    "`bootstrap_ci` of a share of .1": _of_share(0.1),
    "`bootstrap_ci` of a share of .05": _of_share(0.05),
    "groups: `bootstrap_ci`, each row with three copies": _of_groups(labelled=True),
    "the same, `groups=` not given": _of_groups(labelled=False),
    "groups: `bootstrap_ci`, as many copies as a geometric number": _of_groups(labelled=True, even=False),
    "groups of four: `paired_difference`": _two_of_groups(paired_difference, 0.5),
    "groups of four: `relative_performance`, percentile": _two_of_groups(relative_performance, 2.0),
    "groups of four: `relative_performance`, Fieller": _two_of_groups(relative_performance, 2.0, method="Fieller"),
    "groups of four: `generalization_gap`, percentile": _two_of_groups(generalization_gap, 0.5),
    "`relative_performance` of shares, percentile": _relative("percentile"),
    "the same,  BCa": _relative("BCa"),
    "the same, Fieller": _relative("Fieller"),
    "the same, Fieller, other rows": _relative("Fieller", paired=False),
    "`generalization_gap` of shares .3 and .1, percentile": _gap("percentile"),
    "the same, t": _gap("t"),
}


def _ranks(runs: int) -> Iterator[str]:
    counts = (4, 5, 6, 8, 12, 20)
    yield f"| | {' | '.join(f'{count} scenarios' for count in counts)} |"
    yield "|---|" + "---|" * len(counts)
    rng = np.random.default_rng(0)
    lines = []
    for count in counts:
        sides = rng.normal(size=(runs, 2, count))
        estimates = [spearman(a, b, 0.95) for a, b in sides]
        wrong = sum(estimate.low > 0 or estimate.high < 0 for estimate in estimates)
        lines.append(f"{100 * wrong / runs:.1f}")
    yield f"| wrongly shown, % | {' | '.join(lines)} |"


_HEAD = """## Over seeds and rows

`hierarchical_bootstrap`, whose target is the mean over all seeds that could be drawn. In brackets, the percentage of
simulations that have an interval at all, where it is not all: a share with fewer than 5 hits or misses has none, and
the coverage is that of the others. Numbers in one cell go from seeds that do not differ to seeds that differ much:

- Continuous: seeds have a standard deviation of 0; as much as rows contribute to a seed's mean (theirs over the root
  of their number); that of the rows; ten times that of the rows.
- Share: seeds' true shares have a beta distribution with a standard deviation of 0; as much as rows contribute, the
  root of p (1 - p) / rows; ten times as much. Shares cannot differ more over seeds than by the root of p (1 - p), so
  ten times is impossible with 100 rows and fewer: there it is the root of half of p (1 - p), where most seeds are
  near 0 or 1.
- Probit share: seeds' probits are normal with a standard deviation of 0, 1 and 10, against 1 of the rows'. With 1, a
  share of .1 is below .04 in half of the seeds and above .3 in one of ten; with 10, nearly 0 or 1 in each.

"""
_WHY = """
The reasons are these. A share of few hits has an interval only in the simulations whose share came out high, and these
cover more often. If nearly every seed is all right or all wrong, the share can take only few values, and the coverage
changes in steps. If three seeds do not differ, those that seem to differ get intervals with 2 degrees of freedom. And
no interval from a handful of seeds contains the mean for every distribution: if one model in ten is always right and
the others never are, five seeds include none of the former in 59% of cases.
"""
_STUDIES = """
## Claims of a study

Three scenarios of 80 rows; full fine-tuning and LoRA are right on 60% of rows with the region kept, and lose 30% of
that with it masked. In a cell, the probits of runs have a standard deviation of 0, .1 and .4, against 1 of the rows'.
Pooled loss and "keeps more" are means over scenarios of ratios to the 100% baseline, as claims have them; "share kept"
is one such ratio. {runs} simulations a cell (standard error {error:.1f}); in brackets, the percentage with an interval:
ratios have none where their divisor may be 0. Two levels of seeds cover more than they say, since each is allowed for
by itself; with two seeds, 88% is what is asked.
"""
_RATIOS = """
## Over rows

By the number of rows, or of groups of rows where there are such. Shares of `relative_performance` are of a model that
is right on 40% of rows and its baseline, right on 70%, on the same rows; a gap of shares is between 4 times as many
rows of one share and the rows of another. In brackets, again, the percentage that have an interval.
"""
_RANKS = """
## Rank correlation over scenarios

Strength of the shift and loss are drawn independently: how often the interval of their rank correlation leaves 0 out.
"""


if __name__ == "__main__":
    write_page(__doc__.splitlines()[0], lambda runs, _: pages(runs), runs=500)
