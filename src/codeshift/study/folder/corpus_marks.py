"""The marks of test rows as a study stores them: what one corpus holds of a split, or the error that the search had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from codeshift.marks import RowMarks


@dataclass(frozen=True, kw_only=True)
class CorpusMarks:
    """Marks of the test rows of a split that one corpus holds.

    Attributes:
        corpus: Name of the corpus.
        split_seed: Seed of the split.
        searched: What was searched for and in what: the identity of the corpus and the definition of near-duplicates.
        marks: Marks of the rows, with the digest of their texts; None after an error.
        corpus_rows: Number of rows of each part of the corpus.
        error: Type and message of the error that the search ended with; empty otherwise.

    >>> failed = CorpusMarks(corpus="web", split_seed=0, searched={}, error="OSError: gone")
    >>> CorpusMarks.from_dict(failed.to_dict()) == failed
    True
    """

    corpus: str
    split_seed: int
    searched: Mapping[str, Any] = field(repr=False)
    marks: RowMarks | None = field(default=None, repr=False)
    corpus_rows: Mapping[str, int] = field(default_factory=dict)
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the marks as JSON values."""
        plain = {"corpus": self.corpus, "split_seed": self.split_seed, "searched": dict(self.searched)}
        if self.marks is None:
            return plain | {"error": self.error}
        return plain | {"corpus_rows": dict(self.corpus_rows), "marks": self.marks.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CorpusMarks:
        """Make marks from the values of ``to_dict``."""
        return cls(
            corpus=values["corpus"],
            split_seed=values["split_seed"],
            searched=values["searched"],
            marks=RowMarks.from_dict(values["marks"]) if "marks" in values else None,
            corpus_rows=values.get("corpus_rows", {}),
            error=values.get("error", ""),
        )
