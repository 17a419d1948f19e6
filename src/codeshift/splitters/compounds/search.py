"""Choice of the compounds to hold out, so that compounds diverge and atoms do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from codeshift.splitters.compounds.divergence import ATOM_ALPHA, COMPOUND_ALPHA, Sides, ordered

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

PENALTIES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0)
"""Cost of atom divergence in units of compound divergence; there is one search with each."""

SMALLEST = 0.5
"""Smallest size of a region, as a fraction of the requested share."""


class Held(NamedTuple):
    """Set of held-out compounds and the resulting divergences.

    Attributes:
        compounds: Columns of the compounds, in the order in which they were taken.
        rows: Number of rows that contain at least one.
        compound_divergence: Compound divergence between those rows and the others.
        atom_divergence: Atom divergence between those rows and the others.
    """

    compounds: tuple[int, ...]
    rows: int
    compound_divergence: float
    atom_divergence: float


@dataclass(frozen=True, eq=False)
class Search:
    """Greedy search for compounds to hold out, with the largest size of a region.

    Attributes:
        atoms: Indicator of each atom in each row, 0 or 1, shape ``(n_rows, n_atoms)``.
        compounds: Indicator of each compound in each row, shape ``(n_rows, n_compounds)``.
        weights: Weights of the compounds, shape ``(n_compounds,)``; those of weight 0 are never held out.
        most_rows: Largest number of rows of a region.
    """

    atoms: csr_matrix
    compounds: csr_matrix
    weights: np.ndarray
    most_rows: float

    def candidates(self) -> Iterator[Held]:
        """Yield each set of held-out compounds that greedy searches visit and that holds enough rows.

        Each step takes the compound that adds most to ``rows * (compound divergence - penalty * atom divergence)`` per
        row that it adds. The factor ``rows`` is there because the divergences of a handful of rows are always large.
        """
        rows = np.asarray(self.compounds.sum(axis=0)).ravel()
        usable = np.flatnonzero((rows <= self.most_rows) & (self.weights > 0))
        sets = self.compounds[:, usable].tocsr()
        together = [ordered(sets.T @ candidate) for candidate in (self.compounds, self.atoms)]
        for penalty in PENALTIES:
            sides = (
                Sides(self.compounds, self.weights, COMPOUND_ALPHA, together[0]),
                Sides(self.atoms, np.ones(self.atoms.shape[1]), ATOM_ALPHA, together[1]),
            )
            for candidate in self._grow(*sides, sets, penalty):
                if candidate.rows >= SMALLEST * self.most_rows:
                    yield candidate._replace(compounds=tuple(usable[list(candidate.compounds)].tolist()))

    def _grow(self, compounds: Sides, atoms: Sides, sets: csr_matrix, penalty: float) -> Iterator[Held]:
        columns = sets.tocsc()
        inside = np.zeros(sets.shape[0], dtype=bool)
        adds = np.diff(columns.indptr).astype(np.int64)
        taken: list[int] = []
        size, score = 0, 0.0
        while True:
            scores = (size + adds) * (compounds.divergences() - penalty * atoms.divergences())
            fits = (adds > 0) & (size + adds <= self.most_rows) & np.isfinite(scores)
            if not fits.any():
                return
            # Rounded, so that equal gains are equal on every machine; the first by name is then taken.
            gains = np.where(fits, np.round((scores - score) / np.maximum(adds, 1), 9), -np.inf)
            best = int(np.argmax(gains))
            rows = columns.indices[columns.indptr[best] : columns.indptr[best + 1]]
            rows = rows[~inside[rows]]
            inside[rows] = True
            for side in (compounds, atoms):
                side.move(rows, sets[rows])
            adds = adds - np.asarray(sets[rows].sum(axis=0), dtype=np.int64).ravel()
            size += len(rows)
            score = float(scores[best])
            taken.append(best)
            yield Held(tuple(taken), size, compounds.divergence(), atoms.divergence())
