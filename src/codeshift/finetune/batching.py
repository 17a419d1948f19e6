"""Which rows make a step, in which order: a function of the seed and the epoch alone, so a run can go on anywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from codeshift.finetune.encoding import Encoded

IGNORED = -100  # what cross entropy leaves out


@dataclass(frozen=True)
class StepPlan:
    """The rows of every step of every epoch.

    The rows of a step are fixed before it is divided into batches, so accumulation changes no step.

    Attributes:
        lengths: (rows, 2) what a batch is padded to: see ``padded_lengths``.
        rows_per_step: rows in a step; the last of an epoch may have fewer.
        seed: of the order.
        bucket_by_length: rows of like lengths stand in one step.

    >>> plan = StepPlan(np.array([[5, 2], [40, 9], [6, 2], [41, 8]]), 2, seed=0, bucket_by_length=True)
    >>> sorted(sorted(step.tolist()) for step in plan.epoch(0))
    [[0, 2], [1, 3]]
    """

    lengths: NDArray[np.int64]
    rows_per_step: int
    seed: int
    bucket_by_length: bool

    def epoch(self, epoch: int) -> list[NDArray[np.int64]]:
        """The row numbers of each step of one epoch (from 0), each row exactly once."""
        generator = np.random.default_rng([self.seed, epoch])
        order = generator.permutation(len(self.lengths))
        if not self.bucket_by_length:
            return _chunks(order, self.rows_per_step)
        # As many buckets by the first length as each then has steps by the second: the least padding of both.
        count = max(1, round(math.sqrt(len(order) / self.rows_per_step)))
        order = order[np.argsort(self.lengths[order, 0], kind="stable")]
        # Edges of the buckets move from epoch to epoch, so that rows near an edge meet on both sides of it.
        bucket = (np.arange(len(order)) * count / len(order) + generator.random()).astype(np.int64)
        second = self.lengths[order, 1]
        # Up and down in turn, so that a step over an edge is alike in the second length.
        order = order[np.lexsort((np.where(bucket % 2 == 0, second, -second), bucket))]
        steps = _chunks(order, self.rows_per_step)
        return [steps[i] for i in generator.permutation(len(steps))]


def padded_lengths(data: Encoded, is_decoder: bool) -> NDArray[np.int64]:
    """(rows, 2): the lengths of source and target, or for a decoder twice the length of both together."""
    sources, targets = data.sources.lengths, data.targets.lengths
    return np.stack([sources + targets] * 2 if is_decoder else [sources, targets], axis=1)


def _chunks(rows: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def batches(rows: NDArray[np.int64], size: int, lengths: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The rows of a step as batches of ``size`` rows, each of like lengths."""
    order = rows[np.lexsort((lengths[rows, 1], lengths[rows, 0]))]
    return _chunks(order, size)


def pad(rows: Sequence[NDArray[Any]], value: int, *, left: bool = False) -> torch.Tensor:
    """Rows as one (rows, longest) tensor of int64, filled with ``value`` at their ends (or their starts)."""
    longest = max(len(row) for row in rows)
    out = np.full((len(rows), longest), value, dtype=np.int64)
    for i, row in enumerate(rows):
        start = longest - len(row) if left else 0
        out[i, start : start + len(row)] = row
    return torch.from_numpy(out)


@dataclass(frozen=True)
class Collator:
    """Rows of token ids to the tensors that a model takes.

    Attributes:
        pad_id: the id that fills rows.
        is_decoder: source and target are one sequence.
    """

    pad_id: int
    is_decoder: bool

    def __call__(self, data: Encoded, rows: NDArray[np.int64]) -> dict[str, torch.Tensor]:
        """``input_ids``, ``attention_mask`` and ``labels``, each (rows, longest); labels ignore all but the target."""
        sources = [data.sources[i] for i in rows]
        targets = [data.targets[i] for i in rows]
        labels = targets
        if self.is_decoder:
            labels = [np.concatenate([np.full_like(s, IGNORED), t]) for s, t in zip(sources, targets, strict=True)]
            sources = [np.concatenate([s, t]) for s, t in zip(sources, targets, strict=True)]
        ones = [np.ones(len(s), dtype=np.int64) for s in sources]
        return {"input_ids": pad(sources, self.pad_id), "attention_mask": pad(ones, 0), "labels": pad(labels, IGNORED)}
