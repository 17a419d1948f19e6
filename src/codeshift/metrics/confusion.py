"""Metrics of predicted classes, which follow from counts: how often each class is right, occurs, and is predicted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.arithmetic import ratio
from codeshift.checks import check_choice, settle
from codeshift.errors import ParameterError
from codeshift.metrics.base import OF_100, PERCENT, CorpusScore, FloatArray, Scale
from codeshift.metrics.classes import (
    NO_POSITIVE,
    ONE_CLASS,
    IntArray,
    MeanOfClassRows,
    OfClassRows,
    OfPositive,
    class_rows,
    effective_rows,
    outside_note,
)
from codeshift.metrics.notes import joined_notes

_AVERAGES = ("binary", "macro", "weighted")


class _OfCounts(OfClassRows, abstract=True):
    """Base class of metrics that follow from the counts of each class.

    Row statistics are 1, and for each class whether the row is right (true and predicted), whether the row
    is of the class, and whether the class is predicted. Labels that are none of the classes are a class of their own,
    the last one, which is never predicted.
    """

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return (1, right, true, predicted) of each row, the last three for each class, shape (n, 3 classes + 4).

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row holds no probabilities, or a reference is no class.
        """
        probabilities, classes = class_rows(predictions, references)
        n, count = probabilities.shape
        statistics = np.zeros((n, 3 * (count + 1) + 1))
        statistics[:, 0] = 1.0
        right, true, predicted = (statistics[:, 1 + i * (count + 1) : 1 + (i + 1) * (count + 1)] for i in range(3))
        rows, likeliest = np.arange(n), probabilities.argmax(axis=1)
        true[rows, classes] = predicted[rows, likeliest] = 1.0  # -1 is the last
        right[rows, classes] = classes == likeliest
        return statistics

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return the score of rows whose statistics add up to ``sums``, shape (3 classes + 4,)."""
        n = float(sums[0])
        if not n:
            return CorpusScore(math.nan)
        right, true, predicted = np.reshape(sums[1:], (3, -1))
        reason = self.undefined(true)
        value = math.nan if reason else self.of_counts(right, true, predicted)
        return CorpusScore(value, n=int(n), note=joined_notes(reason, outside_note(true[-1], n)))

    def of_counts(self, right: FloatArray, true: FloatArray, predicted: FloatArray) -> float:
        """Return the value from the counts of each class, each of shape (classes + 1,)."""
        raise NotImplementedError

    def undefined(self, true: FloatArray) -> str:
        """Return why rows with these counts of classes have no value; empty if they have one."""
        return ""

    def row_scores(self, statistics: FloatArray) -> FloatArray:
        """Return 1 for a row whose class is found and 0 for another, shape (n,)."""
        width = (statistics.shape[1] - 1) // 3
        return np.asarray(statistics[:, 1 : width + 1].sum(axis=1))


@dataclass(frozen=True)
class Accuracy(MeanOfClassRows):
    """Share of rows whose likeliest class is the right one.

    Metrics of classes take one probability a class for each row, and the number of the row's class, from 0. A label
    that is none of the classes is -1: the row counts as wrong, and ``note`` tells how many there are. The first
    of equally likely classes is the prediction.

    >>> probabilities = [[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]]
    >>> Accuracy().score(probabilities, [0, 1, 1, 1])
    array([1., 1., 0., 1.])
    >>> Accuracy().corpus(probabilities, [0, 1, 1, 1]).value
    0.75
    >>> Accuracy().corpus(probabilities, [0, 1, -1, 1]).note
    '1 of 4 rows have a label that is none of the classes: counted as wrong'
    """

    scale = PERCENT

    def of_rows_of_classes(self, probabilities: FloatArray, classes: IntArray) -> FloatArray:
        """Return 1 for a row whose likeliest class is the right one and 0 for another, shape (n,)."""
        return np.asarray(probabilities.argmax(axis=1) == classes, dtype=np.float64)


class _OfClasses(_OfCounts, abstract=True):
    """Base class of metrics that weigh classes apart, whose noise is that of the rare ones."""

    def trials(self, statistics: FloatArray) -> float | None:
        """Return the number of rows that the mean of the classes' shares depends on: fewer if one class is rare."""
        return effective_rows(np.reshape(statistics[:, 1:].sum(axis=0), (3, -1))[1])


@dataclass(frozen=True)
class BalancedAccuracy(_OfClasses):
    """Mean over classes of the share of the class's rows that are found, its recall; chance is 1 / classes.

    Classes without a row are left out. Rows whose label is none of the classes are one more class, whose recall is 0.
    NaN if all rows are of one class. Source: scikit-learn's ``balanced_accuracy_score``.

    >>> BalancedAccuracy().corpus([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.2, 0.8]], [0, 0, 0, 0])
    CorpusScore(value=nan, parts={}, n=4, note='the rows are all of one class')
    >>> BalancedAccuracy().corpus([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.2, 0.8]], [0, 0, 1, 1]).value
    0.75
    """

    scale = PERCENT

    def of_counts(self, right: FloatArray, true: FloatArray, predicted: FloatArray) -> float:
        """Return the mean recall of the classes that occur."""
        seen = true > 0
        return float(np.mean(right[seen] / true[seen]))

    def undefined(self, true: FloatArray) -> str:
        """Return why rows with these counts of classes have no value; empty if they have one."""
        return ONE_CLASS if (true > 0).sum() < 2 else ""


