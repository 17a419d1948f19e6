"""Uniform samples of the rows of shards."""

from __future__ import annotations

import numpy as np

from codeshift.distributed.sources import Shards
from codeshift.hashing import generator
from codeshift.splits.rows import SplitRows


def sample_texts(source: Shards, column: str, rows: int, seed: int) -> list[str]:
    """Return the texts of a column in a sample of rows, in random order; all rows if there are no more.

    Args:
        source: Shards.
        column: Column.
        rows: Number of rows.
        seed: Seed.
    """
    numbers = [(number,) for number in range(len(source.shards))]
    lowest = np.sort(np.concatenate(source.each(_lowest, rows, seed, own=numbers)))
    last = lowest[min(rows, len(lowest)) - 1]
    drawn, texts = zip(*source.each(_texts, column, last, seed, own=numbers), strict=True)
    order = np.argsort(np.concatenate(drawn))
    every = [text for of_shard in texts for text in of_shard]
    return [every[row] for row in order.tolist()]


def _draws(rows: SplitRows, seed: int, number: int) -> np.ndarray:
    """Return a random number for each row of a shard."""
    return generator(seed, f"sample of file {number}").random(len(rows.training_table))


def _lowest(rows: SplitRows, most: int, seed: int, number: int) -> np.ndarray:
    return np.sort(_draws(rows, seed, number))[:most]


def _texts(rows: SplitRows, column: str, last: float, seed: int, number: int) -> tuple[np.ndarray, list[str]]:
    draws = _draws(rows, seed, number)
    taken = np.flatnonzero(draws <= last)
    return draws[taken], rows.training_table.texts(column).take(taken)
