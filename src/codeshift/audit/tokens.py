"""Tokens as elements of a row, and rows as vectors: TF-IDF of tokens, reduced by a truncated SVD."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.properties import ElementCounts, Property, PropertyTable
from codeshift.properties.lexer import lex

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

DIMENSIONS = 64
_EQUAL = 1e-6  # relative; smaller differences of singular values or variances are no differences


@dataclass(frozen=True)
class TokenTypes(Property):
    """How often each row holds each token (``codeshift.properties.lexer``).

    >>> from datasets import Dataset
    >>> counts = PropertyTable(Dataset.from_dict({"code": ["x = x", "y"]})).values(TokenTypes("code"))
    >>> counts.vocabulary, counts.counts.toarray().tolist()
    (('=', 'x', 'y'), [[1, 2, 0], [0, 0, 1]])
    """

    def evaluate(self, table: PropertyTable) -> ElementCounts:
        """Counts of n rows."""
        rows = [Counter(lex(text)) for text in table.texts(self.column)]
        return ElementCounts.from_rows([list(row) for row in rows], [list(row.values()) for row in rows])


def tfidf(counts: csr_matrix, fitted_on: csr_matrix) -> csr_matrix:
    """Counts as unit vectors of TF-IDF weights: ``(1 + ln count) * (1 + ln((1 + n) / (1 + df)))``.

    Args:
        counts: tokens of some rows, of shape ``(rows, vocabulary)``.
        fitted_on: the n rows whose document frequencies weigh the tokens.
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer(sublinear_tf=True).fit(fitted_on).transform(counts)


def reduced(counts: csr_matrix, seed: int) -> np.ndarray:
    """Rows as vectors of up to 64 numbers: TF-IDF of the tokens that two rows or more hold, then a truncated SVD.

    Args:
        counts: tokens of the rows, of shape ``(n, vocabulary)``. The weights are those of all rows together, so the
            vectors do not know which sample a row is of, as a permutation test needs.
        seed: for the randomised SVD.

    Returns:
        Floats of shape ``(n, at most 64)``, every column with variance 1 or constant.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import StandardScaler

    shared = counts[:, np.flatnonzero(np.bincount(counts.indices, minlength=counts.shape[1]) > 1)]
    if shared.shape[1] == 0:
        return np.zeros((counts.shape[0], 1))
    weights: Any = tfidf(shared, shared)
    if shared.shape[1] <= DIMENSIONS:
        return np.asarray(StandardScaler().fit_transform(weights.toarray()))
    decomposition = TruncatedSVD(min(DIMENSIONS, counts.shape[0]), random_state=seed % 2**32)
    components = decomposition.fit_transform(weights)
    return np.hstack([_scaled(block) for block in _blocks(components, decomposition.singular_values_)])


def _blocks(components: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    """Columns of equal singular value together, without those beyond the rank.

    Beyond the rank stands nothing but rounding, which scaling would blow up to columns like any other. Where singular
    values are equal, any rotation of their columns is as right, and rounding picks one.
    """
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > _EQUAL * sizes[order[0]]]
    starts = np.flatnonzero(-np.diff(sizes[order]) > _EQUAL * sizes[order[:-1]]) + 1
    return [components[:, np.sort(columns)] for columns in np.split(order, starts)]


def _scaled(block: np.ndarray) -> np.ndarray:
    """Columns of variance 1 or constant; several are made uncorrelated, so that their rotation changes no distance."""
    from sklearn.preprocessing import StandardScaler

    if block.shape[1] == 1:
        return np.asarray(StandardScaler().fit_transform(block))
    centred = block - block.mean(axis=0)
    variances, directions = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = variances > _EQUAL * variances[-1]
    return np.asarray(centred @ directions[:, kept] / np.sqrt(variances[kept]))
