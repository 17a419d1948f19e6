"""Similarity of each held-out row to train: the cosine to its nearest row there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.audit.rounding import agreed
from codeshift.audit.tokens import tfidf
from codeshift.properties.progress import progress_bar

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_CELLS = 4_000_000  # similarities in memory at once


@dataclass(frozen=True, kw_only=True)
class NearestSimilarity:
    r"""Distribution of the similarity of held-out rows to their nearest row of train.

    Attributes:
        n: Number of held-out rows measured.
        mean: Mean.
        q05: 5% quantile.
        q25: Lower quartile.
        median: Median.
        q75: Upper quartile.
        q95: 95% quantile.

    >>> from datasets import Dataset, DatasetDict
    >>> from codeshift.audit import audit
    >>> short = [f"x{i} = {i}" for i in range(40)]
    >>> long = [f"for y{i} in z{i}:\n    f{i}(y{i})\n    g{i}(y{i})" for i in range(40)]
    >>> splits = DatasetDict(train=Dataset.from_dict({"code": short}), test=Dataset.from_dict({"code": long}))
    >>> report = audit(splits, column="code", n_permutations=19)
    >>> nearest = report.strength[0].nearest
    >>> nearest.n, 0 <= nearest.q05 <= nearest.median <= nearest.q95 <= 1
    (40, True)
    """

    n: int
    mean: float
    q05: float
    q25: float
    median: float
    q75: float
    q95: float


def nearest_similarities(rows: csr_matrix, train: csr_matrix) -> np.ndarray:
    """Return the largest cosine of each row to a row of train, of TF-IDF vectors with document frequencies of train.

    Args:
        rows: Token counts of n rows, of shape ``(n, vocabulary)``.
        train: Token counts of the rows of train, of shape ``(m, vocabulary)``.

    Returns:
        Floats of shape ``(n,)``: 0 if no token is shared, 1 for the same tokens; NaN if train is empty.
    """
    n, m = rows.shape[0], train.shape[0]
    if not n or not m or not rows.shape[1]:
        return np.full(n, math.nan if not m else 0.0)
    queries, corpus = tfidf(rows, train), tfidf(train, train).T.tocsr()
    step = max(1, _CELLS // m)
    blocks: list[Any] = []
    with progress_bar("Nearest rows of train", n, "row") as bar:
        for start in range(0, n, step):
            blocks.append((queries[start : start + step] @ corpus).max(axis=1).toarray().ravel())
            bar.update(len(blocks[-1]))
    similarities: np.ndarray = np.minimum(np.concatenate(blocks), 1.0)
    return similarities


def summarise_similarities(similarities: np.ndarray) -> NearestSimilarity:
    """Summarise similarities by their mean and quantiles; NaN if there are none.

    >>> summarise_similarities(np.array([0.2, 0.4, 0.9])).median
    0.4
    """
    measured = similarities[~np.isnan(similarities)]
    quantiles = np.quantile(measured, [0.05, 0.25, 0.5, 0.75, 0.95]).tolist() if len(measured) else [math.nan] * 5
    levels = map(agreed, quantiles)
    names = ("q05", "q25", "median", "q75", "q95")
    mean = float(measured.mean()) if len(measured) else math.nan
    return NearestSimilarity(n=len(measured), mean=agreed(mean), **dict(zip(names, levels, strict=True)))
