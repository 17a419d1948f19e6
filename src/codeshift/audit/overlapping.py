"""Overlap of two datasets: the rows of each part of one that the other holds too, as copies, near or renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from codeshift.audit.corpora import Corpus, blocks_of, opened_corpora, parts_of, texts_of
from codeshift.audit.decontamination import DecontaminationList
from codeshift.audit.leakage import CopyCounts, LeakedPair
from codeshift.audit.parts import AuditParts
from codeshift.audit.settings import AuditSettings
from codeshift.audit.word_ngrams import NgramSearch
from codeshift.checks import check_choice, check_integer, optional
from codeshift.defaults import COPY_KINDS, MARKS, NGRAMS
from codeshift.documents import html, markdown
from codeshift.documents.document import Block, Code, Document, Heading, Note, Paragraph, Table, names, numbers, row
from codeshift.errors import ParameterError, closest
from codeshift.marks import RowMarks, kinds_within
from codeshift.properties.dataset_columns import column_values
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.near_duplicates.digests import CodeDigests

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

_BLOCK = 20_000  # rows of the corpus that are in memory at once, if the dataset has no more
_NEAR_DUPLICATES = NearDuplicates()


@dataclass(frozen=True, kw_only=True)
class PartOverlap(CopyCounts):
    """Overlap of one part of a dataset with one part of a corpus.

    Attributes:
        part: the part of the dataset.
        corpus: the part of the corpus.
        n: the number of rows of the part.
        corpus_rows: the number of rows of the corpus's part.
        exact: the number of rows with exactly the same code as a row of the corpus.
        near: the number of rows with a near-duplicate in the corpus, exact copies included; of a corpus that is known
            by digests that of exact copies, as ``rows`` then has no ``"near"``.
        renamed: the number of rows with a renamed copy in the corpus, near-duplicates included.
        ngrams: the number of rows that share an n-gram of words with the corpus; None if none were looked for.
        conflicts: the number of rows with a near-duplicate whose nearest row, or a copy of that, has another label;
            None without labels.
        exact_conflicts: the number of rows with an exact copy that has another label; None without labels. Where the
            label is a text that a model must write, these are rows with one input and several right outputs.
        worst: the most similar pairs that are no equal texts, the most similar first; renamed copies come last.
        rows: the positions of the rows with a copy of each kind, by kind.

    >>> PartOverlap(part="test", corpus="train", n=4, corpus_rows=9, exact=1, near=2, renamed=3).near_share
    0.5
    """

    corpus: str
    corpus_rows: int
    ngrams: int | None = None
    conflicts: int | None = None
    exact_conflicts: int | None = None
    worst: tuple[LeakedPair, ...] = ()
    rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict, repr=False)

    def looked_for(self, kind: str) -> bool:
        """Return whether copies of a kind were looked for, which a corpus of digests or n-grams may not allow."""
        return kind in self.rows or (not self.rows and (kind != NGRAMS or self.ngrams is not None))


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Overlap of each part of a dataset with each part of a corpus.

    Attributes:
        column: the column of the code.
        near_duplicates: the definition of near-duplicates.
        parts: the overlap of each pair of parts.
        marks: the marks of the rows of each part of the dataset, by its name.

    >>> one = PartOverlap(part="test", corpus="train", n=4, corpus_rows=9, exact=1, near=1, renamed=1)
    >>> Overlap(column="code", near_duplicates=NearDuplicates(), parts=(one,))["test", "train"].exact
    1
    """

    column: str
    near_duplicates: NearDuplicates
    parts: tuple[PartOverlap, ...]
    marks: Mapping[str, RowMarks] = field(default_factory=dict, repr=False, compare=False)

    def __getitem__(self, pair: tuple[str, str]) -> PartOverlap:
        for one in self.parts:
            if (one.part, one.corpus) == pair:
                return one
        known = [f"{one.part}, {one.corpus}" for one in self.parts]
        raise ParameterError("pair", "a part of the dataset and one of the corpus", pair, closest(str(pair), known))

    def rows(self, part: str, kind: str | None = None) -> tuple[int, ...]:
        """Return the positions of a part's rows that any part of the corpus holds.

        Args:
            part: the part of the dataset.
            kind: "exact", "near" or "renamed" copies, each of which includes those before it; or "ngrams". By default
                renamed copies, and rows that share n-grams with a list, in which copies cannot be looked for.

        Raises:
            ParameterError: if there is no such part or kind, or a part of the corpus was not searched for the kind.
        """
        known = dict.fromkeys(one.part for one in self.parts)
        if part not in known:
            raise ParameterError("part", "a part of the dataset", part, closest(part, known))
        self._check_searched(kind)
        held: set[int] = set()
        for one in self.parts:
            if one.part == part:
                widest = kind or ("renamed" if one.looked_for("renamed") else NGRAMS)
                held.update(at for each in kinds_within(widest) for at in one.rows.get(each, ()))
        return tuple(sorted(held))

    def _check_searched(self, kind: str | None) -> None:
        if kind is None:
            return
        check_choice("kind", kind, MARKS)
        if not all(one.looked_for(kind) for one in self.parts):
            searched = {one.corpus: ", ".join(one.rows or COPY_KINDS) for one in self.parts}
            remedy = "; ".join(f"{corpus} was searched for {kinds}" for corpus, kinds in searched.items())
            raise ParameterError("kind", "one that each part of the corpus was searched for", kind, remedy)

    def without(self, data: Dataset | DatasetDict, kind: str | None = None) -> DatasetDict:
        """Return the dataset without the rows that the corpus holds.

        Args:
            data: the dataset that was compared.
            kind: the copies to leave out, as in ``rows``.

        Raises:
            ParameterError: if it is another dataset, or a part of the corpus was not searched for the kind.
        """
        from datasets import DatasetDict

        kept = {}
        for name, part in parts_of(data).items():
            sizes = {one.n for one in self.parts if one.part == name}
            if sizes != {len(part)}:
                raise ParameterError(
                    "data", "the dataset that was compared", f"{name} with {len(part)} rows", "pass it"
                )
            held = set(self.rows(name, kind))
            kept[name] = part.select([at for at in range(len(part)) if at not in held])
        return DatasetDict(kept)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain values that ``json`` can write."""
        counts = ("part", "corpus", "n", "corpus_rows", "exact", "near", "renamed", "conflicts", "exact_conflicts")
        plain = [{name: getattr(one, name) for name in counts} for one in self.parts]
        for one, figures in zip(self.parts, plain, strict=True):
            figures |= {} if one.ngrams is None else {NGRAMS: one.ngrams}
        return {"column": self.column, "near_duplicates": self.near_duplicates.to_dict(), "parts": plain}

    def document(self) -> Document:
        """Return the report: the matrix of parts, and the most similar pairs."""
        return Document("Overlap of two datasets", tuple(self.blocks()))

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        return markdown.render(self.document())

    def to_html(self) -> str:
        """Return the report as one self-contained HTML page; everything from the data is escaped."""
        return html.render(self.document())

    def __str__(self) -> str:
        return self.to_markdown()

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the report."""
        near = self.near_duplicates
        yield Paragraph(
            "Rows of each part that the corpus holds too: as exact copies, as near-duplicates (Jaccard similarity of "
            f"token {near.ngram}-grams of at least {near.threshold}), as renamed copies (the same without names, "
            "strings and numbers). Each includes those before it."
        )
        labels = any(one.conflicts is not None for one in self.parts)
        ngrams = any(one.ngrams is not None for one in self.parts)
        heads = (
            "rows",
            "rows of it",
            "exact copy",
            "near-duplicate",
            "renamed copy",
            *(["shared n-gram"] if ngrams else []),
            *(["other label", "exact, other label"] if labels else []),
        )
        yield Table(
            columns=names("part", "corpus") + numbers(*heads),
            rows=tuple(row(*_cells(one, ngrams=ngrams, labels=labels)) for one in self.parts),
        )
        if not all(one.looked_for("near") for one in self.parts):
            yield Note("A dash: the corpus is known by digests or n-grams alone, in which such copies cannot be found.")
        for one in self.parts:
            if one.worst:
                yield Heading(f"{one.part} and {one.corpus} of the corpus")
            for i, pair in enumerate(one.worst, start=1):
                caption = f"pair {i}, Jaccard similarity {pair.jaccard:.2f}"
                yield Code(pair.row, caption=f"{caption}: the row of {one.part}")
                yield Code(pair.train_row, caption=f"{caption}: the row of the corpus")


