"""The rows of each step, which depend on the seed and the epoch alone, so that a run can resume anywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray

from codeshift.finetune.training_config import TrainingConfig

# The time of a CPU grows with the tokens almost from the first. A GPU takes a fixed time to start the kernels of a
# batch, in which it could compute more tokens for a model of fewer weights (both: benchmarks/finetune.md). The second
# number follows from two runs on an H200, where batches that cost 2,000 tokens were too small for a Llama of 1B, and
# those that cost 15,000 a little too small for one of 135M.
_TOKENS_ON_CPU, _TOKENS_TIMES_WEIGHTS = 128.0, 4e12


Batch: TypeAlias = dict[str, torch.Tensor]
"""Tensors of some rows by name."""


@dataclass(frozen=True)
class StepPlan:
    """The rows of every step of every epoch, by a plain shuffle.

    If a step held rows of similar lengths, it would hold the rows of one label wherever length gives the label away,
    and training would swing between labels. ``batches`` saves padding within a step instead.

    Attributes:
        rows: Number of rows in an epoch.
        rows_per_step: Number of rows in a step; the last of an epoch may have fewer.
        seed: Seed of the order.

    >>> [step.tolist() for step in StepPlan(rows=5, rows_per_step=2, seed=0).epoch(0)]
    [[2, 4], [3, 0], [1]]
    """

    rows: int
    rows_per_step: int
    seed: int

    def epoch(self, epoch: int) -> list[NDArray[np.int64]]:
        """Return the row numbers of each step of one epoch (from 0), each row exactly once."""
        return _fixed_chunks(np.random.default_rng([self.seed, epoch]).permutation(self.rows), self.rows_per_step)


def _fixed_chunks(rows: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


@dataclass(frozen=True)
class BatchCost:
    """The cost of computing a step in batches: its padded tokens, plus a fixed cost per batch.

    Attributes:
        largest: Largest number of rows in a batch.
        per_batch: Fixed time of a batch, as a number of tokens; infinite for batches of ``largest`` rows in the order
            of the step.
        processes: Number of processes that share the rows of each batch.
    """

    largest: int
    per_batch: float
    processes: int = 1

    @classmethod
    def of(cls, config: TrainingConfig, accelerator: Accelerator, weights: int) -> BatchCost:
        """Return the cost for a model with this number of ``weights`` on the device of a run."""
        per_batch = _TOKENS_ON_CPU if accelerator.device.type == "cpu" else _TOKENS_TIMES_WEIGHTS / weights
        if not config.bucket_by_length:
            per_batch = math.inf
        return cls(config.micro_batch_size, per_batch, accelerator.num_processes)


def batches(rows: NDArray[np.int64], lengths: NDArray[np.int64], cost: BatchCost) -> list[NDArray[np.int64]]:
    """Divide the rows of a step into batches of similar lengths, at the least total cost.

    The loss of a step is the sum over its batches, so the division does not change it. The rows are sorted in three
    ways, by source length, by target length and by their sum, and each order is cut at its best places; the cheapest
    of the three is returned.

    Args:
        rows: Row numbers of the step, (n,).
        lengths: Two lengths of every row that padding depends on, such as those of source and target,
            (all rows, 2).
        cost: Cost of a batch.

    >>> lengths = np.array([[5, 2], [400, 90], [6, 2], [410, 80]])
    >>> [batch.tolist() for batch in batches(np.arange(4), lengths, BatchCost(largest=4, per_batch=32))]
    [[0, 2], [1, 3]]
    """
    if math.isinf(cost.per_batch):
        return _fixed_chunks(rows, cost.largest)
    own = lengths[rows]
    orders = [np.lexsort(keys) for keys in ((own[:, 1], own[:, 0]), (own[:, 0], own[:, 1]), (own[:, 0], own.sum(1)))]
    cuts = [_cheapest_cuts(own[order], cost) for order in orders]
    best = min(range(len(cuts)), key=lambda i: cuts[i][0])
    return np.split(rows[orders[best]], cuts[best][1])


def _cheapest_cuts(lengths: NDArray[np.int64], cost: BatchCost) -> tuple[float, list[int]]:
    """Return the least cost of rows in their order and the places to cut them, by a shortest path over all cuts."""
    n = len(lengths)
    cheapest, before = np.zeros(n + 1), np.zeros(n + 1, dtype=np.int64)
    for end in range(1, n + 1):
        count = np.arange(1, min(end, cost.largest) + 1)
        longest = np.maximum.accumulate(lengths[end - len(count) : end][::-1], axis=0).sum(axis=1)
        shared = -(-count // cost.processes)  # rows of the busiest process
        total = cheapest[end - count] + shared * longest + cost.per_batch
        taken = int(total.argmin())
        cheapest[end], before[end] = total[taken], end - count[taken]
    places = [int(before[n])]
    while places[-1]:
        places.append(int(before[places[-1]]))
    return float(cheapest[n]), places[-2::-1]


def pad(rows: Sequence[NDArray[Any]], value: int, *, left: bool = False) -> torch.Tensor:
    """Return rows as one int64 tensor, (rows, longest), padded with ``value`` at their ends (or starts if ``left``)."""
    longest = max(len(row) for row in rows)
    out = np.full((len(rows), longest), value, dtype=np.int64)
    for i, row in enumerate(rows):
        start = longest - len(row) if left else 0
        out[i, start : start + len(row)] = row
    return torch.from_numpy(out)
