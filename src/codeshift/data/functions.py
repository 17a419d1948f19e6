"""Functions of one Python source file, with their signature, docstring and code.

Lines are split once per file. ``ast.get_source_segment`` splits the whole file again for every function, so its cost
over a file grows with the square of the file's length.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class PythonFunction:
    """A function or method of a source file.

    Attributes:
        name: Qualified name, such as ``"JSONDecoder.decode"``.
        signature: Def line as one line in the normal form of ``ast.unparse``, with its colon, without decorators.
        docstring: Docstring with its indentation cleaned as by ``inspect.cleandoc``; ``""`` if there is none.
        code: Source from the def line on, dedented, without decorators and docstring; comments are kept. ``""`` if the
            body holds nothing but the docstring.
    """

    name: str
    signature: str
    docstring: str
    code: str


def python_functions(source: str) -> Iterator[PythonFunction]:
    r"""Yield the functions and methods of a file, in the order of the file.

    Functions nested in functions are part of their parent's code and are not yielded by themselves; those under an
    ``if``, ``try`` or ``with`` of a module or class are.

    Args:
        source: Text of a file, with lines ended by ``"\n"``.

    Raises:
        SyntaxError: if the running Python cannot parse the file.
        ValueError: if the file holds null bytes (a ``SyntaxError`` from Python 3.12 on).

    >>> [f] = python_functions('class A:\n    def f(self, x=1):\n        "Doc."\n        return x  # why\n')
    >>> f.name, f.signature, f.docstring
    ('A.f', 'def f(self, x=1):', 'Doc.')
    >>> f.code
    'def f(self, x=1):\n    return x  # why'
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape in a file that is only read does not concern the user
        tree = ast.parse(source)
    # Not splitlines: it also breaks at form feeds and other characters that do not end a line of Python.
    lines = source.split("\n")
    for prefix, node in _definitions(tree, ""):
        yield PythonFunction(
            name=prefix + node.name,
            signature=_signature(node),
            docstring=(ast.get_docstring(node) or "").strip(),
            code=_code_without_docstring(node, lines),
        )


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, FunctionNode]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FunctionNode):
            yield prefix, child
        elif isinstance(child, ast.ClassDef):
            yield from _definitions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _definitions(child, prefix)


def _signature(node: FunctionNode) -> str:
    bare = type(node)(**{**dict(ast.iter_fields(node)), "body": [], "decorator_list": []})
    return ast.unparse(ast.copy_location(bare, node)).strip()


def _code_without_docstring(node: FunctionNode, lines: list[str]) -> str:
    first = node.lineno - 1
    # After the last statement of a function its line can hold only a comment, so the line is kept whole.
    kept = lines[first : node.end_lineno]
    if ast.get_docstring(node, clean=False) is not None:
        if len(node.body) == 1:
            return ""
        _remove(kept, node.body[0], first)
    indent, kept[0] = _by_byte_offsets(kept[0], 0, node.col_offset), _by_byte_offsets(kept[0], node.col_offset)
    inside_strings = _string_continuations("\n".join(kept))
    dedented = (
        line if number in inside_strings else _dedented(line, indent) for number, line in enumerate(kept[1:], start=1)
    )
    return "\n".join([kept[0], *dedented]).rstrip()


def _remove(kept: list[str], statement: ast.stmt, first: int) -> None:
    """Cut a statement out of the lines, together with the lines that it leaves blank."""
    start, stop = statement.lineno - 1 - first, (statement.end_lineno or statement.lineno) - 1 - first
    before = _by_byte_offsets(kept[start], 0, statement.col_offset)
    after = _by_byte_offsets(kept[stop], statement.end_col_offset or 0).lstrip().removeprefix(";").lstrip()
    kept[start : stop + 1] = [before + after]
    while start < len(kept) and not kept[start].strip():
        del kept[start]


def _by_byte_offsets(line: str, start: int, stop: int | None = None) -> str:
    """Return the part of a line between two offsets of ``ast``, which count UTF-8 bytes."""
    return line[start:stop] if line.isascii() else line.encode()[start:stop].decode()


def _dedented(line: str, indent: str) -> str:
    # A comment, or a line inside brackets, may be indented less than the def it belongs to.
    return line[len(indent) :] if line.startswith(indent) else line.lstrip()


def _string_continuations(text: str) -> set[int]:
    """Return the numbers (from 0) of lines that begin inside a string, where removing spaces would change a value."""
    if '"""' not in text and "'''" not in text and "\\\n" not in text:
        return set()  # tokenising is slow, and few functions hold a string of several lines
    inside: set[int] = set()
    opened: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "STRING":
            inside.update(range(token.start[0], token.end[0]))
        elif kind.endswith("STRING_START"):  # Python 3.12 gives f-strings, and 3.14 t-strings, in parts
            opened.append(token.start[0])
        elif kind.endswith("STRING_END"):
            inside.update(range(opened.pop(), token.end[0]))
    return inside
