"""Counts of elements (node types, APIs, tokens) by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, repeat
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, eq=False)
class ElementCounts:
    """Counts of elements by row.

    Attributes:
        vocabulary: the elements, sorted, one per column.
        counts: the sparse integer counts, shape ``(n_rows, len(vocabulary))``.

    >>> from datasets import Dataset
    >>> from codeshift.properties import NodeTypes, PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["while x: pass", "x = 1"]}))
    >>> found = table.values(NodeTypes("code", "python"))
    >>> found.of(("while_statement", "assignment")).tolist()
    [[1, 0], [0, 1]]
    """

    vocabulary: tuple[str, ...]
    counts: csr_matrix

    @classmethod
    def from_rows(
        cls, elements: Sequence[Sequence[str]], counts: Sequence[Sequence[int]] | None = None
    ) -> ElementCounts:
        """Collect counts given row by row; an element that occurs twice in a row is summed.

        Args:
            elements: the elements of each row.
            counts: the counts of those elements; 1 each if not given.

        >>> found = ElementCounts.from_rows([["if", "for"], []], [[2, 1], []])
        >>> found.vocabulary, found.counts.toarray().tolist()
        (('for', 'if'), [[1, 2], [0, 0]])
        """
        from scipy.sparse import csr_matrix

        vocabulary = tuple(sorted(set().union(*elements)))
        column = {element: i for i, element in enumerate(vocabulary)}
        sizes = np.fromiter(map(len, elements), dtype=np.int64, count=len(elements))
        indptr = np.concatenate([[0], np.cumsum(sizes)])
        flat = map(column.__getitem__, chain.from_iterable(elements))
        indices = np.fromiter(flat, dtype=np.int64, count=indptr[-1])
        ones = repeat(1) if counts is None else chain.from_iterable(counts)
        data = np.fromiter(ones, dtype=np.int64, count=indptr[-1])
        matrix = csr_matrix((data, indices, indptr), shape=(len(elements), len(vocabulary)))
        matrix.sum_duplicates()
        return cls(vocabulary, matrix)

    def of(self, elements: Sequence[str]) -> np.ndarray:
        """Return counts of some elements, shape ``(n_rows, len(elements))``; zero for one that no row contains.

        >>> ElementCounts.from_rows([["if"], ["for"]], [[2], [1]]).of(("for", "while")).tolist()
        [[0, 0], [1, 0]]
        """
        column = {element: i for i, element in enumerate(self.vocabulary)}
        found = np.zeros((self.counts.shape[0], len(elements)), dtype=np.int64)
        for i, element in enumerate(elements):
            if element in column:
                found[:, i] = self.counts[:, [column[element]]].toarray().ravel()
        return found

    def sets(self) -> list[set[str]]:
        """Return the set of elements of each row.

        >>> [sorted(held) for held in ElementCounts.from_rows([["if", "for"], []]).sets()]
        [['for', 'if'], []]
        """
        names, held = self.vocabulary, self.counts.indices.tolist()
        return [{names[i] for i in held[start:end]} for start, end in pairwise(self.counts.indptr.tolist())]

    def total(self, elements: Sequence[str]) -> np.ndarray:
        """Return the number of occurrences of some elements together in each row, shape ``(n_rows,)``.

        >>> ElementCounts.from_rows([["if", "for"], ["for"]], [[2, 1], [1]]).total(("for", "if", "while")).tolist()
        [3, 1]
        """
        columns = np.flatnonzero(np.isin(self.vocabulary, elements)) if elements else np.empty(0, dtype=np.int64)
        return np.asarray(self.counts[:, columns].sum(axis=1)).ravel()
