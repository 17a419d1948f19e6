"""Python code with statements that do nothing."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codeshift.checks import check_integer, settle
from codeshift.transforms.base import DrawingTransform
from codeshift.transforms.edits import Edit, fresh_names
from codeshift.transforms.python_source import Function, PythonSource

_FORMS = ("{name} = {number}", "if False:\n{step}{name} = {number}", "while False:\n{step}{name} = {number}")


@dataclass(frozen=True, kw_only=True)
class DeadCode(DrawingTransform):
    r"""Each function of Python gets statements that do nothing, at places that are drawn.

    They set a name that is read nowhere, or stand where the program never comes.

    Attributes:
        column: Column of the code.
        language: "python".
        seed: Seed of the places and statements.
        statements: Number of statements that each function gets.

    >>> print(DeadCode(language="python", seed=1).rewrite("def f(x):\n    return x + 1"))
    def f(x):
        if False:
            unused_0 = 6
        return x + 1
    """

    statements: int = 1

    purpose: ClassVar[str] = "dead code"

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, statements=check_integer("statements", self.statements, smallest=1, largest=100))

    def rewrite_in(self, text: str, language: str) -> str:
        """Return the code with dead statements, or as it is if it does not parse or has no function."""
        source = PythonSource.read(text)
        if source is None or source.looks_inside:
            return text
        draws, names = self.draws(text), fresh_names("unused", source.words)
        functions = sorted(
            (node for node in ast.walk(source.tree) if isinstance(node, Function)), key=lambda node: node.lineno
        )
        edits: dict[int, bytes] = {}
        for function in functions:
            places = _statements_to_precede(source, function)
            for _ in range(self.statements if places else 0):
                at = places[int(draws.integers(len(places)))]
                start = source.line_of(source.start(at))
                dead = _statement(source.indent(at), source.line_end, next(names), draws)
                edits[start] = edits.get(start, b"") + dead
        new = source.edited([Edit(at, at, dead) for at, dead in edits.items()])
        return text if new is None else new


def _statements_to_precede(source: PythonSource, function: Function) -> list[ast.stmt]:
    """Return the statements of a function before which others can stand: those on lines of their own, no docstring."""
    first, *others = function.body
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return [statement for statement in ([] if is_text else [first]) + others if source.opens_line(statement)]


def _statement(indent: bytes, line_end: bytes, name: str, draws: np.random.Generator) -> bytes:
    form = _FORMS[int(draws.integers(len(_FORMS)))]
    code = form.format(name=name, number=int(draws.integers(100)), step="\t" if b"\t" in indent else "    ")
    return b"".join(indent + line + line_end for line in code.encode().split(b"\n"))
