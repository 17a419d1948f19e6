"""The variance of a sum of cells over split seeds, training seeds and rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.metrics.aggregates.components import Component, components, fsum, half_width, noise
from codeshift.metrics.aggregates.seeds import FEWEST_EVENTS
from codeshift.metrics.base import FloatArray
from codeshift.study.findings.cell_values import CellValue


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Squared deviations of a sum of cells; each is a quadratic form of the cells' weights.

    Attributes:
        squares: Squares of split seeds, of rows between split seeds, of training seeds, of rows between training seeds,
            of rows, and of the variance that few hits do not show; shape (6,).
        splits: Smallest number of split seeds of a cell.
        trainings: Smallest number of training seeds of a split seed.
        row_df: Smallest degrees of freedom of the rows of a cell.
        own_rows: Whether every split seed has rows of its own.
    """

    squares: FloatArray
    splits: int
    trainings: int
    row_df: float
    own_rows: bool = False

    def components(self) -> list[Component]:
        """Return the components of split seeds, training seeds, rows, residual and unseen variance, each with its df.

        They are those of ``codeshift.metrics.hierarchical_bootstrap``, with split seeds above training seeds. Rows that
        all split seeds share are crossed with them, rows of their own are nested.
        """
        between, rows_between, within, rows_within, rows, unseen = self.squares
        of_splits, of_trainings = self.splits - 1, self.splits * (self.trainings - 1)
        trained = max(within - noise(of_trainings) * rows_within, 0.0) if of_trainings else 0.0
        drawn = between - trained - noise(of_splits) * rows_between if of_splits else 0.0
        residual, times = (rows_between, of_splits + self.own_rows)
        if self.splits < 2:
            residual, times = rows_within, self.trainings - 1
        return components(
            (drawn, of_splits), (trained, of_trainings),
            (rows - residual, self.row_df), (residual, times * self.row_df), (unseen, self.row_df),
        )  # fmt: skip


def moments(weights: Mapping[CellValue, float]) -> Moments | None:
    """Return the moments of a sum of cells; None if the rows of a cell do not show their variance.

    >>> moments({}).components()
    []
    """
    cells = list(weights.items())
    if any(not np.isfinite(run.influences).all() or len(run.groups) < 2 for cell, _ in cells for run in cell.runs):
        return None
    splits = sorted({split for cell, _ in cells for split in cell.by_split})
    trained = [cell for cell, _ in cells if cell.trained]
    counts = [len(runs) for cell in trained for runs in cell.by_split.values()]
    fewest = min((len(cell.by_split) for cell, _ in cells), default=1)
    trainings = min(counts, default=1)
    rows, by_split, by_run = _row_sums_by_run(cells, splits)
    squares = [
        _spread([_split_deviation(cells, split) for split in splits], fewest),
        _rows_between(by_split, rows, len(splits)) if fewest > 1 else 0.0,
        *(_variances_within(cells, by_run, splits) if trainings > 1 else (0.0, 0.0)),
        math.fsum(fsum(moved**2) for moved in rows.values()),
        math.fsum(weight**2 * cell.unseen_variance for cell, weight in cells),
    ]
    row_df = min((run.df for cell, _ in cells for run in cell.runs), default=0.0)
    return Moments(
        squares=np.array(squares),
        splits=fewest,
        trainings=trainings,
        row_df=row_df,
        own_rows=len(by_split) == len(rows),
    )


def unseen_of_difference(weights: Mapping[CellValue, float]) -> float:
    """Return the variance of a difference of shares on the same rows that fewer than 5 differing groups do not show.

    Two models that are right on the same rows show no difference, which is evidence of a small one, not of none. As for
    a share at its bound, two more groups that differ, and two that do not, are added.
    """
    cells = list(weights.items())
    sets = {run.rows for cell, _ in cells for run in cell.runs}
    if len(cells) != 2 or len(sets) > 1 or any(cell.hits is None for cell, _ in cells):
        return 0.0
    (moved,) = _row_sums_by_run(cells, sorted({split for cell, _ in cells for split in cell.by_split}))[0].values()
    count = len(cells[0][0].smallest.groups)
    largest = max(abs(weight) for _, weight in cells)
    differing = int((np.abs(moved) > 1e-9 * largest).sum())
    if differing >= FEWEST_EVENTS:
        return 0.0
    return max(0.0, largest**2 * (differing + 2) / (count + 4) ** 2 - fsum(moved**2))


def fewest_runs(weights: Mapping[CellValue, float]) -> int | None:
    """Return the smallest number of runs of a trained cell; None if nothing is trained.

    >>> fewest_runs({})
    """
    return min((len(cell.runs) for cell in weights if cell.trained), default=None)


