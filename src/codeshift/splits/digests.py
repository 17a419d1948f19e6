"""Identity of a row: the digest of its content, and the hash of that digest under a seed.

Neither depends on a row's position, so row order, processes and platforms do not change a split.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

_DIGEST_BYTES = 16


def digest(values: Iterable[str]) -> str:
    """Return a 128-bit digest of texts in order, as 32 hexadecimal digits.

    Each text is preceded by its length, so that different lists of texts are never joined to the same bytes.

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
    """Return the digests of rows given as columns of text: fixed-width bytes of shape ``(n,)``."""
    return np.array([digest(row) for row in zip(*columns, strict=True)], dtype=f"S{2 * _DIGEST_BYTES}")


def whole_row_digest(row: dict[str, Any]) -> str:
    """Return the digest of a whole row, which distinguishes rows of one identity."""
    return digest([json.dumps(row, sort_keys=True, default=repr)])


def keyed_hashes(keys: np.ndarray, seed: int, role: str) -> np.ndarray:
    """Return a hash of each key, uniform over 64 bits, that depends on the seed and the role: of shape ``(n,)``."""
    secret = hashlib.blake2b(f"{seed}:{role}".encode(), digest_size=32).digest()
    hashed = (hashlib.blake2b(key, key=secret, digest_size=8).digest() for key in keys.tolist())
    return np.fromiter((int.from_bytes(each, "big") for each in hashed), dtype=np.uint64, count=len(keys))
