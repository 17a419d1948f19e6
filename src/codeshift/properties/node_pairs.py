"""Pairs of a node and its child: the smallest compounds of a program's syntax."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codeshift.properties.base import Property
from codeshift.properties.elements import ElementCounts
from codeshift.properties.grammars import check_language, ts_language
from codeshift.properties.parsing import CodeParser, stopped_key
from codeshift.properties.syntax import ERROR

if TYPE_CHECKING:
    from tree_sitter import Node

    from codeshift.properties.table import PropertyTable


@dataclass(frozen=True)
class NodePairs(Property):
    """Number of occurrences in each row of each pair of a named node and its named child, as ``"parent>child"``.

    Tokens such as ``"while"`` are left out, since the rule above them implies them. A node at the top of a row has no
    parent, so a bare method and the same method in a file differ by the pairs of the file alone.

    Attributes:
        column: the column that holds the code.
        language: a language of ``codeshift.properties.languages()``.

    Raises:
        ParameterError: if the language is unknown.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["while x: pass", "if f(x): g(x)"]}))
    >>> pairs = table.values(NodePairs("code", "python"))
    >>> pairs.of(("while_statement>block", "if_statement>call", "call>argument_list")).tolist()
    [[1, 0, 0], [0, 1, 2]]
    """

    element = "pair of node types"
    dimension = "composition"

    language: str

    def __post_init__(self) -> None:
        check_language(self.language)

    @property
    def parsed(self) -> tuple[tuple[str, str], ...]:
        """Pair of its column and language."""
        return ((self.column, self.language),)

    def evaluate(self, table: PropertyTable) -> ElementCounts:
        """Return counts of ``n`` rows."""
        parse = CodeParser(self.language).parse
        grammar = ts_language(self.language)
        names = [grammar.node_kind_for_id(i) or "" for i in range(grammar.node_kind_count)] + [ERROR]
        elements, amounts, stopped = [], [], []
        for text in table.texts(self.column):
            parsed = parse(text)
            stopped.append(parsed.stopped)
            found = _pairs(parsed.roots)
            # The ids of ERROR and its like lie beyond the grammar's own table.
            elements.append([f"{_name(names, above)}>{_name(names, below)}" for above, below in found])
            amounts.append(list(found.values()))
        table.remember(stopped_key(self.column, self.language), lambda: np.array(stopped, dtype=bool))
        return ElementCounts.from_rows(elements, amounts)


def _pairs(roots: tuple[Node, ...]) -> Counter[tuple[int, int]]:
    """Count each pair of kind ids below ``roots``."""
    found: list[tuple[int, int]] = []
    level: list[Node] = [node for node in roots if node.is_named]
    while level:
        below: list[Node] = []
        for node in level:
            children = node.named_children
            if children:
                kind = node.kind_id
                found += [(kind, child.kind_id) for child in children]
                below += children
        level = below
    return Counter(found)


def _name(names: list[str], kind: int) -> str:
    return names[min(kind, len(names) - 1)]
