"""Similarity of each test row of a study to its nearest training row, by the share of the region that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from codeshift.audit.nearest import nearest_similarities
from codeshift.audit.tokens import TokenTypes
from codeshift.metrics.base import FloatArray
from codeshift.properties import ElementCounts, PropertyTable
from codeshift.study.folder.store import Positions

_DIGITS = 9  # beyond these, sums of products differ between machines


def nearest_by_share(
    table: PropertyTable, column: str, test: Positions, training: Iterable[tuple[float, Positions]]
) -> Mapping[float, FloatArray]:
    """Return the similarity of each test row to the training row that is nearest to it, by the share kept.

    It is that of the audit: the cosine of TF-IDF vectors of tokens, with the document frequencies of the training rows.

    Args:
        table: Table of all rows.
        column: Column of the code.
        test: Positions of the test rows.
        training: Positions of the training rows of each share.

    Returns:
        Similarities from 0 to 1, shape (test rows,); NaN without training rows.

    >>> from datasets import Dataset
    >>> table = PropertyTable(Dataset.from_dict({"code": ["x = f(y)", "x = g(z)", "x = f(y)", "while"]}))
    >>> nearest_by_share(table, "code", np.array([2, 3]), [(0.0, np.array([0, 1]))])[0.0].tolist()
    [1.0, 0.0]
    """
    tokens: ElementCounts = table.values(TokenTypes(column))
    return {
        share: np.round(nearest_similarities(tokens.counts[test], tokens.counts[rows]), _DIGITS)
        for share, rows in training
    }
