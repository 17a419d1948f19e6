"""Properties of the syntax tree."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codeshift.properties.base import TreeProperty
from codeshift.properties.elements import ElementCounts
from codeshift.properties.row_languages import gathered, language_column
from codeshift.properties.syntax import SyntaxScan
from codeshift.properties.trees import rule_names, rules_of_any

if TYPE_CHECKING:
    from codeshift.properties.table import PropertyTable


@dataclass(frozen=True)
class NodeTypes(TreeProperty):
    """Number of nodes of each type of the grammar in each row (tokens such as ``"while"`` are node types too).

    Attributes:
        column: Column that holds the code.
        language: Language of the code, one of ``codeshift.properties.languages()``.

    Raises:
        ParameterError: if the language is unknown.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["while x: pass", "x = 1"]}))
    >>> table.values(NodeTypes("code", "python")).of(("while_statement", "identifier")).tolist()
    [[1, 1], [0, 1]]
    """

    element = "node type"
    dimension = "syntax"

    def from_syntax(self, scan: SyntaxScan) -> ElementCounts:
        """Return counts of ``n`` rows."""
        return scan.node_types

    def count_of(self, table: PropertyTable, elements: Sequence[str]) -> np.ndarray:
        """Return counts of some node types in each row, of shape ``(n, len(elements))``, without counting others."""
        parts = [
            (rows, part.syntax(self.column, prop.language).count_nodes(elements))
            for prop, rows, part in self.by_language(table)
        ]
        return np.asarray(gathered(parts, len(table)))

    def telling(self, elements: Sequence[str]) -> Collection[str]:
        """Return the elements without keywords and brackets, which only spell a node type."""
        return rule_names(self.language) if language_column(self.language) is None else rules_of_any()


@dataclass(frozen=True)
class SyntaxTokenCount(TreeProperty):
    """Number of tokens of each row: the leaves of its syntax tree, including comments.

    Attributes:
        column: Column that holds the code.
        language: Language of the code, one of ``codeshift.properties.languages()``.

    Raises:
        ParameterError: if the language is unknown.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x = 1", "while x: pass"]}))
    >>> table.values(SyntaxTokenCount("code", "python"))
    array([3., 4.])
    """

    title = "length in tokens"
    dimension = "complexity"

    def from_syntax(self, scan: SyntaxScan) -> np.ndarray:
        """Return numbers of shape ``(n,)``."""
        return scan.tokens.astype(np.float64)


@dataclass(frozen=True)
class TreeDepth(TreeProperty):
    r"""Number of nodes on the longest path from the top of each row's code to a leaf.

    Attributes:
        column: Column that holds the code.
        language: Language of the code, one of ``codeshift.properties.languages()``.

    Raises:
        ParameterError: if the language is unknown.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["pass", "if x:\n    pass"]}))
    >>> table.values(TreeDepth("code", "python"))
    array([2., 4.])
    """

    title = "depth of the syntax tree"
    dimension = "complexity"

    def from_syntax(self, scan: SyntaxScan) -> np.ndarray:
        """Return numbers of shape ``(n,)``."""
        return scan.depth.astype(np.float64)
