"""Metrics of the probabilities themselves: whether a classifier is as sure as it is right."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.arithmetic import ratio
from codeshift.checks import check_integer, settle
from codeshift.metrics.aggregates.binomial import wilson
from codeshift.metrics.base import OF_100, CorpusScore, FloatArray, Scale
from codeshift.metrics.classes import IntArray, MeanOfClassRows, OfClassRows, class_rows, outside_note

_LEAST = float(np.finfo(np.float64).eps)


class _OfProbabilities(MeanOfClassRows, abstract=True):
    """Base class of means of a loss that compares the probabilities with certainty about the right class."""

    higher_is_better = False

    def of_rows_of_classes(self, probabilities: FloatArray, classes: IntArray) -> FloatArray:
        """Return the loss of each row, shape (n,)."""
        true = np.zeros_like(probabilities)  # all 0 for a label that is none of them
        labelled = np.flatnonzero(classes >= 0)
        true[labelled, classes[labelled]] = 1.0
        return self.losses(probabilities, true)

    def losses(self, probabilities: FloatArray, true: FloatArray) -> FloatArray:
        """Return the loss of each row, shape (n,), from probabilities and the true class, both (n, classes)."""
        raise NotImplementedError


@dataclass(frozen=True)
class BrierScore(_OfProbabilities):
    """Brier score: the mean squared difference of the probabilities from certainty about the right class.

    For two classes it is that of one of them, in [0, 1]; for more the sum over classes, in [0, 2], as scikit-learn's
    ``brier_score_loss``. Lower is better.

    Source: Brier, Verification of forecasts expressed in terms of probability (Monthly Weather Review 1950).

    >>> BrierScore().corpus([[0.9, 0.1], [0.4, 0.6]], [0, 1]).value.__round__(4)
    0.085
    """

    bounds = (0.0, 2.0)

    def losses(self, probabilities: FloatArray, true: FloatArray) -> FloatArray:
        """Return the squared distance of each row, shape (n,)."""
        squares = ((probabilities - true) ** 2).sum(axis=1)
        return np.asarray(squares / 2 if probabilities.shape[1] == 2 else squares)


@dataclass(frozen=True)
class LogLoss(_OfProbabilities):
    """Negative log-likelihood of the right class, in nats a row; in [0, 36.05], lower is better.

    A probability of 0 counts as 2.2e-16, as in scikit-learn's ``log_loss``, and so does a label that is none of the
    classes. ``NegativeLogLikelihood`` is that of a text's tokens.

    >>> LogLoss().corpus([[0.9, 0.1], [0.4, 0.6]], [0, 1]).value.__round__(4)
    0.3081
    """

    scale = Scale(unit=" nats")
    bounds = (0.0, math.inf)

    def losses(self, probabilities: FloatArray, true: FloatArray) -> FloatArray:
        """Return the negative log-likelihood of each row, shape (n,)."""
        of_true = (probabilities * true).sum(axis=1)
        return np.asarray(-np.log(np.clip(of_true, _LEAST, 1.0)) + 0.0)


@dataclass(frozen=True)
class ExpectedCalibrationError(OfClassRows):
    """Mean over rows of the difference between confidence and accuracy of the row's bin of confidence; lower is better.

    The confidence is the probability of the likeliest class. Bins are equally wide between 0 and 1. The error of a
    perfectly calibrated model is above 0 by chance, the more so the fewer rows a bin has: compare models on the same
    rows only, and look at ``reliability``, which has the rows of each bin. A row has no error of its own.

    Source: Guo et al., On calibration of modern neural networks (ICML 2017).

    Attributes:
        bins: Number of bins.

    >>> ExpectedCalibrationError().corpus([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]], [0, 1, 1]).value.__round__(4)
    0.4
    """

    title = "expected calibration error"
    scale = OF_100
    higher_is_better = False
    bounds = (0.0, 1.0)

    bins: int = 15

    def __post_init__(self) -> None:
        settle(self, bins=check_integer("bins", self.bins, smallest=1, remedy="leave it out to take 15"))

    def row_scores(self, statistics: FloatArray) -> FloatArray:
        """Return NaN for each row, shape (n,)."""
        return np.full(len(statistics), np.nan)

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return (1, outside, in the bin, confidence, right) of each row, the last three for each bin.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row holds no probabilities, or a reference is no class.
        """
        probabilities, classes = class_rows(predictions, references)
        confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == classes
        # An edge belongs to the bin below it, as in the source.
        binned = np.eye(self.bins)[np.searchsorted(np.linspace(0, 1, self.bins + 1)[1:], confidence)]
        columns = [binned, binned * confidence[:, None], binned * right[:, None]]
        return np.hstack([np.ones((len(classes), 1)), (classes < 0)[:, None], *columns])

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return the error of rows whose statistics add up to ``sums``, shape (3 bins + 2,)."""
        n = float(sums[0])
        _, confidence, right = np.reshape(sums[2:], (3, -1))
        value = ratio(float(np.abs(confidence - right).sum()), n)
        return CorpusScore(value, n=int(n), note=outside_note(float(sums[1]), n) if n else "")

    def deviations(self, sums: FloatArray, of_all: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Return the sum of each bin's deviation: upwards, of any sign if its gap may be 0; downwards, of its sign.

        The error is a sum of absolute gaps, so where a gap is 0 it can only grow by chance. Percentiles of resamples
        would never hold the error of a calibrated model. A gap of three standard deviations is not 0.

        Source: Fang and Santos, Inference on directionally differentiable functions (Rev. Econ. Stud. 2019).
        """
        gaps, of_resamples = (_gaps_of_bins(bin_sums) for bin_sums in (of_all[None, :], sums))
        moved = of_resamples - gaps
        of_sign = np.sign(gaps) * moved
        clear = np.abs(gaps) > 3 * moved.std(axis=0)
        return np.where(clear, of_sign, np.abs(moved)).sum(axis=1), of_sign.sum(axis=1)


