r"""Vectors of programs from their tokens: TF-IDF, projected to fewer dimensions by a truncated SVD."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from codeshift.errors import DataError
from codeshift.properties.base import Property
from codeshift.properties.identity_order import DistinctTexts
from codeshift.properties.lexer import lex
from codeshift.properties.matrix import Matrix
from codeshift.properties.progress import progress_bar

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from codeshift.properties.table import PropertyTable

_FITTED_ON = 20_000


@dataclass(frozen=True, repr=False)
class TfidfVectors(Property):
    """Direction of each row's TF-IDF vector in a fitted latent space (latent semantic analysis).

    The weight of a token in a program is ``(1 + log count) * (1 + log((1 + n) / (1 + df)))`` (sublinear term frequency
    and smoothed inverse document frequency, as in scikit-learn). The vector is scaled to unit length, projected by the
    truncated SVD of the fitted programs (Deerwester et al., 1990) and scaled to unit length again; a program without
    a known token is the zero vector.

    Attributes:
        documents: Number of distinct programs that it was fitted on.
        vocabulary: Lines of ``"df token"``, sorted by token; df is the number of those programs that contain the
            token.
        projection: Projection, shape ``(tokens, dimensions)``.
    """

    title = "TF-IDF vectors"

    documents: int
    vocabulary: str
    projection: Matrix

    @classmethod
    def fit(cls, table: PropertyTable, column: str, *, features: int, dimensions: int) -> TfidfVectors:
        """Fit the vocabulary (the ``features`` tokens of most programs) and the projection on a table's programs.

        Equal programs count once. The sample that is fitted on is the first 20,000 in the order of their digests, so
        the order of rows has no effect.

        Raises:
            DataError: if no token occurs in two programs.
        """
        from sklearn.decomposition import TruncatedSVD

        rows = table.values(DistinctTexts(column)).first[:_FITTED_ON]
        texts = progress_bar("TF-IDF: vocabulary", len(rows), "row", over=table.texts(column).take(rows))
        bags = [Counter(lex(text)) for text in texts]
        in_programs = Counter(token for bag in bags for token in bag)
        shared = sorted((-count, token) for token, count in in_programs.items() if count > 1)[:features]
        if not shared:
            raise DataError("column", "programs that share tokens", column, "no token occurs in two of its programs")
        vocabulary = "\n".join(f"{-count} {token}" for count, token in sorted(shared, key=lambda pair: pair[1]))
        if len(shared) <= dimensions or len(bags) <= dimensions:
            components = np.eye(len(shared))
        else:
            weights = cls(column, len(bags), vocabulary, Matrix.pack(np.zeros((0, 0))))._weights(bags)
            components = TruncatedSVD(dimensions, random_state=0).fit(weights).components_.T
        return cls(column, len(bags), vocabulary, Matrix.pack(components, bits=8))

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Compute vectors of shape ``(n, dimensions)``."""
        texts = progress_bar("TF-IDF: vectors", len(table), "row", over=table.texts(self.column))
        return unit_rows(self._weights(Counter(lex(text)) for text in texts) @ self.projection.array)

    @cached_property
    def _tokens(self) -> tuple[dict[str, int], np.ndarray]:
        """Position of each token, and the inverse document frequencies, shape ``(n_tokens,)``."""
        pairs = [line.split(" ", 1) for line in self.vocabulary.split("\n")]
        in_programs = np.array([int(count) for count, _ in pairs])
        return {token: i for i, (_, token) in enumerate(pairs)}, 1 + np.log((1 + self.documents) / (1 + in_programs))

    def _weights(self, bags: Iterable[Counter[str]]) -> csr_matrix:
        from scipy.sparse import csr_matrix

        place, rarity = self._tokens
        indices: list[int] = []
        counts: list[int] = []
        starts = [0]
        for bag in bags:
            row_counts = sorted((place[token], count) for token, count in bag.items() if token in place)
            indices.extend(i for i, _ in row_counts)
            counts.extend(count for _, count in row_counts)
            starts.append(len(indices))
        weights = (1 + np.log(np.array(counts, dtype=np.float64))) * rarity[indices]
        rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        lengths = np.sqrt(np.bincount(rows, weights=weights * weights, minlength=len(starts) - 1))
        return csr_matrix((weights / lengths[rows], indices, starts), shape=(len(starts) - 1, len(place)))

    @cached_property
    def digest(self) -> str:
        """Digest of all fields."""
        content = f"{self.documents}\n{self.projection.digest}\n{self.vocabulary}"
        return hashlib.blake2b(content.encode("utf-8", errors="surrogatepass"), digest_size=8).hexdigest()

    def __repr__(self) -> str:
        shape = f"{self.projection.rows}x{self.projection.columns}"
        return f"TfidfVectors(column={self.column!r}, projection={shape}, digest={self.digest!r})"


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Return rows scaled to unit length; rows of zeros stay.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    return vectors / np.where(lengths > 0, lengths, 1)
