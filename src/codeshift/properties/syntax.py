"""One pass over each row's syntax tree, which finds what every syntactic property needs.

The pass goes level by level through ``Node.children``: each node is made once, in C, and asked for its kind and for
whether it has children. ``benchmarks/one_pass.py`` compares it with the other ways that the bindings offer.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.properties.api_names import name_resolver
from codeshift.properties.elements import ElementCounts
from codeshift.properties.grammars import ts_language
from codeshift.properties.parsing import CodeParser

if TYPE_CHECKING:
    from tree_sitter import Node

ERROR = "ERROR"
"""The node type that tree-sitter gives to text that fits no rule."""


@dataclass(frozen=True, eq=False)
class SyntaxScan:
    """What one pass over the trees of ``n`` rows found.

    Attributes:
        node_types: how often each row holds each node type; tokens such as ``"while"`` and the type ``"ERROR"`` too.
        tokens: leaves of each tree, comments included, of shape ``(n,)``.
        depth: nodes on the longest path from the top of the row's code to a leaf, of shape ``(n,)``.
        has_error: whether an ERROR or MISSING node stands in the row, of shape ``(n,)``.
        stopped: whether the parser gave up on the row, of which nothing is known then, of shape ``(n,)``.
        api_names: how often each row uses each API; no element at all for a language whose names are not resolved.
    """

    node_types: ElementCounts
    tokens: np.ndarray
    depth: np.ndarray
    has_error: np.ndarray
    stopped: np.ndarray
    api_names: ElementCounts

    @classmethod
    def from_columns(cls, columns: dict[str, Any]) -> SyntaxScan:
        """Gather the columns that ``scan_batch`` makes."""
        return cls(
            node_types=ElementCounts.from_rows(columns["types"], columns["counts"]),
            tokens=np.asarray(columns["tokens"], dtype=np.int64),
            depth=np.asarray(columns["depth"], dtype=np.int64),
            has_error=np.asarray(columns["has_error"], dtype=bool),
            stopped=np.asarray(columns["stopped"], dtype=bool),
            api_names=ElementCounts.from_rows(columns["apis"]),
        )


COLUMNS = ("types", "counts", "tokens", "depth", "has_error", "stopped", "apis")
"""The columns that ``scan_batch`` makes."""

# Rows whose nodes are counted at once: numpy's fixed costs are spread over them, and their counts fit the cache.
_CHUNK = 64


def scan_batch(texts: Sequence[str], language: str, *, api_names: bool = True) -> dict[str, list[Any]]:
    """Parse ``texts`` once and return one value a row in each column of a ``SyntaxScan``.

    Args:
        texts: the rows' code.
        language: a name of ``codeshift.properties.languages()``.
        api_names: whether API names are resolved (a fifth of the cost); without, their column is empty lists.

    >>> scan_batch(["while x: pass"], "python")["tokens"]
    [4]
    """
    scanner = _Scanner(language, api_names)
    columns: dict[str, list[Any]] = {column: [] for column in COLUMNS}
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
        self.kind_names = [table.node_kind_for_id(i) or "" for i in range(table.node_kind_count)] + [ERROR]
        # Several ids may share a name, and a token may have the name of a rule, such as "class".
        named = [i for i in range(table.node_kind_count) if table.node_kind_is_named(i)]
        self.bucket_of_kind = {i: self.buckets[roles[name]] for i in named if (name := self.kind_names[i]) in roles}

    def scan(self, texts: Sequence[str], columns: dict[str, list[Any]]) -> None:
        """Append the values of some rows to ``columns``."""
        kinds: list[int] = []
        sizes = []
        filled = list(self.buckets.values())
        for text in texts:
            parsed = self.parse(text)
            before = len(kinds)
            inner, depth = _walk(parsed.roots, kinds, self.bucket_of_kind)
            sizes.append(len(kinds) - before)
            columns["tokens"].append(sizes[-1] - inner)
            columns["depth"].append(depth)
            columns["has_error"].append(parsed.has_error)
            columns["stopped"].append(parsed.stopped)
            columns["apis"].append(self.resolver.names(self.buckets, parsed.source) if self.resolver else [])
            for bucket in filled:
                bucket.clear()
        self._count(kinds, sizes, columns)

    def _count(self, kinds: list[int], sizes: list[int], columns: dict[str, list[Any]]) -> None:
        """Count kinds by row."""
        width = len(self.kind_names)
        # The ids of ERROR and its like lie beyond the grammar's own table.
        keys = np.minimum(np.array(kinds, dtype=np.int64), width - 1)
        keys += np.repeat(np.arange(len(sizes)) * width, sizes)
        counts = np.bincount(keys, minlength=width * len(sizes))
        present = np.flatnonzero(counts)
        ends = np.searchsorted(present, np.arange(len(sizes) + 1) * width).tolist()
        names = [self.kind_names[kind] for kind in (present % width).tolist()]
        amounts = counts[present].tolist()
        columns["types"] += [names[start:end] for start, end in pairwise(ends)]
        columns["counts"] += [amounts[start:end] for start, end in pairwise(ends)]


def _walk(roots: Sequence[Node], kinds: list[int], buckets: Mapping[int, list[Node]]) -> tuple[int, int]:
    """Append the kind id of each node from ``roots`` down to ``kinds``, and put inner nodes into their ``buckets``.

    Returns:
        How many of the nodes have children, and how many levels they stand on.
    """
    seen, bucket_of = kinds.append, buckets.get
    inner = depth = 0
    level: Sequence[Node] = roots
    while level:
        below: list[Node] = []
        for node in level:
            kind = node.kind_id
            seen(kind)
            if node.child_count:
                inner += 1
                below += node.children
                bucket = bucket_of(kind)
                if bucket is not None:
                    bucket.append(node)
        level = below
        depth += 1
    return inner, depth


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
