"""The amount of text that is cut because it is longer than a model is given or asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class TruncationCounts:
    """The amount of text of a part that was cut.

    Attributes:
        rows: Number of rows in the part.
        sources: Number of rows whose source was cut.
        targets: Number of rows whose target was cut.
        lost_source_tokens: Number of tokens cut off the sources.
        lost_target_tokens: Number of tokens cut off the targets.

    >>> print(TruncationCounts(rows=200, sources=3, targets=40, lost_source_tokens=70, lost_target_tokens=9000))
    3 of 200 sources and 40 of 200 targets cut
    """

    rows: int
    sources: int
    targets: int
    lost_source_tokens: int
    lost_target_tokens: int

    @classmethod
    def of(cls, sources: Sequence[int], targets: Sequence[int]) -> TruncationCounts:
        """Return the counts of a part; of each source and target, the number of tokens that were cut off it.

        >>> print(TruncationCounts.of([0, 3], [9, 1]))
        1 of 2 sources and 2 of 2 targets cut
        """
        rows = len(sources)
        return cls(rows, rows - sources.count(0), rows - targets.count(0), sum(sources), sum(targets))

    @classmethod
    def none(cls, rows: int) -> TruncationCounts:
        """Return the counts of a part of which nothing was cut."""
        return cls(rows=rows, sources=0, targets=0, lost_source_tokens=0, lost_target_tokens=0)

    def __str__(self) -> str:
        return f"{self.sources} of {self.rows} sources and {self.targets} of {self.rows} targets cut"


@dataclass(frozen=True)
class SourceTruncation(TruncationCounts):
    """The amount of text of a part that was cut where a row is a source alone, or a pair of texts.

    A pair counts once among ``sources``; nothing is a target.

    Attributes:
        first: Number of rows whose first text was cut.
        second: Number of rows whose second text was cut.

    >>> print(SourceTruncation(rows=200, sources=3, targets=0, lost_source_tokens=70, lost_target_tokens=0, second=3))
    3 of 200 sources cut
    """

    first: int = 0
    second: int = 0

    def __str__(self) -> str:
        return f"{self.sources} of {self.rows} sources cut"
