r"""Programs as vectors of their tokens: TF-IDF, projected to fewer dimensions by a truncated SVD."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from codeshift.errors import DataError
from codeshift.properties.base import Property
from codeshift.properties.identity_order import DistinctTexts
from codeshift.properties.lexer import lex
from codeshift.properties.matrix import Matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from codeshift.properties.table import PropertyTable


@dataclass(frozen=True, repr=False)
class TfidfVectors(Property):
    """Each row as the direction of its TF-IDF vector in a fitted latent space (latent semantic analysis).

    The weight of a token in a program is ``(1 + log count) * (1 + log((1 + n) / (1 + df)))`` (sublinear term frequency
    and smoothed inverse document frequency, as in scikit-learn). The vector is scaled to unit length, projected by the
    truncated SVD of the fitted programs (Deerwester et al., 1990) and scaled to unit length again; a program without
    a known token is the zero vector.

    Attributes:
        documents: distinct programs that it was fitted on.
        vocabulary: lines of ``"df token"``: in how many of them each token stands, sorted by token.
        projection: tokens x dimensions.
    """

    documents: int
    vocabulary: str
    projection: Matrix

    @classmethod
    def fit(cls, table: PropertyTable, column: str, *, features: int, dimensions: int) -> TfidfVectors:
        """Fit the vocabulary (the ``features`` tokens of most programs) and the projection on a table's programs.

        Equal programs count once, and they are taken in the order of their digests, so row order changes nothing.

        Raises:
            DataError: if no token stands in two programs.
        """
        from sklearn.decomposition import TruncatedSVD

        everything = table.texts(column)
        texts = [everything[row] for row in table.values(DistinctTexts(column)).first.tolist()]
        in_programs = Counter(token for text in texts for token in set(lex(text)))
        shared = sorted((-count, token) for token, count in in_programs.items() if count > 1)[:features]
        if not shared:
            raise DataError("column", "programs that share tokens", column, "no token stands in two of its programs")
        vocabulary = "\n".join(f"{-count} {token}" for count, token in sorted(shared, key=lambda pair: pair[1]))
        unprojected = cls(column, len(texts), vocabulary, Matrix.pack(np.zeros((0, 0))))
        weights = unprojected._weights(texts)
        if len(shared) <= dimensions or len(texts) <= dimensions:
            components = np.eye(len(shared))
        else:
            components = TruncatedSVD(dimensions, random_state=0).fit(weights).components_.T
        return cls(column, len(texts), vocabulary, Matrix.pack(components, bits=8))

    def evaluate(self, table: PropertyTable) -> np.ndarray:
        """Vectors of shape ``(n, dimensions)``."""
        return unit_rows(self._weights(table.texts(self.column)) @ self.projection.array)

    @cached_property
    def _tokens(self) -> dict[str, tuple[int, float]]:
        """The place and the inverse document frequency of each token."""
        found = {}
        for i, line in enumerate(self.vocabulary.split("\n")):
            count, token = line.split(" ", 1)
            found[token] = i, 1 + float(np.log((1 + self.documents) / (1 + int(count))))
        return found

    def _weights(self, texts: Sequence[str]) -> csr_matrix:
        from scipy.sparse import csr_matrix

        known = self._tokens
        indices: list[int] = []
        weights: list[float] = []
        starts = [0]
        for text in texts:
            found = sorted((*known[token], count) for token, count in Counter(lex(text)).items() if token in known)
            indices.extend(i for i, _, _ in found)
            row = np.array([(1 + np.log(count)) * rarity for _, rarity, count in found])
            weights.extend((row / np.sqrt((row * row).sum())).tolist() if len(row) else ())
            starts.append(len(indices))
        return csr_matrix((weights, indices, starts), shape=(len(texts), len(known)))

    @cached_property
    def digest(self) -> str:
        """A digest of everything above."""
        content = f"{self.documents}\n{self.projection.digest}\n{self.vocabulary}"
        return hashlib.blake2b(content.encode("utf-8", errors="surrogatepass"), digest_size=8).hexdigest()

    def __repr__(self) -> str:
        shape = f"{self.projection.rows}x{self.projection.columns}"
        return f"TfidfVectors(column={self.column!r}, projection={shape}, digest={self.digest!r})"


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to unit length; rows of zeros stay.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    return vectors / np.where(lengths > 0, lengths, 1)
