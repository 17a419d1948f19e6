"""Near-duplicates over several columns: rows that are alike in any of them belong together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress

import numpy as np

from codeshift.properties.near_duplicates.arrays import Bools
from codeshift.properties.near_duplicates.components import DuplicateComponents, labels_of_links
from codeshift.properties.near_duplicates.search import NearDuplicates

__all__ = ["components_over", "holds_text", "joined_columns"]


def components_over(
    columns: Sequence[Sequence[str]], search: NearDuplicates, *, num_proc: int | None = 1
) -> DuplicateComponents:
    """Return the components of rows that are linked if they are near-duplicates in at least one column.

    A text of white space alone is like no other, since a prompt that is missing says nothing about its row.

    Args:
        columns: Texts of each column, all of n rows.
        search: Definition of near-duplicates, which each column is searched by.
        num_proc: Number of processes, as in ``NearDuplicates.components``.

    >>> docs, code = ["add two numbers", "add two numbers", "", ""], ["a + b", "c", "d * e", "d * e"]
    >>> components_over([docs, code], NearDuplicates()).labels.tolist()
    [0, 0, 1, 1]
    """
    return joined_columns([_filled(texts, search, num_proc) for texts in columns])


def joined_columns(of_columns: Sequence[tuple[Bools, DuplicateComponents]]) -> DuplicateComponents:
    """Return the components of rows that are linked in at least one column.

    Args:
        of_columns: For each column, which of all rows hold a text, shape (n,), and what the search found among these.
    """
    pairs = np.concatenate([np.flatnonzero(holding)[components.pairs] for holding, components in of_columns])
    jaccard = np.concatenate([components.jaccard for _, components in of_columns])
    order = np.lexsort((-jaccard, pairs[:, 1], pairs[:, 0]))
    pairs, first = np.unique(pairs[order], axis=0, return_index=True)
    return DuplicateComponents(
        labels=labels_of_links(len(of_columns[0][0]), pairs),
        pairs=pairs,
        jaccard=jaccard[order][first],
        complete=False,
        assumed=sum(components.assumed for _, components in of_columns),
        columns=len(of_columns),
    )


def holds_text(texts: Iterable[str]) -> Bools:
    """Return which texts hold more than white space, and so can be like another: booleans of shape ``(n,)``."""
    return np.array([bool(text.strip()) for text in texts], dtype=np.bool_)


def _filled(texts: Sequence[str], search: NearDuplicates, num_proc: int | None) -> tuple[Bools, DuplicateComponents]:
    """Return which rows hold a text, and what the search finds among these."""
    holding = holds_text(texts)
    return holding, search.components(texts if holding.all() else list(compress(texts, holding)), num_proc=num_proc)
