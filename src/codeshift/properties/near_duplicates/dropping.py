"""A search whose finds are dropped: one row of each component is assigned, the others are excluded."""

from __future__ import annotations

from dataclasses import dataclass

from codeshift.properties.near_duplicates.search import NearDuplicates


@dataclass(frozen=True, kw_only=True, repr=False)
class DropNearDuplicates(NearDuplicates):
    r"""Finds rows whose code is nearly the same, as ``NearDuplicates`` does, to keep one of each component.

    As the argument ``near_duplicates`` of a splitter or a study it is what ``"drop"`` is short for, with a threshold
    and an n-gram of its own, or for renamed copies.

    Args:
        threshold: the least Jaccard similarity of near-duplicates, above 0 and at most 1.
        ngram: the tokens in an n-gram, 1 or more.
        identifiers: "compared", or "ignored" for what names there are.
        literals: "compared", or "ignored" for what strings hold and what numbers there are.
        columns: the columns to look in, as in ``NearDuplicates``; None for the code.

    Raises:
        ParameterError: a parameter is out of range.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> rows = Dataset.from_dict({"code": ["y = 1"] * 30 + [f"x{i} = " + "1 + " * i + "1" for i in range(80)]})
    >>> dropping = DropNearDuplicates(threshold=1.0)
    >>> assignment = LengthSplitter(column="code").assign(rows, seed=0, near_duplicates=dropping, min_test_rows=0)
    >>> assignment.excluded["duplicate"]
    29
    """
