"""How far two sets of programs diverge in what they are made of, and by how much more if further programs move.

After Keysers et al., Measuring Compositional Generalization (ICLR 2020, arXiv 1912.09713), section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codeshift.errors import ParameterError, Told

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

ATOM_ALPHA, COMPOUND_ALPHA = 0.5, 0.1
"""Of the Chernoff coefficient: 0.5 asks that atoms be as frequent on both sides, 0.1 that compounds be there."""


def divergence(p: np.ndarray, q: np.ndarray, alpha: float) -> float:
    """``1 - sum(p ** alpha * q ** (1 - alpha))``, with ``p`` and ``q`` scaled to sum to 1.

    That is 1 less the Chernoff coefficient: 0 where the two are in proportion, 1 where they share nothing, NaN where
    one of them is empty. A small ``alpha`` asks little of ``p``: with 0.1, what matters is whether the elements of
    ``q`` are in ``p`` at all.

    Args:
        p: weights or counts of elements in training, not negative, of shape ``(n_elements,)``.
        q: those in the test, of the same shape.
        alpha: above 0 and below 1.

    Raises:
        ParameterError: if the shapes differ, a weight is negative, or ``alpha`` lies outside.

    >>> divergence(np.array([2, 2]), np.array([1, 1]), 0.5)
    0.0
    >>> divergence(np.array([1, 0]), np.array([0, 1]), 0.5)
    1.0
    >>> round(divergence(np.array([1, 3]), np.array([1, 0]), 0.5), 3)  # 1 - sqrt(1 / 4)
    0.5
    """
    p, q = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    if p.shape != q.shape:
        raise ParameterError("q", f"of the shape of p, {p.shape}", Told(q.shape), "give one weight for each element")
    if (p < 0).any() or (q < 0).any():
        raise ParameterError("p and q", "weights of 0 or more", float(min(p.min(), q.min())), "counts, for one")
    if not 0 < alpha < 1:
        raise ParameterError("alpha", "above 0 and below 1", alpha, "0.5 for atoms, 0.1 for compounds")
    if not p.sum() or not q.sum():
        return float("nan")
    return float(np.clip(1 - ((p / p.sum()) ** alpha * (q / q.sum()) ** (1 - alpha)).sum(), 0.0, 1.0))


@dataclass(eq=False)
class Sides:
    """In how many rows of each side each element stands.

    Counts are whole numbers, and elements are in the order of their names: no order of rows changes a sum.

    Attributes:
        held: whether each row holds each element: 0 or 1, of shape ``(n_rows, n_elements)``.
        weights: of the elements, of shape ``(n_elements,)``.
        alpha: of the Chernoff coefficient.
        movable: for each set of rows that could move, in how many of its rows outside each element stands, of shape
            ``(n_sets, n_elements)``.
    """

    held: csr_matrix
    weights: np.ndarray
    alpha: float
    movable: csr_matrix

    def __post_init__(self) -> None:
        self.outside = np.asarray(self.held.sum(axis=0), dtype=np.int64).ravel()
        self.inside = np.zeros_like(self.outside)

    def divergence(self) -> float:
        """Between the rows outside and those inside."""
        return divergence(self.weights * self.outside, self.weights * self.inside, self.alpha)

    def divergences(self) -> np.ndarray:
        """What ``divergence`` would be if a set of rows moved inside, for each set; NaN if a side were then empty."""
        moving, element = self.movable.data, self.movable.indices
        now = self._overlap(self.outside, self.inside, self.weights)
        then = self._overlap(self.outside[element] - moving, self.inside[element] + moving, self.weights[element])
        overlap = now.sum() + _row_sums(self.movable, then - now[element])
        moved = _row_sums(self.movable, self.weights[element] * moving)
        outside, inside = (self.weights * self.outside).sum() - moved, (self.weights * self.inside).sum() + moved
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = outside**self.alpha * inside ** (1 - self.alpha)
            return np.asarray(np.where((outside > 0) & (inside > 0), 1 - overlap / scale, np.nan))

    def move(self, rows: np.ndarray, sets: csr_matrix) -> None:
        """Move ``rows`` inside.

        Args:
            rows: their positions.
            sets: whether each of them is in each set, of shape ``(len(rows), n_sets)``.
        """
        held = self.held[rows]
        counts = np.asarray(held.sum(axis=0), dtype=np.int64).ravel()
        self.outside = self.outside - counts
        self.inside = self.inside + counts
        self.movable = ordered(self.movable - sets.T @ held)

    def _overlap(self, outside: np.ndarray, inside: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.asarray(weights * outside**self.alpha * inside ** (1 - self.alpha))


def ordered(matrix: csr_matrix) -> csr_matrix:
    """``matrix`` without explicit zeros and in the order of its columns, in which its values are then summed."""
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(matrix)
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def _row_sums(like: csr_matrix, values: np.ndarray) -> np.ndarray:
    """Sums by row of ``values`` that stand where those of ``like`` do."""
    row = np.repeat(np.arange(like.shape[0]), np.diff(like.indptr))
    return np.bincount(row, weights=values, minlength=like.shape[0])
