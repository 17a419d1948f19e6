"""Length of a program in tokens, lines and characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codeshift.properties.base import TextProperty
from codeshift.properties.near_duplicates.tokens import token_counts


@dataclass(frozen=True)
class TokenCount(TextProperty):
    """Number of tokens of each row, by the language-independent lexer (``codeshift.properties.lexer``).

    Attributes:
        column: Column that holds the code.

    >>> TokenCount("code").compute(["x = 1", ""])
    array([3., 0.])
    """

    title = "length in tokens"
    dimension = "complexity"

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        """Compute numbers of shape ``(len(texts),)``."""
        return token_counts(texts).astype(np.float64)


@dataclass(frozen=True)
class LineCount(TextProperty):
    r"""Number of lines of each row, as split by ``str.splitlines``.

    Attributes:
        column: Column that holds the code.

    >>> LineCount("code").compute(["x = 1\ny = 2", ""])
    array([2., 0.])
    """

    title = "length in lines"
    dimension = "complexity"

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        """Compute numbers of shape ``(len(texts),)``."""
        return np.array([len(text.splitlines()) for text in texts], dtype=np.float64)


@dataclass(frozen=True)
class CharCount(TextProperty):
    """Number of characters (Unicode code points) of each row.

    Attributes:
        column: Column that holds the code.

    >>> CharCount("code").compute(["x = 1", ""])
    array([5., 0.])
    """

    title = "length in characters"
    dimension = "complexity"

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        """Compute numbers of shape ``(len(texts),)``."""
        return np.array([len(text) for text in texts], dtype=np.float64)
