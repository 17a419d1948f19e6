"""Syntax trees of many rows as bytes, from which counts of nodes and nesting follow without another parse.

A tree is the list of its nodes, level by level, two bytes each: the kind, whether the node has children, and whether it
is the last child of its parent. The children of the first node that has some come right after the top level, then those
of the second one, and so on, so that these two bits are all that it takes to find each node's parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from codeshift.properties.batch_columns import BatchColumns, flat_bytes
from codeshift.properties.control_flow import CONTROL_FLOW, IFS
from codeshift.properties.elements import ElementCounts
from codeshift.properties.grammars import ts_language

ERROR = "ERROR"
"""Node type that tree-sitter gives to text that fits no rule."""

_MOST_KINDS = 1 << 13
"""Number above all kinds of any grammar; the bits from here on are flags."""
INNER, LAST, ALTERNATIVE = _MOST_KINDS << 2, _MOST_KINDS << 1, _MOST_KINDS
"""Flags of a node: it has children; it is its parent's last child; it is a branch that stands in the field
``alternative`` of another one, as in ``else if``."""

_BLOCK = 4_096  # rows whose nodes are worked on at once
_COUNTED = 64  # rows whose kinds are counted at once, so that their counts fit the cache

Numbers = NDArray[np.int64]
_NONE: Numbers = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Trees:
    """Trees of ``n`` rows.

    Attributes:
        language: Language of the rows.
        columns: Columns that hold, as ``trees``, the nodes of each row.

    >>> from codeshift.properties.syntax import scan_batch, schema
    >>> rows = BatchColumns.of_lists([scan_batch(["while x: pass", ""], "python")], schema())
    >>> trees = Trees("python", rows)
    >>> trees.node_pairs().vocabulary
    ('block>pass_statement', 'while_statement>block', 'while_statement>identifier')
    >>> trees.nesting().tolist()
    [1, 0]
    """

    language: str
    columns: BatchColumns

    def node_types(self) -> ElementCounts:
        """Count the nodes of each type; tokens such as ``"while"`` and the type ``"ERROR"`` are types too."""
        names = kind_names(self.language)
        kind, count, rows_held = [np.empty(0, np.uint16)], [np.empty(0, np.int32)], [np.empty(0, np.int64)]
        for nodes, starts in self._pieces(_COUNTED):
            sizes = np.diff(starts)
            keys = (nodes & (_MOST_KINDS - 1)).astype(np.int64) + np.repeat(np.arange(len(sizes)) * len(names), sizes)
            counts = np.bincount(keys, minlength=len(sizes) * len(names))
            present = np.flatnonzero(counts)
            kind.append((present % len(names)).astype(np.uint16))
            count.append(counts[present].astype(np.int32))
            rows_held.append(np.bincount(present // len(names), minlength=len(sizes)))
        return ElementCounts.of_codes(names, np.concatenate(kind), np.concatenate(count), np.concatenate(rows_held))

    def count(self, types: Sequence[str]) -> Numbers:
        """Count the nodes of some types, of shape ``(n, len(types))``; each type is given once."""
        number = {name: i for i, name in enumerate(types)}
        of_kind = np.array([number.get(name, -1) for name in kind_names(self.language)])
        counts = [np.empty((0, len(types)), np.int64)]
        for nodes, starts in self._pieces(_BLOCK):
            types_of_nodes = of_kind[nodes & (_MOST_KINDS - 1)]
            places = np.flatnonzero(types_of_nodes >= 0)
            rows = np.searchsorted(starts, places, side="right") - 1
            size = (len(starts) - 1) * len(types)
            flat = np.bincount(rows * len(types) + types_of_nodes[places], minlength=size)
            counts.append(flat.reshape(-1, len(types)))
        return np.concatenate(counts)

    def node_pairs(self) -> ElementCounts:
        """Count each pair of a named node and its named child, as ``"parent>child"``."""
        names, named = kind_names(self.language), _rule_kinds(self.language)
        pairs, counts, rows_held = [_NONE], [np.empty(0, np.int32)], [_NONE]
        for block in self._blocks():
            paired = (block.parent >= 0) & named[block.kinds] & named[block.kinds[block.parent]]
            paired &= block.above(~named[block.kinds]) == 0  # nodes inside of a token make no pairs
            pair = block.kinds[block.parent[paired]] * len(names) + block.kinds[paired]
            key, count = np.unique(block.rows[paired] * len(names) ** 2 + pair, return_counts=True)
            row, pair = np.divmod(key, len(names) ** 2)
            pairs.append(pair)
            counts.append(count.astype(np.int32))
            rows_held.append(np.bincount(row, minlength=block.n_rows))
        present, codes = np.unique(np.concatenate(pairs), return_inverse=True)
        spelled = [f"{names[kind // len(names)]}>{names[kind % len(names)]}" for kind in present.tolist()]
        return ElementCounts.of_codes(spelled, codes, np.concatenate(counts), np.concatenate(rows_held))

    def nesting(self) -> Numbers:
        """Return the depth of nested control structures at the deepest place of each row, of shape ``(n,)``.

        The language must be one of ``CONTROL_FLOW``.
        """
        nests = _kinds_named(self.language, CONTROL_FLOW[self.language].nesting)
        branches = _kinds_named(self.language, IFS)
        else_clauses = _kinds_named(self.language, frozenset({"else_clause"}))
        deepest = [_NONE]
        for block in self._blocks():
            of_parent = block.kinds[block.parent]
            alternative = block.nodes & ALTERNATIVE > 0
            again = branches[block.kinds] & (block.parent >= 0)
            again &= else_clauses[of_parent] | (branches[of_parent] & alternative)
            own = nests[block.kinds] & ~again
            of_rows = np.zeros(block.n_rows, dtype=np.int64)
            np.maximum.at(of_rows, block.rows, block.above(own) + own)
            deepest.append(of_rows)
        return np.concatenate(deepest)

    def _blocks(self) -> Iterator[_Block]:
        for nodes, starts in self._pieces(_BLOCK):
            yield _Block.of(nodes, starts)

    def _pieces(self, most: int) -> Iterator[tuple[NDArray[np.uint16], Numbers]]:
        """Yield the nodes of some rows, end to end, and where each row begins and the last one ends."""
        for array in self.columns.arrays("trees"):
            flat, ends = flat_bytes(array)
            nodes, starts = flat.view("<u2"), ends // 2
            for first in range(0, len(starts) - 1, most):
                of_rows = starts[first : first + most + 1]
                yield nodes[of_rows[0] : of_rows[-1]], of_rows - of_rows[0]


@dataclass(frozen=True, eq=False)
class _Block:
    """Nodes of some rows, with each node's row, kind and parent; -1 for a node at the top of its row."""

    n_rows: int
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
        return cls(len(sizes), nodes, rows, (nodes & (_MOST_KINDS - 1)).astype(np.int64), of_family[family])

    def above(self, mask: NDArray[np.bool_]) -> Numbers:
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


def _rule_kinds(language: str) -> NDArray[np.bool_]:
    """Return which kinds are rules rather than tokens."""
    table = ts_language(language)
    return np.array([table.node_kind_is_named(i) for i in range(table.node_kind_count)] + [True])


def rule_names(language: str) -> frozenset[str]:
    """Return the node types that are rules of a grammar rather than tokens such as ``"("``; ``ERROR`` is neither.

    >>> "while_statement" in rule_names("python"), "while" in rule_names("python"), ERROR in rule_names("python")
    (True, False, False)
    """
    names = zip(kind_names(language), _rule_kinds(language), strict=True)
    return frozenset(name for name, named in names if named) - {ERROR}


@cache
def rules_of_any() -> frozenset[str]:
    """Return the node types that are rules of any grammar whose control flow is known."""
    return frozenset().union(*map(rule_names, CONTROL_FLOW))


def _kinds_named(language: str, names: frozenset[str]) -> NDArray[np.bool_]:
    """Return which kinds are rules of the given names."""
    return _rule_kinds(language) & np.isin(kind_names(language), list(names))
