"""Python code with its syntax tree, and the byte position of each statement and expression."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from codeshift.transforms.edits import Edit, edited, encoded, words_of

_LINE_END = re.compile(rb"\r\n|\n|\r")
_LOOKS_INSIDE = frozenset({"locals", "globals", "vars", "dir", "eval", "exec", "compile", "inspect", "sys"})
Function = ast.FunctionDef | ast.AsyncFunctionDef

TO_COLON = re.compile(rb"[\s)]*:")
"""What stands between a condition or an iterable and the colon behind it, with the colon."""


def parsed_module(text: str) -> ast.Module | None:
    """Return the syntax tree of code; None if it is not Python, or is nested too deeply."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def same_meaning(left: ast.AST, right: ast.AST) -> bool:
    """Return whether two trees are equal, wherever their nodes stand in the text."""
    try:
        return ast.dump(left) == ast.dump(right)
    except RecursionError:
        return False


@dataclass(frozen=True)
class PythonSource:
    """Python code that parses.

    Attributes:
        text: Code.
        data: Code in UTF-8.
        tree: Its syntax tree.
    """

    text: str
    data: bytes
    tree: ast.Module

    @classmethod
    def read(cls, text: str) -> PythonSource | None:
        """Parse code; None if it does not parse, or has line ends that Python and other tools count differently."""
        data, tree = encoded(text), parsed_module(text)
        if data is None or tree is None or b"\f" in data or re.search(rb"\r(?!\n)", data):
            return None
        return cls(text, data, tree)

    @cached_property
    def line_starts(self) -> list[int]:
        """Byte position of the start of each line, and of the end."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.data)), len(self.data)]

    @cached_property
    def line_end(self) -> bytes:
        """Characters that end a line: those of the first line."""
        match = _LINE_END.search(self.data)
        return match[0] if match else b"\n"

    @cached_property
    def words(self) -> set[str]:
        """All words of the code."""
        return words_of(self.text)

    @property
    def looks_inside(self) -> bool:
        """Whether it may look at its own names or its own text, so that a change of these would show."""
        return not self.words.isdisjoint(_LOOKS_INSIDE)

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Return the byte position of a node's start, of decorators too."""
        first = min((d for d in getattr(node, "decorator_list", ())), key=lambda d: d.lineno, default=node)
        if first is not node:  # before the decorator stands its @
            return self.data.rindex(b"@", 0, self.line_starts[first.lineno - 1] + first.col_offset)
        return self.line_starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Return the byte position of a node's end."""
        assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: S101, PT018 - it was parsed
        return self.line_starts[node.end_lineno - 1] + node.end_col_offset

    def segment(self, node: ast.expr | ast.stmt) -> bytes:
        """Return the code of a node, without the parentheses around it."""
        return self.data[self.start(node) : self.end(node)]

    def line_of(self, position: int) -> int:
        """Return the byte position at which the line of a position starts."""
        return max(self.data.rfind(b"\n", 0, position) + 1, 0)

    def opens_line(self, node: ast.stmt) -> bool:
        """Return whether nothing but space stands before a statement on its line."""
        start = self.start(node)
        return not self.data[self.line_of(start) : start].strip()

    def indent(self, node: ast.stmt) -> bytes:
        """Return the space before a statement that opens its line."""
        start = self.start(node)
        return self.data[self.line_of(start) : start]

    def edited(self, edits: list[Edit]) -> str | None:
        """Return the code with edits made; None if it does not parse any more."""
        text = edited(self.data, edits).decode()
        return None if parsed_module(text) is None else text

    def outermost_functions(self) -> Iterator[Function]:
        """Yield the functions that stand in no other function, methods among them."""
        waiting: list[ast.AST] = [self.tree]
        while waiting:
            node = waiting.pop(0)
            if isinstance(node, Function):
                yield node
            else:
                waiting += ast.iter_child_nodes(node)
