"""Python code whose conditions are inverted, with the branches swapped."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from codeshift.transforms.base import Transform
from codeshift.transforms.edits import Edit
from codeshift.transforms.python_source import TO_COLON, PythonSource
from codeshift.transforms.statements import rewrite_each

_ELSE = re.compile(rb"else[ \t]*:[ \t]*(#[^\r\n]*)?(\r?\n)")


@dataclass(frozen=True, kw_only=True)
class InvertConditions(Transform):
    r"""Each ``if`` with an ``else`` becomes ``if not`` with the branches swapped, and so does each ``a if b else c``.

    An ``if`` whose ``else`` is an ``elif``, or whose branches stand on its own lines, stays.

    Attributes:
        column: Column of the code.
        language: "python".

    >>> code = "def f(x):\n    if x:\n        return 1\n    else:\n        return 2 if x is None else 3"
    >>> print(InvertConditions(language="python").rewrite(code))
    def f(x):
        if not (x):
            return (3) if not (x is None) else (2)
        else:
            return 1
    """

    def rewrite_in(self, text: str, language: str) -> str:
        """Return the code with inverted conditions, or as it is if it does not parse."""
        source = PythonSource.read(text)
        if source is None or source.looks_inside:
            return text
        return rewrite_each(source, (ast.If, ast.IfExp), _swapped_branches)


def _swapped_branches(source: PythonSource, node: ast.If | ast.IfExp) -> list[Edit]:
    return _of_expression(source, node) if isinstance(node, ast.IfExp) else _of_statement(source, node)


def _of_expression(source: PythonSource, node: ast.IfExp) -> list[Edit]:
    first, test, second = (source.segment(part) for part in (node.body, node.test, node.orelse))
    inverted = b"(" + second + b") if not (" + test + b") else (" + first + b")"
    return [Edit(source.start(node), source.end(node), inverted)]


def _of_statement(source: PythonSource, node: ast.If) -> list[Edit]:
    data = source.data
    colon = TO_COLON.match(data, source.end(node.test))
    if colon is None or not node.orelse or not source.opens_line(node.body[0]) or not source.opens_line(node.orelse[0]):
        return []
    between = data[source.end(node.body[-1]) : source.start(node.orelse[0])]
    heads = list(_ELSE.finditer(between))
    if len(heads) != 1 or between[: heads[0].start()].rpartition(b"\n")[2].strip():
        return []  # an elif, or comments that look like an else
    head_start = source.end(node.body[-1]) + heads[0].start()
    head_end = source.end(node.body[-1]) + heads[0].end()
    body_start = data.index(b"\n", colon.end()) + 1
    line_of_else = source.line_of(head_start)
    body, orelse = data[body_start:line_of_else], data[head_end : _end_of_line(source, node)]
    if not orelse.endswith(b"\n"):
        body, orelse = body.removesuffix(b"\n").removesuffix(b"\r"), orelse + source.line_end
    test_start, test_end = source.start(node.test), source.end(node.test)
    keyword = data.rindex(b"if", 0, test_start) + len(b"if")
    return [
        Edit(keyword, colon.end(), b" not (" + data[test_start:test_end] + b"):"),
        Edit(body_start, line_of_else, orelse),
        Edit(head_end, _end_of_line(source, node), body),
    ]


def _end_of_line(source: PythonSource, node: ast.If) -> int:
    """Return the position after the line on which a statement ends."""
    end = source.data.find(b"\n", source.end(node))
    return len(source.data) if end < 0 else end + 1
