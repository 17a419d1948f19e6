"""Metrics that each break one law, for the tests of the checks. A new process can import them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from codeshift.metrics import CorpusScore, Metric, WeightedMetric
from codeshift.metrics.rows import text_rows


@dataclass(frozen=True)
class Sound(Metric):
    """The share of the reference's characters that the prediction contains; breaks no law."""

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> np.ndarray:
        pairs = zip(*text_rows(predictions, references), strict=True)
        return np.array([self.of_row(p, r) for p, r in pairs], dtype=np.float64)

    def of_row(self, prediction: str, reference: str) -> float:
        return len(set(prediction) & set(reference)) / len(set(reference)) if reference else float(not prediction)


@dataclass(frozen=True)
class Forgetful(Sound):
    """A metric whose repr leaves out a setting."""

    scale: float = field(default=1.0, repr=False)


@dataclass(frozen=True)
class InPercent(Sound):
    """A metric with scores out of bounds."""

    def of_row(self, prediction: str, reference: str) -> float:
        return 100 * super().of_row(prediction, reference)


@dataclass(frozen=True)
class Narrow(Sound):
    """A metric that returns float32."""

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> np.ndarray:
        return super().score(predictions, references).astype(np.float32)


@dataclass(frozen=True)
class Stingy(Sound):
    """A metric for which a row that equals its reference does not score best."""

    def of_row(self, prediction: str, reference: str) -> float:
        return super().of_row(prediction, reference) * 0.9


@dataclass(frozen=True)
class Ranked(Sound):
    """A metric whose scores depend on the position of the row."""

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> np.ndarray:
        scores = super().score(predictions, references)
        return scores / np.arange(1, len(scores) + 1)


@dataclass(frozen=True)
class Relative(Sound):
    """A metric whose scores depend on other rows."""

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> np.ndarray:
        scores = super().score(predictions, references)
        return scores / scores.max() if len(scores) else scores


@dataclass(frozen=True)
class Halved(Sound):
    """A metric whose corpus score does not follow from its statistics."""

    def corpus(self, predictions: Iterable[Any], references: Iterable[Any]) -> CorpusScore:
        score = super().corpus(predictions, references)
        return CorpusScore(score.value / 2, n=score.n)


@dataclass(frozen=True)
class ZeroOfNothing(Sound):
    """A metric that scores no rows as 0.0."""

    def from_statistics(self, sums: np.ndarray) -> CorpusScore:
        return super().from_statistics(sums) if sums[0] else CorpusScore(0.0)


@dataclass(frozen=True)
class Greedy(Sound):
    """A metric that silently cuts the two sides to one length."""

    def score(self, predictions: Iterable[Any], references: Iterable[Any]) -> np.ndarray:
        pairs = list(zip(predictions, references, strict=False))
        return super().score([p for p, _ in pairs], [r for _, r in pairs])


@dataclass(frozen=True)
class Fragile(Sound):
    """A metric that fails on text that UTF-8 cannot encode."""

    def of_row(self, prediction: str, reference: str) -> float:
        return super().of_row(prediction.encode().decode(), reference)


@dataclass(frozen=True)
class Hashed(Sound):
    """A metric that uses Python's own hash, which differs between processes."""

    def of_row(self, prediction: str, reference: str) -> float:
        return 1.0 if prediction == reference else hash(prediction) % 1000 / 1000


@dataclass(frozen=True)
class Uncounted(Sound):
    """Its statistics give other scores of rows than it does."""

    def row_scores(self, statistics: np.ndarray) -> np.ndarray:
        return 1 - statistics[:, 1]


@dataclass(frozen=True)
class Unweighted(WeightedMetric):
    """It counts every row once, whatever its weight, and the corpus twice."""

    def statistics(self, predictions: Iterable[Any], references: Iterable[Any]) -> np.ndarray:
        pairs = zip(*text_rows(predictions, references), strict=True)
        return np.array([(1.0, float(p == r)) for p, r in pairs]).reshape(-1, 2)

    def weighted_values(self, statistics: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.full(len(weights), statistics[:, 1].mean())

    def corpus(self, predictions: Iterable[Any], references: Iterable[Any]) -> CorpusScore:
        rows = self.statistics(predictions, references)
        return CorpusScore(rows[:, 1].mean() / 2 if len(rows) else float("nan"), n=len(rows))
