"""Groups of rows that stay together (equal code, near-duplicates, the user's groups), and a seed's order of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from codeshift.splits.config import SplitConfig
from codeshift.splits.digests import keyed_hashes, row_digests
from codeshift.splits.filling import interleave
from codeshift.splits.rows import OFFICIAL, SplitRows

if TYPE_CHECKING:
    from codeshift.properties.near_duplicates import DuplicateComponents


@dataclass(frozen=True, eq=False)
class RowGroups:
    """Rows that must be dealt as one: equal code, one of the user's groups, near-duplicates, or joined through these.

    Attributes:
        labels: the group of each row, of shape ``(n_rows,)``.
        keys: what the seed's hash of a group is taken of, of shape ``(n_groups,)``: the smallest digest among the
            user's groups in it (or its rows, where there are none), so that it does not depend on row order.
        strata: the stratum of each group, of shape ``(n_groups,)``; None where rows are not stratified.
        hashed: by seed and role, the hashes taken so far and which groups have theirs.
    """

    labels: np.ndarray
    keys: np.ndarray
    strata: np.ndarray | None = None
    hashed: dict[tuple[int, str], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    @classmethod
    def join(
        cls, digests: np.ndarray, groups: np.ndarray | None = None, *, similar: np.ndarray | None = None
    ) -> RowGroups:
        """Join rows of equal digest and, where given, of equal group digest or of one component of similar rows.

        >>> RowGroups.join(np.array([b"a", b"b", b"a"])).labels.tolist()
        [0, 1, 0]
        >>> RowGroups.join(np.array([b"a", b"b", b"c"]), np.array([b"g", b"g", b"h"])).labels.tolist()
        [0, 0, 1]
        >>> RowGroups.join(np.array([b"a", b"b", b"c"]), similar=np.array([0, 1, 1])).labels.tolist()
        [0, 1, 1]
        """
        anchors = digests if groups is None else groups
        labels = np.unique(digests, return_inverse=True)[1]
        for relation in (groups, similar):
            if relation is not None:
                labels = _components(labels, np.unique(relation, return_inverse=True)[1])
        by_key = np.argsort(anchors, kind="stable")
        groups, first = np.unique(labels[by_key], return_index=True)
        keys = np.empty(len(groups), dtype=anchors.dtype)
        keys[groups] = anchors[by_key][first]
        return cls(labels, keys)

    def stratified(self, strata: np.ndarray) -> RowGroups:
        """These groups with a stratum each: the one that most of a group's rows have (the first where they tie).

        Args:
            strata: the stratum of each row as text, of shape ``(n_rows,)``.
        """
        values, codes = np.unique(strata, return_inverse=True)
        pairs, counts = np.unique(np.stack([self.labels, codes]), axis=1, return_counts=True)
        most_first = np.lexsort((pairs[1], -counts, pairs[0]))
        _, first = np.unique(pairs[0][most_first], return_index=True)
        return replace(self, strata=values[pairs[1][most_first][first]])

    @cached_property
    def sizes(self) -> np.ndarray:
        """Rows of each group."""
        return np.bincount(self.labels, minlength=len(self.keys))

    def count(self, rows: np.ndarray) -> np.ndarray:
        """How many of the rows of a mask each group holds."""
        return np.bincount(self.labels[rows], minlength=len(self.keys))

    def holding(self, rows: np.ndarray) -> np.ndarray:
        """Which groups hold any of the rows of a mask."""
        return self.count(rows) > 0

    def ordered(self, candidates: np.ndarray, seed: int, role: str) -> np.ndarray:
        """The candidate groups in the order that ``seed`` gives for ``role``.

        Roles are independent of each other: the order in which groups become ``test_ood`` says nothing about the
        order in which others become ``validation``. With strata, every stretch from the front holds each stratum in
        its share.

        Args:
            candidates: a mask of shape ``(n_groups,)``.
            seed: any integer.
            role: what the order is for.
        """
        groups = np.flatnonzero(candidates)
        order = groups[np.lexsort((self.keys[groups], self._hashes(groups, seed, role)))]
        return order if self.strata is None else interleave(order, self.strata)

    def _hashes(self, groups: np.ndarray, seed: int, role: str) -> np.ndarray:
        """The hashes of some groups, each taken once: the scenarios of a sweep share groups and seed."""
        if any(other != seed for other, _ in self.hashed):
            self.hashed.clear()  # one seed's are enough: the splits of a cross-validation have each their own
        n = len(self.keys)
        hashes, known = self.hashed.setdefault((seed, role), (np.zeros(n, dtype=np.uint64), np.zeros(n, dtype=bool)))
        missing = groups[~known[groups]]
        hashes[missing] = keyed_hashes(self.keys[missing], seed, role)
        known[missing] = True
        return np.asarray(hashes[groups])


class Grouping(NamedTuple):
    """How the rows of a call belong together.

    Attributes:
        dealt: the groups that rows are dealt in.
        strict: the groups that equal rows and the user's groups alone make.
        similar: the components of near-duplicates among all rows; None where they are not looked for.
        kept: the rows that are dealt at all, a mask over all rows: one of each component. None where all are. The
            groups are those of these rows.
    """

    dealt: RowGroups
    strict: RowGroups
    similar: DuplicateComponents | None
    kept: np.ndarray | None = None


def group_rows(rows: SplitRows, columns: tuple[str, ...], config: SplitConfig) -> Grouping:
    """Which rows stay together: found once a table, since the scenarios of a sweep share them.

    Args:
        rows: the rows of the call.
        columns: of code: rows that are equal in all of them are one.
        config: groups, strata and near-duplicates.
    """

    def joined() -> Grouping:
        return _joined(rows, columns, config)

    key = ("groups", columns, config.groups, config.search)
    grouping = joined() if len(rows.tables) > 1 else rows.tables[0].remember(key, joined)
    if config.stratify_by_column is None:
        return grouping
    strata = np.array(rows.values(config.stratify_by_column, "stratify_by_column"))
    return grouping._replace(
        dealt=grouping.dealt.stratified(strata if grouping.kept is None else strata[grouping.kept])
    )


def _joined(rows: SplitRows, columns: tuple[str, ...], config: SplitConfig) -> Grouping:
    contents, by = rows.digests(columns, ()), config.groups
    groups = None if by is None else row_digests([rows.values(by, "groups")])
    if config.search is None:
        strict = RowGroups.join(contents, groups)
        return Grouping(strict, strict, None)
    similar = rows.near_duplicates(columns, config.search)
    labels, kept = similar.labels, None
    if config.drops:
        kept = one_of_each(rows, contents, labels)
        contents, labels, groups = contents[kept], labels[kept], None if groups is None else groups[kept]
    strict = RowGroups.join(contents, groups)
    return Grouping(RowGroups.join(contents, groups, similar=labels), strict, similar, kept)


def one_of_each(rows: SplitRows, contents: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """One row of each component, the one of the least digest: a mask of shape ``(n,)``.

    Official splits keep one each, since no row moves between them; train then lets go of what test holds.

    Args:
        rows: the rows of the call.
        contents: their digests.
        labels: the component of each.
    """
    in_order = np.argsort(rows.row_order(contents))
    components = labels * len(OFFICIAL) + rows.source_of_rows() if rows.is_official else labels
    kept = np.zeros(len(labels), dtype=bool)
    kept[in_order[np.unique(components[in_order], return_index=True)[1]]] = True
    return kept


def _components(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Connected components of rows that share a value in either of two labellings."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n_first, n_second = int(first.max()) + 1, int(second.max()) + 1
    edges = coo_matrix((np.ones(len(first)), (first, n_first + second)), shape=(n_first + n_second,) * 2)
    return np.unique(connected_components(edges, directed=False)[1][first], return_inverse=True)[1]
