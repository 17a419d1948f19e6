"""Checks of programs and of their tests, made before any of them runs."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable
from typing import Any

from codeshift.errors import DataError
from codeshift.metrics.rows import not_text

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def program_rows(side: str, rows: list[Any]) -> list[list[str]]:
    """Return the candidate programs of each problem; a row that is a string is one program.

    Raises:
        DataError: if a row is neither a string nor a sequence of strings.

    >>> program_rows("predictions", ["x = 1", ["x = 1", "x = 2"]])
    [['x = 1'], ['x = 1', 'x = 2']]
    """
    return [_programs(f"{side}[{i}]", row) for i, row in enumerate(rows)]


def _programs(place: str, row: Any) -> list[str]:
    if isinstance(row, str):
        return [str(row)]
    if isinstance(row, (bytes, dict)) or not isinstance(row, Iterable):
        raise DataError(place, "a program, or a sequence of programs", row, "give each program as a string")
    programs = list(row)
    for j, program in enumerate(programs):
        if not isinstance(program, str):
            raise DataError(f"{place}[{j}]", "a program as a string", program, "give '' for an output that is empty")
    return [str(program) for program in programs]


def texts_of_tests(side: str, rows: list[Any]) -> list[str]:
    """Return the test code of each problem, one string each.

    Raises:
        DataError: if a row is not a string. A list of assertions would be an expression that is always true.
    """
    for i, row in enumerate(rows):
        if isinstance(row, Iterable) and not isinstance(row, (str, bytes, dict)):
            remedy = 'join the assertions of a problem with "\\n".join(...): all must hold'
            raise DataError(f"{side}[{i}]", "the test code of a problem as one string", row, remedy)
        if not isinstance(row, str):
            raise not_text(side, i, row)
    return [str(row) for row in rows]


def check_tests(side: str, tests: list[str]) -> None:
    r"""Check that tests can be parsed, and that a program can fail each.

    Definitions alone check nothing. HumanEval's ``test`` is such a row (it defines ``check``, which must be called),
    and so is a reference solution given instead of a test.

    Raises:
        DataError: if a test cannot be parsed, or no program can fail it.

    >>> check_tests("references", ["def check(f):\n    assert f(1) == 2"])
    Traceback (most recent call last):
        ...
    codeshift.errors.DataError: references[0] must be test code that checks something, got 'def check(f):\n    assert
    f(1) == 2': it only defines names: call what it defines, as in "{test}\ncheck({entry_point})"
    """
    for i, test in enumerate(tests):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                statements = ast.parse(test.removeprefix("\ufeff")).body
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                raise DataError(f"{side}[{i}]", "test code in Python", test, f"it cannot be read: {error}") from error
        if all(_only_defines(statement) for statement in statements):
            remedy = 'it only defines names: call what it defines, as in "{test}\\ncheck({entry_point})"'
            raise DataError(f"{side}[{i}]", "test code that checks something", test, remedy)


def _only_defines(statement: ast.stmt) -> bool:
    """Return whether no program fails at this statement: a definition, a constant or a main guard."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return not any(isinstance(node, ast.Call) for node in ast.walk(statement))
    if isinstance(statement, ast.If):
        test = statement.test
        return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
    return isinstance(statement, _DEFINITIONS) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )
