"""The marks of test rows as a study stores them: what one corpus holds of a split, or the error that the search had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from codeshift.audit.part_overlap import SeenPair
from codeshift.marks import RowMarks


@dataclass(frozen=True, kw_only=True)
class MarkedPair:
    """Test row and the nearest row of a corpus, which is no equal text.

    Attributes:
        corpus: Name of the corpus, or of its part.
        column: Column of the texts.
        pair: Two rows, how similar they are, and the position of the test row.

    >>> seen = SeenPair(kind="near", jaccard=0.75, position=3, row="x = 1", corpus_row="x = 2")
    >>> pair = MarkedPair(corpus="web", column="code", pair=seen)
    >>> MarkedPair.from_dict(pair.to_dict()) == pair
    True
    """

    corpus: str
    column: str
    pair: SeenPair

    def to_dict(self) -> dict[str, Any]:
        """Return the pair as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MarkedPair:
        """Make a pair from the values of ``to_dict``."""
        return cls(corpus=values["corpus"], column=values["column"], pair=SeenPair(**values["pair"]))


@dataclass(frozen=True, kw_only=True)
class CorpusMarks:
    """Marks of the test rows of a split that one corpus holds.

    Attributes:
        corpus: Name of the corpus.
        split_seed: Seed of the split.
        searched: What was searched for and in what: the identity of the corpus and the definition of near-duplicates.
        marks: Marks of the rows, with the digest of their texts; None after an error.
        corpus_rows: Number of rows of each part of the corpus.
        pairs: Most similar pairs of a test row and a row of the corpus, the most similar first.
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
    pairs: tuple[MarkedPair, ...] = field(default=(), repr=False)
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the marks as JSON values."""
        plain = {"corpus": self.corpus, "split_seed": self.split_seed, "searched": dict(self.searched)}
        if self.marks is None:
            return plain | {"error": self.error}
        pairs = [pair.to_dict() for pair in self.pairs]
        return plain | {"corpus_rows": dict(self.corpus_rows), "marks": self.marks.to_dict(), "pairs": pairs}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CorpusMarks:
        """Make marks from the values of ``to_dict``."""
        return cls(
            corpus=values["corpus"],
            split_seed=values["split_seed"],
            searched=values["searched"],
            marks=RowMarks.from_dict(values["marks"]) if "marks" in values else None,
            corpus_rows=values.get("corpus_rows", {}),
            pairs=tuple(map(MarkedPair.from_dict, values.get("pairs", ()))),
            error=values.get("error", ""),
        )
