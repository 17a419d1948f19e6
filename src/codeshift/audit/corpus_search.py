"""Search of a corpus, which passes by in blocks, for the texts of one column of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from codeshift.audit.decontamination import DecontaminationList
from codeshift.audit.leakage import LeakedPair
from codeshift.audit.part_overlap import PartOverlap
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


class CorpusSearch:
    """Texts of one column of a dataset, and what of them was found so far in a part of a corpus.

    Args:
        texts: the texts of the column, by part.
        column: the column.
        labels: the labels of the rows, by part; None for none.
        near: the definition of near-duplicates.
        renamed: whether renamed copies are looked for, too: in code, not in prose.
        ngrams: the number of words of n-grams to look for; None for none.
        worst: the number of pairs to keep of each part.
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
        worst: int,
    ) -> None:
        self._column = column
        self._sizes = {name: len(labels_of_part) for name, labels_of_part in texts.items()}
        self._texts = [text for labels_of_part in texts.values() for text in labels_of_part]
        self._labels = (
            None if labels is None else [label for labels_of_part in labels.values() for label in labels_of_part]
        )
        self._searches = {"near": near} | ({"renamed": near.of_renamed()} if renamed else {})
        self._ngrams = None if ngrams is None else NgramSearch(self._texts, [ngrams])
        self._worst = worst
        self.size, self._corpus_rows = len(self._texts), 0
        self._exact = np.zeros(self.size, dtype=bool)
        self._best = {search: np.full(self.size, -1.0) for search in self._searches}
        self._other = {search: [""] * self.size for search in self._searches}
        self._conflicts = np.zeros(self.size, dtype=bool)
        self._exact_conflicts = np.zeros(self.size, dtype=bool)

    def add(self, block: list[str], labels: Sequence[Any] | None) -> None:
        """Look for the rows in a block of the corpus, whose order has no effect: its texts are searched sorted."""
        self._corpus_rows += len(block)
        labels_of: dict[str, list[Any]] = {}
        for text, label in zip(block, labels or (None,) * len(block), strict=True):
            labels_of.setdefault(text, []).append(label)
        texts = sorted(labels_of)
        if self._ngrams is not None:
            self._ngrams.add_texts(texts)
        self._exact |= np.array([text in labels_of for text in self._texts], dtype=bool)
        for at in [] if self._labels is None else np.flatnonzero(self._exact & ~self._exact_conflicts).tolist():
            self._exact_conflicts[at] = self._has_other_label(at, labels_of.get(self._texts[at], []))
        for name, search in self._searches.items():
            nearest = search.nearest(self._texts, texts)
            jaccard = np.where(nearest.index < 0, -1.0, np.nan_to_num(nearest.jaccard, nan=-1.0))
            for at in np.flatnonzero((jaccard >= 0) & (jaccard >= self._best[name])).tolist():
                nearest_text = texts[nearest.index[at]]
                self._keep(name, at, float(jaccard[at]), nearest_text, labels_of[nearest_text])

    def _keep(self, name: str, at: int, jaccard: float, other: str, labels: list[Any]) -> None:
        """Keep a pair if it is more similar than the one so far, or as similar and first by content."""
        pair, best = (-jaccard, other), (-self._best[name][at], self._other[name][at])
        differs = name == "near" and self._has_other_label(at, labels)
        if self._best[name][at] < 0 or pair < best:
            self._best[name][at], self._other[name][at] = jaccard, other
            self._conflicts[at] = differs if name == "near" else self._conflicts[at]
        elif pair == best:  # a copy of the same text in another block
            self._conflicts[at] |= differs

    def _has_other_label(self, at: int, labels: list[Any]) -> bool:
        """Return whether any of a text's labels differs from that of a row."""
        return self._labels is not None and any(_differ(label, self._labels[at]) for label in labels)

    def overlaps(self, corpus: str) -> list[PartOverlap]:
        """Return what was found of each part."""
        near = self._exact | (self._best["near"] >= 0)
        masks = {"exact": self._exact, "near": near}
        masks |= {"renamed": near | (self._best["renamed"] >= 0)} if "renamed" in self._searches else {}
        masks |= {} if self._ngrams is None else {NGRAMS: self._ngrams.shared}
        overlaps, start = [], 0
        for part, size in self._sizes.items():
            of_part = slice(start, start + size)
            rows = {kind: tuple(np.flatnonzero(mask[of_part]).tolist()) for kind, mask in masks.items()}
            overlaps.append(
                PartOverlap(
                    part=part, corpus=corpus, column=self._column, n=size, corpus_rows=self._corpus_rows,
                    exact=len(rows["exact"]), near=len(rows["near"]), renamed=len(rows.get("renamed", rows["near"])),
                    rows=rows,
                    ngrams=len(rows[NGRAMS]) if NGRAMS in rows else None,
                    conflicts=None if self._labels is None else int((self._conflicts & near)[of_part].sum()),
                    exact_conflicts=None if self._labels is None else int(self._exact_conflicts[of_part].sum()),
                    worst=self._pairs(range(start, start + size), near),
                )
            )  # fmt: skip
            start += size
        return overlaps

    def _pairs(self, rows: range, near: np.ndarray) -> tuple[LeakedPair, ...]:
        pairs = []
        for at in rows:
            name = "near" if near[at] or "renamed" not in self._searches else "renamed"
            if self._best[name][at] >= 0 and self._other[name][at] != self._texts[at]:
                pair = LeakedPair(jaccard=self._best[name][at], row=self._texts[at], train_row=self._other[name][at])
                pairs.append((name, -pair.jaccard, pair.row, pair))
        return tuple(pair for *_, pair in sorted(pairs, key=lambda entry: entry[:3])[: self._worst])


def _differ(label: Any, other: Any) -> bool:
    """Return whether two labels differ; a number is the same as its text, which the cells of streamed CSV are."""
    of_text = isinstance(label, str) != isinstance(other, str)
    return bool(str(label) != str(other) if of_text else label != other)
