"""Checks of rows that all metrics share, so that all raise the same errors for bad input."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from codeshift.errors import DataError, ParameterError

if TYPE_CHECKING:
    from codeshift.metrics.base import Metric


def text_rows(
    predictions: Iterable[Any], references: Iterable[Any], *, metric: str = "this metric"
) -> tuple[list[str], list[str]]:
    """Return both sides as lists of strings of equal length, for a ``metric`` of one reference per row.

    A list that holds one reference stands for that reference.

    Raises:
        ParameterError: if a side is one string, or the lengths differ.
        DataError: if a row is not a string, or has several references.

    >>> text_rows(["a"], ["a", "b"])
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: references must be as long as predictions (1 rows), got 2: give one reference
    a row, in the same order
    """
    left, right = several_text_rows(predictions, references)
    for i, row in enumerate(right):
        if len(row) > 1:
            remedy = "choose one, or take a metric of several: ExactMatch, BLEU, ChrF, EditSimilarity, CodeBLEU"
            raise DataError(f"references[{i}]", f"one reference, which is what {metric} takes a row", row, remedy)
    return left, [row[0] for row in right]


def several_text_rows(predictions: Iterable[Any], references: Iterable[Any]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return the predictions, and the references of each; a row is one string or a list of at least one.

    Raises:
        ParameterError: if a side is one string, or the lengths differ.
        DataError: if a prediction or a reference is not a string, or a row has no reference.

    >>> several_text_rows(["a", "b"], ["a", ["b", "c"]])
    (['a', 'b'], [('a',), ('b', 'c')])
    """
    left, right = equally_long(predictions, references)
    for i, row in enumerate(left):
        if not isinstance(row, str):
            raise not_text("predictions", i, row)
    return left, [(row,) if isinstance(row, str) else _checked_texts(i, row) for i, row in enumerate(right)]


def refuse_without_languages(metric: Metric) -> None:
    """Check that a metric does not read each row in the language that a column names, which texts do not tell.

    Raises:
        ParameterError: if it does.

    >>> from codeshift.metrics import CodeBLEU
    >>> CodeBLEU("column:lang").score(["x"], ["y"])
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: language must be one language where rows come without their column, got
    'column:lang': call statistics_in(languages, predictions, references), as an Evaluator does
    """
    if metric.language_column is not None:
        constraint = "one language where rows come without their column"
        remedy = "call statistics_in(languages, predictions, references), as an Evaluator does"
        raise ParameterError("language", constraint, f"column:{metric.language_column}", remedy)


def token_rows(predictions: Iterable[Any], references: Iterable[Any]) -> tuple[list[list[str]], list[list[list[str]]]]:
    """Return the tokens of each prediction and of each of its references; a string is split at whitespace.

    A list of strings is the tokens of one reference if the prediction is given as tokens too, and several references if
    the prediction is a string; a list of lists is several references, each as tokens.

    Raises:
        ParameterError: if a side is one string, or the lengths differ.
        DataError: if a row is neither a string nor a sequence of strings, or a row has no reference.

    >>> token_rows(["return x"], [["return x", "return y"]])
    ([['return', 'x']], [[['return', 'x'], ['return', 'y']]])
    >>> token_rows([["return", "x"]], [["return", "x"]])
    ([['return', 'x']], [[['return', 'x']]])
    """
    left, right = equally_long(predictions, references)
    tokens = [_checked_tokens("predictions", i, row) for i, row in enumerate(left)]
    return tokens, [
        [row.split()] if isinstance(row, str) else _token_lists(i, row, ours=ours)
        for i, (ours, row) in enumerate(zip(left, right, strict=True))
    ]


def id_rows(side: str, rows: list[Any]) -> list[NDArray[np.int64]]:
    """Return rows of token ids as 1-D integer arrays.

    Raises:
        DataError: if a row is not a 1-D array of integers of at least 0.

    >>> id_rows("references", [[5, 2]])
    [array([5, 2])]
    """
    ids = []
    for i, row in enumerate(rows):
        array = _as_array(row)
        if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
            raise DataError(f"{side}[{i}]", "a 1-D array of token ids (integers)", row, "give one id a token")
        if array.size and array.min() < 0:
            raise DataError(f"{side}[{i}]", "token ids of at least 0", row, "leave padding (often -100) out of the row")
        ids.append(array.astype(np.int64))
    return ids


def equally_long(predictions: Iterable[Any], references: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """Return both sides as lists, after a check that neither is one string and that their lengths are equal.

    Raises:
        ParameterError: if a side is one string or not iterable, or the lengths differ.

    >>> equally_long("x = 1", ["x = 1"])
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: predictions must be a sequence with one item a row, got 'x = 1': wrap a single
    row in a list
    """
    left, right = as_rows("predictions", predictions), as_rows("references", references)
    if len(left) != len(right):
        constraint = f"as long as predictions ({len(left)} rows)"
        remedy = "give one reference a row, in the same order"
        if right and all(isinstance(row, (list, tuple)) and len(row) == len(left) for row in right):
            remedy = "give a list of references a row, as zip(*references) does"
        raise ParameterError("references", constraint, len(right), remedy)
    return left, right


def as_rows(side: str, rows: Iterable[Any]) -> list[Any]:
    """Return the rows as a list.

    Raises:
        ParameterError: if ``rows`` is one string, or not iterable.
    """
    if isinstance(rows, (str, bytes)) or not isinstance(rows, Iterable):
        raise ParameterError(side, "a sequence with one item a row", rows, "wrap a single row in a list")
    return list(rows)


def not_text(side: str, i: int, row: Any) -> DataError:
    """Return the error for a row that should have been a string."""
    remedy = "drop the row or give '' for an output that is empty" if row is None else "convert the row to text"
    return DataError(f"{side}[{i}]", "a string", row, remedy)


def _checked_tokens(side: str, i: int, row: Any) -> list[str]:
    if isinstance(row, str):
        return row.split()
    if isinstance(row, (bytes, dict)) or not isinstance(row, Iterable):
        raise not_text(side, i, row)
    tokens = list(row)
    if not all(isinstance(token, str) for token in tokens):
        raise DataError(f"{side}[{i}]", "a string or a sequence of strings", row, "give the tokens as text, not as ids")
    return tokens


def _checked_texts(i: int, row: Any) -> tuple[str, ...]:
    """Return the references of a row that is not a string."""
    if isinstance(row, (bytes, dict)) or not isinstance(row, Iterable):
        raise not_text("references", i, row)
    texts = tuple(row)
    if not texts:
        raise DataError(f"references[{i}]", "at least one reference", row, "give '' for a reference that is empty")
    for j, text in enumerate(texts):
        if not isinstance(text, str):
            raise not_text(f"references[{i}]", j, text)
    return texts


def _token_lists(i: int, row: Any, *, ours: Any) -> list[list[str]]:
    """Return the tokens of each reference of a row that is not a string."""
    if isinstance(row, (bytes, dict)) or not isinstance(row, Iterable):
        raise not_text("references", i, row)
    items = list(row)
    if not isinstance(ours, str) and all(isinstance(item, str) for item in items):
        return [items]
    if not items:
        raise DataError(f"references[{i}]", "at least one reference", row, "give '' for a reference that is empty")
    return [_checked_tokens(f"references[{i}]", j, item) for j, item in enumerate(items)]


def _as_array(row: Any) -> NDArray[Any]:
    """Return the row as an array; one of shape () if it is ragged, which no row may be."""
    try:
        return np.asarray(row)
    except ValueError:
        return np.empty((), dtype=object)
