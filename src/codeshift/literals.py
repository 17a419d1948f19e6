"""Literals and expressions of Python in what a user types, read alike and in silence on every Python."""

from __future__ import annotations

import ast
import warnings
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)

EXPRESSIBLE: dict[str, type] = {}
"""Classes that an expression may call, by name; each is added where it is defined."""


def expressible(cls: Class) -> Class:
    """Let an expression call a class with literals; to be written above its definition."""
    EXPRESSIBLE[cls.__name__] = cls
    return cls


def literal(text: str) -> Any:
    r"""Return the value that a text writes as a literal of Python; the text itself if it is no literal.

    >>> literal("0.1"), literal("cosine"), literal(r"('shared\..*',)"), literal("{[]: 1}")
    (0.1, 'cosine', ('shared\\..*',), '{[]: 1}')
    """
    try:
        return ast.literal_eval(parsed_expression(text).body)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):  # the last two if it is nested deeply
        return text


def parsed_expression(text: str) -> ast.Expression:
    r"""Return the syntax tree of an expression.

    Python warns of escapes such as ``\.`` aloud since 3.12, in words that name no place a user knows.

    Raises:
        SyntaxError: the text is no expression.
        ValueError: it holds null bytes or lone surrogates (the former a ``SyntaxError`` from Python 3.12 on).
        MemoryError: it is nested too deeply (``RecursionError`` on some versions).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text.lstrip(" \t"), mode="eval")
