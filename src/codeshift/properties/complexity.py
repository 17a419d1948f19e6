"""Complexity of a program: decisions, nesting, identifiers (tree depth is ``TreeDepth``)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codeshift.errors import ParameterError
from codeshift.properties.base import TextProperty, TreeProperty
from codeshift.properties.control_flow import CONTROL_FLOW, IFS, ControlFlow
from codeshift.properties.grammars import check_language
from codeshift.properties.parsing import CodeParser, ParsedCode, stopped_key

if TYPE_CHECKING:
    from tree_sitter import Node

    from codeshift.properties.syntax import SyntaxScan
    from codeshift.properties.table import PropertyTable


@dataclass(frozen=True)
class CyclomaticComplexity(TreeProperty):
    r"""Number of decisions of each row plus one (McCabe, *A Complexity Measure*, 1976).

    Decisions are branches, loops, cases (but not a default), exception handlers, conditional expressions, and operators
    that may skip their right side (``and``, ``||``, ``??``); ``properties.control_flow`` lists the node types of each
    language. If a row has several functions, their decisions are added up. Two approximations: Python's ``case _:``
    counts as a case, and the ``&&`` of a C++ rvalue reference as an operator.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x = 1", "if a and b:\n    c()\nelif d:\n    e()"]}))
    >>> table.values(CyclomaticComplexity("code", "python"))
    array([1., 4.])
    """

    dimension = "complexity"

    def __post_init__(self) -> None:
        super().__post_init__()
        control_flow(self.language)

    def from_syntax(self, scan: SyntaxScan) -> np.ndarray:
        """Return numbers of shape ``(n,)``."""
        weights = control_flow(self.language).decisions
        return np.asarray(scan.node_types.of(tuple(weights)) @ np.array(list(weights.values())) + 1.0)


@dataclass(frozen=True)
class IdentifierCount(TreeProperty):
    """Number of identifiers of each row, counting each occurrence.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x = x + f(1)", "pass"]}))
    >>> table.values(IdentifierCount("code", "python"))
    array([3., 0.])
    """

    dimension = "complexity"

    def __post_init__(self) -> None:
        super().__post_init__()
        control_flow(self.language)

    def from_syntax(self, scan: SyntaxScan) -> np.ndarray:
        """Return numbers of shape ``(n,)``."""
        return np.asarray(scan.node_types.of(control_flow(self.language).names).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class NestingDepth(TextProperty):
    r"""Depth of nested control structures, at the deepest place of each row.

    Branches, loops, switches and ``try`` count; an ``else if`` is at the level of its ``if``, not inside it; nested
    functions and blocks without control flow do not count. NaN for a row on which the parser gives up.

    Attributes:
        language: a language of ``codeshift.properties.languages()``.

    >>> NestingDepth("code", "python").compute(["x = 1", "if a:\n    for b in c:\n        d()\nelif e:\n    f()"])
    array([0., 2.])
    """

    dimension = "complexity"

    language: str

    def __post_init__(self) -> None:
        check_language(self.language)
        control_flow(self.language)

    @property
    def parsed(self) -> tuple[tuple[str, str], ...]:
        """Pair of its column and language."""
        return ((self.column, self.language),)

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        """Compute numbers of shape ``(len(texts),)``."""
        parse, nesting = CodeParser(self.language).parse, control_flow(self.language).nesting
        return np.array([_deepest(parse(text), nesting) for text in texts], dtype=np.float64)

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Return numbers of shape ``(n,)``."""
        depths = super().evaluate(table)
        table.remember(stopped_key(self.column, self.language), lambda: np.isnan(depths))
        return depths


def control_flow(language: str) -> ControlFlow:
    """Return the tables of a language.

    Raises:
        ParameterError: if it has a grammar but no tables.
    """
    if language not in CONTROL_FLOW:
        listed = ", ".join(sorted(CONTROL_FLOW))
        raise ParameterError("language", f"one of {listed}", language, 'measure="depth" takes any language')
    return CONTROL_FLOW[language]


def _deepest(parsed: ParsedCode, nesting: frozenset[str]) -> float:
    """The deepest nesting of a row; NaN where the parser gave up on it."""
    return math.nan if parsed.stopped else max((_nesting(root, nesting) for root in parsed.roots), default=0)


def _nesting(root: Node, nesting: frozenset[str]) -> int:
    """Return the deepest nesting below a root; a cursor walks, since recursion would fail on a deep tree."""
    cursor = root.walk()
    deepest, depth = 0, 0
    above: list[tuple[str, int]] = []  # type and nesting of each ancestor
    while True:
        node = cursor.node
        assert node is not None  # noqa: S101 - a cursor is always at a node
        kind = node.type if node.is_named else ""
        if kind in nesting and not _is_else_if(kind, above, cursor.field_name):
            depth += 1
            deepest = max(deepest, depth)
        above.append((kind, depth))
        if cursor.goto_first_child():
            continue
        while True:
            above.pop()
            depth = above[-1][1] if above else 0
            if cursor.goto_next_sibling():
                break
            if not cursor.goto_parent():
                return deepest


def _is_else_if(kind: str, above: list[tuple[str, int]], field: str | None) -> bool:
    if kind not in IFS or not above:
        return False
    parent = above[-1][0]
    return parent == "else_clause" or (parent in IFS and field == "alternative")
