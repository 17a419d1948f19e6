"""Evaluated rows that are nearly the same, which an interval counts as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from codeshift.properties.lexer import lex
from codeshift.properties.near_duplicates import NearDuplicates

LEAST_TOKENS = 8
"""Lowest number of tokens by which targets of different sources count as copies: fewer are a common phrase."""


def copies(sources: Sequence[str], targets: Sequence[str]) -> NDArray[np.int64]:
    """Number the rows so that near-duplicates have the same number: the components of near-duplicates.

    Two rows are nearly the same if their targets are, where those have at least 8 tokens, or if source and target
    together are. A beginning and an end that all sources share, such as an instruction, is left out.

    Args:
        sources: Inputs of the model, shape (n,); empty if unknown.
        targets: Reference outputs, shape (n,).

    Returns:
        Shape (n,): the number of the first row of each component.

    >>> body = "int main() { test(); return 0; }"
    >>> copies(["a", "b", "c", "c"], [body, body, "x", "x"]).tolist()
    [0, 0, 2, 2]
    """
    if not len(targets):
        return np.zeros(0, dtype=np.int64)
    search = NearDuplicates()
    prompts = _without_frame(list(sources)) if len(sources) else [""] * len(targets)
    components = search.components([f"{source}\n{target}" for source, target in zip(prompts, targets, strict=True)])
    long = np.array([i for i, target in enumerate(targets) if len(lex(target)) >= LEAST_TOKENS], dtype=np.int64)
    alike = search.components([targets[i] for i in long])
    return _joined_labels(len(targets), np.concatenate([components.pairs, long[alike.pairs]]))


def _without_frame(texts: list[str]) -> list[str]:
    """Return the texts without their common beginning and end; unchanged if all are equal."""
    head = _common_prefix(texts)
    tails = [text[head:] for text in texts]
    tail = _common_prefix([text[::-1] for text in tails])
    cut = [text[: len(text) - tail] for text in tails]
    return cut if len(set(texts)) > 1 else texts


def _common_prefix(texts: list[str]) -> int:
    """Return the length of the texts' common beginning, found from the first and the last of them in sorted order."""
    first, last = min(texts), max(texts)
    return next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))


def _joined_labels(count: int, links: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of the first row of each connected component."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = coo_array((np.ones(len(links)), links.T), shape=(count, count))
    labels = connected_components(edges, directed=False)[1]
    return np.asarray(np.unique(labels, return_index=True)[1][labels], dtype=np.int64)
