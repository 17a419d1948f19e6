"""Complexity of a program: decisions, nesting, identifiers (tree depth is ``TreeDepth``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codeshift.errors import ParameterError
from codeshift.properties.base import TreeProperty
from codeshift.properties.control_flow import CONTROL_FLOW, ControlFlow
from codeshift.properties.syntax import SyntaxScan


@dataclass(frozen=True)
class ControlFlowProperty(TreeProperty):
    """Property of the control flow, in the languages of which there are tables of it. Implement ``from_syntax``."""

    dimension = "complexity"

    def check_language(self) -> None:
        """Check that the control flow of the language is known.

        Raises:
            ParameterError: if it has a grammar but no tables.
        """
        control_flow(self.language)


@dataclass(frozen=True)
class CyclomaticComplexity(ControlFlowProperty):
    r"""Number of decisions of each row plus one (McCabe, *A Complexity Measure*, 1976).

    Decisions are branches, loops, cases (but not a default), exception handlers, conditional expressions, and operators
    that may skip their right side (``and``, ``||``, ``??``); ``properties.control_flow`` lists the node types of each
    language. If a row has several functions, their decisions are added up. Two approximations: Python's ``case _:``
    counts as a case, and the ``&&`` of a C++ rvalue reference as an operator.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x = 1", "if a and b:\n    c()\nelif d:\n    e()"]}))
    >>> table.values(CyclomaticComplexity("code", "python"))
    array([1., 4.])
    """

    def from_syntax(self, scan: SyntaxScan) -> np.ndarray:
        """Return numbers of shape ``(n,)``."""
        weights = control_flow(self.language).decisions
        return np.asarray(scan.count_nodes(tuple(weights)) @ np.array(list(weights.values())) + 1.0)


@dataclass(frozen=True)
class IdentifierCount(ControlFlowProperty):
    """Number of identifiers of each row, counting each occurrence.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x = x + f(1)", "pass"]}))
    >>> table.values(IdentifierCount("code", "python"))
    array([3., 0.])
    """

    def from_syntax(self, scan: SyntaxScan) -> np.ndarray:
        """Return numbers of shape ``(n,)``."""
        return np.asarray(scan.count_nodes(tuple(control_flow(self.language).names)).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class NestingDepth(ControlFlowProperty):
    r"""Depth of nested control structures, at the deepest place of each row.

    Branches, loops, switches and ``try`` count; an ``else if`` is at the level of its ``if``, not inside it; nested
    functions and blocks without control flow do not count.

    >>> from datasets import Dataset
    >>> from codeshift.properties import PropertyTable
    >>> rows = ["x = 1", "if a:\n    for b in c:\n        d()\nelif e:\n    f()"]
    >>> PropertyTable(Dataset.from_dict({"code": rows})).values(NestingDepth("code", "python"))
    array([0., 2.])
    """

    def from_syntax(self, scan: SyntaxScan) -> np.ndarray:
        """Return numbers of shape ``(n,)``."""
        return scan.nesting.astype(np.float64)


def control_flow(language: str) -> ControlFlow:
    """Return the tables of a language.

    Raises:
        ParameterError: if it has a grammar but no tables.
    """
    if language not in CONTROL_FLOW:
        listed = ", ".join(sorted(CONTROL_FLOW))
        raise ParameterError("language", f"one of {listed}", language, 'measure="depth" takes any language')
    return CONTROL_FLOW[language]
