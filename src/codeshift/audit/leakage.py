"""Rows of a held-out part that are in train too: exact copies, near-duplicates, groups on both sides."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codeshift.arithmetic import ratio
from codeshift.audit.parts import AuditParts
from codeshift.properties.dataset_columns import check_column, column_values
from codeshift.properties.labels import typed_text
from codeshift.properties.near_duplicates import NearDuplicates


@dataclass(frozen=True, kw_only=True)
class LeakedPair:
    """Held-out row and its nearest row of train.

    Attributes:
        jaccard: Jaccard similarity of their token n-grams; 1 for rows that differ in layout only.
        row: Code of the held-out row.
        train_row: Code of the row of train.

    >>> LeakedPair(jaccard=1.0, row="x = 1", train_row="x  =  1").jaccard
    1.0
    """

    jaccard: float
    row: str
    train_row: str


@dataclass(frozen=True, kw_only=True)
class DuplicateCounts:
    """Numbers of the rows of a part that other rows repeat in a text: those of train, or of a corpus.

    Attributes:
        part: Part.
        n: Number of rows of the part.
        exact: Number of rows with exactly the same text as another.
        near: Number of rows with a near-duplicate, exact copies included.
    """

    part: str
    n: int
    exact: int
    near: int

    @property
    def exact_share(self) -> float:
        """Share of rows with an exact copy; NaN for an empty part."""
        return ratio(self.exact, self.n)

    @property
    def near_share(self) -> float:
        """Share of rows with an exact copy or a near-duplicate; NaN for an empty part."""
        return ratio(self.near, self.n)


@dataclass(frozen=True, kw_only=True)
class CopyCounts(DuplicateCounts):
    """Numbers of the rows of a part whose code other rows hold too: those of train, or of a corpus.

    Attributes:
        part: Part.
        n: Number of rows of the part.
        exact: Number of rows with exactly the same code as another.
        near: Number of rows with a near-duplicate, exact copies included.
        renamed: Number of rows with a renamed copy, near-duplicates included.
    """

    renamed: int

    @property
    def renamed_share(self) -> float:
        """Share of rows with a near-duplicate or a renamed copy; NaN for an empty part."""
        return ratio(self.renamed, self.n)


@dataclass(frozen=True, kw_only=True)
class Leakage(CopyCounts):
    """Leakage of one part into train.

    Attributes:
        part: Held-out part.
        n: Number of rows of the part.
        exact: Number of rows with exactly the same code as a row of train.
        near: Number of rows with a near-duplicate in train, exact copies included.
        renamed: Number of rows with a near-duplicate or a renamed copy in train: a near-duplicate if neither names
            nor what strings and numbers hold are compared.
        unsettled: Number of rows that are not among ``near`` and were not compared with all rows of train, since
            too many are nearly near-duplicates; 0 for nearly all corpora.
        groups: Number of rows in a group that train contains too; None if no groups were given.
        worst: Most similar pairs, the most similar first; pairs of equal texts come last.
        worst_renamed: Same of renamed copies that are no near-duplicates.
        rows: Positions of the ``near`` rows in the part as given, ascending. They are ignored when comparing for
            equality, since they depend on the order of rows.

    >>> from datasets import Dataset, DatasetDict
    >>> from codeshift.audit import audit
    >>> train = [f"x{i} = {i}" for i in range(40)]
    >>> test = train[:10] + [f"y{i} = {i}" for i in range(30)]
    >>> splits = DatasetDict(train=Dataset.from_dict({"code": train}), test=Dataset.from_dict({"code": test}))
    >>> report = audit(splits, column="code", n_permutations=19)
    >>> leakage = report.leakage[0]
    >>> leakage.part, leakage.exact, leakage.exact_share
    ('test', 10, 0.25)
    """

    unsettled: int
    groups: int | None
    worst: tuple[LeakedPair, ...]
    worst_renamed: tuple[LeakedPair, ...]
    rows: tuple[int, ...] = field(compare=False, repr=False)

    @property
    def groups_share(self) -> float:
        """Share of rows in a group that train contains too; NaN for an empty part or without groups."""
        return self.groups / self.n if self.n and self.groups is not None else math.nan


def measure_leakage(
    parts: AuditParts, *, column: str, groups: str | None, near_duplicates: NearDuplicates, worst: int
) -> list[Leakage]:
    """Compare each held-out part with train, in one search for all of them.

    Raises:
        DataError: if the column of groups is missing or contains None.
    """
    train, texts = parts.texts(parts.train, column), [parts.texts(part, column) for part in parts.held_out]
    held_out = [text for of_part in texts for text in of_part]
    copies = find_copies(held_out, train, near_duplicates)
    others = np.flatnonzero(~copies.near)
    renamed = near_duplicates.of_renamed().nearest([held_out[row] for row in others], train)
    renamed_pairs = [(int(others[row]), other, jaccard) for row, other, jaccard in renamed.worst(len(others))]
    leakages, ends = [], np.cumsum(list(map(len, texts))).tolist()
    for part, of_part, end in zip(parts.held_out, texts, ends, strict=True):
        rows = slice(end - len(of_part), end)
        near, pairs, of_renamed = (
            copies.near[rows],
            _pairs_of_rows(rows, copies.pairs),
            _pairs_of_rows(rows, renamed_pairs),
        )
        leakages.append(
            Leakage(
                part=part,
                n=len(of_part),
                exact=int(copies.exact[rows].sum()),
                near=int(near.sum()),
                renamed=int(near.sum()) + len(of_renamed),
                unsettled=int(copies.unsettled[rows].sum()),
                groups=None if groups is None else _in_shared_groups(parts, part, groups),
                worst=shown_pairs(of_part, train, pairs, worst),
                worst_renamed=shown_pairs(of_part, train, of_renamed, worst),
                rows=tuple(sorted(parts.given_order[part][near].tolist())),
            )
        )
    return leakages


def _pairs_of_rows(rows: slice, pairs: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Return the pairs of some rows, which are counted from the first of them."""
    return [(row - rows.start, other, jaccard) for row, other, jaccard in pairs if rows.start <= row < rows.stop]


