"""Pairs of a node and its child: the smallest compounds of a program's syntax."""

from __future__ import annotations

from dataclasses import dataclass

from codeshift.properties.base import TreeProperty
from codeshift.properties.elements import ElementCounts
from codeshift.properties.syntax import SyntaxScan


@dataclass(frozen=True)
class NodePairs(TreeProperty):
    """Number of occurrences in each row of each pair of a named node and its named child, as ``"parent>child"``.

    Tokens such as ``"while"`` are left out, since the rule above them implies them. A node at the top of a row has no
    parent, so a bare method and the same method in a file differ by the pairs of the file alone.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["while x: pass", "if f(x): g(x)"]}))
    >>> pairs = table.values(NodePairs("code", "python"))
    >>> pairs.of(("while_statement>block", "if_statement>call", "call>argument_list")).tolist()
    [[1, 0, 0], [0, 1, 2]]
    """

    element = "pair of node types"
    dimension = "composition"

    def from_syntax(self, scan: SyntaxScan) -> ElementCounts:
        """Return counts of ``n`` rows."""
        return scan.node_pairs
