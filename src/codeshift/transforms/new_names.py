"""New names for the names of a row: numbered in the order of the text, or words that are drawn."""

from __future__ import annotations

from collections.abc import Callable, Container

import numpy as np

from codeshift.transforms.edits import fresh_names

NewNames = Callable[[list[str], Container[str]], dict[str, str]]
"""Function of the names to replace, in the order in which they first stand, and of names that are taken."""

_STEM = "local"
_WORDS = (
    "account", "anchor", "answer", "apple", "basket", "beacon", "branch", "bridge", "bucket", "button", "camera",
    "candle", "carpet", "castle", "circle", "cloud", "copper", "corner", "cotton", "desert", "dragon", "engine",
    "fabric", "falcon", "feather", "forest", "garden", "guitar", "hammer", "harbor", "island", "jacket", "kettle",
    "ladder", "lantern", "marble", "meadow", "mirror", "needle", "orange", "paddle", "pebble", "pencil", "pepper",
    "planet", "pocket", "ribbon", "river", "saddle", "shadow", "silver", "spider", "stone", "summer", "table",
    "ticket", "timber", "tunnel", "valley", "velvet", "wagon", "window", "winter", "yellow",
)  # fmt: skip


def numbered(names: list[str], taken: Container[str]) -> dict[str, str]:
    """Return ``local_0``, ``local_1`` and so on.

    >>> numbered(["i", "total"], {"local_0"})
    {'i': 'local_1', 'total': 'local_2'}
    """
    fresh = fresh_names(_STEM, taken)
    return {name: next(fresh) for name in names}


def drawn_words(draws: np.random.Generator) -> NewNames:
    """Return a function that gives words which say nothing of the code, in an order that is drawn."""

    def new_names(names: list[str], taken: Container[str]) -> dict[str, str]:
        words = [_WORDS[i] for i in draws.permutation(len(_WORDS)).tolist()]
        free = [word for word in words if word not in taken]
        fresh = fresh_names(_STEM, taken)
        return {name: free[i] if i < len(free) else next(fresh) for i, name in enumerate(names)}

    return new_names
