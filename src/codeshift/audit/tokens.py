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
_EQUAL = 1e-6  # relative difference of singular values or variances below which they count as equal


@dataclass(frozen=True)
class TokenTypes(Property):
    """Counts of each token in each row (``codeshift.properties.lexer``).

    >>> from datasets import Dataset
    >>> counts = PropertyTable(Dataset.from_dict({"code": ["x = x", "y"]})).values(TokenTypes("code"))
    >>> counts.vocabulary, counts.counts.toarray().tolist()
    (('=', 'x', 'y'), [[1, 2, 0], [0, 0, 1]])
    """

    row_by_row = True

    def evaluate(self, table: PropertyTable) -> ElementCounts:
        """Return the token counts of the n rows of ``table``."""
        rows = [Counter(lex(text)) for text in table.texts(self.column)]
        return ElementCounts.from_rows([list(row) for row in rows], [list(row.values()) for row in rows])


def tfidf(counts: csr_matrix, fitted_on: csr_matrix) -> csr_matrix:
    """Convert counts to unit vectors of TF-IDF weights: ``(1 + ln count) * (1 + ln((1 + n) / (1 + df)))``.

    Args:
        counts: Token counts of the rows to convert, of shape ``(rows, vocabulary)``.
        fitted_on: Token counts of n rows that give the document frequencies, of shape ``(n, vocabulary)``.
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer(sublinear_tf=True).fit(fitted_on).transform(counts)


def reduced(counts: csr_matrix, seed: int) -> np.ndarray:
    """Convert rows to vectors of up to 64 numbers: TF-IDF of the tokens in two rows or more, then a truncated SVD.

    Args:
        counts: Token counts of the rows, of shape ``(n, vocabulary)``. The weights are those of all rows together,
            so the vectors do not depend on which sample a row is in, as a permutation test needs.
        seed: Seed of the randomised SVD.

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
    return np.hstack(
        [_scaled(block) for block in _blocks_of_equal_singular_value(components, decomposition.singular_values_)]
    )


def _blocks_of_equal_singular_value(components: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    """Return columns of equal singular value together, without those beyond the rank.

    Columns beyond the rank contain only rounding errors, which scaling would turn into columns like any other. If
    singular values are equal, any rotation of their columns is equally valid, and rounding errors pick one.
    """
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > _EQUAL * sizes[order[0]]]
    starts = np.flatnonzero(-np.diff(sizes[order]) > _EQUAL * sizes[order[:-1]]) + 1
    return [components[:, np.sort(columns)] for columns in np.split(order, starts)]


def _scaled(block: np.ndarray) -> np.ndarray:
    """Scale columns to variance 1; several are made uncorrelated, so that their rotation changes no distance."""
    from sklearn.preprocessing import StandardScaler

    if block.shape[1] == 1:
        return np.asarray(StandardScaler().fit_transform(block))
    centred = block - block.mean(axis=0)
    variances, directions = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = variances > _EQUAL * variances[-1]
    return np.asarray(centred @ directions[:, kept] / np.sqrt(variances[kept]))
