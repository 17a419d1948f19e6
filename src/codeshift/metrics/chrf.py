"""chrF: agreement in character n-grams, by sacrebleu."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Any

import numpy as np

from codeshift.checks import check_integer, check_number, settle
from codeshift.metrics.base import OF_100, CorpusScore, FloatArray, Metric
from codeshift.metrics.rows import several_text_rows


@dataclass(frozen=True)
class ChrF(Metric):
    """chrF in [0, 1] (papers print it times 100): the F-score over character n-grams, without whitespace.

    It needs no tokenizer and ignores whitespace: programs that differ only in indentation score 1. Two rows without any
    character agree. If there are several references, the one with the highest score counts, in the corpus too, as in
    sacrebleu.

    Attributes:
        char_order: Length of the longest character n-gram.
        word_order: Length of the longest word n-gram; 2 is chrF++.
        beta: Weight of recall relative to precision.

    Source: Popovic, chrF (WMT 2015); computed by sacrebleu.

    >>> ChrF().score(["return a;", ""], ["return b;", "x"]).round(4)
    array([0.6149, 0.    ])
    """

    title = "chrF"
    scale = OF_100

    char_order: int = 6
    word_order: int = field(default=0, kw_only=True)
    beta: float = field(default=2.0, kw_only=True)

    def __post_init__(self) -> None:
        for name, smallest in (("char_order", 1), ("word_order", 0)):
            settle(
                self,
                **{
                    name: check_integer(
                        name, getattr(self, name), smallest=smallest, remedy="leave it out for plain chrF"
                    )
                },
            )
        settle(self, beta=check_number("beta", self.beta, above=0, remedy="leave it out to take 2"))

    @cached_property
    def _sacrebleu(self) -> Any:
        from sacrebleu.metrics import CHRF

        beta = int(self.beta) if self.beta == int(self.beta) else self.beta
        return CHRF(char_order=self.char_order, word_order=self.word_order, beta=beta)

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return the chrF of each row, shape (n,), in [0, 1].

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a string.
        """
        rows = self.statistics(predictions, references)
        return np.array([self.from_statistics(row).value for row in rows], dtype=np.float64)

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return statistics of shape (n, 2 + 3 * orders).

        The columns are 1, whether both sides are blank, then n-grams of the prediction, of the reference and shared,
        order by order.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a string.
        """
        left, several = several_text_rows(predictions, references)
        blank = [not p.split() and any(not r.split() for r in rs) for p, rs in zip(left, several, strict=True)]
        right = [("",) if alike else rs for alike, rs in zip(blank, several, strict=True)]
        width = 3 * (self.char_order + self.word_order)
        # The statistics that sacrebleu's own bootstrap resamples; of several references, those of the best one.
        counts = self._sacrebleu._extract_corpus_statistics(left, list(zip_longest(*right))) if left else []
        columns = [np.ones(len(left)), np.array(blank, dtype=np.float64)]
        return np.column_stack([*columns, np.array(counts, dtype=np.float64).reshape(-1, width)])

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return corpus chrF from summed counts."""
        n = int(sums[0])
        if not n:
            return CorpusScore(math.nan)
        if sums[1] == n:
            return CorpusScore(1.0, n=n)
        value = self._sacrebleu._compute_score_from_stats(sums[2:].tolist()).score / 100
        return CorpusScore(min(value, 1.0), n=n)
