"""Rows of a classifier: a probability for each class, and the number of the class that is right."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from codeshift.arithmetic import ratio
from codeshift.checks import check_integer, settle
from codeshift.errors import DataError, ParameterError
from codeshift.metrics.base import CorpusScore, FloatArray, Metric
from codeshift.metrics.rows import equally_long
from codeshift.wording import closest

IntArray: TypeAlias = NDArray[np.int64]

ONE_CLASS = "the rows are all of one class"
NO_POSITIVE = "no row is of the positive class"

_Positive = TypeVar("_Positive", bound="OfPositive")

# Probabilities of a softmax in half precision add up to 1 within about 1e-2.
ROUNDING = 2e-2


def class_rows(predictions: Iterable[Any], references: Iterable[Any]) -> tuple[FloatArray, IntArray]:
    """Return the probabilities, shape (n, classes), and the classes, shape (n,), after checks of both.

    Args:
        predictions: One sequence of probabilities a row, one for each class in the same order; or an array of shape
            (n, classes).
        references: Number of each row's class, from 0; -1 for a label that is none of the classes.

    Raises:
        ParameterError: if the sides differ in length, or one is a string.
        DataError: if probabilities are not in [0, 1], do not add up to 1 or are not one for each of at least two
            classes, or a reference is no class.

    >>> class_rows([[0.25, 0.75], [1.0, 0.0]], [1, -1])
    (array([[0.25, 0.75],
           [1.  , 0.  ]]), array([ 1, -1]))
    """
    left, right = equally_long(predictions, references)
    if not left:
        return np.zeros((0, 2)), np.zeros(0, dtype=np.int64)
    probabilities = _probability_table(predictions if isinstance(predictions, np.ndarray) else left)
    if probabilities is None:  # find the row that is wrong
        probabilities = np.stack([_probabilities(i, row) for i, row in enumerate(_of_one_width(left))])
    classes = _class_numbers(references if isinstance(references, np.ndarray) else right, probabilities.shape[1])
    if classes is None:
        classes = np.array(
            [_class_number(i, row, probabilities.shape[1]) for i, row in enumerate(right)], dtype=np.int64
        )
    return np.clip(probabilities, 0.0, 1.0), classes


class OfClassRows(Metric, abstract=True):
    """Base class of metrics of class probabilities whose score of a row follows from the row's statistics."""

    takes = "class_probabilities"

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return the score of each row, shape (n,); NaN if a row has no score of its own.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row holds no probabilities, or a reference is no class.
        """
        return self.row_scores(self.statistics(predictions, references))


class MeanOfClassRows(OfClassRows, abstract=True):
    """Base class of means over rows. Row statistics are 1, the row's score, and whether its label is no class."""

    @property
    def is_mean(self) -> bool:
        """Whether the value is the mean of the rows' scores: it is."""
        return True

    def row_scores(self, statistics: FloatArray) -> FloatArray:
        """Return the score of each row from the rows' statistics, shape (n, 3)."""
        return np.asarray(statistics[:, 1])

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return (1, score, whether the label is none of the classes) of each row, shape (n, 3).

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row holds no probabilities, or a reference is no class.
        """
        probabilities, classes = class_rows(predictions, references)
        return np.column_stack([np.ones(len(classes)), self.of_rows_of_classes(probabilities, classes), classes < 0])

    def of_rows_of_classes(self, probabilities: FloatArray, classes: IntArray) -> FloatArray:
        """Return the score of each row, shape (n,), from probabilities (n, classes) and numbers of classes (n,)."""
        raise NotImplementedError

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return the mean of rows whose statistics add up to ``sums``, shape (3,)."""
        return CorpusScore(ratio(sums[1], sums[0]), n=int(sums[0]), note=outside_note(float(sums[2]), float(sums[0])))


