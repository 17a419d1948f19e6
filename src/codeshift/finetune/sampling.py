"""Text that is drawn: each row by random numbers of its own, whatever batch it stands in and whenever it is made."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import LogitsProcessor

from codeshift.finetune.ragged import Ragged


def row_numbers(sources: Ragged, rows: NDArray[np.int64], seed: int, count: int) -> NDArray[np.float64]:
    """``count`` numbers in [0, 1) for each of ``rows``, (rows, count).

    They follow from the seed, the row's source and how many rows before it have the same source: so another order of
    the rows draws the same texts, and equal rows draw different ones.

    >>> same = Ragged.of([[1, 2], [1, 2]])
    >>> first, second = row_numbers(same, np.array([0, 1]), 0, 3)
    >>> bool((first == second).any())
    False
    """
    seen: Counter[bytes] = Counter()
    keys: list[tuple[int, int]] = []
    for source in sources:
        digest = hashlib.sha256(source.tobytes()).digest()
        keys.append((int.from_bytes(digest[:8], "big"), seen[digest]))
        seen[digest] += 1
    return np.stack([np.random.default_rng([seed, *keys[row]]).random(count) for row in rows])


class RowSampler(LogitsProcessor):  # type: ignore[misc]  # transformers is not typed
    """Leaves each row the one token that its next number picks, for greedy search to take.

    Args:
        numbers: (rows, steps), in [0, 1).
        temperature: divides the logits.
        top_p: draw from the likeliest tokens that hold this much probability.
        warpers: of transformers, which bend the scores first.
    """

    def __init__(
        self,
        numbers: NDArray[np.float64],
        temperature: float = 1.0,
        top_p: float = 1.0,
        warpers: Sequence[LogitsProcessor] = (),
    ) -> None:
        self._numbers, self._temperature, self._top_p = torch.from_numpy(numbers), temperature, top_p
        self._warpers = tuple(warpers)
        self._step = 0

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores (rows, vocabulary) in which one token a row is possible."""
        for warper in self._warpers:
            scores = warper(input_ids, scores)
        # Double precision: a sum over a whole vocabulary decides which token it is.
        probabilities = (scores.double() / self._temperature).softmax(-1)
        probabilities, order = torch.sort(probabilities, descending=True, stable=True)
        below = probabilities.cumsum(-1) - probabilities
        sums = probabilities.where(below < self._top_p, 0.0).cumsum(-1)
        wanted = self._numbers[:, self._step : self._step + 1].to(scores.device) * sums[:, -1:]
        picked = order.gather(-1, (sums <= wanted).sum(-1, keepdim=True).clamp(max=sums.shape[-1] - 1))
        self._step += 1
        return torch.full_like(scores, -torch.inf).scatter(-1, picked, 0.0)
