"""Exact match: is the output equal to the reference?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.checks import check_bool, settle
from codeshift.metrics.base import PERCENT, FloatArray, Metric
from codeshift.metrics.rows import several_text_rows


@dataclass(frozen=True, kw_only=True)
class ExactMatch(Metric):
    """Exact match: 1 if the prediction equals the reference, or one of several, character for character; else 0.

    Attributes:
        normalize_whitespace: Whether to replace each run of whitespace by one space and strip both ends before
            comparing. In Python whitespace carries meaning, so a match then no longer shows that the programs are
            equal.

    >>> metric = ExactMatch(normalize_whitespace=True)
    >>> metric.score(["x  = 1", "y"], ["x = 1", "z"])
    array([1., 0.])
    >>> ExactMatch().corpus(["x  = 1", "y"], ["x = 1", "z"]).value
    0.0
    """

    scale = PERCENT

    normalize_whitespace: bool = False

    def __post_init__(self) -> None:
        settle(self, normalize_whitespace=check_bool("normalize_whitespace", self.normalize_whitespace))

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> FloatArray:
        """Return 1.0 or 0.0 for each row, shape (n,).

        Raises:
            ParameterError: if predictions and references differ in number.
            DataError: if a row is not a string.
        """
        pairs = zip(*several_text_rows(predictions, references), strict=True)
        if self.normalize_whitespace:
            return np.array([_single_spaced(p) in map(_single_spaced, r) for p, r in pairs], dtype=np.float64)
        return np.array([p in r for p, r in pairs], dtype=np.float64)


def _single_spaced(text: str) -> str:
    return " ".join(text.split())