class OfPositive(Metric, abstract=True):
    """Base class of metrics of one class, the positive one, against the others.

    Attributes:
        positive: Positive class, by label or number; None for the second of two.
    """

    takes = "class_probabilities"

    positive: str | int | None

    def __post_init__(self) -> None:
        if self.positive is not None and not isinstance(self.positive, str):
            settle(
                self,
                positive=check_integer(
                    "positive", self.positive, smallest=0, remedy="give the label or the number of a class"
                ),
            )

    def for_labels(self: _Positive, labels: Sequence[str]) -> _Positive:
        """Return the metric with the number of its positive class, if it has the class's label.

        Raises:
            ParameterError: if no class has that label.
        """
        if not isinstance(self.positive, str):
            return self
        if self.positive not in labels:
            raise ParameterError("positive", "the label of a class", self.positive, closest(self.positive, labels))
        return dataclasses.replace(self, positive=list(labels).index(self.positive))  # type: ignore[type-var]

    def positive_class(self, probabilities: FloatArray) -> int | None:
        """Return the number of the positive class; None if none is named of more than two.

        Args:
            probabilities: One row of probabilities a row, shape (n, classes).

        Raises:
            ParameterError: if the class is named by a label, or no class has that number.
        """
        if isinstance(self.positive, str):
            remedy = "call for_labels(labels) first, as an evaluation does, or give its number"
            raise ParameterError("positive", "the number of a class where labels are unknown", self.positive, remedy)
        n, count = probabilities.shape
        if self.positive is None or not n:
            return 1 if count == 2 else None
        if self.positive >= count:
            raise ParameterError("positive", f"the number of one of {count} classes", self.positive, "the first is 0")
        return int(self.positive)


def effective_rows(rows: FloatArray) -> float:
    """Return how many rows a mean of shares of classes depends on, from the rows of each class: fewer if one is rare.

    It is 1 more than Welch's degrees of freedom, if each class's share is as noisy as any other but for its rows.

    >>> [round(effective_rows(np.array(rows)), 1) for rows in ([50.0, 50.0], [995.0, 5.0])]
    [99.0, 5.0]
    """
    seen = rows[rows > 0]
    return float((1 / seen).sum() ** 2 / (1 / (seen**2 * np.maximum(seen - 1, 1))).sum() + 1)


def outside_note(outside: float, n: float) -> str:
    """Return how many rows have a label that is none of the classes, in words; empty if none has.

    >>> outside_note(2, 40)
    '2 of 40 rows have a label that is none of the classes: counted as wrong'
    """
    if not outside:
        return ""
    have = "row has" if n == 1 else "rows have"
    return f"{outside:g} of {n:g} {have} a label that is none of the classes: counted as wrong"


def _of_one_width(rows: list[Any]) -> list[Any]:
    """Return rows after a check that all have as many classes as the first."""
    widths = [np.size(row) if not isinstance(row, str) else 0 for row in rows]
    for i, width in enumerate(widths):
        if width != widths[0]:
            remedy = "give one probability for each class of the model, in the same order in every row"
            raise DataError(f"predictions[{i}]", f"{widths[0]} probabilities, as the first row has", width, remedy)
    return rows


def _probability_table(rows: Any) -> FloatArray | None:
    """Return all rows as one array if they are probabilities, else None."""
    try:
        table = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError):  # text, ragged rows
        return None
    return table if table.ndim == 2 and table.shape[1] >= 2 and _add_up(table) else None


def _add_up(table: FloatArray) -> bool:
    inside = (table >= -ROUNDING) & (table <= 1 + ROUNDING)  # False for NaN
    return bool(inside.all() and (np.abs(table.sum(axis=1) - 1) <= ROUNDING).all())


def _class_numbers(rows: Any, count: int) -> IntArray | None:
    """Return all rows as one array if they are numbers of classes, else None."""
    try:
        numbers = np.asarray(rows)
    except ValueError:
        return None
    are_integers = numbers.ndim == 1 and np.issubdtype(numbers.dtype, np.integer)
    mixed = not isinstance(rows, np.ndarray) and any(isinstance(row, bool | np.bool_) for row in rows)
    return (
        numbers.astype(np.int64) if are_integers and not mixed and ((numbers >= -1) & (numbers < count)).all() else None
    )


def _probabilities(i: int, row: Any) -> FloatArray:
    remedy = "give one probability a class; a predicted class alone is a row of np.eye(classes)"
    try:
        array = np.asarray(row, dtype=np.float64)
    except (TypeError, ValueError):  # text, ragged rows
        array = np.empty(())
    if array.ndim != 1 or array.size < 2:
        raise DataError(f"predictions[{i}]", "probabilities of at least two classes", row, remedy)
    if not _add_up(array[None, :]):
        remedy = "give a softmax of the logits, not logits or logarithms"
        raise DataError(f"predictions[{i}]", "probabilities that add up to 1", row, remedy)
    return array


def _class_number(i: int, row: Any, count: int) -> int:
    array = np.asarray(row)
    if array.ndim or not np.issubdtype(array.dtype, np.integer) or not -1 <= array < count:
        remedy = "number the classes from 0 in the order of the probabilities, and give -1 for any other label"
        raise DataError(f"references[{i}]", f"the number of one of {count} classes, or -1", row, remedy)
    return int(array)
