"""Groups of rows that stay together (equal code, near-duplicates, the user's groups), and their order under a seed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from codeshift.hashing import keyed_hashes
from codeshift.memory import Memory
from codeshift.parts import OFFICIAL
from codeshift.properties.near_duplicates import DuplicateComponents
from codeshift.splits.config import SplitConfig
from codeshift.splits.filling import interleave
from codeshift.splits.rows import SplitRows

_AT_ONCE = 1 << 16  # groups that are hashed at once


@dataclass(frozen=True, eq=False)
class RowGroups:
    """Groups of rows that stay together: equal code, one of the user's groups, near-duplicates, or chains of these.

    Attributes:
        labels: Group of each row, of shape ``(n_rows,)``.
        keys: Bytes that are hashed with the seed, of shape ``(n_groups,)``: the smallest digest among the user's
            groups in a group (or among its rows if there are none), so that it does not depend on row order.
        strata: Stratum of each group, of shape ``(n_groups,)``; None if rows are not stratified.
        memory: Hashes computed so far for one seed, by role, with a mask of the groups that have one.
    """

    labels: np.ndarray
    keys: np.ndarray
    strata: np.ndarray | None = None
    memory: Memory = field(default_factory=Memory, repr=False)

    @classmethod
    def join(
        cls, digests: np.ndarray, groups: np.ndarray | None = None, *, similar: np.ndarray | None = None
    ) -> RowGroups:
        """Join rows with equal digests and, if given, with equal group digests or in one component of similar rows.

        >>> RowGroups.join(np.array([b"a", b"b", b"a"])).labels.tolist()
        [0, 1, 0]
        >>> RowGroups.join(np.array([b"a", b"b", b"c"]), np.array([b"g", b"g", b"h"])).labels.tolist()
        [0, 0, 1]
        >>> RowGroups.join(np.array([b"a", b"b", b"c"]), similar=np.array([0, 1, 1])).labels.tolist()
        [0, 1, 1]
        """
        anchors = digests if groups is None else groups
        distinct, labels = np.unique(digests, return_inverse=True)
        if groups is None and similar is None:
            return cls(labels, distinct)
        for relation in (groups, similar):
            if relation is not None:
                labels = _connected_components(labels, np.unique(relation, return_inverse=True)[1])
        by_key = np.argsort(anchors, kind="stable")
        groups, first = np.unique(labels[by_key], return_index=True)
        keys = np.empty(len(groups), dtype=anchors.dtype)
        keys[groups] = anchors[by_key][first]
        return cls(labels, keys)

    def stratified(self, strata: np.ndarray) -> RowGroups:
        """Return these groups with strata: the stratum of most rows of a group (on a tie, the first).

        Args:
            strata: Stratum of each row as text, of shape ``(n_rows,)``.
        """
        values, codes = np.unique(strata, return_inverse=True)
        pairs, counts = np.unique(np.stack([self.labels, codes]), axis=1, return_counts=True)
        most_first = np.lexsort((pairs[1], -counts, pairs[0]))
        _, first = np.unique(pairs[0][most_first], return_index=True)
        return replace(self, strata=values[pairs[1][most_first][first]])

    @cached_property
    def sizes(self) -> np.ndarray:
        """Number of rows of each group, of shape ``(n_groups,)``."""
        return np.bincount(self.labels, minlength=len(self.keys))

    def count(self, rows: np.ndarray) -> np.ndarray:
        """Count the rows of a mask in each group."""
        return np.bincount(self.labels[rows], minlength=len(self.keys))

    def holding(self, rows: np.ndarray) -> np.ndarray:
        """Return which groups contain any row of a mask: booleans of shape ``(n_groups,)``."""
        return self.count(rows) > 0

    def ordered(self, candidates: np.ndarray, seed: int, role: str) -> np.ndarray:
        """Return the candidate groups in the order that ``seed`` gives for ``role``.

        Roles are independent of each other: the order in which groups become ``test_ood`` says nothing about the
        order in which others become ``validation``. With strata, every prefix contains each stratum in proportion.

        Args:
            candidates: Mask of the groups to order, of shape ``(n_groups,)``.
            seed: Seed, any integer.
            role: Name of the order's purpose, such as ``"test_id"``.
        """
        groups = np.flatnonzero(candidates)
        hashes = self._hashes(groups, seed, role)
        by_hash = np.argsort(hashes)
        if (np.diff(hashes[by_hash]) == 0).any():  # of a billion groups, two have the same at odds of 3 in 100
            by_hash = np.lexsort((self.keys[groups], hashes))
        order = groups[by_hash]
        return order if self.strata is None else interleave(order, self.strata)

    def _hashes(self, groups: np.ndarray, seed: int, role: str) -> np.ndarray:
        """Return the hashes of groups, each computed once: the scenarios of a sweep share groups and seed."""
        if self.memory.get("seed") != seed:
            self.memory.clear()  # one seed's are enough: each split of a cross-validation has its own
            self.memory["seed"] = seed
        hashes, is_hashed = self.memory.remember(role, self._no_hashes)
        missing = groups[~is_hashed[groups]]
        for start in range(0, len(missing), _AT_ONCE):
            block = missing[start : start + _AT_ONCE]
            hashes[block] = keyed_hashes(self.keys[block], seed, role)
        is_hashed[missing] = True
        return np.asarray(hashes[groups])

    def _no_hashes(self) -> tuple[np.ndarray, np.ndarray]:
        n = len(self.keys)
        return np.zeros(n, dtype=np.uint64), np.zeros(n, dtype=bool)


class Grouping(NamedTuple):
    """Groups of the rows of a call.

    Attributes:
        groups: Groups that are assigned to parts as a whole.
        strict: Groups formed by equal rows and the user's groups only.
        identities: Number for each row, shared by its exact copies and, if searched for, its near-duplicates.
        similar: Components of near-duplicates among all rows; None if they are not searched for.
        kept: Mask over all rows of those that are assigned, one of each component; None if all are. ``groups`` and
            ``strict`` are groups of these rows only.
    """

    groups: RowGroups
    strict: RowGroups
    identities: np.ndarray
    similar: DuplicateComponents | None
    kept: np.ndarray | None = None


def group_rows(rows: SplitRows, columns: tuple[str, ...], config: SplitConfig) -> Grouping:
    """Group the rows that stay together, once for each table, since the scenarios of a sweep share the groups.

    Args:
        rows: Rows of the call.
        columns: Columns of code: rows that are equal in all of them are one identity.
        config: Options for groups, strata and near-duplicates.
    """

    def joined() -> Grouping:
        return _joined_grouping(rows, columns, config)

    key = ("groups", columns, config.groups, config.search, config.drops)
    grouping = joined() if len(rows.tables) > 1 else rows.tables[0].remember(key, joined)
    if config.stratify_by_column is None:
        return grouping
    strata = np.array(rows.values(config.stratify_by_column, "stratify_by_column"))
    return grouping._replace(
        groups=grouping.groups.stratified(strata if grouping.kept is None else strata[grouping.kept])
    )


def _joined_grouping(rows: SplitRows, columns: tuple[str, ...], config: SplitConfig) -> Grouping:
    contents, by = rows.digests(columns), config.groups
    groups = None if by is None else rows.digests((), {by: "groups"})
    if config.search is None:
        strict = RowGroups.join(contents, groups)
        return Grouping(strict, strict, strict.labels if groups is None else identities_of(contents, None), None)
    similar = rows.near_duplicates(columns, config.search)
    labels, kept = similar.labels, None
    if config.drops:
        kept = one_of_each(rows, contents, labels)
        contents, labels, groups = contents[kept], labels[kept], None if groups is None else groups[kept]
    strict = RowGroups.join(contents, groups)
    return Grouping(RowGroups.join(contents, groups, similar=labels), strict, similar.labels, similar, kept)


def identities_of(digests: np.ndarray, similar: DuplicateComponents | None) -> np.ndarray:
    """Return a number for each row, shared by its exact copies and, if searched for, its near-duplicates.

    >>> identities_of(np.array([b"b", b"a", b"b"]), None).tolist()
    [1, 0, 1]
    """
    return np.unique(digests, return_inverse=True)[1] if similar is None else similar.labels


def one_of_each(rows: SplitRows, contents: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Choose the row with the smallest digest of each component, and return a mask of shape ``(n,)``.

    Each official split keeps one, since no row moves between them; train then loses the rows that test has.

    Args:
        rows: Rows of the call.
        contents: Digests of the rows.
        labels: Component of each row.
    """
    in_order = np.argsort(rows.row_order(contents))
    components = labels * len(OFFICIAL) + rows.split_of_rows() if rows.is_official else labels
    kept = np.zeros(len(labels), dtype=bool)
    kept[in_order[np.unique(components[in_order], return_index=True)[1]]] = True
    return kept


def _connected_components(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the connected components of rows that share a value in either of two labellings."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n_first, n_second = int(first.max()) + 1, int(second.max()) + 1
    edges = coo_matrix((np.ones(len(first)), (first, n_first + second)), shape=(n_first + n_second,) * 2)
    return np.unique(connected_components(edges, directed=False)[1][first], return_inverse=True)[1]