def fieller_ends(top: float, bottom: float, spreads: Sequence[Moments], confidence: float) -> tuple[float, float]:
    """Return the ends of the ratios r whose top - r bottom may be 0, by its interval; NaN if the bottom may be 0.

    Args:
        top: Numerator.
        bottom: Divisor, not 0.
        spreads: Moments of the numerator, of the divisor, and of their sum.
        confidence: Confidence of the interval.

    Source: Fieller, Some problems in interval estimation (J. Royal Stat. Soc. B 1954).
    """
    if len(spreads) < 3:
        return math.nan, math.nan
    first, second, both = (spread.squares for spread in spreads)
    product = (both - first - second) / 2

    def half(of_top: float, of_bottom: float) -> float:
        squares = of_top**2 * first + 2 * of_top * of_bottom * product + of_bottom**2 * second
        of = Moments(
            squares=squares, splits=spreads[2].splits, trainings=spreads[2].trainings, row_df=spreads[2].row_df,
            own_rows=spreads[2].own_rows,
        )  # fmt: skip
        return half_width(of.components(), confidence)

    if half(0.0, 1.0) >= abs(bottom):
        return math.nan, math.nan
    ratio = top / bottom
    low, high = (
        _reached(lambda r: abs(top - r * bottom) > half(1.0, -r), ratio, sign * _step(ratio, half(1.0, -ratio), bottom))
        for sign in (-1, 1)
    )
    return low, high


def _step(ratio: float, half: float, bottom: float) -> float:
    return half / abs(bottom) or 1e-12 * max(1.0, abs(ratio))


def _reached(outside: Callable[[float], bool], start: float, step: float) -> float:
    """Return the first point after ``start``, in the direction of ``step``, where ``outside`` is true; NaN if none."""
    inner, outer = start, start + step
    for _ in range(60):
        if outside(outer):
            break
        inner, outer = outer, start + 2 * (outer - start)
    else:
        return math.nan
    for _ in range(50):
        middle = (inner + outer) / 2
        inner, outer = (inner, middle) if outside(middle) else (middle, outer)
    return outer


def _split_deviation(cells: Sequence[tuple[CellValue, float]], split: int) -> float:
    return math.fsum(
        weight * (cell.split_means[split] - cell.value) / len(cell.by_split)
        for cell, weight in cells
        if split in cell.by_split
    )


def _spread(deviations: Sequence[float], count: int) -> float:
    """Return the variance of a sum of independent deviations, from their squares; 0 for a single one."""
    if count < 2:
        return 0.0
    middle = math.fsum(deviations) / len(deviations)
    return count / (count - 1) * math.fsum((deviation - middle) ** 2 for deviation in deviations)


def _row_sums_by_run(
    cells: Sequence[tuple[CellValue, float]], splits: Sequence[int]
) -> tuple[dict[str, FloatArray], dict[tuple[str, int], FloatArray], dict[tuple[str, int, int | None], FloatArray]]:
    """Return the influence of each group of rows on the sum: in total, by split seed, and by run."""
    by_run: dict[tuple[str, int, int | None], FloatArray] = {}
    for cell, weight in cells:
        for split in splits:
            runs = cell.by_split.get(split, [])
            for run in runs:
                at = run.rows, split, run.train_seed
                if at not in by_run:
                    by_run[at] = np.zeros(run.of_set)
                by_run[at][run.groups] += weight / (len(cell.by_split) * len(runs)) * run.influences
    by_split: dict[tuple[str, int], FloatArray] = {}
    rows: dict[str, FloatArray] = {}
    for (name, split, _), moved in by_run.items():
        by_split[name, split] = by_split.get((name, split), 0.0) + moved
        rows[name] = rows.get(name, 0.0) + moved
    return rows, by_split, by_run


def _rows_between(by_split: Mapping[tuple[str, int], FloatArray], rows: Mapping[str, FloatArray], count: int) -> float:
    """Return the variance between split seeds that their rows cause: all of it for own rows, the residual if shared."""
    squares = []
    for name, total in rows.items():
        mine = [moved for (of, _), moved in by_split.items() if of == name]
        squares += [fsum((moved - total / count) ** 2) for moved in mine]
        squares.append((count - len(mine)) * fsum((total / count) ** 2))
    return count / (count - 1) * math.fsum(squares)


def _variances_within(
    cells: Sequence[tuple[CellValue, float]],
    by_run: Mapping[tuple[str, int, int | None], FloatArray],
    splits: Sequence[int],
) -> tuple[float, float]:
    """Return the variances of training seeds within split seeds, and of rows between training seeds."""
    seeds, rows = [], []
    for split in splits:
        moved: dict[int, list[float]] = {}
        for cell, weight in cells:
            for run in cell.by_split.get(split, []) if cell.trained else []:
                share = weight / (len(cell.by_split) * len(cell.by_split[split]))
                moved.setdefault(run.train_seed or 0, []).append(share * (run.value - cell.split_means[split]))
        count = len(moved)
        if count < 2:
            continue
        seeds.append(_spread([math.fsum(shares) for shares in moved.values()], count))
        for name in dict.fromkeys(of for of, at, _ in by_run if at == split):
            mine = [by_run[of, at, seed] for of, at, seed in by_run if (of, at) == (name, split) and seed is not None]
            mean = sum(mine, np.zeros(1)) / count
            deviations = [fsum((own - mean) ** 2) for own in mine] + [(count - len(mine)) * fsum(mean**2)]
            rows.append(count / (count - 1) * math.fsum(deviations))
    return math.fsum(seeds), math.fsum(rows)
