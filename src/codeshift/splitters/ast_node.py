"""Splits along the syntax that programs use."""

from __future__ import annotations

from dataclasses import dataclass

from codeshift.checks import several
from codeshift.errors import ParameterError, closest
from codeshift.properties import NodeTypes, PropertyTable, grammar
from codeshift.properties.grammars import check_language, ts_language
from codeshift.properties.syntax import ERROR
from codeshift.regions.base import Region
from codeshift.regions.elements import Contains
from codeshift.splitters.base import Splitter
from codeshift.splitters.choosing import choice_of, element_repr, settle_choice


@dataclass(frozen=True, kw_only=True, repr=False)
class ASTNodeSplitter(Splitter):
    """Programs that hold certain node types of the syntax tree are out of distribution.

    Which node types: those named by ``nodes``, or the ``rarest``, or such that the region holds a ``share`` of the
    rows; with none of the three given, a tenth.

    Attributes:
        column: the column that holds the code.
        language: a name of ``codeshift.properties.languages()``.
        nodes: node types of that language's tree-sitter grammar, such as ``("while_statement",)``; tokens such as
            ``"while"`` are node types too.
        match: ``"any"`` for programs that hold one of the nodes, ``"all"`` for those that hold every one.
        min_count: how often a node must stand in a program to count as held.
        rarest: instead of ``nodes``, how many of the rarest node types to take (tokens and errors left out).
        share: instead of ``nodes``, about the share of rows to hold out; see ``choosing.Choice``.
        min_rows: rows that must hold a node type for it to be chosen; by default 10 for ``rarest`` and 2 for ``share``.

    Raises:
        ParameterError: if a value cannot work; a misspelt node type or language gets close matches.

    >>> ASTNodeSplitter(column="code", language="python", nodes=("while_statment",))
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: nodes must be node types of the python grammar, got 'while_statment': \
did you mean while_statement, with_statement or if_statement?
    """

    language: str
    nodes: tuple[str, ...] | None = None
    match: str = "any"
    min_count: int = 1
    rarest: int | None = None
    share: float | None = None
    min_rows: int | None = None

    def __post_init__(self) -> None:
        check_language(self.language)
        if self.nodes is not None:
            nodes = several("nodes", self.nodes, "node types", 'such as ("while_statement",)')
            if not nodes:
                raise ParameterError("nodes", "at least one node type", self.nodes, 'such as ("while_statement",)')
            known = {*grammar(self.language).node_kinds, ERROR}
            for node in nodes:
                if node not in known:
                    raise ParameterError(
                        "nodes", f"node types of the {self.language} grammar", node, closest(str(node), known)
                    )
            object.__setattr__(self, "nodes", nodes)
        settle_choice(self, "nodes")

    def fit(self, table: PropertyTable) -> Region:
        """The rows that hold the nodes; which nodes, where none are named, is chosen over all rows of ``table``."""
        counted = NodeTypes(self.column, self.language)
        nodes = self.nodes
        if nodes is None:
            rules = _rules(self.language)
            nodes = choice_of(self).of(table.values(counted), rules.__contains__, "nodes")
        return Contains(counted, nodes, self.match, self.min_count)

    def __repr__(self) -> str:
        return element_repr(self, "nodes")


def _rules(language: str) -> set[str]:
    """Node types that are no mere tokens such as ``"("``."""
    table = ts_language(language)
    return {table.node_kind_for_id(i) or "" for i in range(table.node_kind_count) if table.node_kind_is_named(i)}
