"""Digests of rows, and everything that a seed draws: hashes, orders and random generators.

None of them depends on a row's position, so row order, processes and platforms do not change a split.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

_DIGEST_BYTES = 16

_AT_ONCE = 10_000

DIGEST = np.dtype(f"V{_DIGEST_BYTES}")
"""Type of a row's digest in an array; digests in this form sort as their hexadecimal digits do."""


def digest(values: Iterable[str]) -> str:
    """Return a 128-bit digest of texts in order, as 32 hexadecimal digits.

    Each text is preceded by its length, so that different lists of texts are never joined to the same bytes.

    >>> digest(["ab", "c"]) == digest(["a", "bc"])
    False
    """
    return digest_state(values).hexdigest()


def digest_state(values: Iterable[str]) -> hashlib.blake2b:
    """Return the state of the hash behind ``digest``, which gives it in bytes too."""
    state = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for value in values:
        raw = value.encode("utf-8", errors="surrogatepass")
        state.update(len(raw).to_bytes(8, "little"))
        state.update(raw)
    return state


def row_digests(columns: Sequence[Iterable[str]]) -> np.ndarray:
    """Return the digests of rows given as columns of text: 16 bytes each, of shape ``(n,)`` and the dtype ``V16``."""
    raw = bytearray()
    for row in zip(*columns, strict=True):
        raw += digest_state(row).digest()
    return np.frombuffer(raw, dtype=DIGEST)


def whole_row_digest(row: dict[str, Any]) -> str:
    """Return the digest of a whole row, which distinguishes rows of one identity."""
    return digest([json.dumps(row, sort_keys=True, default=repr)])


def content_order(digests: np.ndarray, row_of: Callable[[int], dict[str, Any]]) -> np.ndarray:
    """Return the positions of rows sorted by digest, then by whole content, whatever the order of the rows.

    Rows that tie in both are equal, so their relative order has no effect.

    Args:
        digests: Digest of each row, of shape ``(n,)``.
        row_of: Function that returns the whole row at a position; it is called for rows of equal digest alone.

    >>> rows = [{"code": "x", "year": 2}, {"code": "f", "year": 1}, {"code": "x", "year": 1}]
    >>> content_order(row_digests([[row["code"] for row in rows]]), rows.__getitem__).tolist()
    [1, 0, 2]
    """
    return order_by_content(digests, lambda rows: [whole_row_digest(row_of(row)) for row in rows.tolist()])


def order_by_content(digests: np.ndarray, contents_of: Callable[[np.ndarray], Sequence[str]]) -> np.ndarray:
    """Return the order of ``content_order``, given a function that returns the digests of many whole rows.

    Args:
        digests: Digest of each row, of shape ``(n,)``.
        contents_of: Function that returns the ``whole_row_digest`` of the rows at some positions, in their order;
            it is called once, for rows of equal digest alone.
    """
    if not len(digests):
        return np.empty(0, dtype=np.int64)
    _, inverse, counts = np.unique(digests, return_inverse=True, return_counts=True)
    contents = np.full(len(digests), "", dtype="U32")
    tied = np.flatnonzero(counts[inverse] > 1)
    if tied.size:
        contents[tied] = contents_of(tied)
    return np.lexsort((contents, digests))


def hash_key(purpose: str) -> bytes:
    """Return the key of the hashes for one purpose, such as ``"0:test_id"``: a seed and what it draws."""
    return hashlib.blake2b(purpose.encode(), digest_size=32).digest()


def keyed_digest(text: str, key: bytes) -> bytes:
    """Return a 128-bit hash of a text, for one purpose.

    Args:
        text: Text; lone surrogates are accepted.
        key: Key of the purpose, as ``hash_key`` gives it.

    >>> keyed_digest("a", hash_key("0:project")) == keyed_digest("a", hash_key("1:project"))
    False
    """
    return hashlib.blake2b(text.encode("utf-8", errors="surrogatepass"), key=key, digest_size=_DIGEST_BYTES).digest()


def keyed_hashes(keys: np.ndarray, seed: int, role: str) -> np.ndarray:
    """Return a hash of each key, uniform over 64 bits, that depends on the seed and the role: of shape ``(n,)``.

    Digests are hashed as their hexadecimal digits.
    """
    keyed = hashlib.blake2b(key=hash_key(f"{seed}:{role}"), digest_size=8)
    raw = bytearray()
    for key in _spelled(keys):
        state = keyed.copy()  # half the cost of another one with the same key
        state.update(key)
        raw += state.digest()
    return np.frombuffer(raw, dtype=">u8").astype(np.uint64)


def _spelled(keys: np.ndarray) -> Iterator[bytes]:
    """Yield keys, of which only some become objects at once."""
    for start in range(0, len(keys), _AT_ONCE):
        keys_at_once: list[bytes] = keys[start : start + _AT_ONCE].tolist()
        yield from (key.hex().encode() for key in keys_at_once) if keys.dtype == DIGEST else keys_at_once


def seeded_order(names: Sequence[str], seed: int, role: str) -> np.ndarray:
    """Return a seed's order of names, independent of their input order: positions of shape ``(len(names),)``.

    >>> order = seeded_order(["a", "b", "c"], 0, "project")
    >>> turned = seeded_order(["c", "b", "a"], 0, "project")
    >>> [["a", "b", "c"][i] for i in order] == [["c", "b", "a"][i] for i in turned]
    True
    """
    key = hash_key(f"{seed}:{role}")
    hashes = [keyed_digest(name, key) for name in names]
    return np.array(sorted(range(len(names)), key=lambda i: (hashes[i], names[i])), dtype=np.int64)


def generator(seed: int, role: str) -> np.random.Generator:
    """Return a random generator for each role, so that a new use of random numbers does not change the others.

    >>> bool(generator(0, "a").random() == generator(0, "a").random())
    True
    """
    raw = hashlib.blake2b(f"{seed}:{role}".encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(raw, "big"))
