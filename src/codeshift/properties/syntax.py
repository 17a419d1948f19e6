"""One pass over each row's syntax tree, which finds what every syntactic property needs.

The pass goes level by level through ``Node.children``: each node is made once, in C, and asked for its kind and for
whether it has children. ``benchmarks/one_pass.py`` compares it with the other ways that the bindings offer.
"""

from __future__ import annotations

import gc
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from codeshift.properties.api_names import name_resolver
from codeshift.properties.batch_columns import BatchColumns
from codeshift.properties.control_flow import IFS
from codeshift.properties.elements import ElementCounts
from codeshift.properties.grammars import ts_language
from codeshift.properties.parsing import CodeParser
from codeshift.properties.trees import ALTERNATIVE, INNER, LAST, Trees, kind_names

if TYPE_CHECKING:
    import pyarrow as pa
    from tree_sitter import Node


class SyntaxScan:
    """Facts of one pass over the trees of ``n`` rows; each is gathered when it is first used.

    Args:
        columns: Columns that ``scan_batch`` makes of the rows.
        language: Language of the rows.
    """

    def __init__(self, columns: BatchColumns, language: str) -> None:
        self._columns, self._language = columns, language
        self._counted: dict[str, NDArray[np.int32]] = {}

    @cached_property
    def _trees(self) -> Trees:
        return Trees(self._language, self._columns)

    @cached_property
    def tokens(self) -> NDArray[np.int64]:
        """Number of leaves of each tree, comments included, of shape ``(n,)``."""
        return self._columns.numbers("tokens", np.int64)

    @cached_property
    def depth(self) -> NDArray[np.int64]:
        """Number of nodes on the longest path from the top of the row's code to a leaf, of shape ``(n,)``."""
        return self._columns.numbers("depth", np.int64)

    @cached_property
    def has_error(self) -> NDArray[np.bool_]:
        """Whether an ERROR or MISSING node stands in the row, of shape ``(n,)``."""
        return self._columns.numbers("has_error", np.bool_)

    @cached_property
    def stopped(self) -> NDArray[np.bool_]:
        """Whether the parser gave up on the row, of which nothing is known then, of shape ``(n,)``."""
        return self._columns.numbers("stopped", np.bool_)

    @cached_property
    def api_names(self) -> ElementCounts:
        """Number of uses of each API in each row; no element at all for a language whose names are not resolved."""
        return ElementCounts.of_lists(self._columns.arrays("apis"))

    @cached_property
    def node_types(self) -> ElementCounts:
        """Number of nodes of each type in each row; tokens such as ``"while"`` and ``"ERROR"`` are types too."""
        return self._trees.node_types()

    @cached_property
    def node_pairs(self) -> ElementCounts:
        """Number of occurrences in each row of each pair of a named node and its named child."""
        return self._trees.node_pairs()

    @cached_property
    def nesting(self) -> NDArray[np.int64]:
        """Depth of nested control structures at the deepest place of each row, of shape ``(n,)``."""
        return self._trees.nesting()

    def count_nodes(self, types: Sequence[str]) -> NDArray[np.int64]:
        """Count the nodes of some types in each row, of shape ``(n, len(types))``.

        Until all types were asked for, or many were one after the other, only these are counted.
        """
        missing = tuple(dict.fromkeys(name for name in types if name not in self._counted))
        if "node_types" in vars(self) or len(self._counted) + len(missing) > _COUNTED_ALONE:
            return self.node_types.of(types)
        if missing:
            counts = self._trees.count(missing).astype(np.int32)
            self._counted |= {name: counts[:, i].copy() for i, name in enumerate(missing)}
        return np.stack([self._counted[name] for name in types], axis=1).astype(np.int64)

    def of_rows(self, rows: NDArray[np.int64]) -> SyntaxScan:
        """Return what the pass found in some rows, in the order given."""
        return _SelectedScan(self, rows)


