"""Simulate how often the intervals of a study's claims hold the truth; ``intervals.py`` prints what is found.

Scores are drawn for three scenarios of 80 rows, two methods, and the region kept or masked; rows are shared by the runs
of one split seed. A run has an effect of its own on the probit scale. Quantities are made of cells as claims make them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
from scipy.special import ndtri

from codeshift.metrics import Estimate
from codeshift.metrics.aggregates.intervals import influences
from codeshift.metrics.aggregates.sample import as_sample
from codeshift.study.findings.cell_values import CellValue, RunValue
from codeshift.study.findings.quantity import Quantity, mean_of

DESIGNS = {
    "2 split seeds": (2, 1), "3 split seeds": (3, 1), "3 training seeds": (1, 3), "5 split seeds": (5, 1),
    "3 split seeds of 3 training seeds": (3, 3),
}  # fmt: skip
SPREADS = (0.0, 0.1, 0.4)
_ROWS, _SCENARIOS, _BASELINE, _LOST = 80, 3, 0.6, 0.3
_Cells = Mapping[tuple[int, str, bool], Quantity]


def studies(runs: int) -> Iterator[str]:
    """The lines of a table: coverage of each quantity, by design and by how much seeds differ."""
    names = ["score", "difference", "share kept", "gap", "pooled loss", "keeps more"]
    yield f"| seeds | scores | {' | '.join(names)} |"
    yield "|---|---|" + "---|" * len(names)
    for (design, (splits, trainings)), share in product(DESIGNS.items(), (True, False)):
        by_spread = [_covered(runs, splits, trainings, spread, share) for spread in SPREADS]
        cells = [" / ".join(of_spread[i] for of_spread in by_spread) for i in range(len(names))]
        yield f"| {design} | {'share' if share else 'continuous'} | {' | '.join(cells)} |"


def _covered(runs: int, splits: int, trainings: int, spread: float, share: bool) -> list[str]:
    rng = np.random.default_rng([splits, trainings, int(10 * spread), share])
    judged = [_judged(_cells(rng, splits, trainings, spread, share)) for _ in range(runs)]
    cells = []
    for of_one in zip(*judged, strict=True):
        judgements = [held for held in of_one if held is not None]
        of = "" if len(judgements) >= 0.995 * runs else f" ({100 * len(judgements) / runs:.0f})"
        cells.append(f"{100 * np.mean(judgements):.0f}{of}")
    return cells


def _judged(cells: _Cells) -> list[bool | None]:
    """Whether each quantity's interval holds the truth; None where there is none."""
    lost = {
        method: [(cells[i, method, True] - cells[i, method, False]) / cells[i, method, True] for i in range(_SCENARIOS)]
        for method in ("full", "lora")
    }
    quantities = [
        (cells[0, "full", False], _BASELINE * (1 - _LOST)),
        (cells[0, "full", False] - cells[0, "lora", False], 0.0),
        (cells[0, "full", False] / cells[0, "full", True], 1 - _LOST),
        (mean_of([cells[i, "full", True] - cells[i, "full", False] for i in range(_SCENARIOS)]), _BASELINE * _LOST),
        (mean_of([*lost["full"], *lost["lora"]]), _LOST),
        (mean_of([a - b for a, b in zip(lost["full"], lost["lora"], strict=True)]), 0.0),
    ]
    return [_held(quantity.estimate(), truth) for quantity, truth in quantities]


def _held(estimate: Estimate, truth: float) -> bool | None:
    return estimate.low <= truth <= estimate.high if estimate.has_interval else None


def _cells(rng: np.random.Generator, splits: int, trainings: int, spread: float, share: bool) -> _Cells:
    """The value of each scenario, method and whether the region is kept."""
    runs: dict[tuple[int, str, bool], list[RunValue]] = {}
    for scenario, split in product(range(_SCENARIOS), range(splits)):
        own = rng.normal(size=_ROWS)
        for training, method, kept in product(range(trainings), ("full", "lora"), (False, True)):
            mean = _BASELINE * (1 if kept else 1 - _LOST)
            latent = (own + rng.normal(size=_ROWS)) / 2**0.5 + spread * rng.normal()
            hits = latent < ndtri(mean) * (1 + spread**2) ** 0.5
            scores = hits.astype(float) if share else mean + 0.3 * latent
            runs.setdefault((scenario, method, kept), []).append(
                run_value(split, training, f"{scenario} {split}", scores)
            )
    return {at: cell_quantity(CellValue(tuple(values))) for at, values in runs.items()}


def run_value(split: int, training: int, rows: str, scores: Sequence[float] | np.ndarray) -> RunValue:
    """The value of one run on these rows."""
    sample = as_sample(scores)
    hits = None if sample.scores is None else tuple(int(side.sum()) for side in sample.scores.T)
    return RunValue(
        split_seed=split, train_seed=training, value=sample.value, rows=rows, of_set=sample.n,
        groups=np.arange(sample.n), influences=influences(sample), df=sample.df, n=sample.n, hits=hits,
        bounds=None if hits is None else (0.0, 1.0),
        over_rows=lambda confidence: Estimate(sample.value, np.nan, np.nan, sample.n, confidence, "none"),
    )  # fmt: skip


def cell_quantity(cell: CellValue) -> Quantity:
    """The value of a cell, as claims combine it."""
    return Quantity(value=cell.value, weights={cell: 1.0}, n=cell.n, seeds=len(cell.runs))
