"""Near-duplicates over several columns: rows that are alike in any of them belong together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codeshift.properties.near_duplicates.arrays import Ints
from codeshift.properties.near_duplicates.components import DuplicateComponents, labels_of_links
from codeshift.properties.near_duplicates.search import NearDuplicates

__all__ = ["components_over"]


def components_over(
    columns: Sequence[Sequence[str]], search: NearDuplicates, *, num_proc: int | None = 1
) -> DuplicateComponents:
    """Return the components of rows that are linked if they are near-duplicates in at least one column.

    A text of white space alone is like no other, since a prompt that is missing says nothing about its row.

    Args:
        columns: the texts of each column, all of n rows.
        search: the definition of near-duplicates, which each column is searched by.
        num_proc: the number of processes, as in ``NearDuplicates.components``.

    >>> docs, code = ["add two numbers", "add two numbers", "", ""], ["a + b", "c", "d * e", "d * e"]
    >>> components_over([docs, code], NearDuplicates()).labels.tolist()
    [0, 0, 1, 1]
    """
    rows = len(columns[0])
    of_columns = [_filled(texts, search, num_proc) for texts in columns]
    pairs = np.concatenate([pairs for pairs, _ in of_columns])
    jaccard = np.concatenate([found.jaccard for _, found in of_columns])
    order = np.lexsort((-jaccard, pairs[:, 1], pairs[:, 0]))
    pairs, first = np.unique(pairs[order], axis=0, return_index=True)
    return DuplicateComponents(
        labels=labels_of_links(rows, pairs),
        pairs=pairs,
        jaccard=jaccard[order][first],
        complete=False,
        assumed=sum(found.assumed for _, found in of_columns),
        columns=len(columns),
    )


def _filled(texts: Sequence[str], search: NearDuplicates, num_proc: int | None) -> tuple[Ints, DuplicateComponents]:
    """Return the links between the rows that hold a text, by the numbers of all rows, and what the search found."""
    filled = np.array([row for row, text in enumerate(texts) if text.strip()], dtype=np.int64)
    whole = filled.size == len(texts)
    found = search.components(texts if whole else [text for text in texts if text.strip()], num_proc=num_proc)
    return (found.pairs if whole else filled[found.pairs]), found
