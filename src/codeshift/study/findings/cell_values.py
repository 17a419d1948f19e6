"""The value of a cell over its seeds, and the influence of each run and each group of rows on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from codeshift.metrics import Estimate
from codeshift.metrics.aggregates.seeds import FEWEST_EVENTS
from codeshift.metrics.base import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class RunValue:
    """Value of one run on one part.

    Attributes:
        split_seed: Seed of the split.
        train_seed: Seed of the training; None if nothing was trained.
        value: Value over all scored rows of the part.
        rows: Name of the set of the rows; runs on the same rows share it.
        of_set: Number of groups in that set.
        groups: Numbers of the groups that the part's rows fall into; shape (g,).
        influences: Influence of each group on the value; shape (g,). Their squares sum to its variance over rows.
        df: Degrees of freedom of that variance.
        n: Number of scored rows.
        hits: Number of groups with a hit, and with a miss, if each score is 0 or 1; None otherwise.
        bounds: Lowest and highest value that is possible; None if they are unknown.
        over_rows: Function that returns the interval over rows at a confidence.
    """

    split_seed: int
    train_seed: int | None
    value: float
    rows: str
    of_set: int
    groups: NDArray[np.int64] = field(repr=False)
    influences: FloatArray = field(repr=False)
    df: float
    n: int
    hits: tuple[int, int] | None
    bounds: tuple[float, float] | None
    over_rows: Callable[[float], Estimate] = field(repr=False)


@dataclass(frozen=True, eq=False)
class CellValue:
    """Mean over split seeds of the mean over training seeds of a cell's runs.

    Attributes:
        runs: Values of the runs that are done; at least one.
    """

    runs: tuple[RunValue, ...]

    @cached_property
    def by_split(self) -> dict[int, list[RunValue]]:
        """Runs of each split seed."""
        by_seed: dict[int, list[RunValue]] = {}
        for run in self.runs:
            by_seed.setdefault(run.split_seed, []).append(run)
        return by_seed

    @cached_property
    def split_means(self) -> dict[int, float]:
        """Mean of each split seed's runs."""
        return {split: math.fsum(run.value for run in runs) / len(runs) for split, runs in self.by_split.items()}

    @cached_property
    def value(self) -> float:
        """Cell's value; NaN if a run has none."""
        return math.fsum(self.split_means.values()) / len(self.split_means)

    @property
    def trained(self) -> bool:
        """Whether the runs are of trained models, so that training seeds matter."""
        return any(run.train_seed is not None for run in self.runs)

    @cached_property
    def smallest(self) -> RunValue:
        """Run with the fewest rows."""
        return min(self.runs, key=lambda run: (run.n, len(run.groups)))

    @property
    def n(self) -> int:
        """Number of rows behind the value, of the run with the fewest."""
        return self.smallest.n

    @property
    def group_count(self) -> int | None:
        """Number of groups that those rows fall into; None if each row is a group of its own."""
        return None if len(self.smallest.groups) == self.n else len(self.smallest.groups)

    @property
    def bounded(self) -> bool:
        """Whether the value always lies between 0 and 1."""
        return self.bounds == (0.0, 1.0)

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Lowest and highest value that is possible; None if they are unknown."""
        bounds = {run.bounds for run in self.runs}
        return bounds.pop() if len(bounds) == 1 else None

    @cached_property
    def hits(self) -> tuple[int, int] | None:
        """Hits and misses of all runs if the value is a share; None otherwise."""
        counts = [run.hits for run in self.runs if run.hits is not None]
        if len(counts) < len(self.runs):
            return None
        return sum(hits for hits, _ in counts), sum(misses for _, misses in counts)

    @property
    def few(self) -> str:
        """Reason why a share has no interval over seeds; empty if it has one."""
        counts = zip(("hits", "misses"), self.hits or (FEWEST_EVENTS, FEWEST_EVENTS), strict=True)
        return " and ".join(f"fewer than {FEWEST_EVENTS} {what}" for what, count in counts if count < FEWEST_EVENTS)

    @cached_property
    def unseen_variance(self) -> float:
        """Variance of a share that its few hits or misses do not show.

        It is the variance of Agresti and Coull's share, with two more hits and two more misses among the rows of a run,
        minus the variance that the rows show. A share at its bound would have no variance otherwise.
        """
        if not self.few or self.hits is None:
            return 0.0
        count = len(self.smallest.groups)
        share = (self.hits[0] / max(1, sum(self.hits)) * count + 2) / (count + 4)
        shown = float((self.smallest.influences**2).sum()) if len(self.smallest.influences) else 0.0
        return max(0.0, share * (1 - share) / (count + 4) - shown)

    def over_rows(self, confidence: float) -> Estimate:
        """Return the interval of the only run, as ``bootstrap_ci`` does."""
        return self.runs[0].over_rows(confidence)
