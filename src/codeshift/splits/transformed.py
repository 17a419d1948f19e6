"""The record of a part whose rows are another part's, rewritten row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from codeshift.formatting import counted


@dataclass(frozen=True, kw_only=True)
class TransformedPart:
    """Record of a part that was made of another by a transform, for the manifest.

    Its rows are not among those that were split.

    Attributes:
        of: Name of the part whose rows were rewritten.
        transform: Transform as plain values.
        digest: Digest of the transform and its arguments.
        rows: Digest of the rewritten rows, in whatever order.
        n: Number of rows.
        unchanged: Number of rows that the transform leaves as they are.

    >>> part = TransformedPart(of="test_id", transform={}, digest="", rows="", n=1200, unchanged=30)
    >>> part.in_words
    '1,200 rows of test_id rewritten, 30 of them left as they are'
    """

    of: str
    transform: dict[str, Any]
    digest: str
    rows: str
    n: int
    unchanged: int

    @property
    def in_words(self) -> str:
        """Counts in words."""
        return f"{counted(self.n, 'row')} of {self.of} rewritten, {self.unchanged:,} of them left as they are"
