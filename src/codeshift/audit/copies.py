"""Rows of a held-out part that repeat other rows of it, which add rows to a score but no evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codeshift.arithmetic import ratio


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Counts of the rows of one part that repeat each other, as exact copies or near-duplicates.

    Attributes:
        part: Held-out part.
        n: Number of rows of the part.
        distinct: Number of components of near-duplicates; a row without any is a component of its own.
        largest: Number of rows of the largest component; 0 for an empty part.

    >>> copies = Copies(part="test_ood", n=207, distinct=147, largest=56)
    >>> copies.repeated, round(copies.repeated_share, 2)
    (60, 0.29)
    """

    part: str
    n: int
    distinct: int
    largest: int

    @property
    def repeated(self) -> int:
        """Number of rows beyond the first of their component."""
        return self.n - self.distinct

    @property
    def repeated_share(self) -> float:
        """Share of rows beyond the first of their component; NaN for an empty part."""
        return ratio(self.repeated, self.n)


def count_copies(part: str, labels: np.ndarray) -> Copies:
    """Count the copies within a part.

    Args:
        part: Name of the part.
        labels: Component of each row, of shape ``(n,)``.

    >>> count_copies("test", np.array([0, 1, 0]))
    Copies(part='test', n=3, distinct=2, largest=2)
    """
    sizes = np.unique(labels, return_counts=True)[1]
    return Copies(part=part, n=len(labels), distinct=len(sizes), largest=int(sizes.max(initial=0)))
