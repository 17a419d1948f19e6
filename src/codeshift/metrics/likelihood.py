"""Teacher-forced metrics: how the model rates the reference's own tokens, each given the true ones before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.arithmetic import ratio
from codeshift.errors import DataError, ParameterError
from codeshift.metrics.base import PERCENT, CorpusScore, FloatArray, Metric, Scale
from codeshift.metrics.rows import equally_long, id_rows

# Low-precision softmaxes overshoot log(1) = 0 by rounding; a logit or a positive loss overshoots by far more.
_ROUNDING = 1e-2


class _PerToken(Metric, abstract=True):
    """Mean over tokens: a row's score is the mean over its tokens, the corpus score the mean over all tokens."""

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return the mean over each row's tokens, shape (n,); NaN for a row without tokens.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a 1-D array of the right kind, or its length differs from its reference's.
        """
        columns = self.statistics(predictions, references)
        return np.array([ratio(total, tokens) for _, total, tokens in columns], dtype=np.float64)

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return the mean over all tokens from the sums of (rows, total, tokens), shape (3,)."""
        return CorpusScore(ratio(sums[1], sums[2]), parts={"tokens": float(sums[2])}, n=int(sums[0]))


@dataclass(frozen=True)
class NegativeLogLikelihood(_PerToken):
    """Negative log-likelihood of the reference, in nats a token; in [0, inf), lower is better.

    ``predictions`` holds one 1-D array a row: the natural logarithm of the probability that the model gave each token
    of the reference, given the ones before it. ``references`` holds one 1-D array a row: those tokens' ids, without
    padding. A row's score is its mean over tokens; the corpus value is all nats over all tokens, so a long row weighs
    more (``exp`` of it is the perplexity). ``corpus(...).parts["tokens"]`` is the number of tokens. The figure depends
    on the tokenizer: it cannot compare models with different vocabularies.

    >>> metric = NegativeLogLikelihood()
    >>> log_probabilities = [np.log([0.5, 0.5, 0.5]), np.log([0.25])]
    >>> metric.score(log_probabilities, [[11, 12, 2], [2]]).round(4)
    array([0.6931, 1.3863])
    >>> round(metric.corpus(log_probabilities, [[11, 12, 2], [2]]).value, 4)
    0.8664
    """

    title = "NLL a token"
    takes = "log_probabilities"
    scale = Scale(unit=" nats")
    higher_is_better = False

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return (1, nats, tokens) for each row, shape (n, 3).

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a 1-D array of the right kind, or its length differs from its reference's.
        """
        outputs, right = equally_long(predictions, references)
        ids = id_rows("references", right)
        rows = [_checked_log_probabilities(i, row, len(ids[i])) for i, row in enumerate(outputs)]
        return np.array([(1.0, -row.sum() + 0.0, row.size) for row in rows], dtype=np.float64).reshape(-1, 3)


@dataclass(frozen=True)
class TokenAccuracy(_PerToken):
    """Share of the reference's tokens that the model ranks first, given the true ones before them (teacher-forced).

    ``predictions`` holds one 1-D array per row: the id of the likeliest token at each position. ``references`` holds
    the ids of the reference's tokens, without padding. The corpus value is the number of correct tokens over all
    tokens.

    >>> metric = TokenAccuracy()
    >>> metric.score([[11, 12, 2], [7]], [[11, 13, 2], [7]]).round(4)
    array([0.6667, 1.    ])
    >>> metric.corpus([[11, 12, 2], [7]], [[11, 13, 2], [7]]).value
    0.75
    """

    scale = PERCENT
    takes = "argmax"

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return (1, correct tokens, tokens) for each row, shape (n, 3).

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a 1-D array of token ids, or its length differs from its reference's.
        """
        left, right = equally_long(predictions, references)
        guesses, truths = id_rows("predictions", left), id_rows("references", right)
        for i, (guess, truth) in enumerate(zip(guesses, truths, strict=True)):
            _check_length(i, guess.size, truth.size)
        rows = [(1.0, (g == t).sum(), t.size) for g, t in zip(guesses, truths, strict=True)]
        return np.array(rows, dtype=np.float64).reshape(-1, 3)


def is_forced(metric: Metric) -> bool:
    """Return whether a metric is measured by teacher forcing rather than on generated text."""
    return metric.takes in ("log_probabilities", "argmax")


def _checked_log_probabilities(i: int, row: Any, tokens: int) -> FloatArray:
    try:
        array = np.asarray(row, dtype=np.float64)
    except (TypeError, ValueError):  # ragged rows, text
        array = np.empty(())
    if array.ndim != 1:
        raise DataError(f"predictions[{i}]", "a 1-D array of log-probabilities", row, "give one number a token")
    _check_length(i, array.size, tokens)
    if (array > _ROUNDING).any():
        remedy = "give logarithms of probabilities (log_softmax), not logits, losses or probabilities"
        raise DataError(f"predictions[{i}]", "log-probabilities of at most 0", row, remedy)
    return np.minimum(array, 0.0)


def _check_length(i: int, length: int, tokens: int) -> None:
    if length != tokens:
        remedy = "give one entry for each token of the reference, without padding"
        raise ParameterError(f"predictions[{i}]", f"as long as its reference ({tokens} tokens)", length, remedy)
