"""Who a row is: the digest of its content, the unit that it is dealt with, and the order that a seed gives to units.

Nothing here depends on a row's position, so row order, processes and platforms change no split.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

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


def typed_text(value: Any) -> str:
    """A value as text that keeps 1 and "1" apart.

    >>> typed_text(1), typed_text("1")
    ('int:1', 'str:1')
    """
    return f"{type(value).__name__}:{value}"


def content_digest(row: dict[str, Any]) -> str:
    """A digest of a whole row, which tells rows of one identity apart."""
    return digest([json.dumps(row, sort_keys=True, default=repr)])


@dataclass(frozen=True, eq=False)
class Units:
    """Rows that must be dealt as one: equal code, one group, or joined through either.

    Attributes:
        labels: the unit of each row, of shape ``(n_rows,)``.
        keys: what the seed's hash of a unit is taken of, of shape ``(n_units,)``: the smallest digest among its
            groups (or its rows, where there are no groups), so that it does not depend on row order.
    """

    labels: np.ndarray
    keys: np.ndarray

    @classmethod
    def join(cls, digests: np.ndarray, groups: np.ndarray | None = None) -> Units:
        """Join rows of equal digest and, where given, of equal group digest.

        >>> Units.join(np.array([b"a", b"b", b"a"])).labels.tolist()
        [0, 1, 0]
        >>> Units.join(np.array([b"a", b"b", b"c"]), np.array([b"g", b"g", b"h"])).labels.tolist()
        [0, 0, 1]
        """
        _, contents = np.unique(digests, return_inverse=True)
        if groups is None:
            labels, anchors = contents, digests
        else:
            labels, anchors = _components(contents, np.unique(groups, return_inverse=True)[1]), groups
        by_key = np.argsort(anchors, kind="stable")
        units, first = np.unique(labels[by_key], return_index=True)
        keys = np.empty(len(units), dtype=anchors.dtype)
        keys[units] = anchors[by_key][first]
        return cls(labels, keys)

    def rank(self, seed: int | None, role: str) -> np.ndarray:
        """The place of each unit in the order that ``seed`` gives for ``role``, of shape ``(n_units,)``.

        Roles are independent of each other: the order in which units become ``test_ood`` says nothing about the
        order in which others become ``validation``.
        """
        key = hashlib.blake2b(f"{seed}:{role}".encode(), digest_size=32).digest()
        hashes = np.fromiter(
            (
                int.from_bytes(hashlib.blake2b(unit, key=key, digest_size=8).digest(), "big")
                for unit in self.keys.tolist()
            ),
            dtype=np.uint64,
            count=len(self.keys),
        )
        rank = np.empty(len(self.keys), dtype=np.int64)
        rank[np.lexsort((self.keys, hashes))] = np.arange(len(self.keys))
        return rank


def _components(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Connected components of rows that share a value in either of two labellings."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n_first, n_second = int(first.max()) + 1, int(second.max()) + 1
    edges = coo_matrix((np.ones(len(first)), (first, n_first + second)), shape=(n_first + n_second,) * 2)
    return np.asarray(connected_components(edges, directed=False)[1][first])
