"""Mutants of a module: its text with one small fault each, such as `<` in place of `<=`."""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

_COMPARED = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
_COMPUTED = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"), ast.Pow: ("**", "*"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"),
}  # fmt: skip
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor", "sum": "max"}
_SIGN = re.compile(r"not\s+in|is\s+not|in|is|<=|>=|==|!=|\*\*|//|[<>+\-*/%&|]")


@dataclass(frozen=True, order=True)
class Mutant:
    """One fault.

    Attributes:
        file: path from the root of the checkout.
        start: offset in the file's bytes at which it begins.
        stop: offset at which what it replaces ends.
        text: what stands there instead.
        line: number of its line, from 1.
        before: that line without the fault.
        after: that line with it.
        number: how many mutants of the file with such lines stand before it.
    """

    file: str
    start: int
    stop: int
    text: str
    line: int
    before: str
    after: str
    number: int = 0

    @property
    def key(self) -> str:
        """Digest that stays the same while its line does, whatever is written before it in the file."""
        content = f"{self.file}|{self.before}|{self.after}|{self.number}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def apply(self, source: bytes) -> bytes:
        """Return the file's content with the fault."""
        return source[: self.start] + self.text.encode() + source[self.stop :]


def mutants(path: Path, root: Path) -> list[Mutant]:
    r"""Return all mutants of a file; docstrings, messages, annotations and imports have none.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.py"
    ...     _ = path.write_text("def f(x: int = 1):\n    return x if x < 2 else max(x, 3)\n")
    ...     [each.after.strip() for each in mutants(path, Path(folder))][:3]
    ['def f(x: int = 2):', 'return x if x <= 2 else max(x, 3)', 'return x if x < 3 else max(x, 3)']
    """
    source = path.read_bytes()
    places = _Places(source)
    unnumbered = []
    for start, stop, text in _faults(ast.parse(source), places):
        line = places.line_of(start)
        begin, end = places.starts[line - 1], places.end_of(places.line_of(stop))
        before, after = source[begin:end], source[begin:start] + text.encode() + source[stop:end]
        shown = [" ".join(each.decode().split()) for each in (before, after)]
        unnumbered.append(Mutant(path.relative_to(root).as_posix(), start, stop, text, line, *shown))
    seen: Counter[tuple[str, str]] = Counter()
    numbered = []
    for mutant in sorted(set(unnumbered)):
        numbered.append(replace(mutant, number=seen[mutant.before, mutant.after]))
        seen[mutant.before, mutant.after] += 1
    return numbered


class _Places:
    """Offsets in the bytes of a file by line and column."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def of(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Return where a node begins and ends."""
        end = self.starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
        return self.starts[node.lineno - 1] + node.col_offset, end

    def line_of(self, offset: int) -> int:
        """Return the number of the line of an offset."""
        return next(i for i, start in enumerate(self.starts) if start > offset) if offset < self.starts[-1] else 1

    def end_of(self, line: int) -> int:
        """Return where a line ends."""
        return self.starts[line]

    def between(self, left: ast.expr, right: ast.expr) -> tuple[int, int] | None:
        """Return where the operator between two operands stands; None where brackets or comments hide it."""
        begin, end = self.of(left)[1], self.of(right)[0]
        match = _SIGN.search(self.source[begin:end].decode())
        return None if match is None else (begin + match.start(), begin + match.end())


def _faults(tree: ast.Module, places: _Places) -> Iterator[tuple[int, int, str]]:
    """Yield where each fault begins and ends, and its text."""
    for node in _behaving(tree):
        match node:
            case ast.Compare(left=left, ops=operators, comparators=others):
                for operator, first, second in zip(operators, [left, *others], others, strict=False):
                    if place := places.between(first, second):
                        yield *place, _COMPARED[type(operator)]
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _COMPUTED:
                of_paths = isinstance(operator, ast.Div) and (isinstance(right, ast.JoinedStr) or _is_text(right))
                if not of_paths and (place := places.between(left, right)):
                    yield *place, _COMPUTED[type(operator)][1]
            case ast.BoolOp(op=operator, values=values):
                word, other = ("and", "or") if isinstance(operator, ast.And) else ("or", "and")
                begin, end = places.of(values[0])[1], places.of(values[1])[0]
                at = places.source[begin:end].find(word.encode())
                if at >= 0:
                    yield begin + at, begin + at + len(word), other
            case ast.UnaryOp(op=ast.Not()):
                begin = places.of(node)[0]
                yield begin, begin + len("not "), ""
            case ast.Constant(value=bool() as value):
                yield *places.of(node), str(not value)
            case ast.Constant(value=int() | float() as value):
                yield *places.of(node), str(value + 1)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name) as called) if name in _CALLED:
                end = places.of(called)[1]
                yield end - len(name), end, _CALLED[name]
            case ast.AugAssign(target=target, value=value, op=operator) if type(operator) in _COMPUTED:
                begin, end = places.of(target)[1], places.of(value)[0]
                sign, other = _COMPUTED[type(operator)]
                at = begin + places.source[begin:end].find(f"{sign}=".encode())
                yield at, at + len(sign), other
            case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare | ast.UnaryOp):
                begin, end = places.of(test)
                yield begin, end, f"not ({places.source[begin:end].decode()})"
            case ast.Expr(value=ast.Call() | ast.YieldFrom()):
                yield *places.of(node), "pass"
            case ast.Continue() | ast.Break():
                yield *places.of(node), "pass"


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _behaving(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that decide what a program does, and no text that it shows."""
    for name, child in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for each in child if isinstance(child, list) else [child]:
            skipped = isinstance(each, ast.Raise | ast.JoinedStr | ast.Assert | ast.Import | ast.ImportFrom)
            only_types = isinstance(each, ast.If) and ast.unparse(each.test) == "TYPE_CHECKING"
            if isinstance(each, ast.AST) and not skipped and not only_types:
                yield each
                yield from _behaving(each)