@dataclass(frozen=True)
class F1(_OfClasses, OfPositive):
    """F1 score, the harmonic mean of precision and recall: of one class, or averaged over classes.

    A class that neither occurs nor is predicted is left out of an average. Rows whose label is none of the classes are
    one more class in it, whose F1 is 0, as in scikit-learn. Source: scikit-learn's ``f1_score``.

    Attributes:
        average: ``"binary"`` for the positive class, ``"macro"`` for the mean over classes, ``"weighted"`` for the mean
            weighted by the classes' rows. A row that is neither of the positive class nor predicted as such has no
            binary score.
        positive: Positive class, by label or number, for ``"binary"``; None for the second of two. NaN if no row is
            of that class.

    Raises:
        ParameterError: if ``average`` is unknown, or if there are more than two classes and no ``positive`` one.

    >>> probabilities = [[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]]
    >>> F1().corpus(probabilities, [0, 1, 1, 0]).value
    0.5
    >>> F1().score(probabilities, [0, 1, 1, 0])
    array([nan,  1.,  0.,  0.])
    >>> F1(positive="vulnerable").for_labels(["safe", "vulnerable"])
    F1(average='binary', positive=1)
    >>> F1(average="macro").corpus([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.1, 0.3, 0.6]], [0, 0, 2]).value.__round__(4)
    0.5556
    """

    title = "F1"
    scale = OF_100

    average: str = "binary"
    positive: str | int | None = None

    def __post_init__(self) -> None:
        settle(self, average=check_choice("average", self.average, _AVERAGES))
        super().__post_init__()
        if self.average != "binary" and self.positive is not None:
            raise ParameterError("positive", "None for an average over classes", self.positive, 'or average="binary"')

    def describe(self, *, options: bool = True) -> str:
        """Return the metric's name in words, always with its average.

        >>> F1(average="macro").describe(), F1(positive="bug").describe()
        ('macro-F1', 'F1 (positive=bug)')
        """
        if self.average != "binary":
            return f"{self.average}-F1"
        return super().describe(options=options)

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return (1, right, true, predicted) of each row, the last three for each class.

        Raises:
            ParameterError: if predictions and references differ in number, or there is no positive class.
            DataError: if a row holds no probabilities, or a reference is no class.
        """
        if self.average != "binary":
            return super().statistics(predictions, references)
        probabilities, classes = class_rows(predictions, references)
        positive = self.positive_class(probabilities)
        if positive is None:
            remedy = 'name it (positive=...), or pass average="macro"'
            raise ParameterError("positive", f"one of {probabilities.shape[1]} classes", None, remedy)
        rows = super().statistics(probabilities, classes)
        right, true, predicted = np.split(rows[:, 1:], 3, axis=1)
        outside = true[:, -1:]
        at = slice(positive, positive + 1)
        others = 1 - true[:, at] - outside
        return np.hstack([
            rows[:, :1],
            right[:, at], right.sum(axis=1, keepdims=True) - right[:, at], np.zeros_like(outside),
            true[:, at], others, outside,
            predicted[:, at], 1 - predicted[:, at], np.zeros_like(outside),
        ])  # fmt: skip

    def of_counts(self, right: FloatArray, true: FloatArray, predicted: FloatArray) -> float:
        """Return the F1 score of the first class of a binary one, or the average."""
        total = true + predicted
        if self.average == "binary":
            return ratio(2 * right[0], total[0])
        seen = total > 0
        scores = 2 * right[seen] / total[seen]
        return float(np.average(scores, weights=true[seen] if self.average == "weighted" else None))

    def undefined(self, true: FloatArray) -> str:
        """Return why rows with these counts of classes have no value; empty if they have one."""
        return NO_POSITIVE if self.average == "binary" and not true[0] else ""

    def row_scores(self, statistics: FloatArray) -> FloatArray:
        """Return 1 for a row that is found, 0 for a wrong one; NaN for one that a binary score does not count."""
        if self.average != "binary":
            return super().row_scores(statistics)
        counted = statistics[:, 4] + statistics[:, 7] > 0
        return np.where(counted, statistics[:, 1], np.nan)

    def trials(self, statistics: FloatArray) -> float | None:
        """Return the number of rows that the value depends on: of or predicted as the positive class if binary."""
        if self.average != "binary":
            return super().trials(statistics)
        return float((statistics[:, 4] + statistics[:, 7] > 0).sum())


@dataclass(frozen=True)
class MCC(_OfClasses):
    """Matthews' correlation coefficient of true and predicted classes, in [-1, 1]; 0 for chance.

    NaN if all rows are of one class. 0 if all predictions are one class. A row has no score of its own.

    Source: Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient (Comput. Biol. Chem.
    2004); scikit-learn's ``matthews_corrcoef``.

    >>> MCC().corpus([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]], [0, 1, 1, 1]).value.__round__(4)
    0.5774
    """

    title = "MCC"
    scale = Scale()
    bounds = (-1.0, 1.0)

    def of_counts(self, right: FloatArray, true: FloatArray, predicted: FloatArray) -> float:
        """Return the correlation coefficient."""
        n = true.sum()
        if right.sum() == n:
            return 1.0
        covariance = right.sum() * n - (true * predicted).sum()
        # Weights may not be whole: each factor is then still 0 of one class, and never below.
        spread = math.prod(float((counts * (counts.sum() - counts)).sum()) for counts in (true, predicted))
        return min(1.0, max(-1.0, float(covariance) / math.sqrt(spread))) if spread else 0.0

    def undefined(self, true: FloatArray) -> str:
        """Return why rows with these counts of classes have no value; empty if they have one."""
        return ONE_CLASS if (true > 0).sum() < 2 else ""

    def row_scores(self, statistics: FloatArray) -> FloatArray:
        """Return NaN for each row, shape (n,)."""
        return np.full(len(statistics), np.nan)