def overlap(
    data: Dataset | DatasetDict,
    corpus: Dataset | DatasetDict | IterableDataset | IterableDatasetDict | str | os.PathLike[str] | Mapping[str, Any],
    *,
    column: str = "code",
    corpus_column: str | None = None,
    label: str | None = None,
    near_duplicates: NearDuplicates = _NEAR_DUPLICATES,
    ngrams: int | None = None,
    worst: int = 5,
) -> Overlap:
    """Find the rows of a dataset that a corpus holds too.

    The corpus passes by in blocks, so it may be a stream of any length: what is in memory are the dataset and one
    block. The result does not depend on the order of the corpus or on how it is divided into blocks.

    Args:
        data: the dataset whose rows are looked for.
        corpus: the dataset to look in, or a stream, or a path of files (a file, a folder with all below it, or a
            pattern) of Parquet, JSON Lines, JSON or CSV, which are streamed; all but Parquet may be compressed
            (``.gz``, ``.zst``). Or ``"embedded"`` for what the embedded model was pretrained on, of which exact and
            renamed copies are found; the path of a decontamination list (``read_decontamination_list``), whose n-grams
            are looked for in the rows; or such by name. Rows whose code is None are left out.
        column: the column of the code.
        corpus_column: the column of the corpus's code; by default the same. ``Corpus`` names that of one among several.
        label: the column of labels in both, to count the rows whose nearest row, or an exact copy, has another one; or
            that of the text that a model must write.
        near_duplicates: the definition of near-duplicates.
        ngrams: the number of words of n-grams to look for as well, such as 13 (``ngrams_of``); None looks for none.
        worst: the number of pairs to keep of each pair of parts.

    Raises:
        ParameterError: if an argument is invalid.
        DataError: if a part lacks a column, a row of the dataset has no text, or a row of the corpus something else.

    Warns:
        LeftOutWarning: if files of other formats, or rows of the corpus whose code is None, are not searched.

    >>> from datasets import Dataset
    >>> mine = Dataset.from_dict({"code": [f"x{i} = {i} * y{i} + z{i} - {i}" for i in range(6)]})
    >>> theirs = Dataset.from_dict({"code": [*mine["code"][:2], "a = 1"]})
    >>> found = overlap(mine, theirs)
    >>> found["data", "data"].exact, found.rows("data"), len(found.without(mine)["data"])
    (2, (0, 1), 4)
    """
    check_integer("worst", worst, smallest=0)
    optional(partial(check_integer, smallest=1))("ngrams", ngrams)
    if not isinstance(near_duplicates, NearDuplicates):
        raise ParameterError("near_duplicates", "a NearDuplicates", near_duplicates, "such as NearDuplicates()")
    corpus_column = corpus_column or column
    parts = parts_of(data)
    texts = {name: texts_of(part, column, name) for name, part in parts.items()}
    labels = None if label is None else {name: column_values(part, label, "label") for name, part in parts.items()}
    found = []
    for name, given in opened_corpora(corpus, corpus_column, label).items():
        rows = given.source if isinstance(given, Corpus) else given
        if isinstance(rows, CodeDigests):
            found.append([_overlap_of_digests(part, texts[part], name, rows) for part in parts])
            continue
        if isinstance(rows, DecontaminationList):
            found.append([_overlap_of_list(part, texts[part], name, rows) for part in parts])
            continue
        search = _Search(texts, labels, near_duplicates, ngrams, worst)
        of_code = given.column if isinstance(given, Corpus) else corpus_column
        for block in blocks_of(rows, name, of_code, label, max(_BLOCK, search.size)):
            search.add(*block)
        found.append(search.overlaps(name))
    marks = {
        part: RowMarks.of(texts[part], column, {of[i].corpus: of[i].rows for of in found})
        for i, part in enumerate(parts)
    }
    return Overlap(
        column=column, near_duplicates=near_duplicates, marks=marks,
        parts=tuple(of[i] for i in range(len(texts)) for of in found),
    )  # fmt: skip


