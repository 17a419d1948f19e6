"""Python code whose ``for`` loops are ``while`` loops."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from codeshift.transforms.base import Transform
from codeshift.transforms.edits import Edit, fresh_names
from codeshift.transforms.python_source import TO_COLON, PythonSource
from codeshift.transforms.statements import rewrite_each

_USED = frozenset({"iter", "next", "object"})
_STEP = b"    "


@dataclass(frozen=True, kw_only=True)
class ForToWhile(Transform):
    r"""Each ``for`` loop of Python becomes a ``while`` loop over the same iterator.

    Loops that are asynchronous, stand in a class body or have an ``else`` stay; so does code that defines ``iter``,
    ``next`` or ``object``. Names are given that the code does not have. What a rewritten loop leaves is the same, but
    for the iterator, which lives as long as the function.

    Attributes:
        column: Column of the code.
        language: "python".

    >>> print(ForToWhile(language="python").rewrite("def f(rows):\n    for row in rows:\n        print(row)"))
    def f(rows):
        items_0, end_0 = iter(rows), object()
        while (item_0 := next(items_0, end_0)) is not end_0:
            row = item_0
            print(row)
    """

    def rewrite_in(self, text: str, language: str) -> str:
        """Return the code with ``while`` loops, or as it is if it does not parse."""
        source = PythonSource.read(text)
        if source is None or source.looks_inside or not _defined(source.tree).isdisjoint(_USED):
            return text
        return rewrite_each(source, (ast.For,), _as_while)


def _defined(tree: ast.Module) -> set[str]:
    """Return the names that code defines anywhere, however it does."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


def _as_while(source: PythonSource, loop: ast.For) -> list[Edit]:
    body = loop.body[0]
    colon = TO_COLON.match(source.data, source.end(loop.iter))
    if loop.orelse or colon is None or not source.opens_line(loop) or _in_class(source.tree, loop):
        return []
    number = next(fresh_names("items", source.words)).rpartition("_")[2]
    items, end, item = (f"{stem}_{number}".encode() for stem in ("items", "end", "item"))
    if {name.decode() for name in (end, item)} & source.words:
        return []
    indent, line_end, of = source.indent(loop), source.line_end, source.segment(loop.iter)
    iterable = b"(" + of + b")" if isinstance(loop.iter, ast.Tuple) else of
    head = (
        items + b", " + end + b" = iter(" + iterable + b"), object()" + line_end + indent
        + b"while (" + item + b" := next(" + items + b", " + end + b")) is not " + end + b":"
    )  # fmt: skip
    assigned = _target(source, loop) + b" = " + item
    header = Edit(source.start(loop), colon.end(), head)
    start = source.start(body)
    if source.opens_line(body):
        at = source.line_of(start)
        return [header, Edit(at, at, source.indent(body) + assigned + line_end)]
    between = source.data[colon.end() : start]
    if between.strip():
        return []
    inner = line_end + indent + _STEP
    return [header, Edit(colon.end(), start, inner + assigned + inner)]


def _target(source: PythonSource, loop: ast.For) -> bytes:
    """Return the code of the target as it stands, with its parentheses."""
    between = source.data[source.start(loop) + len(b"for") : source.start(loop.iter)]
    return between[: between.rindex(b"in")].strip()


def _in_class(tree: ast.Module, loop: ast.For) -> bool:
    """Return whether a loop's names would be those of a class."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, in_class = waiting.pop()
        if node is loop:
            return in_class
        inner = isinstance(node, ast.ClassDef) or (
            in_class and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        )
        waiting += [(child, inner) for child in ast.iter_child_nodes(node)]
    return False