class TrainCopies(NamedTuple):
    """Which texts have an exact copy in train, which that or a near-duplicate, and which others may have one.

    The arrays are of shape ``(n,)``; the pairs (row, row of train, similarity) are those that may be shown.
    """

    exact: NDArray[np.bool_]
    near: NDArray[np.bool_]
    unsettled: NDArray[np.bool_]
    pairs: list[tuple[int, int, float]]


def find_copies(texts: list[str], train: list[str], near_duplicates: NearDuplicates) -> TrainCopies:
    """Look for texts in those of train."""
    seen = set(train)
    exact = np.array([text in seen for text in texts], dtype=bool)
    nearest = near_duplicates.nearest(texts, train)
    near = exact | (nearest.index >= 0)
    return TrainCopies(exact, near, nearest.unsettled & ~near, nearest.worst(len(texts)))


def shown_pairs(
    texts: list[str], train: list[str], pairs: list[tuple[int, int, float]], count: int
) -> tuple[LeakedPair, ...]:
    """Return the pairs to show, of pairs (row, row of train, similarity).

    Each stands there once, exact copies last, since there is nothing to compare in them.
    """
    by_texts: dict[tuple[str, str], LeakedPair] = {}
    for row, other, jaccard in pairs:
        pair = LeakedPair(jaccard=jaccard, row=texts[row], train_row=train[other])
        by_texts.setdefault((pair.row, pair.train_row), pair)
    ordered = sorted(by_texts.values(), key=lambda pair: (pair.row == pair.train_row, -pair.jaccard))
    return tuple(ordered[:count])


def _in_shared_groups(parts: AuditParts, part: str, groups: str) -> int:
    check_column(parts.table.data, groups, "groups", of="all parts")
    values = column_values(parts.table.data, groups, "groups")
    in_train = {typed_text(values[row]) for row in parts.rows[parts.train].tolist()}
    return sum(typed_text(values[row]) in in_train for row in parts.rows[part].tolist())
