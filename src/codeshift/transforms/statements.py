"""Rewrites of Python statements one by one, from the last to the first, so that the others keep their places."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from codeshift.transforms.edits import Edit
from codeshift.transforms.python_source import PythonSource

Node = ast.stmt | ast.expr

EditsOf = Callable[[PythonSource, Any], list[Edit]]
"""Function of code and of a node in it that returns the edits of the node's text; none if it must stay."""


def rewrite_each(source: PythonSource, kinds: tuple[type[Node], ...], edits_of: EditsOf) -> str:
    """Return code in which each node of some kinds is rewritten, inner ones before those around them.

    An edit of a node moves no node that starts before it, so the nodes that are left are found by their number.

    Args:
        source: Code.
        kinds: Kinds of nodes.
        edits_of: Function that says how a node is rewritten.
    """
    remaining = len(_nodes_outside_f_strings(source.tree, kinds))
    while remaining:
        remaining -= 1
        nodes = _nodes_outside_f_strings(source.tree, kinds)
        edits = edits_of(source, nodes[remaining])
        text = source.edited(edits) if edits else None
        after = None if text is None else PythonSource.read(text)
        # A node that was rewritten may be of another kind now.
        if after is not None and len(nodes) - len(_nodes_outside_f_strings(after.tree, kinds)) in (0, 1):
            source = after
    return source.text


def _nodes_outside_f_strings(tree: ast.Module, kinds: tuple[type[Node], ...]) -> list[Node]:
    """Return the nodes of some kinds that stand within no f-string, in the order of the text, outer ones first."""
    matching: list[Node] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, kinds):
            matching.append(node)
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.JoinedStr)]
    return sorted(matching, key=_position)


def _position(node: Node) -> tuple[int, ...]:
    return node.lineno, node.col_offset, -(node.end_lineno or 0), -(node.end_col_offset or 0)
