"""What a split does with near-duplicates: one row of each component is assigned, the others are excluded."""

from __future__ import annotations

from dataclasses import dataclass, field

from codeshift.errors import ParameterError
from codeshift.properties.near_duplicates.search import NearDuplicates


@dataclass(frozen=True)
class DropNearDuplicates:
    r"""Keeps one row of each component of the near-duplicates that a search finds.

    As the argument ``near_duplicates`` of a splitter or a study it is what ``"drop"`` is short for, with a search of
    one's own: another threshold or n-gram, other columns, or renamed copies.

    Args:
        search: Search.

    Raises:
        ParameterError: if ``search`` is none.

    >>> from datasets import Dataset
    >>> from codeshift.splitters import LengthSplitter
    >>> rows = Dataset.from_dict({"code": ["y = 1"] * 30 + [f"x{i} = " + "1 + " * i + "1" for i in range(80)]})
    >>> dropping = DropNearDuplicates(NearDuplicates(threshold=1.0))
    >>> assignment = LengthSplitter(column="code").assign(rows, seed=0, near_duplicates=dropping, min_test_rows=0)
    >>> assignment.excluded["duplicate"]
    29
    """

    search: NearDuplicates = field(default_factory=NearDuplicates)

    def __post_init__(self) -> None:
        if not isinstance(self.search, NearDuplicates):
            raise ParameterError("search", "a NearDuplicates", self.search, "such as NearDuplicates(threshold=0.8)")
