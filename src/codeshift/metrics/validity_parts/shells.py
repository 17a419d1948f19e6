"""Parser of text that may be a whole file, members of a class, or the body of a function."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from codeshift.metrics.validity_parts.never import NEVER
from codeshift.metrics.validity_parts.reserved import RESERVED
from codeshift.properties.bounds import BoundedParser
from codeshift.properties.grammars import parser, ts_language
from codeshift.properties.parsing import with_line_feeds

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query


@dataclass(frozen=True)
class Shell:
    """Surrounding code that a fragment is parsed in.

    Attributes:
        before: Text that opens it; its last character is the first of the node that holds the fragment.
        after: Text that closes it; its line break ends a comment of the fragment, its second character closes that
            node.
        refused: Types of nodes that the grammar accepts there and the language does not.
    """

    before: bytes
    after: bytes
    refused: frozenset[str] = frozenset()


def _types(text: str) -> frozenset[str]:
    return frozenset(text.split())


_JAVA_FILE = _types(
    """package_declaration import_declaration module_declaration class_declaration interface_declaration
    enum_declaration record_declaration annotation_type_declaration line_comment block_comment ;"""
)
_GO_FILE = _types(
    """package_clause import_declaration function_declaration method_declaration const_declaration var_declaration
    type_declaration comment ;"""
) | {"\n"}
_C_STATEMENTS = _types(
    """break_statement case_statement compound_statement continue_statement do_statement else_clause for_range_loop
    for_statement goto_statement if_statement labeled_statement return_statement seh_leave_statement seh_try_statement
    switch_statement throw_statement try_statement while_statement co_return_statement co_yield_statement"""
)

FILES: dict[str, frozenset[str]] = {"java": _JAVA_FILE, "go": _GO_FILE}
"""Types of nodes that may stand in a file, by language, where the grammar accepts statements and members there too."""

NO_FILES: dict[str, frozenset[str]] = {"c": _C_STATEMENTS, "cpp": _C_STATEMENTS}
"""Types of nodes that may not stand in a file, by language."""

SHELLS: dict[str, tuple[Shell, ...]] = {
    "java": (
        Shell(b"class A {", b"\n}", _types("compact_constructor_declaration")),
        Shell(b"class A { A() {", b"\n}}"),
    ),
    "c_sharp": (Shell(b"class A {", b"\n}"), Shell(b"class A { A() {", b"\n}}")),
    "javascript": (Shell(b"class A {", b"\n}"), Shell(b"async function* f() {", b"\n}")),
    "typescript": (Shell(b"class A {", b"\n}"), Shell(b"async function* f() {", b"\n}")),
    "php": (Shell(b"class A {", b"\n}"),),
    "cpp": (Shell(b"class A {", b"\n};"), Shell(b"void f() {", b"\n}", _types("function_definition"))),
    "rust": (Shell(b"impl A {", b"\n}"), Shell(b"fn f() {", b"\n}")),
    "go": (Shell(b"func f() {", b"\n}"),),
    "c": (Shell(b"void f() {", b"\n}"),),
}
_JAVA_STATEMENTS = _types(
    """assignment_expression update_expression method_invocation object_creation_expression switch_expression"""
)


class ShellParser:
    """Parser that tells which rows of a language are valid.

    >>> parser = ShellParser("java")
    >>> [parser.judge(text) for text in ("int f() { return 1; }", "return 1;", "else { }", "a < " * 9999)]
    [True, True, False, None]
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._parser = parser(language)
        self._reserved = RESERVED.get(language)
        self._checks = SYNTAX_CHECKS.get(language, {})
        self._query = _query(ts_language(language), language)

    def judge(self, text: str) -> bool | None:
        """Return whether the text is a whole file or, by itself, members of a class or statements of a body.

        None if the parser gives up before it is known.
        """
        source = with_line_feeds(text).encode("utf-8", errors="replace")
        for attempt in self._attempts(source, text):
            accepted = attempt()
            if accepted is not False:
                return accepted
        return False

    def _attempts(self, source: bytes, text: str) -> Iterator[Callable[[], bool | None]]:
        """Yield what tells whether the text is valid in one way, the most likely first."""
        yield lambda: self._is_file(source)
        for shell in SHELLS.get(self.language, ()):
            yield partial(self._fits, source, shell)
        if self.language == "php" and _PAGE.match(text) is not None:
            yield lambda: self._is_page(source)

    def _is_file(self, source: bytes) -> bool | None:
        """Return whether a text is a whole file; None if the parser gives up on it, as in the other ways."""
        tree = self._parser.parse(source)
        if tree is None:
            return None
        root = tree.root_node
        if root.has_error or root.is_error:
            return False
        only, never = FILES.get(self.language), NO_FILES.get(self.language, frozenset())
        accepted = all((only is None or node.type in only) and node.type not in never for node in root.children)
        return accepted and self._is_sound(root)

    def _is_page(self, source: bytes) -> bool | None:
        """Return whether an HTML page that contains PHP parses, by the grammar that covers both."""
        import tree_sitter_php
        from tree_sitter import Language

        language = Language(tree_sitter_php.language_php())
        tree = BoundedParser(language, self.language).parse(source)
        if tree is None:
            return None
        root = tree.root_node
        return not root.has_error and self._is_sound(root, _query(language, self.language))

    def _fits(self, source: bytes, shell: Shell) -> bool | None:
        """Return whether a fragment fits a shell: it neither leaves it nor breaks it up."""
        tree = self._parser.parse(shell.before + source + shell.after)
        if tree is None:
            return None
        root = tree.root_node
        if root.has_error:
            return False
        first, last = len(shell.before) - 1, len(shell.before) + len(source) + shell.after.index(b"}") + 1
        holder = root.descendant_for_byte_range(first, last)
        if holder is None or (holder.start_byte, holder.end_byte) != (first, last):
            return False
        if any(child.type in shell.refused for child in holder.children):
            return False
        if self.language in ("javascript", "typescript") and any(map(_is_catch, holder.named_children)):
            return False
        return self._is_sound(root)

    def _is_sound(self, root: Node, query: Query | None = None) -> bool:
        """Return whether a tree without errors contains nothing that the grammar accepts and the language refuses."""
        query = query or self._query
        if query is None:
            return True
        from tree_sitter import QueryCursor

        captures = QueryCursor(query).captures(root)
        return not (
            captures.get("never")
            or any(self._is_misnamed(node) for node in captures.get("name", ()))
            or any(self._checks[node.type](node) for node in captures.get("checked", ()))
        )

    def _is_misnamed(self, node: Node) -> bool:
        reserved = self._reserved
        if reserved is None or (node.text or b"").decode("utf-8", "replace") not in reserved.words:
            return False
        if self.language == "ruby":
            return not _is_method_of_ruby(node)
        return not _is_within(node, reserved.free)


