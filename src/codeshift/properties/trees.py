"""Syntax trees of many rows as one array, from which counts of nodes and nesting follow without another parse.

A tree is the list of its nodes, level by level, two bytes each: the kind, whether the node has children, and whether it
is the last child of its parent. The children of the first node that has some come right after the top level, then those
of the second one, and so on, so that these two bits are all that it takes to find each node's parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codeshift.properties.control_flow import CONTROL_FLOW, IFS
from codeshift.properties.elements import ElementCounts
from codeshift.properties.grammars import ts_language

ERROR = "ERROR"
"""Node type that tree-sitter gives to text that fits no rule."""

KINDS = 1 << 13
"""Number above all kinds of any grammar; the bits from here on are flags."""
INNER, LAST, ALTERNATIVE = KINDS << 2, KINDS << 1, KINDS
"""Flags of a node: it has children; it is its parent's last child; it is a branch that stands in the field
``alternative`` of another one, as in ``else if``."""

_BLOCK = 4_096  # rows whose nodes are worked on at once
_COUNTED = 64  # rows whose kinds are counted at once, so that their counts fit the cache

Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]
_NONE: Numbers = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Trees:
    """Trees of ``n`` rows.

    Attributes:
        language: the language of the rows.
        nodes: the nodes of all rows, end to end.
        starts: the position of each row's first node, and the end of the last row: of shape ``(n + 1,)``.

    >>> from codeshift.properties.syntax import scan
    >>> trees = scan(["while x: pass", ""], "python").trees
    >>> trees.node_pairs().vocabulary
    ('block>pass_statement', 'while_statement>block', 'while_statement>identifier')
    >>> trees.nesting().tolist()
    [1, 0]
    """

    language: str
    nodes: NDArray[np.uint16]
    starts: Numbers

    @classmethod
    def from_bytes(cls, language: str, rows: Sequence[bytes]) -> Trees:
        """Join the trees of rows, two bytes a node."""
        sizes = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows)) // 2
        return cls(language, np.frombuffer(b"".join(rows), dtype="<u2"), np.concatenate([[0], np.cumsum(sizes)]))

    def of_rows(self, rows: Numbers) -> Trees:
        """Return the trees of some rows, in the order given."""
        pieces = [self.nodes[self.starts[row] : self.starts[row + 1]] for row in rows.tolist()]
        nodes = np.concatenate(pieces) if pieces else self.nodes[:0]
        return Trees(self.language, nodes, np.concatenate([[0], np.cumsum(np.diff(self.starts)[rows])]))

    def node_types(self) -> ElementCounts:
        """Count the nodes of each type; tokens such as ``"while"`` and the type ``"ERROR"`` are types too."""
        names = kind_names(self.language)
        kinds = (self.nodes & (KINDS - 1)).astype(np.int64)
        row: list[Numbers] = []
        kind: list[Numbers] = []
        count: list[Numbers] = []
        for first in range(0, len(self.starts) - 1, _COUNTED):
            starts = self.starts[first : first + _COUNTED + 1]
            sizes = np.diff(starts)
            keys = kinds[starts[0] : starts[-1]] + np.repeat(np.arange(len(sizes)) * len(names), sizes)
            counts = np.bincount(keys, minlength=len(sizes) * len(names))
            present = np.flatnonzero(counts)
            row.append(first + present // len(names))
            kind.append(present % len(names))
            count.append(counts[present])
        return self._counted(names, *(np.concatenate([_NONE, *pieces]) for pieces in (row, kind, count)))

    def node_pairs(self) -> ElementCounts:
        """Count each pair of a named node and its named child, as ``"parent>child"``."""
        names, named = kind_names(self.language), _named(self.language)
        keys: list[Numbers] = []
        counts: list[Numbers] = []
        for first, block in self._blocks():
            paired = (block.parent >= 0) & named[block.kinds] & named[block.kinds[block.parent]]
            paired &= block.above(~named[block.kinds]) == 0  # what a token holds is part of no pair
            pair = block.kinds[block.parent[paired]] * len(names) + block.kinds[paired]
            key, count = np.unique((first + block.rows[paired]) * len(names) ** 2 + pair, return_counts=True)
            keys.append(key)
            counts.append(count)
        row, pair = np.divmod(np.concatenate([_NONE, *keys]), len(names) ** 2)
        present, position = np.unique(pair, return_inverse=True)
        spelled = [f"{names[kind // len(names)]}>{names[kind % len(names)]}" for kind in present.tolist()]
        return self._counted(spelled, row, position, np.concatenate([_NONE, *counts]))

    def _counted(self, names: Sequence[str], row: Numbers, kind: Numbers, count: Numbers) -> ElementCounts:
        """Return counts by name, given in the order of rows; several kinds may share one name."""
        from scipy.sparse import csr_matrix

        present = np.unique(kind)
        vocabulary = sorted({names[i] for i in present.tolist()})
        column = np.zeros(len(names), dtype=np.int64)
        place = {name: i for i, name in enumerate(vocabulary)}
        column[present] = [place[names[i]] for i in present.tolist()]
        n_rows = len(self.starts) - 1
        bounds = np.searchsorted(row, np.arange(n_rows + 1))
        matrix = csr_matrix((count, column[kind], bounds), shape=(n_rows, len(vocabulary)), dtype=np.int64)
        matrix.sum_duplicates()
        return ElementCounts(tuple(vocabulary), matrix)

    def nesting(self) -> Numbers:
        """Return the depth of nested control structures at the deepest place of each row, of shape ``(n,)``.

        The language must be one of ``CONTROL_FLOW``.
        """
        nests = _kinds(self.language, CONTROL_FLOW[self.language].nesting)
        branches, else_clauses = _kinds(self.language, IFS), _kinds(self.language, frozenset({"else_clause"}))
        deepest = np.zeros(len(self.starts) - 1, dtype=np.int64)
        for first, block in self._blocks():
            of_parent = block.kinds[block.parent]
            alternative = block.nodes & ALTERNATIVE > 0
            again = branches[block.kinds] & (block.parent >= 0)
            again &= else_clauses[of_parent] | (branches[of_parent] & alternative)
            own = nests[block.kinds] & ~again
            np.maximum.at(deepest, first + block.rows, block.above(own) + own)
        return deepest

    def _blocks(self) -> Iterator[tuple[int, _Block]]:
        n_rows = len(self.starts) - 1
        for first in range(0, n_rows, _BLOCK):
            starts = self.starts[first : min(first + _BLOCK, n_rows) + 1]
            yield first, _Block.of(self.nodes[starts[0] : starts[-1]], starts - starts[0])


@dataclass(frozen=True, eq=False)
class _Block:
    """Nodes of some rows, with each node's row, kind and parent; -1 for a node at the top of its row."""

    nodes: NDArray[np.uint16]
    rows: Numbers
    kinds: Numbers
    parent: Numbers

    @classmethod
    def of(cls, nodes: NDArray[np.uint16], starts: Numbers) -> _Block:
        sizes = np.diff(starts)
        rows = np.repeat(np.arange(len(sizes)), sizes)
        # Siblings form a family. A row's families are those of its top level and of its inner nodes, in their order.
        last = nodes & LAST > 0
        family: NDArray[np.int64] = np.cumsum(last) - last
        inner = np.flatnonzero(nodes & INNER)
        tops = np.cumsum(sizes > 0)
        of_family = np.full(int(last.sum()), -1, dtype=np.int64)
        of_family[np.arange(len(inner)) + tops[rows[inner]]] = inner
        return cls(nodes, rows, (nodes & (KINDS - 1)).astype(np.int64), of_family[family])

    def above(self, mask: Mask) -> Numbers:
        """Count the ancestors of each node in a mask."""
        if not mask.any():
            return np.zeros(len(mask), dtype=np.int64)
        counts, ancestor = np.zeros(len(mask), dtype=np.int64), self.parent.copy()
        below = np.flatnonzero(ancestor >= 0)
        counts[below] = mask[ancestor[below]]
        while len(below):  # each round looks twice as far up
            counts[below] += counts[ancestor[below]]
            ancestor[below] = ancestor[ancestor[below]]
            below = below[ancestor[below] >= 0]
        return counts


def kind_names(language: str) -> list[str]:
    """Return the name of each kind of a grammar, and ``ERROR`` for the ids beyond its table."""
    table = ts_language(language)
    return [table.node_kind_for_id(i) or "" for i in range(table.node_kind_count)] + [ERROR]


def _named(language: str) -> Mask:
    """Return which kinds are rules rather than tokens."""
    table = ts_language(language)
    return np.array([table.node_kind_is_named(i) for i in range(table.node_kind_count)] + [True])


def rule_names(language: str) -> frozenset[str]:
    """Return the node types that are rules of a grammar rather than tokens such as ``"("``; ``ERROR`` is neither.

    >>> "while_statement" in rule_names("python"), "while" in rule_names("python"), ERROR in rule_names("python")
    (True, False, False)
    """
    names = zip(kind_names(language), _named(language), strict=True)
    return frozenset(name for name, named in names if named) - {ERROR}


def _kinds(language: str, names: frozenset[str]) -> Mask:
    """Return which kinds are rules of the given names."""
    return _named(language) & np.isin(kind_names(language), list(names))
