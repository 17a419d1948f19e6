"""Places in a program's syntax tree: its names, and the bodies of its statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from codeshift.errors import ParameterError
from codeshift.properties.control_flow import CONTROL_FLOW
from codeshift.properties.grammars import check_language, grammar
from codeshift.properties.trees import rule_names

if TYPE_CHECKING:
    from tree_sitter import Node

_BODIES = {
    "python": ("block",),
    "java": ("block",),
    "c_sharp": ("block",),
    "javascript": ("statement_block",),
    "typescript": ("statement_block",),
    "go": ("block",),
    "c": ("compound_statement",),
    "cpp": ("compound_statement",),
    "rust": ("block",),
    "ruby": ("then", "do"),
    "php": ("compound_statement",),
}
# Parts of a node's type that mark its body as that of a definition or an initializer, not of a statement.
_DEFINES = (
    "function", "method", "class", "constructor", "destructor", "lambda", "closure", "accessor", "operator",
    "func_literal", "initializer",
)  # fmt: skip


@cache
def identifier_types(language: str) -> frozenset[str]:
    """Return the types of the leaves that are names; for another package's grammar, those that it calls identifiers.

    Raises:
        ParameterError: if the language is unknown, or its grammar calls nothing an identifier.

    >>> sorted(identifier_types("java"))
    ['identifier', 'type_identifier']
    """
    check_language(language)
    if language in CONTROL_FLOW:
        return frozenset(CONTROL_FLOW[language].names)
    kinds = rule_names(language).intersection(grammar(language).node_kinds)
    types = frozenset(kind for kind in kinds if "identifier" in kind)
    if not types:
        raise ParameterError("language", "one whose grammar has identifiers", language, "choose another language")
    return types


def body_types(language: str) -> frozenset[str]:
    """Return the types of the nodes that are bodies.

    Raises:
        ParameterError: if the language is unknown, or its bodies are.

    >>> sorted(body_types("java"))
    ['block']
    """
    check_language(language)
    if language not in _BODIES:
        raise ParameterError("language", f"one of {', '.join(sorted(_BODIES))}", language, "choose one of these")
    return frozenset(_BODIES[language])


def identifiers(roots: Sequence[Node], types: frozenset[str]) -> Iterator[Node]:
    """Return the leaves of some types, in the order of the text, without those that the parser only supposes.

    >>> from codeshift.properties.parsing import CodeParser
    >>> parsed = CodeParser("python").parse("def f(a): return a")
    >>> [node.text for node in identifiers(parsed.roots, identifier_types("python"))]
    [b'f', b'a', b'a']
    """
    for node in _all_nodes(roots):
        if not node.child_count and node.type in types and node.start_byte < node.end_byte:
            yield node


def bodies(roots: Sequence[Node], types: frozenset[str]) -> Iterator[Node]:
    r"""Return the bodies of statements that are not empty, in the order of the text, without bodies of functions.

    >>> from codeshift.properties.parsing import CodeParser
    >>> parsed = CodeParser("python").parse("def f(a):\n    while a:\n        a = g(a)")
    >>> [node.text for node in bodies(parsed.roots, body_types("python"))]
    [b'a = g(a)']
    """
    for node in _all_nodes(roots):
        if node.type in types and node.named_child_count:
            parent = node.parent
            if parent is not None and parent.type not in types and not any(word in parent.type for word in _DEFINES):
                yield node


def _all_nodes(roots: Sequence[Node]) -> Iterator[Node]:
    """Yield all named nodes from the roots down, with a stack, since recursion would fail on a deep tree."""
    waiting = list(reversed(roots))
    while waiting:
        node = waiting.pop()
        if node.is_named:
            yield node
        waiting += reversed(node.children)
