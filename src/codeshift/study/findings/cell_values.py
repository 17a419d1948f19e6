"""The value of a cell over its seeds, with how far each run and each group of rows moves it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from codeshift.metrics import Estimate
from codeshift.metrics.aggregates.seeds import FEWEST
from codeshift.metrics.base import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class RunValue:
    """The value of one run on one part.

    Attributes:
        split_seed: of the dealing.
        train_seed: of the training; None where nothing was trained.
        value: of all rows of the part that were scored.
        rows: the name of the set that the rows are of; runs on the same rows share it.
        of_set: the number of groups in that set.
        groups: the numbers of the groups that the part's rows fall into, shape (g,).
        influences: how far each moves the value, shape (g,): their squares add up to its variance over rows.
        df: degrees of freedom of that variance.
        n: rows scored.
        hits: where each score is 0 or 1, the groups with a hit, and with a miss; None otherwise.
        bounded: whether values lie between 0 and 1.
        over_rows: its interval over rows at a confidence.
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
    bounded: bool
    over_rows: Callable[[float], Estimate] = field(repr=False)


@dataclass(frozen=True, eq=False)
class CellValue:
    """The mean over split seeds of the mean over training seeds of runs of one kind.

    Attributes:
        runs: those that are done; at least one.
    """

    runs: tuple[RunValue, ...]

    @cached_property
    def by_split(self) -> dict[int, list[RunValue]]:
        """The runs of each split seed."""
        found: dict[int, list[RunValue]] = {}
        for run in self.runs:
            found.setdefault(run.split_seed, []).append(run)
        return found

    @cached_property
    def split_means(self) -> dict[int, float]:
        """The mean of each split seed's runs."""
        return {split: math.fsum(run.value for run in runs) / len(runs) for split, runs in self.by_split.items()}

    @cached_property
    def value(self) -> float:
        """The cell's value; NaN where a run has none."""
        return math.fsum(self.split_means.values()) / len(self.split_means)

    @property
    def trained(self) -> bool:
        """Whether the runs are of trained models, so that training seeds matter."""
        return any(run.train_seed is not None for run in self.runs)

    @cached_property
    def smallest(self) -> RunValue:
        """The run with the fewest rows."""
        return min(self.runs, key=lambda run: (run.n, len(run.groups)))

    @property
    def n(self) -> int:
        """Rows behind the value, of the run that has fewest."""
        return self.smallest.n

    @property
    def group_count(self) -> int | None:
        """Groups that those rows fall into, where they are fewer."""
        return None if len(self.smallest.groups) == self.n else len(self.smallest.groups)

    @property
    def bounded(self) -> bool:
        """Whether the value lies between 0 and 1 by its nature."""
        return all(run.bounded for run in self.runs)

    @cached_property
    def hits(self) -> tuple[int, int] | None:
        """Of a share, the hits and the misses of all runs; None of anything else."""
        found = [run.hits for run in self.runs if run.hits is not None]
        if len(found) < len(self.runs):
            return None
        return sum(hits for hits, _ in found), sum(misses for _, misses in found)

    @property
    def few(self) -> str:
        """Why a share has no interval over seeds; empty where it has one."""
        told = zip(("hits", "misses"), self.hits or (FEWEST, FEWEST), strict=True)
        return " and ".join(f"fewer than {FEWEST} {what}" for what, count in told if count < FEWEST)

    @cached_property
    def unseen_variance(self) -> float:
        """Of a share with few hits or misses, the variance that they are too few to show.

        That of Agresti and Coull's share, of two more hits and two more misses among the rows of a run, less what the
        rows show. A share at its bound would have none at all.
        """
        if not self.few or self.hits is None:
            return 0.0
        count = len(self.smallest.groups)
        share = (self.hits[0] / max(1, sum(self.hits)) * count + 2) / (count + 4)
        shown = float((self.smallest.influences**2).sum()) if len(self.smallest.influences) else 0.0
        return max(0.0, share * (1 - share) / (count + 4) - shown)

    def over_rows(self, confidence: float) -> Estimate:
        """The interval of the one run, as ``bootstrap_ci`` has it."""
        return self.runs[0].over_rows(confidence)
