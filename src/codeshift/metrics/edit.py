"""Edit similarity: one minus the normalised Levenshtein distance, by rapidfuzz."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.checks import check_choice, settle
from codeshift.metrics.base import OF_100, FloatArray, Metric
from codeshift.metrics.rows import several_text_rows, token_rows

_UNITS = ("characters", "tokens")


@dataclass(frozen=True)
class EditSimilarity(Metric):
    """Edit similarity, ``1 - distance / length of the longer side``, in [0, 1]; two empty rows score 1.

    The distance counts insertions, deletions and substitutions, each as 1 (Levenshtein). It is not ``fuzz.ratio``,
    which counts a substitution as 2 and is called edit similarity in several papers: 85.98 against 78.60 on the outputs
    of CodeXGLUE's CodeBERT for code refinement (``benchmarks/metric_figures.py``). The time per row is proportional to
    the product of its lengths over 64. If there are several references, the nearest counts.

    Attributes:
        unit: Unit of the distance: ``"characters"`` (code points), or ``"tokens"`` (rows are split at whitespace,
            or given as tokens).

    >>> EditSimilarity().score(["return a;"], ["return b;"]).round(4)
    array([0.8889])
    >>> EditSimilarity("tokens").score([["return", "a", ";"]], [["return", "b", ";"]]).round(4)
    array([0.6667])
    """

    scale = OF_100

    unit: str = "characters"

    def __post_init__(self) -> None:
        settle(self, unit=check_choice("unit", self.unit, _UNITS))

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return the edit similarity of each row, shape (n,).

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not text (or, with ``unit="tokens"``, not tokens either).
        """
        from rapidfuzz.distance import Levenshtein

        if self.unit == "characters":
            pairs = zip(*several_text_rows(predictions, references), strict=True)
            scores = [max(Levenshtein.normalized_similarity(p, r) for r in rs) for p, rs in pairs]
        else:
            tokens = zip(*token_rows(predictions, references), strict=True)
            scores = [max(Levenshtein.normalized_similarity(*_token_numbers(p, r)) for r in rs) for p, rs in tokens]
        return np.array(scores, dtype=np.float64)


def _token_numbers(prediction: Sequence[str], reference: Sequence[str]) -> tuple[list[int], list[int]]:
    """Number the tokens: rapidfuzz compares hashes of strings, which differ between processes and may collide."""
    numbers: dict[str, int] = {}
    left = [numbers.setdefault(token, len(numbers)) for token in prediction]
    return left, [numbers.setdefault(token, len(numbers)) for token in reference]
