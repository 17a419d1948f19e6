"""Metrics of how scores rank the rows of one class above the others, at every threshold or at one.

They follow from no sums over rows. Rows are sorted once; each resample is a row of weights, and its true and false
positives at every threshold are cumulative sums.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codeshift.checks import check_number, settle
from codeshift.metrics.base import OF_100, PERCENT, FloatArray, WeightedMetric
from codeshift.metrics.classes import NO_POSITIVE, OfPositive, class_rows, effective_rows, outside_note
from codeshift.metrics.notes import joined_notes

NO_NEGATIVE = "every row is of the positive class"


class Ranking(WeightedMetric, OfPositive, abstract=True):
    """Base class of metrics of a ranking: of the positive class, or the mean over classes of each against the others.

    Row statistics are 1, whether the label is none of the classes, and for each class that counts whether the row is of
    it and its probability. Two classes count once: the second against the first.

    Attributes:
        positive: Positive class, by label or number; None for the second of two, or the mean over more than two.
    """

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return (1, outside, of the class, its probability) of each row, the last two for each class that counts.

        Raises:
            ParameterError: if predictions and references differ in number, or no class is the positive one.
            DataError: if a row holds no probabilities, or a reference is no class.
        """
        probabilities, classes = class_rows(predictions, references)
        n, count = probabilities.shape
        positive = self.positive_class(probabilities)
        counted = range(count) if positive is None else [positive]
        columns = [column for k in counted for column in (classes == k, probabilities[:, k])]
        return np.column_stack([np.ones(n), classes < 0, *columns]).astype(np.float64)

    @abstractmethod
    def of_curve(self, true: FloatArray, false: FloatArray) -> FloatArray:
        """Return the values, shape (r,), from positives and negatives at or above each threshold.

        Args:
            true: Cumulative positives from the highest score down, shape (r, thresholds), the last all positives.
            false: Cumulative negatives, in the same shape; both counts are above 0.
        """

    def weighted_values(self, statistics: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the mean over classes of the values of rows with these weights, shape (r,)."""
        values = [self._of_class(is_class, score, weights) for is_class, score in _scores_by_class(statistics)]
        if len(values) == 1:
            return values[0]
        return _mean_of_known(np.array(values))

    @abstractmethod
    def without(self, true: FloatArray, false: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the values without a positive, and without a negative, at each threshold, each of shape (thresholds,).

        Args:
            true: Cumulative positives from the highest score down, shape (thresholds,).
            false: Cumulative negatives, in the same shape.
        """

    def without_each(self, statistics: FloatArray) -> FloatArray | None:
        """Return the value without each row in turn, shape (n,), from cumulative sums: rows are sorted once."""
        values = [self._without_of_class(is_class, score) for is_class, score in _scores_by_class(statistics)]
        return values[0] if len(values) == 1 else _mean_of_known(np.array(values))

    def comparable(self, statistics: FloatArray) -> FloatArray:
        """Return the statistics with ranks in place of scores, since two systems have scales of their own."""
        from scipy.stats import rankdata

        ranked = statistics.copy()
        for column in range(3, statistics.shape[1], 2):
            ranked[:, column] = rankdata(statistics[:, column])
        return ranked

    def note(self, statistics: FloatArray) -> str:
        """Return why there is no value, which classes do not count, and how many labels are none of the classes."""
        n = len(statistics)
        reasons = [_class_missing(float(is_class.sum()), n) for is_class, _ in _scores_by_class(statistics)]
        lacking = [reason for reason in reasons if reason]
        if len(reasons) == 1:
            words = reasons[0]
        elif len(lacking) == len(reasons):
            words = "the rows are all of one class"
        else:
            words = f"the mean over {len(reasons) - len(lacking)} of {len(reasons)} classes" if lacking else ""
        return joined_notes(words, outside_note(float(statistics[:, 1].sum()), n))

    def trials(self, statistics: FloatArray) -> float | None:
        """Return the number of rows on the smaller side, positive or negative; of classes, that of their mean."""
        n = len(statistics)
        smaller = [
            min(float(is_class.sum()), n - float(is_class.sum())) for is_class, _ in _scores_by_class(statistics)
        ]
        return effective_rows(np.array(smaller)) if any(smaller) else 0.0

    def _of_class(self, is_class: FloatArray, score: FloatArray, weights: FloatArray) -> FloatArray:
        order = np.argsort(-score, kind="stable")
        last = np.flatnonzero(np.append(score[order][1:] != score[order][:-1], True))  # of each threshold
        ordered = weights[:, order]
        is_positive = is_class[order]
        true = np.cumsum(ordered * is_positive, axis=1)[:, last]
        false = np.cumsum(ordered * (1 - is_positive), axis=1)[:, last]
        both = (true[:, -1] > 0) & (false[:, -1] > 0)
        values = np.full(len(weights), np.nan)
        values[both] = self.of_curve(true[both], false[both])
        return values

    def _without_of_class(self, is_class: FloatArray, score: FloatArray) -> FloatArray:
        order = np.argsort(-score, kind="stable")
        last = np.flatnonzero(np.append(score[order][1:] != score[order][:-1], True))
        is_positive = is_class[order]
        true, false = np.cumsum(is_positive)[last], np.cumsum(1 - is_positive)[last]
        values = np.full(len(score), np.nan)
        if not len(score) or not true[-1] or not false[-1]:
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            without_positive, without_negative = self.without(true, false)
        threshold = np.searchsorted(last, np.arange(len(score)))
        values[order] = np.where(is_positive == 1, without_positive[threshold], without_negative[threshold])
        values[(is_class == 1) & (true[-1] == 1)] = np.nan  # the only row of its class
        values[(is_class == 0) & (false[-1] == 1)] = np.nan
        return values


@dataclass(frozen=True)
class AUROC(Ranking):
    """Area under the receiver operating characteristic curve: how often a positive row ranks above a negative one.

    Ties count half; chance is .5. For more than two classes it is the mean over classes, each against the others
    (``roc_auc_score(multi_class="ovr")`` in scikit-learn); classes without a row, or with all rows, are left out, and
    ``note`` tells. NaN if the rows are all of one class.

    Attributes:
        positive: Positive class, by label or number; None for the second of two, or the mean over more than two.

    >>> probabilities = [[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]]
    >>> AUROC().corpus(probabilities, [0, 0, 1, 1]).value
    0.75
    >>> AUROC().corpus(probabilities, [0, 0, 0, 0])
    CorpusScore(value=nan, parts={}, n=4, note='no row is of the positive class')
    """

    title = "AUROC"
    scale = OF_100

    positive: str | int | None = None

    def of_curve(self, true: FloatArray, false: FloatArray) -> FloatArray:
        """Return the area under the curve, shape (r,)."""
        more = np.diff(false, axis=1, prepend=0.0)
        above = true - np.diff(true, axis=1, prepend=0.0) / 2
        return np.asarray((above * more).sum(axis=1) / (true[:, -1] * false[:, -1]))

    def without(self, true: FloatArray, false: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the areas without the pairs of a positive, and of a negative, at each threshold."""
        positives, negatives = true[-1], false[-1]
        above = true - np.diff(true, prepend=0.0) / 2
        below = negatives - false + np.diff(false, prepend=0.0) / 2
        pairs = (above * np.diff(false, prepend=0.0)).sum()
        return (pairs - below) / ((positives - 1) * negatives), (pairs - above) / (positives * (negatives - 1))


@dataclass(frozen=True)
class AveragePrecision(Ranking):
    """Average precision, the area under the precision-recall curve by steps; chance is the share of positive rows.

    It depends on how frequent the class is, so parts with other shares of it cannot be compared by it alone. Of more
    than two classes it is the mean over classes, as in ``AUROC``. Source: scikit-learn's ``average_precision_score``.

    Attributes:
        positive: Positive class, by label or number; None for the second of two, or the mean over more than two.

    >>> probabilities = [[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]]
    >>> AveragePrecision().corpus(probabilities, [0, 0, 1, 1]).value.__round__(4)
    0.8333
    """

    scale = OF_100

    positive: str | int | None = None

    def of_curve(self, true: FloatArray, false: FloatArray) -> FloatArray:
        """Return the sum over thresholds of the precision times the recall gained, shape (r,)."""
        total = true + false
        precision = np.divide(true, total, out=np.zeros_like(true), where=total > 0)
        return np.asarray((precision * np.diff(true, axis=1, prepend=0.0)).sum(axis=1) / true[:, -1])

    def without(self, true: FloatArray, false: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the sums without a positive, and without a negative, at each threshold: only those below it change."""
        total, gained = true + false, np.diff(true, prepend=0.0)
        terms = gained * true / total
        before = np.cumsum(terms) - terms
        fewer = np.where(total > 1, gained / (total - 1), 0.0)
        less_true, same_true = fewer * (true - 1), fewer * true
        after = less_true.sum() - np.cumsum(less_true)
        here = np.where(total > 1, (gained - 1) * (true - 1) / (total - 1), 0.0)
        from_here = same_true.sum() - np.cumsum(same_true) + same_true
        return (before + here + after) / (true[-1] - 1), (before + from_here) / true[-1]


@dataclass(frozen=True)
class FalseNegativeRateAt(Ranking):
    """Share of positive rows that are missed at the lowest threshold that keeps the false positive rate.

    PrimeVul's vulnerability detection score (VD-S) is that at a false positive rate of .5%. Fewer than 1 / ``fpr``
    negative rows cannot show the rate: the threshold then lies above all of them, and ``note`` tells. Of more than two
    classes it is the mean over classes, as in ``AUROC``.

    Source: Ding et al., Vulnerability detection with code language models: how far are we? (ICSE 2025, arXiv
    2403.18624).

    Attributes:
        fpr: Highest false positive rate allowed, between 0 and 1.
        positive: Positive class, by label or number; None for the second of two, or the mean over more than two.

    >>> probabilities = [[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]]
    >>> FalseNegativeRateAt(fpr=0.5).corpus(probabilities, [0, 0, 1, 1]).value
    0.0
    >>> FalseNegativeRateAt(fpr=0.4).corpus(probabilities, [0, 0, 1, 1])
    CorpusScore(value=0.5, parts={}, n=4, note='2 negative rows cannot show a false positive rate of 0.4')
    """

    scale = PERCENT
    higher_is_better = False
    bounds = (0.0, 1.0)
    key = "false_negative_rate_at"
    spelling = re.compile(r"fnr@(?P<fpr>[\d.e-]+)")

    fpr: float = 0.005
    positive: str | int | None = None

    def __post_init__(self) -> None:
        settle(
            self,
            fpr=check_number(
                "fpr", self.fpr, smallest=0, below=1, remedy="0.005 allows one false alarm in 200 negative rows"
            ),
        )
        super().__post_init__()

    def describe(self, *, options: bool = True) -> str:
        """Return the metric's name in words, with the false positive rate."""
        of = f" of {self.positive}" if options and self.positive is not None else ""
        return f"false negative rate{of} at a false positive rate of {100 * self.fpr:g}%"

    def of_curve(self, true: FloatArray, false: FloatArray) -> FloatArray:
        """Return the share of positives below the lowest threshold with few enough negatives, shape (r,)."""
        allowed = self.fpr * false[:, -1:] * (1 + 1e-9)
        reached = np.where(false <= allowed, true, 0.0).max(axis=1)
        return np.asarray(1 - reached / true[:, -1])

    def without(self, true: FloatArray, false: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the shares missed without a positive, and without a negative, which may lower the threshold."""
        places, hits = np.arange(len(true)), np.append(0.0, true)
        positives, negatives = true[-1], false[-1]
        reached = int(np.searchsorted(false, self.fpr * negatives * (1 + 1e-9), side="right"))
        fewer = hits[reached] - (places < reached)
        allowed = self.fpr * (negatives - 1) * (1 + 1e-9)
        above, below = (int(np.searchsorted(false, most, side="right")) for most in (allowed, allowed + 1))
        moved = hits[np.where(places < below, below, above)]
        return 1 - fewer / (positives - 1), 1 - moved / positives

    def note(self, statistics: FloatArray) -> str:
        """Return also whether the negative rows are too few to show the rate."""
        negatives = [len(statistics) - float(is_class.sum()) for is_class, _ in _scores_by_class(statistics)]
        few, words = min(negatives), super().note(statistics)
        if words in (NO_POSITIVE, NO_NEGATIVE) or not 0 < few * self.fpr < 1 - 1e-9:
            return words
        return joined_notes(words, f"{few:g} negative rows cannot show a false positive rate of {self.fpr:g}")


def _mean_of_known(values: FloatArray) -> FloatArray:
    """Return the mean over classes of values that are not NaN, shape (r,), from values of shape (classes, r)."""
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(defined, values, 0.0).sum(axis=0) / defined.sum(axis=0))


def ranking_rows(positive: FloatArray | NDArray[np.bool_], score: FloatArray) -> FloatArray:
    """Return the statistics of a ranking of rows by any score, shape (n, 4), from whether each is positive.

    >>> AUROC().of_rows(ranking_rows(np.array([False, True]), np.array([-3.0, 8.0]))).value
    1.0
    """
    return np.column_stack([np.ones(len(score)), np.zeros(len(score)), positive, score]).astype(np.float64)


def _scores_by_class(statistics: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
    """Return whether each row is of the class, and its score, for each class that counts."""
    return [(statistics[:, i], statistics[:, i + 1]) for i in range(2, statistics.shape[1], 2)]


def _class_missing(positives: float, n: int) -> str:
    """Return the class that rows lack, in words; empty if they have both."""
    if not positives:
        return NO_POSITIVE
    return NO_NEGATIVE if positives == n else ""