def _overlap_of_digests(part: str, texts: Sequence[str], corpus: str, digests: CodeDigests) -> PartOverlap:
    """Return the overlap of a part with a corpus that is known by digests."""
    exact = digests.exact_copies(texts)
    masks = {"exact": exact, "renamed": exact | digests.renamed_copies(texts)}
    rows = {kind: tuple(np.flatnonzero(mask).tolist()) for kind, mask in masks.items()}
    exact_rows, renamed = len(rows["exact"]), len(rows["renamed"])
    return PartOverlap(
        part=part, corpus=corpus, n=len(texts), corpus_rows=digests.rows, exact=exact_rows, near=exact_rows,
        renamed=renamed, rows=rows,
    )  # fmt: skip


def _overlap_of_list(part: str, texts: Sequence[str], corpus: str, listed: DecontaminationList) -> PartOverlap:
    """Return the overlap of a part with a decontamination list, in which only n-grams can be looked for."""
    rows = tuple(np.flatnonzero(listed.shared(texts)).tolist())
    return PartOverlap(
        part=part, corpus=corpus, n=len(texts), corpus_rows=0, exact=0, near=0, renamed=0, ngrams=len(rows),
        rows={NGRAMS: rows},
    )  # fmt: skip


class _Search:
    """The rows of a dataset, and what of them was found so far in a part of a corpus."""

    def __init__(
        self,
        texts: Mapping[str, list[str]],
        labels: Mapping[str, Any] | None,
        near: NearDuplicates,
        ngrams: int | None,
        worst: int,
    ) -> None:
        self._sizes = {name: len(of) for name, of in texts.items()}
        self._texts = [text for of in texts.values() for text in of]
        self._labels = None if labels is None else [one for of in labels.values() for one in of]
        self._searches = {"near": near, "renamed": near.of_renamed()}
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
                other = texts[nearest.index[at]]
                self._keep(name, at, float(jaccard[at]), other, labels_of[other])

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
        masks = {"exact": self._exact, "near": near, "renamed": near | (self._best["renamed"] >= 0)}
        masks |= {} if self._ngrams is None else {NGRAMS: self._ngrams.shared}
        found, start = [], 0
        for part, size in self._sizes.items():
            of_part = slice(start, start + size)
            rows = {kind: tuple(np.flatnonzero(mask[of_part]).tolist()) for kind, mask in masks.items()}
            found.append(
                PartOverlap(
                    part=part, corpus=corpus, n=size, corpus_rows=self._corpus_rows,
                    exact=len(rows["exact"]), near=len(rows["near"]), renamed=len(rows["renamed"]), rows=rows,
                    ngrams=len(rows[NGRAMS]) if NGRAMS in rows else None,
                    conflicts=None if self._labels is None else int((self._conflicts & near)[of_part].sum()),
                    exact_conflicts=None if self._labels is None else int(self._exact_conflicts[of_part].sum()),
                    worst=self._pairs(range(start, start + size), near),
                )
            )  # fmt: skip
            start += size
        return found

    def _pairs(self, rows: range, near: np.ndarray) -> tuple[LeakedPair, ...]:
        pairs = []
        for at in rows:
            name = "near" if near[at] else "renamed"
            if self._best[name][at] >= 0 and self._other[name][at] != self._texts[at]:
                pair = LeakedPair(jaccard=self._best[name][at], row=self._texts[at], train_row=self._other[name][at])
                pairs.append((name, -pair.jaccard, pair.row, pair))
        return tuple(pair for *_, pair in sorted(pairs, key=lambda one: one[:3])[: self._worst])


