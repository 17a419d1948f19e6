"""CodeBLEU: the similarity of two programs in n-grams, keywords, syntax and data flow."""

from __future__ import annotations

import math
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from codeshift.checks import check_choice, settle
from codeshift.errors import ParameterError
from codeshift.metrics.base import OF_100, CorpusScore, FloatArray, Metric, column_sums
from codeshift.metrics.codebleu.dataflow.tables import flow_language
from codeshift.metrics.codebleu.parts.combine import across, bleu, brevity_penalty, nltk_bleu, quotient, weighted_mean
from codeshift.metrics.codebleu.parts.counting import RowCounter
from codeshift.metrics.codebleu.parts.keywords import KEYWORDS
from codeshift.metrics.codebleu.parts.ngrams import ORDERS
from codeshift.metrics.rows import refuse_without_languages, several_text_rows
from codeshift.properties.grammars import language_remedy
from codeshift.properties.row_languages import check_languages

COMPONENTS = ("ngram", "weighted_ngram", "syntax", "dataflow")

_BATCH = 256  # rows that share what is remembered of programs and structures, which bounds the memory
_TASK = 256  # rows per task of an executor

# Columns of the statistics: 1, shared n-grams and n-grams of each order, tokens of both sides, then the weighted
# n-grams of the orders that count, the shared and the total subtrees and edges of data flow, and whether the parser
# gives up on one of the texts.
_SHARED, _TOTAL, _LENGTHS, _WEIGHTED = slice(1, 5), slice(5, 9), slice(9, 11), 11


