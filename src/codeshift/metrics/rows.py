"""The checks that every metric makes of its rows, in one place, so that every metric says the same of bad input."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codeshift.errors import DataError, ParameterError


def text_rows(predictions: Iterable[Any], references: Iterable[Any]) -> tuple[list[str], list[str]]:
    """Both sides as lists of strings, of one length.

    Raises:
        ParameterError: if a side is one string, or the lengths differ.
        DataError: if a row is not a string.

    >>> text_rows(["a"], ["a", "b"])
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: references must be as long as predictions (1 rows), got 2: give one reference
    a row, in the same order
    """
    left, right = equally_long(predictions, references)
    for side, rows in (("predictions", left), ("references", right)):
        for i, row in enumerate(rows):
            if not isinstance(row, str):
                raise not_text(side, i, row)
    return left, right


def token_rows(predictions: Iterable[Any], references: Iterable[Any]) -> tuple[list[list[str]], list[list[str]]]:
    """Both sides as lists of token lists, of one length. A row that is a string is split at whitespace.

    Raises:
        ParameterError: if a side is one string, or the lengths differ.
        DataError: if a row is neither a string nor a sequence of strings.

    >>> token_rows(["return x"], [["return", "x"]])
    ([['return', 'x']], [['return', 'x']])
    """
    left, right = equally_long(predictions, references)
    return [_tokens("predictions", i, r) for i, r in enumerate(left)], [
        _tokens("references", i, r) for i, r in enumerate(right)
    ]


def id_rows(side: str, rows: list[Any]) -> list[NDArray[np.int64]]:
    """Rows of token ids as 1-D integer arrays.

    Raises:
        DataError: if a row is not a 1-D array of integers of at least 0.

    >>> id_rows("references", [[5, 2]])
    [array([5, 2])]
    """
    ids = []
    for i, row in enumerate(rows):
        array = np.asarray(row)
        if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
            raise DataError(f"{side}[{i}]", "a 1-D array of token ids (integers)", row, "give one id a token")
        if array.size and array.min() < 0:
            raise DataError(f"{side}[{i}]", "token ids of at least 0", row, "leave padding (often -100) out of the row")
        ids.append(array.astype(np.int64))
    return ids


def equally_long(predictions: Iterable[Any], references: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """Both sides as lists, after a check that neither is one string and that they are as long as each other.

    Raises:
        ParameterError: if they are not.

    >>> equally_long("x = 1", ["x = 1"])
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: predictions must be a sequence with one item a row, got 'x = 1': wrap a single
    row in a list
    """
    left, right = as_rows("predictions", predictions), as_rows("references", references)
    if len(left) != len(right):
        constraint = f"as long as predictions ({len(left)} rows)"
        raise ParameterError("references", constraint, len(right), "give one reference a row, in the same order")
    return left, right


def as_rows(side: str, rows: Iterable[Any]) -> list[Any]:
    """The rows as a list.

    Raises:
        ParameterError: if ``rows`` is one string, or no iterable at all.
    """
    if isinstance(rows, (str, bytes)) or not isinstance(rows, Iterable):
        raise ParameterError(side, "a sequence with one item a row", rows, "wrap a single row in a list")
    return list(rows)


def not_text(side: str, i: int, row: Any) -> DataError:
    """The error for a row that should have been a string."""
    remedy = "drop the row or give '' for an output that is empty" if row is None else "convert the row to text"
    return DataError(f"{side}[{i}]", "a string", row, remedy)


def _tokens(side: str, i: int, row: Any) -> list[str]:
    if isinstance(row, str):
        return row.split()
    if isinstance(row, (bytes, dict)) or not isinstance(row, Iterable):
        raise not_text(side, i, row)
    tokens = list(row)
    if not all(isinstance(token, str) for token in tokens):
        raise DataError(f"{side}[{i}]", "a string or a sequence of strings", row, "give the tokens as text, not as ids")
    return tokens
