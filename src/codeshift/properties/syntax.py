"""One pass over each row's syntax tree, which finds what every syntactic property needs."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

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
    """

    node_types: ElementCounts
    tokens: np.ndarray
    depth: np.ndarray
    has_error: np.ndarray

    @classmethod
    def from_columns(cls, columns: dict[str, Any]) -> SyntaxScan:
        """Gather the columns that ``scan_batch`` makes."""
        return cls(
            node_types=ElementCounts.from_rows(columns["types"], columns["counts"]),
            tokens=np.asarray(columns["tokens"], dtype=np.int64),
            depth=np.asarray(columns["depth"], dtype=np.int64),
            has_error=np.asarray(columns["has_error"], dtype=bool),
        )


def scan_batch(texts: Sequence[str], language: str) -> dict[str, list[Any]]:
    """Parse ``texts`` once and return one value a row in each column of a ``SyntaxScan``.

    >>> scan_batch(["while x: pass"], "python")["tokens"]
    [4]
    """
    code_parser = CodeParser(language)
    names = _KindNames(language)
    columns: dict[str, list[Any]] = {"types": [], "counts": [], "tokens": [], "depth": [], "has_error": []}
    with _no_garbage_collection():
        for text in texts:
            parsed = code_parser.parse(text)
            kinds, tokens, depth = _walk(parsed.roots)
            columns["types"].append([names[kind] for kind in kinds])
            columns["counts"].append(list(kinds.values()))
            columns["tokens"].append(tokens)
            columns["depth"].append(depth)
            columns["has_error"].append(parsed.has_error)
    return columns


def _walk(roots: Sequence[Node]) -> tuple[dict[int, int], int, int]:
    """Counts by kind id, leaves, and depth below ``roots``; a cursor, since recursion would end on a deep tree."""
    kinds: dict[int, int] = {}
    tokens = deepest = 0
    for root in roots:
        cursor = root.walk()
        down, across, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
        depth = 1
        while True:
            kind = cursor.node.kind_id  # type: ignore[union-attr]
            kinds[kind] = kinds.get(kind, 0) + 1
            if down():
                depth += 1
                continue
            tokens += 1
            deepest = max(deepest, depth)
            while not across():
                if not up():
                    break
                depth -= 1
            else:
                continue
            break
    return kinds, tokens, deepest


class _KindNames(dict[int, str]):
    """Kind id -> node type. A dict, since ids such as that of ERROR lie beyond the grammar's own table."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = ts_language(language)

    def __missing__(self, kind: int) -> str:
        name = self._language.node_kind_for_id(kind) or ERROR
        self[kind] = name
        return name


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Nodes make no cycles, and the collector looks at each of them: without it the pass costs a fifth less."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
