"""Scores of runs that are read when they are first asked for, and what is computed of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from codeshift.memory import Memory
from codeshift.metrics.aggregates.copies import copies
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.settings.keys import RunKey

Load = Callable[[RunKey, str], RunScores]
"""Function that returns the scores of a run on a set of rows."""

_KEPT = 64


class CachedScores:
    """Function that returns the scores of a run on a set; those asked for last are kept in memory.

    Args:
        load: Function that reads them.

    >>> from codeshift.metrics import ExactMatch
    >>> scores = RunScores(["a"], ["a"], {"exact_match": ExactMatch().statistics(["a"], ["a"])})
    >>> cached = CachedScores(lambda key, part: scores)
    >>> cached(RunKey(method="none"), "test") is scores
    True
    """

    def __init__(self, load: Load) -> None:
        self._load = lru_cache(maxsize=_KEPT)(load)
        self._copies_of_runs = Memory()
        self._copies_of_texts = Memory()

    def __call__(self, key: RunKey, part: str) -> RunScores:
        """Return the scores of a run on a set."""
        return self._load(key, part)

    def copies(self, key: RunKey, part: str) -> NDArray[np.int64]:
        """Return a number for each row of a set, equal for rows that are nearly the same, found once for all runs."""
        return self._copies_of_runs.remember((key, part), lambda: self._copies(self(key, part)))

    def _copies(self, scores: RunScores) -> NDArray[np.int64]:
        digest = hashlib.sha256()
        for text in (*scores.sources, "", *scores.references):
            digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
        return self._copies_of_texts.remember(digest.digest(), lambda: copies(scores.sources, scores.references))
