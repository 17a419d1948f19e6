"""The tensors of a batch of sources and targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from codeshift.finetune.batching import pad
from codeshift.finetune.encoding import Encoded

IGNORED = -100  # the label that cross entropy ignores


@dataclass(frozen=True)
class Collator:
    """A function from rows of token ids to the tensors that a model takes.

    Attributes:
        pad_id: Id of the padding token.
        is_decoder: Whether source and target are one sequence.
    """

    pad_id: int
    is_decoder: bool

    def lengths(self, data: Encoded) -> NDArray[np.int64]:
        """Return the lengths of source and target, (rows, 2); for a decoder, the length of both together twice."""
        sources, targets = data.sources.lengths, data.targets.lengths
        return np.stack([sources + targets] * 2 if self.is_decoder else [sources, targets], axis=1)

    def __call__(self, data: Encoded, rows: NDArray[np.int64]) -> dict[str, torch.Tensor]:
        """Return ``input_ids``, ``attention_mask`` and ``labels``, (rows, longest); labels ignore all but targets."""
        sources = [data.sources[i] for i in rows]
        targets = [data.targets[i] for i in rows]
        labels = targets
        if self.is_decoder:
            labels = [np.concatenate([np.full_like(s, IGNORED), t]) for s, t in zip(sources, targets, strict=True)]
            sources = [np.concatenate([s, t]) for s, t in zip(sources, targets, strict=True)]
        ones = [np.ones(len(s), dtype=np.int64) for s in sources]
        return {"input_ids": pad(sources, self.pad_id), "attention_mask": pad(ones, 0), "labels": pad(labels, IGNORED)}
