"""Divergence of two sets of programs in their parts, and its change if further programs move.

After Keysers et al., Measuring Compositional Generalization (ICLR 2020, arXiv 1912.09713), section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codeshift.errors import ParameterError
from codeshift.wording import Verbatim

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

ATOM_ALPHA, COMPOUND_ALPHA = 0.5, 0.1
"""Parameters of the Chernoff coefficient: 0.5 compares frequencies of atoms, 0.1 mainly the presence of compounds."""


def divergence(p: np.ndarray, q: np.ndarray, alpha: float) -> float:
    """Return ``1 - sum(p ** alpha * q ** (1 - alpha))``, with ``p`` and ``q`` scaled to sum to 1.

    That is 1 less the Chernoff coefficient: 0 if the two are in proportion, 1 if they share nothing, NaN if one of them
    is empty. A small ``alpha`` requires little of ``p``: with 0.1, it matters mainly whether the elements of ``q`` are
    in ``p`` at all.

    Args:
        p: Weights or counts of elements in training, not negative, shape ``(n_elements,)``.
        q: Weights or counts of elements in the test, of the same shape.
        alpha: Parameter of the Chernoff coefficient, above 0 and below 1.

    Raises:
        ParameterError: if the shapes differ, a weight is negative, or ``alpha`` is out of range.

    >>> divergence(np.array([2, 2]), np.array([1, 1]), 0.5)
    0.0
    >>> divergence(np.array([1, 0]), np.array([0, 1]), 0.5)
    1.0
    >>> round(divergence(np.array([1, 3]), np.array([1, 0]), 0.5), 3)  # 1 - sqrt(1 / 4)
    0.5
    """
    p, q = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    if p.shape != q.shape:
        raise ParameterError(
            "q", f"of the shape of p, {p.shape}", Verbatim(q.shape), "give one weight for each element"
        )
    if (p < 0).any() or (q < 0).any():
        raise ParameterError("p and q", "weights of 0 or more", float(min(p.min(), q.min())), "such as counts")
    if not 0 < alpha < 1:
        raise ParameterError("alpha", "above 0 and below 1", alpha, "0.5 for atoms, 0.1 for compounds")
    if not p.sum() or not q.sum():
        return float("nan")
    return float(np.clip(1 - ((p / p.sum()) ** alpha * (q / q.sum()) ** (1 - alpha)).sum(), 0.0, 1.0))


@dataclass(eq=False)
class Sides:
    """Number of rows of each side that contain each element.

    Counts are whole numbers, and elements are in the order of their names: no order of rows changes a sum.

    Attributes:
        held: Indicator of each element in each row, 0 or 1, shape ``(n_rows, n_elements)``.
        weights: Weights of the elements, shape ``(n_elements,)``.
        alpha: Parameter of the Chernoff coefficient.
        movable: Number of rows outside that contain each element, for each set of rows that could move, shape
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
        """Return the divergence between the rows outside and those inside."""
        return divergence(self.weights * self.outside, self.weights * self.inside, self.alpha)

    def divergences(self) -> np.ndarray:
        """Return the divergence after each set of rows moved inside; NaN if a side were then empty."""
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
            rows: Positions of the rows.
            sets: Indicator of each set for each of them, shape ``(len(rows), n_sets)``.
        """
        held_rows = self.held[rows]
        counts = np.asarray(held_rows.sum(axis=0), dtype=np.int64).ravel()
        self.outside = self.outside - counts
        self.inside = self.inside + counts
        self.movable = ordered(self.movable - sets.T @ held_rows)

    def _overlap(self, outside: np.ndarray, inside: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.asarray(weights * outside**self.alpha * inside ** (1 - self.alpha))


def ordered(matrix: csr_matrix) -> csr_matrix:
    """Return ``matrix`` without explicit zeros and in the order of its columns, in which its values are then summed."""
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(matrix)
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def _row_sums(like: csr_matrix, values: np.ndarray) -> np.ndarray:
    """Return sums by row of ``values``, whose positions are those of ``like``."""
    row = np.repeat(np.arange(like.shape[0]), np.diff(like.indptr))
    return np.bincount(row, weights=values, minlength=like.shape[0])
