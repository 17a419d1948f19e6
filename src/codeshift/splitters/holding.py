"""How many rows hold each element, and which sets of elements they hold: summaries of counts of elements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from codeshift.properties import ElementCounts, Property, PropertyTable
from codeshift.properties.counts import summed

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix


@dataclass(frozen=True)
class Frequencies:
    """Number of rows that hold each element.

    Attributes:
        total: Number of all rows.
        rows: Number of rows that hold each element.
    """

    total: int
    rows: dict[str, int]


@dataclass(frozen=True)
class HoldingRows:
    """Frequencies of elements: in how many rows each occurs ``min_count`` times or more.

    Attributes:
        property: Property, whose values are ``ElementCounts``.
        min_count: Number of times that a row must contain an element.

    >>> from datasets import Dataset
    >>> from codeshift.properties import NodeTypes
    >>> table = PropertyTable(Dataset.from_dict({"code": ["while x: pass", "x = 1"]}))
    >>> counts = table.summarise(HoldingRows(NodeTypes("code", "python"), 1))
    >>> counts.total, counts.rows["identifier"], counts.rows["while_statement"]
    (2, 2, 1)
    """

    property: Property
    min_count: int

    def of(self, table: PropertyTable) -> Frequencies:
        """Count the rows of one table."""
        elements: ElementCounts = table.values(self.property)
        counts = elements.counts
        holding_rows = np.bincount(counts.indices[counts.data >= self.min_count], minlength=len(elements.vocabulary))
        return Frequencies(counts.shape[0], dict(zip(elements.vocabulary, holding_rows.tolist(), strict=True)))

    def merged(self, parts: Sequence[Frequencies]) -> Frequencies:
        """Add up the rows of several tables."""
        rows: Counter[str] = Counter()
        for part in parts:
            rows.update(part.rows)
        return Frequencies(sum(part.total for part in parts), dict(rows))


@dataclass(frozen=True, eq=False)
class Sets:
    """Distinct sets of elements that rows hold.

    Attributes:
        held: Elements of each set, as a sparse matrix of shape ``(n_sets, n_elements)``.
        rows: Number of rows that hold exactly this set, of shape ``(n_sets,)``.
    """

    held: csc_matrix
    rows: np.ndarray

    def holding(self, element: int) -> np.ndarray:
        """Return the numbers of the sets that contain an element, given by its place."""
        return np.asarray(self.held.indices[self.held.indptr[element] : self.held.indptr[element + 1]])


@dataclass(frozen=True)
class HeldSets:
    """Sets of some elements that rows hold, each ``min_count`` times or more; rows without any are left out.

    Attributes:
        property: Property, whose values are ``ElementCounts``.
        min_count: Number of times that a row must contain an element.
        elements: Elements.

    >>> from datasets import Dataset
    >>> from codeshift.properties import NodeTypes
    >>> table = PropertyTable(Dataset.from_dict({"code": ["while x: pass", "x = 1", "y = 2"]}))
    >>> sets = table.summarise(HeldSets(NodeTypes("code", "python"), 1, ("while_statement", "assignment")))
    >>> sets.held.toarray().tolist(), sets.rows.tolist()
    ([[1, 0], [0, 1]], [1, 2])
    """

    property: Property
    min_count: int
    elements: tuple[str, ...]

    def of(self, table: PropertyTable) -> Counter[bytes]:
        """Count the rows of one table by the places of the elements that they hold, in bytes."""
        counts: ElementCounts = table.values(self.property)
        column = {name: i for i, name in enumerate(counts.vocabulary)}
        places = [place for place, name in enumerate(self.elements) if name in column]
        holds = (counts.counts[:, [column[self.elements[place]] for place in places]] >= self.min_count).tocsr()
        holds.sort_indices()
        numbers = np.array(places, dtype=np.int32)[holds.indices]
        sets = Counter(numbers[start:end].tobytes() for start, end in pairwise(holds.indptr.tolist()))
        del sets[b""]
        return sets

    def merged(self, parts: Sequence[Counter[bytes]]) -> Sets:
        """Add up the rows of several tables."""
        from scipy.sparse import csr_matrix

        rows = summed(parts)
        numbers = np.frombuffer(b"".join(rows), dtype=np.int32)
        ends = np.cumsum([0, *(len(held_set) // numbers.itemsize for held_set in rows)])
        ones = np.ones(len(numbers), dtype=np.int8)
        sets = csr_matrix((ones, numbers, ends), shape=(len(rows), len(self.elements)))
        return Sets(sets.tocsc(), np.array(list(rows.values()), dtype=np.int64))
