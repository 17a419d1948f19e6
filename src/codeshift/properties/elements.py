"""Counts of elements (node types, APIs, tokens) by row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, repeat
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_LARGEST = np.iinfo(np.int32).max


@dataclass(frozen=True, eq=False)
class ElementCounts:
    """Counts of elements by row.

    Attributes:
        vocabulary: Elements, sorted, one per column.
        counts: Sparse integer counts, of 32 bits each, shape ``(n_rows, len(vocabulary))``.

    >>> from datasets import Dataset
    >>> from codeshift.properties import NodeTypes, PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["while x: pass", "x = 1"]}))
    >>> counts = table.values(NodeTypes("code", "python"))
    >>> counts.of(("while_statement", "assignment")).tolist()
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
            elements: Elements of each row.
            counts: Counts of those elements; 1 each if not given.

        >>> counts = ElementCounts.from_rows([["if", "for"], []], [[2, 1], []])
        >>> counts.vocabulary, counts.counts.toarray().tolist()
        (('for', 'if'), [[1, 2], [0, 0]])
        """
        sizes = np.fromiter(map(len, elements), dtype=np.int64, count=len(elements))
        numbers: dict[str, int] = {}
        flat = (numbers.setdefault(element, len(numbers)) for element in chain.from_iterable(elements))
        codes = np.fromiter(flat, dtype=np.int32, count=int(sizes.sum()))
        ones = repeat(1) if counts is None else chain.from_iterable(counts)
        return cls.of_codes(list(numbers), codes, np.fromiter(ones, dtype=np.int32, count=len(codes)), sizes)

    @classmethod
    def of_lists(cls, arrays: Iterable[Any]) -> ElementCounts:
        """Count the elements in lists of Arrow, each array holding one list a row.

        >>> import pyarrow as pa
        >>> counts = ElementCounts.of_lists([pa.array([["if", "for", "if"], []])])
        >>> counts.vocabulary, counts.counts.toarray().tolist()
        (('for', 'if'), [[1, 2], [0, 0]])
        """
        numbers: dict[str, int] = {}
        codes, sizes = [np.empty(0, np.int32)], [np.empty(0, np.int64)]
        for array in arrays:
            sizes.append(np.diff(array.offsets.to_numpy()).astype(np.int64))
            encoded = array.flatten().dictionary_encode()
            of_batch = [numbers.setdefault(name, len(numbers)) for name in encoded.dictionary.to_pylist()]
            codes.append(np.array(of_batch, np.int32)[encoded.indices.to_numpy()])
        joined_codes = np.concatenate(codes)
        return cls.of_codes(list(numbers), joined_codes, np.ones(len(joined_codes), np.int32), np.concatenate(sizes))

    @classmethod
    def of_codes(
        cls, names: Sequence[str], codes: NDArray[Any], counts: NDArray[np.int32], sizes: NDArray[np.int64]
    ) -> ElementCounts:
        """Collect counts given row after row; an element that occurs twice in a row is summed.

        Args:
            names: Names of the elements; one may occur twice.
            codes: Element of each count, as an index into ``names``.
            counts: Counts.
            sizes: Number of counts of each row, shape ``(n_rows,)``.
        """
        from scipy.sparse import csr_matrix

        present = np.flatnonzero(np.bincount(codes, minlength=len(names)))
        vocabulary = tuple(sorted({names[code] for code in present.tolist()}))
        place = {name: i for i, name in enumerate(vocabulary)}
        column = np.zeros(len(names), dtype=np.int32)
        column[present] = [place[names[code]] for code in present.tolist()]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        if len(codes) <= _LARGEST:
            starts = starts.astype(np.int32)  # or SciPy makes the indices as wide
        matrix = csr_matrix((counts, column[codes], starts), shape=(len(sizes), len(vocabulary)))
        matrix.sum_duplicates()
        return cls(vocabulary, matrix)

    @classmethod
    def gathered(cls, parts: Sequence[tuple[NDArray[np.int64], ElementCounts]], rows: int) -> ElementCounts:
        """Return the counts of all rows, of the counts of some of them each.

        Args:
            parts: Positions of some rows, and their counts.
            rows: Number of all rows; one in no part has no elements.

        >>> first, second = ElementCounts.from_rows([["if"]]), ElementCounts.from_rows([["for", "if"]])
        >>> counts = ElementCounts.gathered([(np.array([1]), first), (np.array([0]), second)], 2)
        >>> counts.vocabulary, counts.counts.toarray().tolist()
        (('for', 'if'), [[1, 1], [0, 1]])
        """
        from scipy.sparse import csr_matrix, vstack

        vocabulary = tuple(sorted({name for _, part in parts for name in part.vocabulary}))
        place = {name: i for i, name in enumerate(vocabulary)}
        wide, positions = [csr_matrix((0, len(vocabulary)), dtype=np.int32)], [np.empty(0, np.int64)]
        for of_part, part in parts:
            columns = np.array([place[name] for name in part.vocabulary], dtype=np.int32)
            counts = (part.counts.data, columns[part.counts.indices], part.counts.indptr)
            wide.append(csr_matrix(counts, shape=(len(of_part), len(vocabulary))))
            positions.append(of_part)
        order = np.full(rows, -1)
        order[np.concatenate(positions)] = np.arange(sum(map(len, positions)))
        stacked = vstack(
            [*wide, csr_matrix((1, len(vocabulary)), dtype=np.int32)], format="csr"
        )  # the last one is empty
        matrix = stacked[order].tocsr()
        matrix.sort_indices()
        return cls(vocabulary, matrix)

    def of(self, elements: Sequence[str]) -> np.ndarray:
        """Return counts of some elements, shape ``(n_rows, len(elements))``; zero for one that no row contains.

        >>> ElementCounts.from_rows([["if"], ["for"]], [[2], [1]]).of(("for", "while")).tolist()
        [[0, 0], [1, 0]]
        """
        column = {element: i for i, element in enumerate(self.vocabulary)}
        counts = np.zeros((self.counts.shape[0], len(elements)), dtype=np.int64)
        for i, element in enumerate(elements):
            if element in column:
                counts[:, i] = self.counts[:, [column[element]]].toarray().ravel()
        return counts

    def sets(self) -> list[set[str]]:
        """Return the set of elements of each row.

        >>> [sorted(held) for held in ElementCounts.from_rows([["if", "for"], []]).sets()]
        [['for', 'if'], []]
        """
        names, columns = self.vocabulary, self.counts.indices.tolist()
        return [{names[i] for i in columns[start:end]} for start, end in pairwise(self.counts.indptr.tolist())]

    def total(self, elements: Sequence[str]) -> np.ndarray:
        """Return the number of occurrences of some elements together in each row, shape ``(n_rows,)``.

        >>> ElementCounts.from_rows([["if", "for"], ["for"]], [[2, 1], [1]]).total(("for", "if", "while")).tolist()
        [3, 1]
        """
        columns = np.flatnonzero(np.isin(self.vocabulary, elements)) if elements else np.empty(0, dtype=np.int64)
        return np.asarray(self.counts[:, columns].sum(axis=1), dtype=np.int64).ravel()

    def of_rows(self, rows: NDArray[np.int64]) -> ElementCounts:
        """Return the counts of some rows, without elements that none of them contains.

        >>> counts = ElementCounts.from_rows([["if", "for"], ["while"]]).of_rows(np.array([0]))
        >>> counts.vocabulary, counts.counts.toarray().tolist()
        (('for', 'if'), [[1, 1]])
        """
        counts = self.counts[rows]
        columns = np.flatnonzero(np.bincount(counts.indices, minlength=len(self.vocabulary)))
        return ElementCounts(tuple(self.vocabulary[i] for i in columns.tolist()), counts[:, columns].tocsr())
