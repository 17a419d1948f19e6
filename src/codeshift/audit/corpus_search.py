"""Search of a corpus, which passes by in blocks, for the texts of one column of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codeshift.audit.decontamination import DecontaminationList
from codeshift.audit.part_overlap import PartOverlap, SeenPair
from codeshift.audit.word_ngrams import NgramSearch
from codeshift.defaults import NGRAMS
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.near_duplicates.digests import CodeDigests


def overlap_of_digests(part: str, texts: Sequence[str], corpus: str, column: str, digests: CodeDigests) -> PartOverlap:
    """Return the overlap of a part with a corpus that is known by digests."""
    exact = digests.exact_copies(texts)
    masks = {"exact": exact, "renamed": exact | digests.renamed_copies(texts)}
    rows = {kind: tuple(np.flatnonzero(mask).tolist()) for kind, mask in masks.items()}
    exact_rows, renamed = len(rows["exact"]), len(rows["renamed"])
    return PartOverlap(
        part=part, corpus=corpus, column=column, n=len(texts), corpus_rows=digests.rows, exact=exact_rows,
        near=exact_rows, renamed=renamed, rows=rows,
    )  # fmt: skip


def overlap_of_list(
    part: str, texts: Sequence[str], corpus: str, column: str, listed: DecontaminationList
) -> PartOverlap:
    """Return the overlap of a part with a decontamination list, in which only n-grams can be looked for."""
    rows = tuple(np.flatnonzero(listed.shared(texts)).tolist())
    return PartOverlap(
        part=part, corpus=corpus, column=column, n=len(texts), corpus_rows=0, exact=0, near=0, renamed=0,
        ngrams=len(rows), rows={NGRAMS: rows},
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class BlockCopies:
    """Copies of rows of a dataset that one block of a corpus holds.

    Attributes:
        corpus_rows: Number of rows of the block.
        exact: Rows with an exact copy.
        exact_conflicts: Those of them with an exact copy that has another label.
        pairs: Nearest text of each row that has a similar one, by search: the row, the similarity, the text, and
            whether that has another label.
        ngrams: Rows that share an n-gram with this block, or with blocks before it.
    """

    corpus_rows: int
    exact: list[int]
    exact_conflicts: list[int]
    pairs: Mapping[str, list[tuple[int, float, str, bool]]]
    ngrams: list[int]


class CorpusSearch:
    """Search of blocks of a corpus for the texts of one column of a dataset.

    Args:
        texts: Texts of the column, by part.
        column: Column.
        labels: Labels of the rows, by part; None for none.
        near: Definition of near-duplicates.
        renamed: Whether renamed copies are looked for, too: in code, not in prose.
        ngrams: Number of words of n-grams to look for; None for none.
    """

    def __init__(
        self,
        texts: Mapping[str, list[str]],
        column: str,
        labels: Mapping[str, Any] | None,
        *,
        near: NearDuplicates,
        renamed: bool,
        ngrams: int | None,
    ) -> None:
        self.column, self.sizes = column, {name: len(of_part) for name, of_part in texts.items()}
        self.texts = [text for of_part in texts.values() for text in of_part]
        self.searches = {"near": near} | ({"renamed": near.of_renamed()} if renamed else {})
        self._labels = None if labels is None else [label for of_part in labels.values() for label in of_part]
        self._ngrams = None if ngrams is None else NgramSearch(self.texts, [ngrams])

    @property
    def with_labels(self) -> bool:
        """Whether rows have labels."""
        return self._labels is not None

    @property
    def with_ngrams(self) -> bool:
        """Whether n-grams are looked for."""
        return self._ngrams is not None

    def copies_in(self, block: list[str], labels: Sequence[Any] | None) -> BlockCopies:
        """Look for the rows in a block of the corpus, whose order has no effect: its texts are searched sorted."""
        labels_of: dict[str, list[Any]] = {}
        for text, label in zip(block, labels or (None,) * len(block), strict=True):
            labels_of.setdefault(text, []).append(label)
        texts = sorted(labels_of)
        if self._ngrams is not None:
            self._ngrams.add_texts(texts)
        exact = [at for at, text in enumerate(self.texts) if text in labels_of]
        pairs = {}
        for name, search in self.searches.items():
            nearest = search.nearest(self.texts, texts)
            similar = np.flatnonzero(nearest.index >= 0).tolist()
            others = [texts[number] for number in nearest.index[similar].tolist()]
            pairs[name] = [
                (at, jaccard, other, self._has_other_label(at, labels_of[other]))
                for at, jaccard, other in zip(similar, nearest.jaccard[similar].tolist(), others, strict=True)
            ]
        return BlockCopies(
            corpus_rows=len(block), exact=exact, pairs=pairs,
            exact_conflicts=[at for at in exact if self._has_other_label(at, labels_of[self.texts[at]])],
            ngrams=[] if self._ngrams is None else np.flatnonzero(self._ngrams.shared).tolist(),
        )  # fmt: skip

    def _has_other_label(self, at: int, labels: list[Any]) -> bool:
        """Return whether any of a text's labels differs from that of a row."""
        return self._labels is not None and any(_differ(label, self._labels[at]) for label in labels)


