"""BLEU over tokens that the caller gives, with the smoothing of sacrebleu or of CodeXGLUE."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import numpy as np

from codeshift.arithmetic import ratio
from codeshift.checks import check_choice, check_integer, settle
from codeshift.metrics.base import OF_100, CorpusScore, FloatArray, Metric
from codeshift.metrics.rows import token_rows

_SACREBLEU = ("none", "exp", "floor", "add-k")
_LOG_OF_0 = -9999999999.0  # sacrebleu's


@dataclass(frozen=True)
class BLEU(Metric):
    """BLEU of the given tokens, in [0, 1] (papers print it times 100).

    A row is a string, split at whitespace, or a sequence of tokens. A row of ``references`` may be a list of several
    references. The count of an n-gram is then clipped to its highest count in a reference, and the brevity penalty
    takes the reference length nearest to the prediction's, as in sacrebleu. (A list of strings is the tokens of one
    reference only if the prediction is a list of tokens too.) Nothing else is tokenized: sacrebleu's default ``13a``
    tokenizer is made for prose and splits code again, which adds 3.8 points on real Java output (77.42 becomes 81.22 on
    the outputs of CodeXGLUE's CodeBERT for code refinement; ``benchmarks/metric_figures.py`` prints these figures).

    ``corpus`` is corpus BLEU, from n-gram counts summed over the rows; ``score`` is sentence BLEU, whose mean is a
    different figure (69.07 against 77.42 on the same outputs). N-gram orders longer than every prediction are left out
    (sacrebleu's ``effective_order``), so identical rows score 1 however short; two empty rows are identical.

    Attributes:
        smoothing: Treatment of orders without a matching n-gram. ``"exp"`` (sacrebleu's default), ``"floor"``,
            ``"add-k"`` and ``"none"`` are sacrebleu's. ``"codexglue"`` adds 1 to matches and totals of every order, as
            the evaluators of CodeXGLUE do: harmless for a corpus, but it gives a wrong one-token row .84.
        max_order: Length of the longest n-gram.

    Source: Papineni et al., BLEU (ACL 2002); smoothing: Chen and Cherry (WMT 2014), Lin and Och (COLING 2004).

    >>> BLEU().corpus(["return a + b ;"], ["return a - b ;"]).parts["precision_1"]
    0.8
    >>> BLEU().score(["return a + b ;", "x"], ["return a + b ;", "y"])
    array([1., 0.])
    """

    title = "BLEU"
    scale = OF_100

    smoothing: str = "exp"
    max_order: int = field(default=4, kw_only=True)

    def __post_init__(self) -> None:
        settle(self, smoothing=check_choice("smoothing", self.smoothing, (*_SACREBLEU, "codexglue")))
        settle(self, max_order=check_integer("max_order", self.max_order, smallest=1, remedy="leave it out to take 4"))

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return the sentence BLEU of each row, shape (n,), in [0, 1].

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is neither a string nor a sequence of tokens.
        """
        rows = self.statistics(predictions, references)
        return np.array([self._value(row)[0] for row in rows], dtype=np.float64)

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return statistics of shape (n, 2 * order + 3).

        The columns are 1, the matches of each order, the n-grams of each order, the tokens of the prediction and of the
        reference.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is neither a string nor a sequence of tokens.
        """
        pairs = zip(*token_rows(predictions, references), strict=True)
        rows = [(1, *ngram_matches(p, r, self.max_order), len(p), closest_length(len(p), r)) for p, r in pairs]
        return np.array(rows, dtype=np.float64).reshape(-1, 2 * self.max_order + 3)

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return corpus BLEU from summed counts; ``parts`` holds the unsmoothed precisions and the brevity penalty."""
        if not sums[0]:
            return CorpusScore(math.nan)
        value, brevity_penalty = self._value(sums)
        matches, totals = self._counts(sums)
        parts = {f"precision_{i + 1}": ratio(m, t) for i, (m, t) in enumerate(zip(matches, totals, strict=True))}
        return CorpusScore(value, parts={**parts, "brevity_penalty": brevity_penalty}, n=int(sums[0]))

    def _counts(self, sums: FloatArray) -> tuple[list[float], list[float]]:
        return sums[1 : self.max_order + 1].tolist(), sums[self.max_order + 1 : -2].tolist()

    def _value(self, sums: FloatArray) -> tuple[float, float]:
        """Return BLEU and its brevity penalty."""
        length, reference_length = sums[-2:].tolist()
        penalty = _brevity_penalty(length, reference_length)
        if length == reference_length == 0:
            return 1.0, penalty
        matches, totals = self._counts(sums)
        if not reference_length and not matches[0]:
            return 0.0, penalty  # of one token, no match; codexglue's smoothing would give up to .84
        if self.smoothing == "codexglue":
            logs = [math.log((m + 1) / (t + 1)) for m, t in zip(matches, totals, strict=True)]
            return penalty * math.exp(_mean_in_order(logs)), penalty
        return _sacrebleu(matches, totals, (length, reference_length), self.smoothing), penalty


def ngram_matches(prediction: Sequence[str], references: Sequence[Sequence[str]], max_order: int) -> list[int]:
    """Return the clipped matches of each n-gram order, then the prediction's number of n-grams of each order.

    The count of an n-gram is clipped to its highest count in a reference.

    >>> ngram_matches("a b a".split(), ["a b".split(), "b a".split()], 2)
    [2, 2, 3, 2]
    """
    matches = []
    for order in range(1, max_order + 1):
        ours, theirs = _ngrams(prediction, order), _ngrams(references[0], order)
        for reference in references[1:]:
            theirs |= _ngrams(reference, order)
        matches.append(sum(min(count, theirs[ngram]) for ngram, count in ours.items() if ngram in theirs))
    return matches + [max(0, len(prediction) - order) for order in range(max_order)]


def closest_length(length: int, references: Sequence[Sequence[str]]) -> int:
    """Return the length of the reference nearest to ``length``; the shorter one if two are equally near.

    >>> closest_length(3, ["a b".split(), "a b c d".split()])
    2
    """
    return min((len(reference) for reference in references), key=lambda candidate: (abs(candidate - length), candidate))


def _ngrams(tokens: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[i:] for i in range(order)), strict=False))


def _brevity_penalty(length: float, reference_length: float) -> float:
    if length >= reference_length:
        return 1.0
    return math.exp(1 - reference_length / length) if length else 0.0


def _sacrebleu(matches: list[float], totals: list[float], lengths: tuple[float, float], smoothing: str) -> float:
    from sacrebleu import metrics as sacrebleu

    bleu = sacrebleu.BLEU.compute_bleu(
        matches,
        totals,
        int(lengths[0]),
        int(lengths[1]),
        smooth_method=smoothing,
        effective_order=True,
        max_ngram_order=len(matches),
    )
    orders = len(list(takewhile(bool, bleu.totals))) or len(matches)  # effective order: the orders that have n-grams
    # Not bleu.score: its ``sum`` rounds differently in different versions of Python.
    score = bleu.bp * math.exp(_mean_in_order([math.log(p) if p else _LOG_OF_0 for p in bleu.precisions[:orders]]))
    return float(min(score / 100, 1.0))  # 100 * exp(mean(log)) can round to slightly over 100


def _mean_in_order(values: Sequence[float]) -> float:
    """Return the mean, added up from left to right: since Python 3.12 ``sum`` rounds floats differently."""
    total = 0.0
    for value in values:
        total += value
    return total / len(values)