@dataclass(frozen=True)
class CodeBLEU(Metric):
    """Weighted mean of four similarities of two programs, in [0, 1].

    ``ngram`` is BLEU over whitespace-separated tokens; ``weighted_ngram`` is the precision of single tokens, with
    keywords counting five times and BLEU's brevity penalty; ``syntax`` is the share of the reference's subtrees that
    the prediction has; ``dataflow`` is the share of the reference's data-flow edges that the prediction has, with names
    numbered in order of appearance. ``corpus`` adds the counts of all rows before it divides, ``score`` divides row by
    row. ``docs/guides/codebleu.md`` lists every point in which the paper, the two public implementations and this one
    differ.

    A row of ``references`` may be a list of several references. N-grams then count as in BLEU of several references;
    for subtrees and for data flow, the reference with the greatest share found counts. The compatible modes add up the
    subtrees, edges and weighted n-grams of all references, as those implementations do.

    Identical rows score 1, and so do two empty ones; an empty prediction scores 0. Code that does not parse is compared
    by the tree and the edges that the parser recovers; code on which it gives up (``codeshift.properties.bounds``) has
    neither, and ``corpus(...).unparsable`` counts the rows that hold such code.

    Attributes:
        language: Language, one of ``codeshift.metrics.codebleu.dataflow.LANGUAGES``; TypeScript has no compatible
            mode. Or ``"column:lang"`` for the one that each row names, of which an ``Evaluator`` and a study read the
            column.
        weights: Weights of ngram, weighted_ngram, syntax and dataflow. The paper's experiments favour (.1, .1, .4,
            .4).
        missing_dataflow: Treatment of a reference without data flow, of which no share can be taken:
            ``"renormalise"`` takes the mean of the other three parts, ``"zero"`` and ``"one"`` give the part that
            value.
        compat: Public implementation to reproduce, ``"codexglue"`` or ``"codebleu-0.7"``, oversights included;
            names are in order of appearance where its result depends on PYTHONHASHSEED.

    Source: Ren et al., CodeBLEU: a Method for Automatic Evaluation of Code Synthesis (2020), arXiv 2009.10297.

    >>> metric = CodeBLEU("java")
    >>> metric.score(["int f ( int a ) { return a ; }", ""], ["int f ( int b ) { return b ; }", "int x ;"]).round(3)
    array([0.823, 0.   ])
    >>> {name: round(part, 3) for name, part in metric.corpus(["x = y ;"], ["x = z ;"]).parts.items()}
    {'ngram': 0.354, 'weighted_ngram': 0.75, 'syntax': 1.0, 'dataflow': 1.0}
    """

    title = "CodeBLEU"
    scale = OF_100

    language: str
    weights: tuple[float, float, float, float] = field(default=(0.25, 0.25, 0.25, 0.25), kw_only=True)
    missing_dataflow: str = field(default="renormalise", kw_only=True)
    compat: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.language_column is None:
            flow_language(self.language)
        else:
            check_languages(self.language)
        weights = self.weights
        if len(weights) != 4 or not all(0 <= w < math.inf for w in weights) or not sum(weights):
            remedy = f"give one number a part, in the order {', '.join(COMPONENTS)}"
            raise ParameterError("weights", "four numbers of at least 0, not all of them 0", weights, remedy)
        settle(
            self,
            missing_dataflow=check_choice("missing_dataflow", self.missing_dataflow, ("renormalise", "zero", "one")),
        )
        if self.compat is None:
            return
        settle(self, compat=check_choice("compat", self.compat, ("codexglue", "codebleu-0.7")))
        if self.missing_dataflow != "renormalise":
            remedy = "leave it out: the compatible modes have a rule of their own"
            raise ParameterError("missing_dataflow", "at its default with compat", self.missing_dataflow, remedy)
        languages = tuple(sorted(_in_compat(self.compat)))
        if self.language_column is None and self.language not in languages:
            remedy = language_remedy(self.language, languages)
            raise ParameterError("language", f"one that {self.compat} has", self.language, remedy)

    def score(
        self, predictions: Iterable[Any], references: Iterable[Any], *, executor: Executor | None = None
    ) -> FloatArray:
        """Return the CodeBLEU of each row, shape (n,), in [0, 1].

        ``executor`` spreads the rows over its processes; the scores are the same.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a string.
        """
        return self._values(self._parts(self.statistics(predictions, references, executor=executor)))

    def corpus(
        self, predictions: Iterable[Any], references: Iterable[Any], *, executor: Executor | None = None
    ) -> CorpusScore:
        """Return the CodeBLEU of all rows together; ``parts`` are ngram, weighted_ngram, syntax and dataflow.

        A part is NaN if no reference has what it compares. ``executor`` is as in ``score``.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a string.
        """
        return self.from_statistics(column_sums(self.statistics(predictions, references, executor=executor)))

    def statistics(
        self, predictions: Iterable[Any], references: Iterable[Any], *, executor: Executor | None = None
    ) -> FloatArray:
        """Return row counts whose sums give the corpus score, shape (n, 18), or (n, 24) in the compatible modes.

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a string.
        """
        refuse_without_languages(self)
        left, right = several_text_rows(predictions, references)
        size = _BATCH if executor is None else _TASK
        batches = [(left[i : i + size], right[i : i + size]) for i in range(0, len(left), size)]
        if executor is None:
            counted = list(RowCounter(self.language, self.compat).batches(batches))
        else:
            counted = list(executor.map(_count_batch, [self] * len(batches), batches))
        return np.concatenate([*counted, np.empty((0, _WEIGHTED + 2 * self._orders + 5))])

    def from_statistics(self, sums: FloatArray) -> CorpusScore:
        """Return the corpus score of rows whose statistics add up to ``sums``; NaN with n=0 for no rows."""
        if not sums[0]:
            return CorpusScore(math.nan, dict.fromkeys(COMPONENTS, math.nan))
        parts = self._parts(sums[None, :])
        by_name = dict(zip(COMPONENTS, parts[0].tolist(), strict=True))
        return CorpusScore(float(self._values(parts)[0]), by_name, int(sums[0]), unparsable=int(sums[-1]))

    @property
    def _orders(self) -> int:
        """Number of orders of weighted n-grams; the paper weighs single tokens only."""
        return 1 if self.compat is None else len(ORDERS)

    def _parts(self, rows: FloatArray) -> FloatArray:
        """Return the four parts of each row, shape (n, 4)."""
        end = _WEIGHTED + self._orders
        weighted, weights = rows[:, _WEIGHTED:end], rows[:, end : end + self._orders]
        lengths = rows[:, _LENGTHS]
        penalty = brevity_penalty(lengths[:, 0], lengths[:, 1])
        if self.compat is None:
            of_four = bleu(rows[:, _SHARED], rows[:, _TOTAL], penalty)
            of_keywords = penalty * quotient(weighted[:, 0], weights[:, 0])
        else:
            of_four = nltk_bleu(rows[:, _SHARED], rows[:, _TOTAL], penalty)
            # Their weighted references are pairs (tokens, weights), whose length they take: 2, however long the code.
            of_keywords = nltk_bleu(weighted, weights, brevity_penalty(lengths[:, 0], 2 * rows[:, 0]))
        syntax, flow = quotient(rows[:, -5], rows[:, -4]), quotient(rows[:, -3], rows[:, -2])
        parts = np.column_stack([of_four, of_keywords, syntax, flow])
        if self.compat is not None:
            return np.nan_to_num(parts)
        # Without a token there is nothing to match: two empty programs are equal, any other differs from an empty one.
        empty = lengths[:, 0] == 0
        parts[empty, :2] = (lengths[empty, 1:] == 0).astype(np.float64)
        return parts

    def _values(self, parts: FloatArray) -> FloatArray:
        """Return the weighted means of the parts of each row."""
        parts = parts.copy()
        flow = parts[:, 3]
        if self.compat == "codebleu-0.7":
            flow[flow == 0] = 1.0
        elif self.compat is None and self.missing_dataflow != "renormalise":
            flow[np.isnan(flow)] = float(self.missing_dataflow == "one")
        if self.compat is None:
            return weighted_mean(parts, self.weights)
        return across(parts * np.asarray(self.weights))


def _count_batch(metric: CodeBLEU, batch: tuple[list[str], list[tuple[str, ...]]]) -> FloatArray:
    """Count one batch, as a task of an executor."""
    return next(RowCounter(metric.language, metric.compat).batches([batch]))


def _in_compat(compat: str) -> frozenset[str]:
    """Return the languages that a public implementation has."""
    languages = frozenset(KEYWORDS) - {"typescript"}
    return languages if compat == "codebleu-0.7" else languages - {"c", "cpp", "rust"}