class CorpusCopies:
    """Copies of rows of a dataset in the blocks of a corpus so far, which are the same in any order of the blocks.

    Args:
        search: Search of the blocks.
        worst: Number of pairs to keep of each part.
    """

    def __init__(self, search: CorpusSearch, worst: int) -> None:
        size = len(search.texts)
        self._search, self._worst, self._corpus_rows = search, worst, 0
        self._exact, self._exact_conflicts, self._conflicts, self._ngrams = (
            np.zeros(size, dtype=bool) for _ in range(4)
        )
        self._best = {name: np.full(size, -1.0) for name in search.searches}
        self._other = {name: [""] * size for name in search.searches}

    def add(self, block: BlockCopies) -> None:
        """Add the copies in a further block."""
        self._corpus_rows += block.corpus_rows
        self._exact[block.exact] = True
        self._exact_conflicts[block.exact_conflicts] = True
        self._ngrams[block.ngrams] = True
        for name, pairs in block.pairs.items():
            for at, jaccard, other, differs in pairs:
                self._keep(name, at, jaccard, other, differs=differs and name == "near")

    def _keep(self, name: str, at: int, jaccard: float, other: str, *, differs: bool) -> None:
        """Keep a pair if it is more similar than the one so far, or as similar and first by content."""
        pair, best = (-jaccard, other), (-self._best[name][at], self._other[name][at])
        if self._best[name][at] < 0 or pair < best:
            self._best[name][at], self._other[name][at] = jaccard, other
            self._conflicts[at] = differs if name == "near" else self._conflicts[at]
        elif pair == best:  # a copy of the same text in another block
            self._conflicts[at] |= differs

    def overlaps(self, corpus: str) -> list[PartOverlap]:
        """Return what was found of each part."""
        near = self._exact | (self._best["near"] >= 0)
        masks = {"exact": self._exact, "near": near}
        masks |= {"renamed": near | (self._best["renamed"] >= 0)} if "renamed" in self._search.searches else {}
        masks |= {NGRAMS: self._ngrams} if self._search.with_ngrams else {}
        overlaps, start = [], 0
        for part, size in self._search.sizes.items():
            of_part = slice(start, start + size)
            rows = {kind: tuple(np.flatnonzero(mask[of_part]).tolist()) for kind, mask in masks.items()}
            overlaps.append(
                PartOverlap(
                    part=part, corpus=corpus, column=self._search.column, n=size, corpus_rows=self._corpus_rows,
                    exact=len(rows["exact"]), near=len(rows["near"]), renamed=len(rows.get("renamed", rows["near"])),
                    rows=rows,
                    ngrams=len(rows[NGRAMS]) if NGRAMS in rows else None,
                    conflicts=int((self._conflicts & near)[of_part].sum()) if self._search.with_labels else None,
                    exact_conflicts=int(self._exact_conflicts[of_part].sum()) if self._search.with_labels else None,
                    worst=self._pairs(range(start, start + size), near),
                )
            )  # fmt: skip
            start += size
        return overlaps

    def _pairs(self, rows: range, near: np.ndarray) -> tuple[SeenPair, ...]:
        pairs, texts = [], self._search.texts
        for at in rows:
            name = "near" if near[at] or "renamed" not in self._search.searches else "renamed"
            if self._best[name][at] >= 0 and self._other[name][at] != texts[at]:
                pairs.append(
                    SeenPair(
                        kind=name, jaccard=float(self._best[name][at]), position=at - rows.start, row=texts[at],
                        corpus_row=self._other[name][at],
                    )
                )  # fmt: skip
        return tuple(sorted(pairs, key=lambda pair: (pair.kind, -pair.jaccard, pair.row))[: self._worst])


def _differ(label: Any, other: Any) -> bool:
    """Return whether two labels differ; a number is the same as its text, which the cells of streamed CSV are."""
    of_text = isinstance(label, str) != isinstance(other, str)
    return bool(str(label) != str(other) if of_text else label != other)
