"""Splits by the syntax that programs use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codeshift.checks import settle, several
from codeshift.errors import ParameterError
from codeshift.literals import expressible
from codeshift.properties import NodeTypes, PropertyTable, grammar
from codeshift.properties.row_languages import language_column
from codeshift.properties.trees import ERROR, rule_names
from codeshift.regions.base import Region
from codeshift.regions.elements import Contains
from codeshift.splitters.choosing import ElementSplitter
from codeshift.wording import closest


@expressible
@dataclass(frozen=True, kw_only=True, repr=False)
class ASTNodeSplitter(ElementSplitter):
    """Programs that contain certain node types of the syntax tree are out of distribution.

    The node types are those named by ``nodes``, or the ``rarest``, or chosen so that the region holds a ``share`` of
    the rows; if none of the three is given, a tenth.

    Attributes:
        column: Column that holds the code.
        language: Language of the code, one of ``codeshift.properties.languages()``, or ``"column:lang"`` for the
            one that each row names in its column ``lang``.
        nodes: Node types of that language's tree-sitter grammar, such as ``("while_statement",)``; tokens such as
            ``"while"`` are node types too.
        match: Whether programs must contain one of the nodes (``"any"``) or every one (``"all"``).
        min_count: Lowest number of occurrences of a node in a program to count as contained.
        rarest: Number of rarest node types to take, instead of ``nodes`` (tokens and errors left out).
        share: Approximate share of rows to hold out, instead of ``nodes``; see ``choosing.Choice``.
        min_rows: Number of rows that must contain a node type for it to be chosen; by default 10 for ``rarest`` and
            2 for ``share``.

    Raises:
        ParameterError: if a value is invalid; a misspelt node type or language gets close matches.

    >>> ASTNodeSplitter(column="code", language="python", nodes=("while_statment",))
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: nodes must be node types of the python grammar, got 'while_statment': \
did you mean while_statement, with_statement or if_statement?
    """

    named_by = "nodes"

    nodes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nodes is not None:
            nodes = several("nodes", self.nodes, "node types", 'such as ("while_statement",)')
            if not nodes:
                raise ParameterError("nodes", "at least one node type", self.nodes, 'such as ("while_statement",)')
            if language_column(self.language) is None:
                _check_nodes(nodes, (self.language,))
            settle(self, nodes=nodes)

    def fit(self, table: PropertyTable) -> Region:
        """Return the region of rows that contain the nodes; if none are named, all rows of ``table`` decide which."""
        counted = NodeTypes(self.column, self.language)
        nodes = self.nodes
        if nodes is None:
            rules = frozenset().union(*map(rule_names, self._languages_of(table)))
            nodes = self.choose(table, counted, rules.__contains__)
        elif language_column(self.language) is not None:
            _check_nodes(nodes, self._languages_of(table))
        return Contains(counted, nodes, self.match, self.min_count)

    def _languages_of(self, table: PropertyTable) -> tuple[str, ...]:
        """Return the languages of the rows; one that is given is known without them."""
        by_row = language_column(self.language)
        return (self.language,) if by_row is None else table.languages(by_row)


def _check_nodes(nodes: Sequence[str], languages: Sequence[str]) -> None:
    """Check that each node type is one of the grammar of some language.

    Raises:
        ParameterError: if it is not; the message names close matches.
    """
    node_types = {ERROR}.union(*(grammar(language).node_kinds for language in languages))
    for node in nodes:
        if node not in node_types:
            grammars = f"the {' or '.join(languages)} grammar"
            raise ParameterError("nodes", f"node types of {grammars}", node, closest(str(node), node_types))
