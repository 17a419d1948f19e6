"""Rows of a held-out part whose text in a column, or in all of several columns together, is in train too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codeshift.audit.leakage import DuplicateCounts, LeakedPair, find_copies, shown_pairs
from codeshift.audit.parts import AuditParts
from codeshift.properties.near_duplicates import NearDuplicates


@dataclass(frozen=True, kw_only=True)
class ColumnLeakage(DuplicateCounts):
    """Leakage of one part into train by one column, or by several columns together.

    Attributes:
        part: Held-out part.
        columns: Column; or all columns that were looked in, whose texts of a row are then compared as one text.
        n: Number of rows of the part that hold a text: white space alone is like no other row's.
        exact: Number of rows with exactly the same text as a row of train.
        near: Number of rows with a near-duplicate in train, exact copies included.
        unsettled: Number of rows not among ``near`` that were not compared with all rows of train, since too many
            are nearly near-duplicates.
        worst: Most similar pairs, the most similar first; pairs of equal texts come last.

    >>> from datasets import Dataset, DatasetDict
    >>> from codeshift.audit import audit
    >>> from codeshift.properties.near_duplicates import NearDuplicates
    >>> train = Dataset.from_dict({"doc": [f"task {i}" for i in range(40)], "code": [f"x{i} = {i}" for i in range(40)]})
    >>> test = Dataset.from_dict({"doc": train["doc"][:40], "code": [f"y{i} = {i}" for i in range(40)]})
    >>> both = NearDuplicates(columns=("doc", "code"))
    >>> report = audit(DatasetDict(train=train, test=test), near_duplicates=both, n_permutations=19)
    >>> [(of.columns, of.exact) for of in report.column_leakage]
    [(('doc',), 40), (('code',), 0), (('doc', 'code'), 0)]
    """

    columns: tuple[str, ...]
    unsettled: int
    worst: tuple[LeakedPair, ...]


def measure_columns(parts: AuditParts, part: str, near_duplicates: NearDuplicates, worst: int) -> list[ColumnLeakage]:
    """Compare one part with train in each column of a search, then in all of them together; nothing if it names none.

    Args:
        parts: Parts of the split.
        part: Part to compare.
        near_duplicates: Definition of near-duplicates, with the columns.
        worst: Number of pairs to keep.

    Raises:
        DataError: if there is no such column, or it contains values that are not text.
    """
    columns = near_duplicates.columns or ()
    together = [columns] if len(columns) > 1 else []
    return [
        _leakage_of_columns(parts, part, compared, near_duplicates, worst)
        for compared in [*((c,) for c in columns), *together]
    ]


def _leakage_of_columns(
    parts: AuditParts, part: str, columns: tuple[str, ...], near_duplicates: NearDuplicates, worst: int
) -> ColumnLeakage:
    texts, train = (_texts_of_columns(parts, name, columns) for name in (part, parts.train))
    copies = find_copies(texts, train, near_duplicates)
    return ColumnLeakage(
        part=part,
        columns=columns,
        n=len(texts),
        exact=int(copies.exact.sum()),
        near=int(copies.near.sum()),
        unsettled=int(copies.unsettled.sum()),
        worst=shown_pairs(texts, train, copies.pairs, worst),
    )


def _texts_of_columns(parts: AuditParts, part: str, columns: Sequence[str]) -> list[str]:
    rows = zip(*(parts.texts(part, column) for column in columns), strict=True)
    return [text for text in map("\n".join, rows) if text.strip()]
