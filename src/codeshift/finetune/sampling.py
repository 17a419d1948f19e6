"""Sampling with random numbers of each row's own, so that neither batches nor their order change an output."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import LogitsProcessor

from codeshift.finetune.ragged import Ragged


class RowNumbers:
    """Random numbers of each row and sample.

    They depend on the seed, the source of the row, the number of earlier rows with the same source and the number of
    the sample: another order of the rows draws the same texts, equal rows draw different texts, and more samples keep
    those that fewer would be.

    Args:
        sources: Token ids of the sources.
        seed: Seed.

    >>> same = RowNumbers(Ragged.of([[1, 2], [1, 2]]), 0)
    >>> (first, second), other = same.draw([0, 1], 3), same.draw([0], 3, samples=[1])[0]
    >>> bool((first == second).any()), bool((first == other).any())
    (False, False)
    """

    def __init__(self, sources: Ragged, seed: int) -> None:
        self._keys, self._seed = _source_keys(sources), seed

    def draw(self, rows: Sequence[int], count: int, samples: Sequence[int] | None = None) -> NDArray[np.float64]:
        """Return ``count`` numbers in [0, 1) for each of ``rows``, (rows, count).

        Args:
            rows: Numbers of the rows.
            count: Number of numbers.
            samples: Number of the sample of each of ``rows``, from 0; None takes the first.
        """
        firsts = [0] * len(rows) if samples is None else samples
        pairs = zip(rows, firsts, strict=True)
        seeds = [[self._seed, *self._keys[row], *([sample] if sample else [])] for row, sample in pairs]
        return np.stack([np.random.default_rng(seed).random(count) for seed in seeds])


def _source_keys(sources: Ragged) -> list[tuple[int, int]]:
    seen: Counter[bytes] = Counter()
    keys: list[tuple[int, int]] = []
    for source in sources:
        digest = hashlib.sha256(source.tobytes()).digest()
        keys.append((int.from_bytes(digest[:8], "big"), seen[digest]))
        seen[digest] += 1
    return keys


class RowSampler(LogitsProcessor):  # type: ignore[misc]  # transformers is not typed
    """A logits processor that leaves each row only the token that its next random number picks, for greedy search.

    Args:
        numbers: Random numbers in [0, 1), (rows, steps).
        temperature: Number that divides the logits.
        top_p: Share of probability of the likeliest tokens to draw from.
        warpers: Processors of transformers that are applied to the scores first.
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
        """Return scores, (rows, vocabulary), in which one token per row is possible."""
        for warper in self._warpers:
            scores = warper(input_ids, scores)
        # Double precision: a sum over the whole vocabulary decides which token is picked.
        probabilities = (scores.double() / self._temperature).softmax(-1)
        probabilities, order = torch.sort(probabilities, descending=True, stable=True)
        below = probabilities.cumsum(-1) - probabilities
        sums = probabilities.where(below < self._top_p, 0.0).cumsum(-1)
        thresholds = self._numbers[:, self._step : self._step + 1].to(scores.device) * sums[:, -1:]
        picked = order.gather(-1, (sums <= thresholds).sum(-1, keepdim=True).clamp(max=sums.shape[-1] - 1))
        self._step += 1
        return torch.full_like(scores, -torch.inf).scatter(-1, picked, 0.0)