def _differ(label: Any, other: Any) -> bool:
    """Return whether two labels differ; a number is the same as its text, which the cells of streamed CSV are."""
    of_text = isinstance(label, str) != isinstance(other, str)
    return bool(str(label) != str(other) if of_text else label != other)


def overlap_of_parts(parts: AuditParts, corpora: Mapping[str, Any], settings: AuditSettings) -> Overlap:
    """Return the overlap of the held-out parts of a split with opened corpora, for an audit.

    Raises:
        DataError: if a corpus lacks the column.
    """
    from datasets import Dataset, DatasetDict

    column = settings.column
    held_out = {part: Dataset.from_dict({column: parts.given_texts(part, column)}) for part in parts.held_out}
    return overlap(
        DatasetDict(held_out), corpora, column=column, near_duplicates=settings.near_duplicates,
        worst=settings.worst,
    )  # fmt: skip


def _cells(one: PartOverlap, *, ngrams: bool, labels: bool) -> list[str]:
    counts = {kind: getattr(one, kind) for kind in (MARKS if ngrams else COPY_KINDS)}
    told = [
        f"{count:,} ({count / one.n:.2%})" if one.n and count is not None and one.looked_for(kind) else "-"
        for kind, count in counts.items()
    ]
    of_labels = (one.conflicts, one.exact_conflicts) if labels else ()
    conflicts = ["-" if count is None else f"{count:,}" for count in of_labels]
    rows_of_it = f"{one.corpus_rows:,}" if one.corpus_rows or NGRAMS not in one.rows else "-"
    return [one.part, one.corpus, f"{one.n:,}", rows_of_it, *told, *conflicts]
