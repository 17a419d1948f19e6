"""Python code whose whole numbers are written as differences."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from codeshift.transforms.base import DrawingTransform
from codeshift.transforms.edits import Edit
from codeshift.transforms.python_source import PythonSource

_LARGEST_STEP = 9


@dataclass(frozen=True, kw_only=True)
class UnfoldConstants(DrawingTransform):
    """Each whole number of Python becomes a difference that is drawn; Python folds it back when it compiles.

    Numbers in annotations, patterns of ``match`` and f-strings stay, and those that are not written in decimal digits.

    Attributes:
        column: Column of the code.
        language: "python".
        seed: Seed of the differences.

    >>> UnfoldConstants(language="python").rewrite("total = 10")
    'total = (18 - 8)'
    """

    purpose: ClassVar[str] = "constants"

    def rewrite_in(self, text: str, language: str) -> str:
        """Return the code with differences, or as it is if it does not parse."""
        source = PythonSource.read(text)
        if source is None:
            return text
        draws = self.draws(text)
        constants = sorted(_replaceable_numbers(source.tree), key=lambda node: (node.lineno, node.col_offset))
        edits = []
        for node in constants:
            digits = source.segment(node)
            step = int(draws.integers(1, _LARGEST_STEP + 1))
            if digits.isdigit():
                edits.append(Edit(source.start(node), source.end(node), b"(%d - %d)" % (int(digits) + step, step)))
        new = source.edited(edits)
        return text if new is None else new


def _replaceable_numbers(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield the whole numbers that stand where an expression can stand in their place."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
            yield node
        annotations = {id(getattr(node, name, None)) for name in ("annotation", "returns")}
        waiting += [
            child
            for child in ast.iter_child_nodes(node)
            if id(child) not in annotations and not isinstance(child, ast.JoinedStr | ast.pattern)
        ]
