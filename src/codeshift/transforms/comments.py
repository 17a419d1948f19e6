"""Code without its comments and docstrings."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from codeshift.checks import check_bool, settle
from codeshift.properties.parsing import CodeParser
from codeshift.transforms.base import Transform
from codeshift.transforms.edits import Edit, edited, encoded
from codeshift.transforms.leaves import is_comment, leaves, parser_of, same_leaves
from codeshift.transforms.python_source import Function, PythonSource, parsed_module, same_meaning

if TYPE_CHECKING:
    from tree_sitter import Node

_DIRECTIVE = re.compile(
    rb"#!|#.*coding[:=]|#\s*type:|//go:|//export|//\s*\+build|#\s*frozen_string_literal|#\s*encoding|///\s*<|//#|"
    rb"//\s*@ts-|/\*\s*@|#line|//\s*language=",
)


@dataclass(frozen=True, kw_only=True)
class DropComments(Transform):
    r"""Comments are dropped, with the lines that they leave empty, and docstrings of Python; nothing else changes.

    Comments that compilers and interpreters read, such as ``# type: ignore`` or ``//go:build``, are kept. Docstrings
    are kept if the code reads ``__doc__``. Dropping twice gives the same as once.

    Attributes:
        column: Column of the code.
        language: Language of the code, any that has a grammar, or such as ``"column:lang"`` for each row's own.
        docstrings: Whether docstrings of Python are dropped too.

    >>> print(DropComments(language="java").rewrite("int f() { // the sum\n  return a + b; /* of both */ }"))
    int f() {
      return a + b; }
    """

    docstrings: bool = True

    known_languages: ClassVar[tuple[str, ...] | None] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, docstrings=check_bool("docstrings", self.docstrings))

    def rewrite_in(self, text: str, language: str) -> str:
        """Return the code without comments, or as it is if it does not parse."""
        parser = parser_of(language)
        dropped = _without_comments(text, parser)
        return _without_docstrings(dropped) if language == "python" and self.docstrings else dropped


def _without_comments(text: str, parser: CodeParser) -> str:
    data = encoded(text)
    code = parser.parse(text)
    if data is None or code.has_error or code.stopped:
        return text
    comments = [node for node in leaves(code) if is_comment(node)]
    taken = [
        _removal(data, node, code.start)
        for node in comments
        if not _DIRECTIVE.match(code.source[node.start_byte : node.end_byte])
    ]
    if not taken:
        return text
    dropped = edited(data, _merged_edits(taken)).decode()
    before = parsed_module(text) if parser.language == "python" else None
    if before is not None:
        after = parsed_module(dropped)
        return dropped if after is not None and same_meaning(before, after) else text
    return dropped if same_leaves(code, parser.parse(dropped), comments=False) else text


def _removal(data: bytes, node: Node, shift: int) -> Edit:
    """Return what goes with a comment: its line if it is alone there, or the space before it."""
    start, end = node.start_byte - shift, node.end_byte - shift
    while end > start and data[end - 1 : end] in (b"\n", b"\r"):  # some grammars take the line's end into a comment
        end -= 1
    before = len(data[:start].rstrip(b" \t"))
    after = end + len(data[end:]) - len(data[end:].lstrip(b" \t"))
    opens, closes = before == 0 or data[before - 1 : before] in b"\n\r", data[after : after + 1] in (b"", b"\n", b"\r")
    if opens and closes:
        length = 2 if data[after : after + 2] == b"\r\n" else 1
        return Edit(before, min(after + length, len(data)), b"")
    if closes:
        return Edit(before, after, b"")
    if opens:
        return Edit(start, after, b"")
    if b"\n" in data[start:end]:  # the end of a line may end a statement
        return Edit(before, after, b"\n")
    return Edit(start, end, b" ") if before == start else Edit(before, end, b"")


def _merged_edits(edits: list[Edit]) -> list[Edit]:
    """Cut what an edit has in common with the one before."""
    joined: list[Edit] = []
    for edit in sorted(edits):
        start = max(edit.start, joined[-1].end) if joined else edit.start
        joined.append(Edit(start, max(edit.end, start), edit.new))
    return joined


def _without_docstrings(text: str) -> str:
    """Return Python code without docstrings; what becomes one when another is dropped is dropped as well."""
    while (source := PythonSource.read(text)) is not None and not source.words & {"__doc__", "doctest", "help"}:
        edits = [edit for body in _bodies(source.tree) if (edit := _docstring_edit(source, body)) is not None]
        dropped = source.edited(edits) if edits else None
        if dropped is None or dropped == text:
            break
        text = dropped
    return text


def _bodies(tree: ast.Module) -> list[list[ast.stmt]]:
    nodes = [node for node in ast.walk(tree) if isinstance(node, Function | ast.ClassDef)]
    return [tree.body, *(node.body for node in nodes)]


def _docstring_edit(source: PythonSource, body: list[ast.stmt]) -> Edit | None:
    if not body or not isinstance(body[0], ast.Expr) or not isinstance(body[0].value, ast.Constant):
        return None
    first = body[0]
    if not isinstance(first.value.value, str):  # type: ignore[attr-defined]
        return None
    start, end = source.start(first), source.end(first)
    rest = source.data[end:]
    line_ends = re.match(rb"[ \t]*(\r?\n|\Z)", rest)
    if len(body) == 1:
        return Edit(start, end, b"pass")
    if line_ends is None or not source.opens_line(first):
        return None
    return Edit(source.line_of(start), end + line_ends.end(), b"")
