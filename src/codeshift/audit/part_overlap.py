"""Overlap of one part of a dataset with one part of a corpus, by the texts of one column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from codeshift.audit.leakage import CopyCounts
from codeshift.defaults import NGRAMS


@dataclass(frozen=True, kw_only=True)
class SeenPair:
    """Row of a dataset and the nearest row of a corpus, which is no equal text.

    Attributes:
        kind: Closest kind of copy that the row of the corpus is: ``"near"`` or ``"renamed"``.
        jaccard: Jaccard similarity of their token n-grams; of a renamed copy, without names, strings and numbers.
        position: Position of the row in its part.
        row: Text of the row.
        corpus_row: Text of the row of the corpus.

    >>> SeenPair(kind="near", jaccard=1.0, position=3, row="x = 1", corpus_row="x  =  1").position
    3
    """

    kind: str
    jaccard: float
    position: int
    row: str
    corpus_row: str


@dataclass(frozen=True, kw_only=True)
class PartOverlap(CopyCounts):
    """Overlap of one part of a dataset with one part of a corpus.

    Attributes:
        part: Part of the dataset.
        corpus: Part of the corpus.
        column: Column of the dataset whose texts were looked for.
        n: Number of rows of the part.
        corpus_rows: Number of rows of the corpus's part.
        exact: Number of rows with exactly the same text as a row of the corpus.
        near: Number of rows with a near-duplicate in the corpus, exact copies included; of a corpus that is known
            by digests that of exact copies, as ``rows`` then has no ``"near"``.
        renamed: Number of rows with a renamed copy in the corpus, near-duplicates included; of a column other than
            the code's that of near-duplicates, as ``rows`` then has no ``"renamed"``: prose has no names to change.
        ngrams: Number of rows that share an n-gram of words with the corpus; None if none were looked for.
        conflicts: Number of rows with a near-duplicate whose nearest row, or a copy of that, has another label;
            None without labels.
        exact_conflicts: Number of rows with an exact copy that has another label; None without labels. Where the
            label is a text that a model must write, these are rows with one input and several right outputs.
        worst: Most similar pairs that are no equal texts, the most similar first; renamed copies come last.
        rows: Positions of the rows with a copy of each kind, by kind.

    >>> counts = {"n": 4, "corpus_rows": 9, "exact": 1, "near": 2, "renamed": 3}
    >>> PartOverlap(part="test", corpus="train", column="code", **counts).near_share
    0.5
    """

    corpus: str
    column: str
    corpus_rows: int
    ngrams: int | None = None
    conflicts: int | None = None
    exact_conflicts: int | None = None
    worst: tuple[SeenPair, ...] = ()
    rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict, repr=False)

    def looked_for(self, kind: str) -> bool:
        """Return whether copies of a kind were looked for, which a corpus of digests or n-grams may not allow."""
        return kind in self.rows or (not self.rows and (kind != NGRAMS or self.ngrams is not None))
