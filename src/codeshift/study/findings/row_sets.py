"""Sets of the rows that runs were evaluated on, in an order that depends only on their content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from codeshift.study.results.study_results import StudyResults
from codeshift.study.settings.keys import RunKey


@dataclass(frozen=True, eq=False)
class RowSet:
    """Rows of one evaluated set.

    Attributes:
        name: Name with a digest of the rows, which does not depend on their order.
        order: Numbers of the rows, in an order that depends only on their content; shape (rows,).
        groups: Number, from 0, of each row's group of near-duplicates, in that order; shape (rows,).
        size: Number of groups.
    """

    name: str
    order: NDArray[np.int64] = field(repr=False)
    groups: NDArray[np.int64] = field(repr=False)
    size: int


class RowSets:
    """Sets of a study; runs on the same rows, in any order, share one."""

    def __init__(self, results: StudyResults) -> None:
        self._results = results
        self.of = lru_cache(maxsize=None)(self._of)
        self._sets: dict[tuple[str, int, str], RowSet] = {}

    def _of(self, key: RunKey, evaluated: str) -> RowSet:
        scores = self._results.scores(key, evaluated)
        references, sources = scores.references, scores.sources or [""] * len(scores)
        as_they_are = _digest([*sources, *references])
        at = (evaluated, key.split_seed, as_they_are)
        if at not in self._sets:
            content: list[tuple[str, ...]] = list(zip(references, sources, strict=True))
            if len(set(content)) < len(content):  # only outputs distinguish rows of the same texts
                outputs = self._outputs(evaluated, key.split_seed, as_they_are)
                content = [
                    (*texts, *(text or "" for text in row))
                    for texts, row in zip(content, zip(*outputs, strict=True), strict=True)
                ]
            order = np.array(sorted(range(len(content)), key=content.__getitem__), dtype=np.int64)
            _, first, groups = np.unique(
                self._results.copies(key, evaluated)[order], return_index=True, return_inverse=True
            )
            rank = np.empty(len(first), dtype=np.int64)
            rank[np.argsort(first)] = np.arange(len(first))
            name = f"{evaluated} {_digest([text for i in order for text in (references[i], sources[i])])}"
            self._sets[at] = RowSet(name, order, rank[groups], len(first))
        return self._sets[at]

    def _outputs(self, evaluated: str, split_seed: int, rows: str) -> list[Sequence[str | None]]:
        """Return the outputs of all runs that were evaluated on these rows."""
        outputs: list[Sequence[str | None]] = []
        for record in self._results.records:
            if record.status == "done" and record.key.split_seed == split_seed:
                scores = self._results.scores(record.key, evaluated)
                if _digest([*(scores.sources or [""] * len(scores)), *scores.references]) == rows:
                    outputs.append(scores.predictions)
        return outputs


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
