"""Code to a syntax tree, for the fragments that datasets hold: bare methods and statements as well as whole files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codeshift.properties.grammars import parser

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

    from codeshift.properties.bounds import BoundedParser

_LONE_RETURN = re.compile(r"\r(?!\n)")

# Where a fragment does not parse by itself, it is tried as the body of such a shell: (before, after, type of the node
# that then holds the fragment). A Java constructor, for one, is a method only inside of a class.
_SHELLS: dict[str, tuple[tuple[bytes, bytes, str], ...]] = {
    "java": ((b"class A {", b"\n}", "class_body"),),
    "c_sharp": ((b"class A {", b"\n}", "declaration_list"),),
    "javascript": ((b"class A {", b"\n}", "class_body"),),
    "typescript": ((b"class A {", b"\n}", "class_body"),),
    "php": ((b"class A {", b"\n}", "declaration_list"),),
    "cpp": ((b"class A {", b"\n};", "field_declaration_list"),),
    "rust": ((b"impl A {", b"\n}", "declaration_list"), (b"fn f() {", b"\n}", "block")),
    "go": ((b"func f() {", b"\n}", "block"),),
    "c": ((b"void f() {", b"\n}", "compound_statement"),),
}


@dataclass(frozen=True)
class ParsedCode:
    """The syntax tree of one row.

    Attributes:
        roots: Nodes that hold the row's code: those under the tree's root or, for a fragment that parses only
            inside of a class or function, those inside of that shell.
        source: Bytes that the nodes' offsets count in.
        has_error: Whether an ERROR or MISSING node stands anywhere in it.
        start: Where in ``source`` the row's own code begins: behind what opens the shell.
        stopped: Whether the parser gave up on the row, as ``codeshift.properties.bounds`` says; it has no nodes then.
    """

    roots: tuple[Node, ...]
    source: bytes
    has_error: bool
    start: int = 0
    stopped: bool = False


class CodeParser:
    """Parses the rows of one language.

    >>> CodeParser("java").parse("Point(int x) { this.x = x; }").roots[0].type
    'constructor_declaration'
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._parser: BoundedParser = parser(language)

    def parse(self, text: str) -> ParsedCode:
        """Parse one row. Text that is no code still gives a tree, with ERROR nodes in it, unless it costs too much."""
        source = with_line_feeds(text).encode("utf-8", errors="replace")
        tree = self._parser.parse(source)
        if tree is not None and self.language == "c_sharp" and _is_misread(tree.root_node):
            return self._in_shell(source) or self.of_tree(tree, source)
        return self.of_tree(tree, source)

    def of_tree(self, tree: Tree | None, source: bytes) -> ParsedCode:
        """Return the code that ``tree`` is the plain tree of; in a shell if it has errors without one."""
        if tree is None:
            return ParsedCode((), source, has_error=True, stopped=True)
        root = tree.root_node
        if root.has_error:
            in_shell = self._in_shell(source)
            if in_shell:
                return in_shell
        # A tree that fits no rule at all has the type ERROR itself, which must be seen.
        return ParsedCode((root,) if root.is_error else tuple(root.children), source, has_error=root.has_error)

    def _in_shell(self, source: bytes) -> ParsedCode | None:
        for before, after, holder in _SHELLS.get(self.language, ()):
            wrapped = before + source + after
            tree = self._parser.parse(wrapped)
            inside = _fragment_nodes(tree, holder, len(before) - 1) if tree is not None else ()
            if inside:
                return ParsedCode(inside, wrapped, has_error=False, start=len(before))
        return None


def with_line_feeds(text: str) -> str:
    r"""Return a text with a line feed for each lone carriage return, which ends a line too but which few grammars know.

    >>> with_line_feeds("a\rb\r\nc")
    'a\nb\r\nc'
    """
    return _LONE_RETURN.sub("\n", text) if "\r" in text else text


def _is_misread(root: Node) -> bool:
    """Return whether a bare C# method was taken for a local function, which ``override`` or ``protected`` decide."""
    statements = [child for child in root.named_children if child.type != "comment"]
    return bool(statements) and all(
        child.type == "global_statement" and child.children[0].type == "local_function_statement"
        for child in statements
    )


def _fragment_nodes(tree: Tree, holder: str, start: int) -> tuple[Node, ...]:
    """Return the nodes of a fragment in a shell that parsed without error; none if it did not or was left."""
    root = tree.root_node
    if root.has_error or root.named_child_count != 1:
        return ()
    body = root.named_children[0]
    for child in reversed(body.children):
        if child.type == holder and child.start_byte == start:
            return tuple(child.children[1:-1])
    return ()