class _SelectedScan(SyntaxScan):
    """Some rows of a scan, of which nothing is computed twice."""

    def __init__(self, scan: SyntaxScan, rows: NDArray[np.int64]) -> None:
        super().__init__(scan._columns, scan._language)
        self._scan, self._rows = scan, rows

    @cached_property
    def tokens(self) -> NDArray[np.int64]:
        return self._scan.tokens[self._rows]

    @cached_property
    def depth(self) -> NDArray[np.int64]:
        return self._scan.depth[self._rows]

    @cached_property
    def has_error(self) -> NDArray[np.bool_]:
        return self._scan.has_error[self._rows]

    @cached_property
    def stopped(self) -> NDArray[np.bool_]:
        return self._scan.stopped[self._rows]

    @cached_property
    def api_names(self) -> ElementCounts:
        return self._scan.api_names.of_rows(self._rows)

    @cached_property
    def node_types(self) -> ElementCounts:
        return self._scan.node_types.of_rows(self._rows)

    @cached_property
    def node_pairs(self) -> ElementCounts:
        return self._scan.node_pairs.of_rows(self._rows)

    @cached_property
    def nesting(self) -> NDArray[np.int64]:
        return self._scan.nesting[self._rows]

    def count_nodes(self, types: Sequence[str]) -> NDArray[np.int64]:
        return self._scan.count_nodes(types)[self._rows]


SYNTAX_COLUMNS = ("trees", "tokens", "depth", "has_error", "stopped", "apis")
"""The columns that ``scan_batch`` makes."""

# Node types counted one by one, each in a pass over the trees, before the counts of all are gathered.
_COUNTED_ALONE = 8

# Rows whose nodes are gathered at once, over which numpy's fixed costs are spread.
_CHUNK = 256


def schema() -> pa.Schema:
    """Return the types of the columns that ``scan_batch`` makes."""
    import pyarrow as pa

    types = (pa.binary(), pa.int32(), pa.int32(), pa.bool_(), pa.bool_(), pa.list_(pa.string()))
    return pa.schema(list(zip(SYNTAX_COLUMNS, types, strict=True)))


def scan(texts: Sequence[str], language: str, *, api_names: bool = True) -> SyntaxScan:
    """Parse ``texts`` once and return what was found.

    Args:
        texts: Rows' code.
        language: Name of ``codeshift.properties.languages()``.
        api_names: Whether API names are resolved (a fifth of the cost).

    >>> scan(["while x: pass"], "python").node_types.vocabulary
    (':', 'block', 'identifier', 'pass', 'pass_statement', 'while', 'while_statement')
    """
    columns = BatchColumns.of_lists([scan_batch(texts, language, api_names=api_names)], schema())
    return SyntaxScan(columns, language)


def scan_batch(texts: Sequence[str], language: str, *, api_names: bool = True) -> dict[str, list[Any]]:
    """Parse ``texts`` once and return one value a row in each column of a ``SyntaxScan``.

    Args:
        texts: Rows' code.
        language: Name of ``codeshift.properties.languages()``.
        api_names: Whether API names are resolved (a fifth of the cost); without, their column is empty lists.

    >>> scan_batch(["while x: pass"], "python")["tokens"]
    [4]
    """
    scanner = _Scanner(language, api_names)
    columns: dict[str, list[Any]] = {column: [] for column in SYNTAX_COLUMNS}
    with no_garbage_collection():
        for start in range(0, len(texts), _CHUNK):
            scanner.scan(texts[start : start + _CHUNK], columns)
    return columns


