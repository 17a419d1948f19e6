"""Splits along the syntax that programs use."""

from __future__ import annotations

from dataclasses import dataclass

from codeshift.errors import ParameterError, closest
from codeshift.properties import NodeTypes, PropertyTable, grammar
from codeshift.properties.grammars import check_language
from codeshift.properties.syntax import ERROR
from codeshift.splitters.base import Splitter
from codeshift.splitters.regions import Contains, Region


@dataclass(frozen=True, kw_only=True)
class ASTNodeSplitter(Splitter):
    """Programs that hold certain node types of the syntax tree are out of distribution.

    Attributes:
        column: the column that holds the code.
        language: a name of ``codeshift.properties.languages()``.
        nodes: node types of that language's tree-sitter grammar, such as ``("while_statement",)``; tokens such as
            ``"while"`` are node types too.
        match: ``"any"`` for programs that hold one of the nodes, ``"all"`` for those that hold every one.
        min_count: how often a node must stand in a program to count as held.

    Raises:
        ParameterError: if a value cannot work; a misspelt node type or language gets close matches.

    >>> ASTNodeSplitter(column="code", language="python", nodes=("while_statment",))
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: nodes must be node types of the python grammar, got 'while_statment': \
did you mean while_statement, with_statement or if_statement?
    """

    language: str
    nodes: tuple[str, ...]
    match: str = "any"
    min_count: int = 1

    def __post_init__(self) -> None:
        check_language(self.language)
        nodes = (self.nodes,) if isinstance(self.nodes, str) else tuple(self.nodes)
        if not nodes:
            raise ParameterError("nodes", "at least one node type", self.nodes, 'such as ("while_statement",)')
        known = {*grammar(self.language).node_kinds, ERROR}
        for node in nodes:
            if node not in known:
                raise ParameterError(
                    "nodes", f"node types of the {self.language} grammar", node, closest(str(node), known)
                )
        object.__setattr__(self, "nodes", nodes)
        if self.match not in ("any", "all"):
            raise ParameterError("match", '"any" or "all"', self.match, closest(str(self.match), ("any", "all")))
        if not isinstance(self.min_count, int) or isinstance(self.min_count, bool) or self.min_count < 1:
            raise ParameterError("min_count", "a whole number from 1 up", self.min_count, "1 takes every occurrence")

    def fit(self, table: PropertyTable) -> Region:
        """Nothing is learnt from the rows: the region is given by the node types."""
        return Contains(NodeTypes(self.column, self.language), self.nodes, self.match, self.min_count)
