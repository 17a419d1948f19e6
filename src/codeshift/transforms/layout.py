"""Code in another layout: indentation, line breaks and spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from codeshift.checks import check_integer, settle
from codeshift.properties.parsing import ParsedCode
from codeshift.transforms.base import Transform
from codeshift.transforms.edits import encoded
from codeshift.transforms.leaves import is_comment, leaves, parser_of, same_leaves
from codeshift.transforms.python_source import parsed_module, same_meaning

if TYPE_CHECKING:
    from tree_sitter import Node

_BRACES = ("java", "c_sharp", "c", "cpp", "rust")
_OPENS, _CLOSES = frozenset({"(", "[", "{"}), frozenset({")", "]", "}"})
_STAYS_BEHIND_BRACE = frozenset({";", ",", ")", ".", "]"})
_TAB = 8


@dataclass(frozen=True, kw_only=True)
class Reformat(Transform):
    r"""The layout is made anew; names, comments and all else stay.

    Python gets as few spaces as it needs within a line, other indentation and no empty lines. Languages whose
    statements end in ``;`` or ``}`` (Java, C#, C, C++, Rust) get a line for each. In others, in which a line's end can
    end a statement, lines stay and are indented by their brackets. Code with lines for a preprocessor or with JSX stays
    as it is. Reformatting twice gives the same as once.

    Attributes:
        column: Column of the code.
        language: Language of the code, any that has a grammar, or such as ``"column:lang"`` for each row's own.
        indent: Spaces of a level.

    >>> print(Reformat(language="java").rewrite("int f ( ) { g ( 1 ) ; return 2 ; }"))
    int f ( ) {
      g ( 1 ) ;
      return 2 ;
    }
    >>> print(Reformat(language="python").rewrite("def f(a, b):\n\n    return a + b"))
    def f(a,b):
      return a+b
    """

    indent: int = 2

    known_languages: ClassVar[tuple[str, ...] | None] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, indent=check_integer("indent", self.indent, smallest=1, largest=16))

    def rewrite_in(self, text: str, language: str) -> str:
        """Return the code in its new layout, or as it is if it does not parse."""
        parser = parser_of(language)
        code = parser.parse(text)
        if encoded(text) is None or code.has_error or code.stopped or _has_directives(code):
            return text
        others = _braced_lines if language in _BRACES else _own_lines
        lines = _python_lines if language == "python" else others
        new = _indented_text(lines(code, self.indent), text)
        if language == "python":
            before, after = parsed_module(text), parsed_module(new)
            return new if before is not None and after is not None and same_meaning(before, after) else text
        return new if same_leaves(code, parser.parse(new)) else text


Line = tuple[int, str]
"""Columns before a line, and its code."""


def _indented_text(lines: Iterator[Line], text: str) -> str:
    end = "\n" if text.endswith("\n") else ""
    return "\n".join(" " * columns + line for columns, line in lines if line) + end


def _has_directives(code: ParsedCode) -> bool:
    """Return whether there are lines for a preprocessor, or markup, in which space counts."""
    nodes = (*code.roots, *leaves(code), *(node.parent for node in leaves(code) if node.parent is not None))
    return any("preproc" in node.type or node.type.startswith("jsx") for node in nodes)


def _leaves_with_space(code: ParsedCode) -> list[tuple[Node, str, str]]:
    """Return each leaf with its text, and the space before it."""
    tokens, at = [], code.start
    for node in leaves(code):
        if node.type == "line_continuation":
            continue
        gap = code.source[at : node.start_byte].decode()
        tokens.append((node, code.source[node.start_byte : node.end_byte].decode(), gap))
        at = node.end_byte
    return tokens


def _python_lines(code: ParsedCode, indent: int) -> Iterator[Line]:
    levels, depth, line, columns, before = [-1], 0, "", 0, ""
    waiting: list[str] = []  # comments of their own line, which get the indentation of the code below
    for node, text, gap in _leaves_with_space(code):
        breaks = "\n" in gap or "\r" in gap
        if is_comment(node):
            if not line or (breaks and not depth):
                if line:
                    yield columns, line
                    line = ""
                waiting.append(text)
                continue
            line += f"\n{' ' * (columns + 2 * indent)}{text}" if breaks else f" {text}"
            before = text
            continue
        if not line or (breaks and not depth and "\\" not in gap):
            if line:
                yield columns, line
            line_start = code.source.rfind(b"\n", 0, node.start_byte) + 1
            column = len(code.source[line_start : node.start_byte].expandtabs(_TAB))
            while levels and column < levels[-1]:
                levels.pop()
            if not levels or column > levels[-1]:
                levels.append(column)
            columns, line = (len(levels) - 2) * indent, text
            yield from ((columns, comment) for comment in waiting)
            waiting = []
        elif breaks:
            line += ("" if depth else " \\") + f"\n{' ' * (columns + 2 * indent)}{text}"
        else:
            line += (" " if _needs_space(before, text) else "") + text
        depth += (text in _OPENS) - (text in _CLOSES)
        before = text
    if line:
        yield columns, line
    yield from ((0, comment) for comment in waiting)


_WORD_END, _WORD_START = re.compile(r"[\w\"']\Z"), re.compile(r"[\w\"']")


def _needs_space(left: str, right: str) -> bool:
    """Return whether two tokens of Python would be read as others without a space between."""
    if left[-1:].isdigit() and right[:1] == ".":
        return True
    return _WORD_END.search(left) is not None and _WORD_START.match(right) is not None


def _braced_lines(code: ParsedCode, indent: int) -> Iterator[Line]:
    depth, brackets, line = 0, 0, ""
    texts = _leaves_with_space(code)
    for i, (node, text, gap) in enumerate(texts):
        if text == "}" and not brackets:
            depth = max(depth - 1, 0)
        if not line:
            start, line = depth, text
        else:
            line += (" " if gap else "") + text
        brackets = max(brackets + (text in ("(", "[")) - (text in (")", "]")), 0)
        if text == "{" and not brackets:
            depth += 1
        following, remark = _following(texts, i)
        comment = is_comment(node) and not text.endswith("*/")
        if comment or (not brackets and not remark and _ends_line(text, following)):
            yield start * indent, line
            line = ""
    if line:
        yield start * indent, line


def _following(texts: list[tuple[Node, str, str]], i: int) -> tuple[str, bool]:
    """Return the next leaf's text, and whether it is a comment that stands on the same line."""
    if i + 1 == len(texts):
        return "", False
    node, text, gap = texts[i + 1]
    return text, is_comment(node) and "\n" not in gap


def _ends_line(text: str, following: str) -> bool:
    return text in ("{", ";") or (text == "}" and following not in _STAYS_BEHIND_BRACE)


def _own_lines(code: ParsedCode, indent: int) -> Iterator[Line]:
    depth, line, start = 0, "", 0
    for node, text, gap in _leaves_with_space(code):
        closes = text in _CLOSES
        depth = max(depth - closes, 0)
        if line and ("\n" in gap or "\r" in gap):
            yield start * indent, line
            line = ""
        if not line:
            start, line = depth, text
        else:
            line += (" " if gap else "") + text
        depth += text in _OPENS and not is_comment(node)
    if line:
        yield start * indent, line