@cache  # a grammar such as that of C++ takes half a second for it
def _query(language: Language, name: str) -> Query | None:
    """Return the query for the nodes of a tree that need a closer look."""
    from tree_sitter import Query, QueryError

    reserved = RESERVED.get(name)
    names = reserved.names if reserved else ()
    patterns = [kind if kind.startswith("(") else f"({kind}) @name" for kind in names]
    patterns += [f"({kind}) @checked" for kind in SYNTAX_CHECKS.get(name, ())]
    patterns += NEVER.get(name, ())
    known = []
    for pattern in patterns:  # a package may bring its own grammar, with other types of nodes
        with contextlib.suppress(QueryError):
            Query(language, pattern)
            known.append(pattern)
    return Query(language, "\n".join(known)) if known else None


def _is_within(node: Node, kinds: frozenset[str] | set[str]) -> bool:
    above = node.parent
    while above is not None:
        if above.type in kinds:
            return True
        above = above.parent
    return False


def _is_no_statement(node: Node) -> bool:
    """Return whether an expression is used as a Java statement but is not one, such as ``a + b;``."""
    if node.parent is not None and node.parent.type == "switch_rule":
        return False
    inner = node.named_children[0] if node.named_children else None
    return inner is not None and inner.type not in _JAVA_STATEMENTS


