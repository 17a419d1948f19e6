"""Who a row is: the digest of its content, the unit that it is dealt with, and the order that a seed gives to units.

Nothing here depends on a row's position, so row order, processes and platforms change no split.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from codeshift.splitters.choice import interleave

_DIGEST_BYTES = 16


def digest(values: Iterable[str]) -> str:
    """A 128-bit digest of some texts in order, as 32 hexadecimal digits.

    Each text is preceded by its length, so that no two lists of texts run together.

    >>> digest(["ab", "c"]) == digest(["a", "bc"])
    False
    """
    state = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for value in values:
        raw = value.encode("utf-8", errors="surrogatepass")
        state.update(len(raw).to_bytes(8, "little"))
        state.update(raw)
    return state.hexdigest()


def row_digests(columns: Sequence[Sequence[str]]) -> np.ndarray:
    """Digests of rows given as columns of text: fixed-width bytes of shape ``(n,)``."""
    return np.array([digest(row) for row in zip(*columns, strict=True)], dtype=f"S{2 * _DIGEST_BYTES}")


def content_digest(row: dict[str, Any]) -> str:
    """A digest of a whole row, which tells rows of one identity apart."""
    return digest([json.dumps(row, sort_keys=True, default=repr)])


@dataclass(frozen=True, eq=False)
class Units:
    """Rows that must be dealt as one: equal code, one group, near-duplicates, or joined through any of these.

    Attributes:
        labels: the unit of each row, of shape ``(n_rows,)``.
        keys: what the seed's hash of a unit is taken of, of shape ``(n_units,)``: the smallest digest among its
            groups (or its rows, where there are no groups), so that it does not depend on row order.
        strata: the stratum of each unit, of shape ``(n_units,)``; None where rows are not stratified.
        hashed: by seed and role, the hashes taken so far and which units have theirs.
    """

    labels: np.ndarray
    keys: np.ndarray
    strata: np.ndarray | None = None
    hashed: dict[tuple[int | None, str], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    @classmethod
    def join(cls, digests: np.ndarray, groups: np.ndarray | None = None, *, similar: np.ndarray | None = None) -> Units:
        """Join rows of equal digest and, where given, of equal group digest or of one component of similar rows.

        >>> Units.join(np.array([b"a", b"b", b"a"])).labels.tolist()
        [0, 1, 0]
        >>> Units.join(np.array([b"a", b"b", b"c"]), np.array([b"g", b"g", b"h"])).labels.tolist()
        [0, 0, 1]
        >>> Units.join(np.array([b"a", b"b", b"c"]), similar=np.array([0, 1, 1])).labels.tolist()
        [0, 1, 1]
        """
        anchors = digests if groups is None else groups
        labels = np.unique(digests, return_inverse=True)[1]
        for relation in (groups, similar):
            if relation is not None:
                labels = _components(labels, np.unique(relation, return_inverse=True)[1])
        by_key = np.argsort(anchors, kind="stable")
        units, first = np.unique(labels[by_key], return_index=True)
        keys = np.empty(len(units), dtype=anchors.dtype)
        keys[units] = anchors[by_key][first]
        return cls(labels, keys)

    def stratified(self, strata: np.ndarray) -> Units:
        """These units with a stratum each: the one that most of a unit's rows have (the first where they tie).

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
        """Rows of each unit."""
        return np.bincount(self.labels, minlength=len(self.keys))

    def count(self, rows: np.ndarray) -> np.ndarray:
        """How many of the rows of a mask each unit holds."""
        return np.bincount(self.labels[rows], minlength=len(self.keys))

    def holding(self, rows: np.ndarray) -> np.ndarray:
        """Which units hold any of the rows of a mask."""
        return self.count(rows) > 0

    def ordered(self, candidates: np.ndarray, seed: int | None, role: str) -> np.ndarray:
        """The candidate units in the order that ``seed`` gives for ``role``.

        Roles are independent of each other: the order in which units become ``test_ood`` says nothing about the
        order in which others become ``validation``. With strata, every stretch from the front holds each stratum in
        its share.

        Args:
            candidates: a mask of shape ``(n_units,)``.
            seed: any integer.
            role: what the order is for.
        """
        units = np.flatnonzero(candidates)
        order = units[np.lexsort((self.keys[units], self._hashes(units, seed, role)))]
        return order if self.strata is None else interleave(order, self.strata)

    def _hashes(self, units: np.ndarray, seed: int | None, role: str) -> np.ndarray:
        """The hashes of some units, each taken once: the scenarios of a sweep share units and seed."""
        if any(other != seed for other, _ in self.hashed):
            self.hashed.clear()  # one seed's are enough: the splits of a cross-validation have each their own
        n = len(self.keys)
        hashes, known = self.hashed.setdefault((seed, role), (np.zeros(n, dtype=np.uint64), np.zeros(n, dtype=bool)))
        missing = units[~known[units]]
        hashes[missing] = keyed_hashes(self.keys[missing], seed, role)
        known[missing] = True
        return np.asarray(hashes[units])


def keyed_hashes(keys: np.ndarray, seed: int | None, role: str) -> np.ndarray:
    """A hash of each key, uniform over 64 bits, that depends on the seed and the role."""
    secret = hashlib.blake2b(f"{seed}:{role}".encode(), digest_size=32).digest()
    hashed = (hashlib.blake2b(key, key=secret, digest_size=8).digest() for key in keys.tolist())
    return np.fromiter((int.from_bytes(each, "big") for each in hashed), dtype=np.uint64, count=len(keys))


def _components(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Connected components of rows that share a value in either of two labellings."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n_first, n_second = int(first.max()) + 1, int(second.max()) + 1
    edges = coo_matrix((np.ones(len(first)), (first, n_first + second)), shape=(n_first + n_second,) * 2)
    return np.unique(connected_components(edges, directed=False)[1][first], return_inverse=True)[1]
