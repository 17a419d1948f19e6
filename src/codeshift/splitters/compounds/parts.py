"""Parts of programs (atoms), and pairs of parts (compounds) with the weight of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codeshift.properties import APINames, ElementCounts, NodeTypes, PropertyTable
from codeshift.properties.api_pairs import APIPairs
from codeshift.properties.base import TreeProperty
from codeshift.properties.node_pairs import NodePairs
from codeshift.properties.trees import ERROR

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class Kind:
    """Properties that count atoms and pairs of them, and the text between the names of a pair."""

    atoms: type[TreeProperty]
    pairs: type[NodePairs] | type[APIPairs]
    joined_by: str


COMPOUNDS = {"nodes": Kind(NodeTypes, NodePairs, ">"), "apis": Kind(APINames, APIPairs, " & ")}
"""Kinds of compounds, by name."""


@dataclass(frozen=True, eq=False)
class MadeOf:
    """Parts of each row.

    Attributes:
        pairs: Property that counts compounds.
        atoms: Indicator of each atom in each row, 0 or 1, shape ``(n_rows, n_atoms)``.
        compounds: Indicator of each compound in each row, shape ``(n_rows, n_compounds)``.
        names: Names of the compounds, sorted.
        weights: Weights of the compounds, shape ``(n_compounds,)``: 1 - (rows with the compound) / (rows with the
            rarer of its atoms), so 0 for a compound that an atom implies.
    """

    pairs: NodePairs | APIPairs
    atoms: csr_matrix
    compounds: csr_matrix
    names: tuple[str, ...]
    weights: np.ndarray


def made_of(table: PropertyTable, kind: Kind, column: str, language: str, min_rows: int) -> MadeOf:
    """Return atoms and compounds of the rows of ``table``, except ERROR and those in fewer than ``min_rows`` rows."""
    return table.remember(
        ("made of", kind, column, language, min_rows), lambda: _made_of(table, kind, column, language, min_rows)
    )


def _made_of(table: PropertyTable, kind: Kind, column: str, language: str, min_rows: int) -> MadeOf:
    pairs = kind.pairs(column, language)
    counts: ElementCounts = table.values(pairs)
    of_atoms: ElementCounts = table.values(kind.atoms(column, language))
    parts_of = [name.split(kind.joined_by) for name in counts.vocabulary]
    # Tokens such as "while" are node types too, but part of no compound; so is an API that is always alone.
    parts = {part for parts in parts_of for part in parts} - {ERROR}
    compounds, kept = _frequent_elements(counts, min_rows, [i for i, both in enumerate(parts_of) if ERROR not in both])
    atoms, _ = _frequent_elements(
        of_atoms, min_rows, [i for i, name in enumerate(of_atoms.vocabulary) if name in parts]
    )
    rows_of = dict(zip(of_atoms.vocabulary, of_atoms.counts.getnnz(axis=0).tolist(), strict=True))
    rarer = np.array([min(rows_of[part] for part in parts_of[i]) for i in kept], dtype=np.float64)
    weights = 1 - compounds.getnnz(axis=0) / rarer
    return MadeOf(pairs, atoms, compounds, tuple(counts.vocabulary[i] for i in kept), weights)


def _frequent_elements(counts: ElementCounts, min_rows: int, eligible: Sequence[int]) -> tuple[csr_matrix, list[int]]:
    """Return the eligible elements that enough rows contain, as an indicator per row (0 or 1) and their positions."""
    presence = (counts.counts > 0).astype(np.int64)
    rows = presence.getnnz(axis=0)
    kept = [i for i in eligible if rows[i] >= min_rows]
    return presence[:, kept].tocsr(), kept
