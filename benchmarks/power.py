"""Simulate studies at the smallest difference that the plan says they can show, judged by the study's own interval.

Run: OMP_NUM_THREADS=1 python benchmarks/power.py --out benchmarks/power.md

Each study compares two models on the same rows of one scenario. Scores are drawn row by row and seed by seed; nothing
of the plan's own simulation, which draws sums of squares, is used.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from itertools import product

import numpy as np
from intervals_of_studies import cell_quantity, run_value
from scipy.special import ndtr, ndtri
from simulated_pages import write_page

from codeshift.study.findings.cell_values import CellValue
from codeshift.study.planning.power import Design, Spreads
from codeshift.study.planning.power.simulation import smallest_difference

_DESIGNS = (
    Design(rows=100, trainings=3), Design(rows=400, trainings=3), Design(rows=100, trainings=10),
    Design(rows=100, splits=3, own_rows=True), Design(rows=100, splits=3, trainings=2, own_rows=True),
)  # fmt: skip
_MEAN = 0.5  # of two shares
_PARTS = (0.5, 0.25, 0.25)  # of a row's variance: the row's own, the model's on it, the seed's on it
_LARGE = 400_000


def page(runs: int) -> Iterator[str]:
    """The lines of the page."""
    yield _HEAD.format(runs=runs, error=100 * (0.8 * 0.2 / runs) ** 0.5)
    yield "| rows | seeds | scores | seeds differ by | smallest difference | shown, % | shown of no difference, % |"
    yield "|---|---|---|---|---|---|---|"
    for design, share, ratio in product(_DESIGNS, (False, True), (0.0, 1.0, 3.0)):
        yield _line(design, share, ratio, runs)
    yield _END


def _line(design: Design, share: bool, ratio: float, runs: int) -> str:
    """One design: ``ratio`` is the spread over seeds in units of what the rows of one model contribute."""
    rng = np.random.default_rng([design.rows, design.splits, design.trainings, share, int(ratio)])
    spreads, on_scale = _spreads(design, share, ratio, rng)
    difference = smallest_difference(design, spreads.of_difference(), power=0.8, confidence=0.95)
    shown = [np.mean([_shown(design, share, on_scale, true, rng) for _ in range(runs)]) for true in (difference, 0.0)]
    seeds = f"{design.splits} x {design.trainings}"
    differ = f"{100 * spreads.seeds:.1f}" if share else f"{spreads.seeds:.3f}"
    smallest = f"{100 * difference:.1f}" if share else f"{difference:.3f}"
    kind = "share, points" if share else "continuous"
    return f"| {design.rows} | {seeds} | {kind} | {differ} | {smallest} | {100 * shown[0]:.0f} | {100 * shown[1]:.1f} |"


def _spreads(design: Design, share: bool, ratio: float, rng: np.random.Generator) -> tuple[Spreads, float]:
    """The spreads that a large pilot would find, and the seeds' spread on the scale that scores are drawn on."""
    on_scale = ratio / design.rows**0.5
    if not share:
        return Spreads(rows=1.0, seeds=on_scale), on_scale
    own, first, second = rng.normal(size=(3, _LARGE)) * np.sqrt([[_PARTS[0]], [_PARTS[1]], [_PARTS[1]]])
    seed = rng.normal(size=(3, _LARGE)) * _PARTS[2] ** 0.5
    hits = [latent < ndtri(_MEAN) for latent in (own + first + seed[0], own + first + seed[1], own + second + seed[2])]
    values = ndtr(ndtri(_MEAN) + on_scale * rng.normal(size=_LARGE))
    of_seeds, of_models = np.corrcoef(hits[0], hits[1])[0, 1], np.corrcoef(hits[0], hits[2])[0, 1]
    spreads = Spreads(
        rows=(_MEAN * (1 - _MEAN)) ** 0.5, seeds=float(values.std()), correlation=of_models, seed_correlation=of_seeds
    )
    return spreads, on_scale


def _shown(design: Design, share: bool, on_scale: float, true: float, rng: np.random.Generator) -> bool:
    """Whether the interval of one simulated study leaves 0 out, on the side of the truth if there is one."""
    runs: tuple[list, list] = ([], [])
    own = rng.normal(size=design.rows) * _PARTS[0] ** 0.5
    models = rng.normal(size=(2, design.rows)) * _PARTS[1] ** 0.5
    for split in range(design.splits):
        if design.own_rows and split:
            own = rng.normal(size=design.rows) * _PARTS[0] ** 0.5
            models = rng.normal(size=(2, design.rows)) * _PARTS[1] ** 0.5
        for training, side in product(range(design.trainings), (0, 1)):
            latent = own + models[side] + rng.normal(size=design.rows) * _PARTS[2] ** 0.5
            moved, half = on_scale * rng.normal(), (0.5 - side) * true
            rows = f"rows {split}" if design.own_rows else "rows"
            if share:
                scale = (1 + on_scale**2) ** 0.5
                scores = (latent < ndtri(_MEAN + half) * scale + moved).astype(float)
            else:
                scores = latent + moved + half
            runs[side].append(run_value(split, training, rows, scores))
    first, second = (cell_quantity(CellValue(tuple(side))) for side in runs)
    estimate = (first - second).estimate()
    return estimate.low > 0 or (estimate.high < 0 and not true)


_HEAD = """# Does the plan's power hold?

`OMP_NUM_THREADS=1 python benchmarks/power.py --out benchmarks/power.md`: `study plan` says which difference of two
trained models a study can show in 80 of 100 cases. Here studies with exactly that difference are drawn, {runs} a line,
and judged as a study judges itself: it is shown if the study's 95% interval over seeds and rows leaves 0 out (standard
error of the percentage: {error:.1f}). The last column is of studies without any difference; 5% is what is promised.

Seeds are split seeds x training seeds. Split seeds have rows of their own, as those of a `Dataset` without official
splits. Of a row's variance half is shared by all models, a quarter is the model's and a quarter the seed's. Continuous
scores are normal with a standard deviation of 1 over rows; shares are 50% on average. Seeds differ not at all, as much
as the rows of one model contribute to its value, and three times as much.
"""
_END = """
The plan is told the true spreads. Those of a pilot are themselves uncertain: with two training seeds of two models, a
spread over seeds can well be half or twice as large as it looks. Two shares that differ by 30 points and more lie far
from 50%, where rows and seeds spread less: such a difference is shown more often than promised.
"""


if __name__ == "__main__":
    write_page(__doc__.splitlines()[0], page, runs=400)
