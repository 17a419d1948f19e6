"""Row counts from which CodeBLEU is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from codeshift.metrics.base import FloatArray
from codeshift.metrics.codebleu.compat.analysis import CompatAnalyser
from codeshift.metrics.codebleu.parts.analysis import Analysis, analyser, shared_flow, shared_subtrees
from codeshift.metrics.codebleu.parts.keywords import KEYWORDS, compat_keywords
from codeshift.metrics.codebleu.parts.ngrams import ORDERS, keyword_count, shared_ngrams
from codeshift.metrics.codebleu.parts.references import OTHER_WEIGHT, merged
from codeshift.properties.syntax import no_garbage_collection

TextBatch: TypeAlias = tuple[list[str], list[tuple[str, ...]]]
"""Predictions, and the references of each."""


NOTHING: Analysis = ([], {})
"""Analysis that stands for a program on which the parser gives up."""


class RowCounter:
    """Counter of row statistics for one language and mode, which remembers the programs of a batch."""

    def __init__(self, language: str, compat: str | None) -> None:
        self._analyser = analyser(language, compat)
        self._default = compat is None
        self._keywords = KEYWORDS[language] if self._default else compat_keywords(language, compat)
        self._known: dict[str, Analysis | None] = {}

    def batches(self, batches: Iterable[TextBatch]) -> Iterator[FloatArray]:
        """Yield the statistics of each batch, one row per prediction."""
        for left, right in batches:
            pairs = [(ours, reference) for ours, several in zip(left, right, strict=True) for reference in several]
            with no_garbage_collection():
                tokens = [(ours.split(), reference.split()) for ours, reference in pairs]
                ngrams = shared_ngrams(tokens, self._keywords)
                rows = np.array([self._row(*pair) for pair in self._prepared(pairs, left, right)], dtype=np.float64)
                self._known.clear()
                self._analyser.clear()
            side = 0 if self._default else 1
            sizes = [(len(p[0]), len(p[1]), keyword_count(p[side], self._keywords)) for p in tokens]
            statistics = self._statistics(ngrams, np.array(sizes, dtype=np.float64).reshape(-1, 3), rows)
            yield statistics if len(pairs) == len(left) else self._merged(statistics, tokens, right)

    def _prepared(
        self, pairs: list[tuple[str, str]], left: list[str], right: list[tuple[str, ...]]
    ) -> Iterable[tuple[str, str]]:
        """Return the pairs in the form in which they are analysed."""
        if not isinstance(self._analyser, CompatAnalyser):
            return pairs
        if len(pairs) == len(left):
            return [(ours.strip(), reference.strip()) for ours, reference in pairs]
        return [
            (ours, reference.strip())
            for prediction, several in zip(left, right, strict=True)
            for ours, reference in zip(self._analyser.cleanings(prediction), several, strict=False)
        ]

    def _merged(
        self, statistics: FloatArray, tokens: list[tuple[list[str], list[str]]], right: list[tuple[str, ...]]
    ) -> FloatArray:
        """Merge one row per pair into one row per prediction."""
        keywords = self._keywords if self._default else None
        rows, at = [], 0
        for several in right:
            end = at + len(several)
            is_single = end - at == 1
            references = [reference for _, reference in tokens[at:end]]
            rows.append(
                statistics[at] if is_single else merged(statistics[at:end], tokens[at][0], references, keywords)
            )
            at = end
        return np.array(rows)

    def _row(self, prediction: str, reference: str) -> tuple[int, int, int, int, bool]:
        """Return the shared and the reference's subtrees and edges of data flow, and whether the parser gave up."""
        of_prediction, of_reference = self._analysed(prediction), self._analysed(reference)
        subtrees, flow = of_prediction or NOTHING
        reference_subtrees, reference_flow = of_reference or NOTHING
        return (
            shared_subtrees(subtrees, reference_subtrees, clipped=self._default),
            len(reference_subtrees),
            shared_flow(flow, reference_flow),
            sum(reference_flow.values()),
            of_prediction is None or of_reference is None,
        )

    def _statistics(self, ngrams: NDArray[np.int64], sizes: FloatArray, rows: FloatArray) -> FloatArray:
        """Return the columns described in ``CodeBLEU.statistics``."""
        shared, keywords, lengths, all_keywords = ngrams[:, :-1], ngrams[:, -1], sizes[:, :2], sizes[:, 2]
        ours, theirs = (_ngram_counts(lengths[:, side], least=0 if self._default else 1) for side in (0, 1))
        weights = keywords + OTHER_WEIGHT * (shared[:, 0] - keywords)
        # The paper weighs the prediction's tokens (a precision), the public code the reference's (a recall).
        total = all_keywords + OTHER_WEIGHT * (lengths[:, 0 if self._default else 1] - all_keywords)
        if self._default:
            weighted = [weights, total]
        else:
            weighted = [weights, *shared[:, 1:].T, np.maximum(total, 1), *theirs[:, 1:].T]
        return np.column_stack([np.ones(len(rows)), shared, ours, lengths, *weighted, rows])

    def _analysed(self, code: str) -> Analysis | None:
        if code not in self._known:
            self._known[code] = self._analyser.analyse(code)
        return self._known[code]


def _ngram_counts(lengths: FloatArray, least: int) -> FloatArray:
    """Return the number of n-grams of each order at these lengths; the public code counts at least one."""
    return np.asarray(np.maximum(lengths[:, None] - np.arange(len(ORDERS)), least))