def _gaps_of_bins(sums: FloatArray) -> FloatArray:
    """Return confidence less accuracy of each bin, weighted by the bin's share of rows, shape (r, bins)."""
    bins = (sums.shape[1] - 2) // 3
    return np.asarray((sums[:, 2 + bins : 2 + 2 * bins] - sums[:, 2 + 2 * bins :]) / sums[:, :1])


@dataclass(frozen=True, eq=False)
class Reliability:
    """Rows by confidence: what a reliability plot shows.

    Attributes:
        edges: Edges of the bins of confidence, shape (bins + 1,).
        rows: Number of rows in each bin, shape (bins,).
        confidence: Mean confidence of each bin, shape (bins,); NaN for an empty one.
        accuracy: Share of rows in each bin that are right, shape (bins,); NaN for an empty one.
        low: Lower end of the accuracy's 95% interval (Wilson's), shape (bins,); NaN for an empty bin.
        high: Upper end of that interval.

    >>> shown = reliability([[0.9, 0.1], [0.4, 0.6]], [0, 1], bins=2)
    >>> shown.edges, shown.low.round(2)
    (array([0. , 0.5, 1. ]), array([ nan, 0.34]))
    """

    edges: FloatArray
    rows: FloatArray
    confidence: FloatArray
    accuracy: FloatArray
    low: FloatArray
    high: FloatArray


def reliability(predictions: Iterable[Any], references: Iterable[Any], *, bins: int = 15) -> Reliability:
    """Return confidence and accuracy by bins of confidence, those of ``ExpectedCalibrationError``.

    Args:
        predictions: One sequence of probabilities a row, one for each class.
        references: Number of each row's class; -1 for a label that is none of the classes.
        bins: Number of bins of equal width between 0 and 1.

    Raises:
        ParameterError: if predictions and references differ in number, or ``bins`` is below 1.
        DataError: if a row holds no probabilities, or a reference is no class.

    >>> shown = reliability([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]], [0, 1, 1], bins=2)
    >>> shown.rows, shown.confidence.round(2), shown.accuracy.round(2)
    (array([0., 3.]), array([nan, 0.8]), array([ nan, 0.67]))
    """
    statistics = ExpectedCalibrationError(bins).statistics(predictions, references)
    rows, confidence, right = np.reshape(statistics[:, 2:].sum(axis=0), (3, -1))
    with np.errstate(invalid="ignore"):
        means = confidence / rows, right / rows
    ends = [
        wilson(hits, count, 0.95) if count else (math.nan, math.nan) for hits, count in zip(right, rows, strict=True)
    ]
    low, high = np.array(ends).T
    return Reliability(np.linspace(0, 1, bins + 1), rows, *means, low, high)