class _Scanner:
    """Parses and walks rows of one language."""

    def __init__(self, language: str, api_names: bool) -> None:
        self.parse = CodeParser(language).parse
        self.resolver = name_resolver(language) if api_names else None
        roles = self.resolver.roles if self.resolver else {}
        self.buckets: dict[str, list[Node]] = {bucket: [] for bucket in roles.values()}
        table = ts_language(language)
        self.kind_names = kind_names(language)
        # Several ids may share a name, and a token may have the name of a rule, such as "class".
        named = [i for i in range(table.node_kind_count) if table.node_kind_is_named(i)]
        self.bucket_of_kind = {i: self.buckets[roles[name]] for i in named if (name := self.kind_names[i]) in roles}
        self.branches: list[Node] = []
        self.branch_kinds = [i for i in named if self.kind_names[i] in IFS]
        self.bucket_of_kind |= dict.fromkeys(self.branch_kinds, self.branches)

    def scan(self, texts: Sequence[str], columns: dict[str, list[Any]]) -> None:
        """Append the values of some rows to ``columns``."""
        walked = array("i")
        starts = []
        alternatives: list[tuple[int, int]] = []
        n_branches = 0
        filled = list(self.buckets.values())
        for text in texts:
            parsed = self.parse(text)
            starts.append(len(walked))
            columns["depth"].append(_walk(parsed.roots, walked, self.bucket_of_kind))
            columns["has_error"].append(parsed.has_error)
            columns["stopped"].append(parsed.stopped)
            columns["apis"].append(self.resolver.names(self.buckets, parsed.source) if self.resolver else [])
            if self.branches:
                alternatives += _alternatives(self.branches, n_branches, self.branch_kinds)
                n_branches += len(self.branches)
                self.branches.clear()
            for bucket in filled:
                bucket.clear()
        self._gather(np.frombuffer(walked, dtype=np.intc), np.array(starts, dtype=np.int64), alternatives, columns)

    def _gather(
        self, walked: np.ndarray, starts: np.ndarray, alternatives: list[tuple[int, int]], columns: dict[str, list[Any]]
    ) -> None:
        """Append what follows from the kinds of nodes and their numbers of children, for rows that were walked.

        Args:
            walked: What ``_walk`` appends, of all rows.
            starts: Where each row starts in it.
            alternatives: Branches among the children of branches, see ``_alternatives``.
            columns: Columns to append to.
        """
        is_size = walked < 0
        places = np.flatnonzero(is_size)
        sizes = ~walked[places]
        tops = np.searchsorted(places, starts)  # the sizes that belong to the top level of a row, not to an inner node
        ends = np.append(starts - tops, len(walked) - len(places))  # where each row's nodes end
        inner = np.delete(places - 1 - np.arange(len(places)), tops)
        # The ids of ERROR and its like lie beyond the grammar's own table.
        nodes = np.minimum(walked[~is_size], len(self.kind_names) - 1).astype("<u2")
        if alternatives:
            of_branches = np.isin(nodes[inner], self.branch_kinds)
            first_child = np.delete(np.cumsum(sizes) - sizes, tops)[of_branches]
            branch, place = np.array(alternatives).T
            nodes[first_child[branch] + place] |= ALTERNATIVE
        nodes[inner] |= INNER
        nodes[np.cumsum(sizes[sizes > 0]) - 1] |= LAST
        n_inner = np.diff(np.append(tops, len(places))) - 1
        columns["tokens"] += (np.diff(ends) - n_inner).tolist()
        raw = nodes.tobytes()
        columns["trees"] += [raw[2 * start : 2 * end] for start, end in pairwise(ends.tolist())]


def _walk(roots: Sequence[Node], walked: array[int], buckets: Mapping[int, list[Node]]) -> int:
    """Append the kind id of each node from ``roots`` down, and put inner nodes into their ``buckets``.

    The inversion ``~n`` of a number of children, which is negative, follows an inner node; that of the number of roots
    comes first.

    Returns:
        How many levels the nodes stand on.
    """
    seen, bucket_of = walked.append, buckets.get
    depth = 0
    seen(~len(roots))
    level: Sequence[Node] = roots
    while level:
        below: list[Node] = []
        for node in level:
            kind = node.kind_id
            seen(kind)
            if count := node.child_count:
                seen(~count)
                below += node.children
                bucket = bucket_of(kind)
                if bucket is not None:
                    bucket.append(node)
        level = below
        depth += 1
    return depth


def _alternatives(branches: Sequence[Node], first: int, kinds: Collection[int]) -> list[tuple[int, int]]:
    """Return the branches that are the alternative of another one: the number of that one, and the place in it.

    Args:
        branches: Branches of a row that have children.
        first: Number of the first one.
        kinds: Kinds of branches.
    """
    alternatives = []
    for number, node in enumerate(branches, first):
        other = node.child_by_field_name("alternative")
        if other is not None and other.kind_id in kinds:
            alternatives.append((number, node.children.index(other)))
    return alternatives


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Pause the garbage collector, which would visit all nodes again and again, though they hold no cycles.

    Without it a pass over syntax trees costs a fifth less.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
