"""Draws of rows: each evaluated set is drawn once, in an order of its rows that depends on their content alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

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
        self._order_of_rows: dict[tuple[str, int, str], tuple[str, NDArray[np.int64]]] = {}
        self._counts = lru_cache(maxsize=_KEPT)(self._counted)
        self._whole = lru_cache(maxsize=_KEPT)(self._drawn)

    def counts(self, key: RunKey, part: str, scenario: str | None) -> FloatArray:
        """How often the rows of a part, in their order, are drawn: (resamples, rows)."""
        digest, order = self.order(key, evaluated_set(part))
        return self._counts(digest, order.tobytes(), part, scenario, key.split_seed)

    def _counted(self, digest: str, order: bytes, part: str, scenario: str | None, split_seed: int) -> FloatArray:
        rows = np.frombuffer(order, dtype=np.int64)
        whole = self._whole(evaluated_set(part), digest, len(rows))
        if part in TEST_PARTS:
            whole = whole[:, self._results.members(part, scenario or "", split_seed)[rows]]
        return whole.astype(np.float64)

    def _drawn(self, evaluated: str, digest: str, rows: int) -> NDArray[np.uint16]:
        content = hashlib.sha256(f"{evaluated} {digest}".encode()).digest()
        rng = np.random.default_rng([self._seed, *content[:8]])
        counts = np.empty((self._n_resamples, rows), dtype=np.uint16)
        for i in range(self._n_resamples):
            counts[i] = np.bincount(rng.integers(0, rows, rows), minlength=rows)
        return counts

    def _order(self, key: RunKey, evaluated: str) -> tuple[str, NDArray[np.int64]]:
        """A digest of the rows that a run was evaluated on, the same in any order of them, and their order."""
        references = self._results.scores(key, evaluated).references
        as_they_are = _digest(references)
        asked = (evaluated, key.split_seed, as_they_are)
        if asked not in self._order_of_rows:
            content: list[tuple[str, ...]] = [(text,) for text in references]
            if len(set(references)) < len(references):  # only outputs tell rows of one reference apart
                outputs = self._outputs(evaluated, key.split_seed, as_they_are)
                content = [tuple(text or "" for text in row) for row in zip(references, *outputs, strict=True)]
            order = sorted(range(len(content)), key=content.__getitem__)
            in_order = _digest([references[i] for i in order])
            self._order_of_rows[asked] = in_order, np.array(order, dtype=np.int64)
        return self._order_of_rows[asked]

    def _outputs(self, evaluated: str, split_seed: int, rows: str) -> list[Sequence[str | None]]:
        """What every run wrote that was evaluated on these rows."""
        found = []
        for record in self._results.records:
            if record.status == "done" and record.key.split_seed == split_seed:
                scores = self._results.scores(record.key, evaluated)
                if _digest(scores.references) == rows:
                    found.append(scores.predictions)
        return found


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
