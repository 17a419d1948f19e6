"""The leaves of a syntax tree: all that counts of code for its parser, without space between."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from codeshift.properties.parsing import CodeParser, ParsedCode

if TYPE_CHECKING:
    from tree_sitter import Node


@cache
def parser_of(language: str) -> CodeParser:
    """Return the parser of a language, which is made once."""
    return CodeParser(language)


def is_comment(node: Node) -> bool:
    """Return whether a node is a comment, whatever its grammar calls it."""
    return node.is_named and "comment" in node.type


_WHOLE = ("string", "char", "template", "heredoc", "regex", "encapsed", "quoted", "subshell", "preproc")


def is_whole(node: Node) -> bool:
    """Return whether space within a node counts, so that it is one leaf: strings and comments."""
    return is_comment(node) or (node.is_named and any(word in node.type for word in _WHOLE))


def leaves(code: ParsedCode) -> Iterator[Node]:
    """Yield the leaves in their order; a string or a comment is one leaf."""
    waiting = list(reversed(code.roots))
    while waiting:
        node = waiting.pop()
        if is_whole(node) or not node.children:
            if node.end_byte > node.start_byte:
                yield node
        else:
            waiting += reversed(node.children)


def same_leaves(left: ParsedCode, right: ParsedCode, *, but: str = "", comments: bool = True) -> bool:
    """Return whether two codes have the same leaves and no new errors.

    Args:
        left: One.
        right: Other.
        but: Type of the leaves whose texts may differ.
        comments: Whether comments count.
    """
    if right.has_error and not left.has_error:
        return False
    sides = [list(_leaf_texts(code, but, comments=comments)) for code in (left, right)]
    return sides[0] == sides[1]


def _leaf_texts(code: ParsedCode, but: str, *, comments: bool) -> Iterator[tuple[str, bytes]]:
    for node in leaves(code):
        if comments or not is_comment(node):
            text = b"" if node.type == but else code.source[node.start_byte : node.end_byte]
            yield node.type, text