def _repeats(node: Node) -> bool:
    """Return whether a modifier occurs twice."""
    words = [child.text for child in node.children if not child.is_named]
    return len(set(words)) < len(words)


def _is_no_character(node: Node) -> bool:
    """Return whether a character literal holds more or less than one character; an escape counts as one."""
    text = (node.text or b"").decode("utf-8", "replace")
    return _CHARACTER.fullmatch(text) is None


def _runs_on(node: Node) -> bool:
    """Return whether a string that is not a text block continues after the end of its line."""
    text = node.text or b""
    return b"\n" in text and not text.startswith(b'"""')


def _is_void(node: Node) -> bool:
    """Return whether a variable is declared with type void."""
    kind = node.child_by_field_name("type")
    return kind is not None and kind.type == "void_type"


def _is_no_case(node: Node) -> bool:
    """Return whether a case is outside a switch."""
    return not _is_within(node, {"switch_statement"})


def _is_nested(node: Node) -> bool:
    """Return whether a node that belongs at the head of a file is elsewhere."""
    return node.parent is not None and node.parent.type != "program"


def _is_half_a_try(node: Node) -> bool:
    """Return whether a ``try`` has neither handler nor finalizer."""
    clauses = ("catch_clause", "finally_clause")
    return not any(child.type in clauses for child in node.children)


def _is_catch(node: Node) -> bool:
    """Return whether a bare member is named like a statement, ``catch`` or ``for``, or a field by a reserved word."""
    name = node.child_by_field_name("name" if node.type == "method_definition" else "property") or (
        node.child_by_field_name("name")
    )
    if name is None or node.child(0) != name:  # with modifiers it is a member
        return False
    if name.type == "number":  # 1 = 2
        return True
    words = _STATEMENTS if node.type == "method_definition" else RESERVED["javascript"].words
    return (name.text or b"").decode("utf-8", "replace") in words


def _is_method_of_ruby(node: Node) -> bool:
    """Return whether a reserved word names a method there: after a dot, after ``def``, in ``alias`` and ``undef``."""
    parent = node.parent
    if parent is None or parent.type in ("alias", "undef"):
        return parent is not None
    if parent.type == "call":
        return parent.child_by_field_name("receiver") is not None and parent.child_by_field_name("method") == node
    return parent.type in ("method", "singleton_method") and parent.child_by_field_name("name") == node


_PAGE = re.compile(r"\s*<(?:.*<)?\?(?:php\b|=)", re.DOTALL | re.IGNORECASE)
_STATEMENTS = {"catch", "for", "switch", "while", "with"}  # possible names of methods, but hardly ever used as such
_CHARACTER = re.compile(r"'([^\\'\r\n]|[\U00010000-\U0010ffff]|\\([btnfrs\"'\\]|[0-3]?[0-7]{1,2}|u+[0-9a-fA-F]{4}))'")
SyntaxCheck = Callable[["Node"], bool]
_HALF_A_TRY: dict[str, SyntaxCheck] = {"try_statement": _is_half_a_try}
SYNTAX_CHECKS: dict[str, dict[str, SyntaxCheck]] = {
    "java": {
        "expression_statement": _is_no_statement,
        "modifiers": _repeats,
        "character_literal": _is_no_character,
        "string_literal": _runs_on,
        "local_variable_declaration": _is_void,
        "field_declaration": _is_void,
        "import_declaration": _is_nested,
        "package_declaration": _is_nested,
        "module_declaration": _is_nested,
    },
    "c": {"case_statement": _is_no_case},
    "cpp": {"case_statement": _is_no_case},
    "c_sharp": _HALF_A_TRY,
    "javascript": _HALF_A_TRY,
    "typescript": _HALF_A_TRY,
    "php": _HALF_A_TRY,
}
"""Checks, by type of node, for what the grammar accepts and the language refuses."""
