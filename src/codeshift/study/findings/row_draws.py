"""Draws of rows: each evaluated set is drawn once, in an order of its rows that depends on their content alone."""

from __future__ import annotations

import hashlib
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from codeshift.metrics.base import FloatArray
from codeshift.study.keys import RunKey
from codeshift.study.results import TEST_PARTS, StudyResults

_KEPT = 4  # draws of a part that are kept in memory: 8 bytes a row and resample


def evaluated_set(part: str) -> str:
    """The set that holds a part's rows.

    >>> evaluated_set("test_ood"), evaluated_set("general")
    ('test', 'general')
    """
    return "test" if part in TEST_PARTS else part


class RowDraws:
    """How often each resample draws each row.

    A test set is drawn once for all scenarios, of which each takes its own rows; sets of the same rows are drawn alike.
    """

    def __init__(self, results: StudyResults, n_resamples: int, seed: int) -> None:
        self._results, self._n_resamples, self._seed = results, n_resamples, seed
        self.order = lru_cache(maxsize=None)(self._order)
        self.counts = lru_cache(maxsize=_KEPT)(self._counts)
        self._whole = lru_cache(maxsize=_KEPT)(self._drawn)

    @cached_property
    def _done(self) -> dict[int, list[RunKey]]:
        found: dict[int, list[RunKey]] = {}
        for record in self._results.records:
            if record.status == "done":
                found.setdefault(record.key.split_seed, []).append(record.key)
        return found

    def _counts(self, part: str, scenario: str | None, split_seed: int) -> FloatArray:
        """Of the rows of a part in their order, (resamples, rows)."""
        digest, order = self.order(part, split_seed)
        whole = self._whole(evaluated_set(part), digest, len(order))
        if part in TEST_PARTS:
            whole = whole[:, self._results.members(part, scenario or "", split_seed)[order]]
        return whole.astype(np.float64)

    def _drawn(self, evaluated: str, digest: str, rows: int) -> NDArray[np.uint16]:
        content = hashlib.sha256(f"{evaluated} {digest}".encode()).digest()
        rng = np.random.default_rng([self._seed, *content[:8]])
        counts = np.empty((self._n_resamples, rows), dtype=np.uint16)
        for i in range(self._n_resamples):
            counts[i] = np.bincount(rng.integers(0, rows, rows), minlength=rows)
        return counts

    def _order(self, part: str, split_seed: int) -> tuple[str, NDArray[np.int64]]:
        """A digest of the rows of a part's set, and their order."""
        evaluated, keys = evaluated_set(part), self._done[split_seed]
        references = self._results.scores(keys[0], evaluated).references
        content: list[tuple[str, ...]] = [(text,) for text in references]
        if len(set(references)) < len(references):  # only outputs tell rows of one reference apart
            outputs = [self._results.scores(key, evaluated).predictions for key in keys]
            content = [tuple(text or "" for text in row) for row in zip(references, *outputs, strict=True)]
        order = sorted(range(len(content)), key=content.__getitem__)
        digest = hashlib.sha256("\0".join(content[i][0] for i in order).encode("utf-8", "surrogatepass"))
        return digest.hexdigest(), np.array(order, dtype=np.int64)
