"""Overlap of two datasets: the rows of each part of one that the other holds too, as copies, near or renamed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeAlias

from codeshift.audit.corpora import checked_texts, columns_searched, corpus_blocks, named_parts, opened_corpora, rows_of
from codeshift.audit.corpus_search import (
    BlockCopies,
    CorpusCopies,
    CorpusSearch,
    overlap_of_digests,
    overlap_of_list,
)
from codeshift.audit.decontamination import DecontaminationList
from codeshift.audit.part_overlap import PartOverlap
from codeshift.audit.parts import AuditParts
from codeshift.audit.settings import AuditSettings
from codeshift.checks import check_choice, check_integer, optional
from codeshift.defaults import COPY_KINDS, MARKS, NGRAMS
from codeshift.documents import html, markdown
from codeshift.documents.document import (
    Block,
    Code,
    Document,
    Heading,
    Note,
    Paragraph,
    SideBySide,
    Table,
    names,
    numbers,
    row,
)
from codeshift.errors import ParameterError, warn
from codeshift.marks import RowMarks, kinds_within
from codeshift.properties.dataset_columns import column_values
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.near_duplicates.digests import CodeDigests
from codeshift.properties.near_duplicates.workers import Workers
from codeshift.properties.processes import check_num_proc, processes_for
from codeshift.wording import closest

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

_BLOCK = 20_000  # rows of the corpus that are in memory at once, if the dataset has no more
_NEAR_DUPLICATES = NearDuplicates()

_Texts: TypeAlias = tuple[list[str], list[Any] | None]
"""Texts of a block of a corpus, and their labels."""


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Overlap of each part of a dataset with each part of a corpus, by each column that was looked in.

    Attributes:
        column: Column of the code.
        near_duplicates: Definition of near-duplicates, with the columns that were looked in besides.
        parts: Overlap of each pair of parts, that by the code first.
        marks: Marks of the rows of each part of the dataset, by its name.

    >>> counts = {"n": 4, "corpus_rows": 9, "exact": 1, "near": 1, "renamed": 1}
    >>> pair = PartOverlap(part="test", corpus="train", column="code", **counts)
    >>> Overlap(column="code", near_duplicates=NearDuplicates(), parts=(pair,))["test", "train"].exact
    1
    """

    column: str
    near_duplicates: NearDuplicates
    parts: tuple[PartOverlap, ...]
    marks: Mapping[str, RowMarks] = field(default_factory=dict, repr=False, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that were looked in, that of the code first."""
        return self.near_duplicates.columns_with(self.column)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Columns that were not looked for in some corpora, in words; none if each was looked for in all."""
        left_out = []
        for column in self.columns:
            searched = {pair.corpus for pair in self.parts if pair.column == column}
            without = ", ".join(dict.fromkeys(pair.corpus for pair in self.parts if pair.corpus not in searched))
            if without:
                left_out.append(f"{column} was not looked for in {without}, where no column of it is known.")
        return tuple(left_out)

    def __getitem__(self, pair: tuple[str, str] | tuple[str, str, str]) -> PartOverlap:
        """Return the overlap of a part of the dataset with one of the corpus, by the code or by a third name's column.

        Raises:
            ParameterError: if these were not compared.
        """
        for part_overlap in self.parts:
            if pair in (
                (part_overlap.part, part_overlap.corpus),
                (part_overlap.part, part_overlap.corpus, part_overlap.column),
            ):
                return part_overlap
        pairs = [f"{part_overlap.part}, {part_overlap.corpus}, {part_overlap.column}" for part_overlap in self.parts]
        must = "a part of the dataset and one of the corpus, or these and a column"
        raise ParameterError("pair", must, pair, closest(str(pair), pairs))

    def rows(self, part: str, kind: str | None = None) -> tuple[int, ...]:
        """Return the positions of a part's rows of which any part of the corpus holds the text of any column.

        Args:
            part: Part of the dataset.
            kind: "exact", "near" or "renamed" copies, each of which includes those before it; or "ngrams". By default
                renamed copies, and rows that share n-grams with a list, in which copies cannot be looked for. Of a
                column other than the code's, renamed copies are near-duplicates.

        Raises:
            ParameterError: if there is no such part or kind, or a part of the corpus was not searched for the kind.
        """
        part_names = dict.fromkeys(part_overlap.part for part_overlap in self.parts)
        if part not in part_names:
            raise ParameterError("part", "a part of the dataset", part, closest(part, part_names))
        self._check_searched(kind)
        rows_held: set[int] = set()
        for part_overlap in self.parts:
            if part_overlap.part == part:
                widest = kind or ("renamed" if part_overlap.looked_for("exact") else NGRAMS)
                rows_held.update(
                    at for kind_within in kinds_within(widest) for at in part_overlap.rows.get(kind_within, ())
                )
        return tuple(sorted(rows_held))

    def _check_searched(self, kind: str | None) -> None:
        if kind is None:
            return
        check_choice("kind", kind, MARKS)
        searched: dict[str, list[str]] = {}
        for part_overlap in self.parts:
            kinds = [searched_kind for searched_kind in MARKS if part_overlap.looked_for(searched_kind)]
            searched[part_overlap.corpus] = list(dict.fromkeys([*searched.get(part_overlap.corpus, ()), *kinds]))
        if not all(kind in kinds for kinds in searched.values()):
            remedy = "; ".join(f"{corpus} was searched for {', '.join(kinds)}" for corpus, kinds in searched.items())
            raise ParameterError("kind", "one that each part of the corpus was searched for", kind, remedy)

    def without(self, data: Dataset | DatasetDict, kind: str | None = None) -> DatasetDict:
        """Return the dataset without the rows that the corpus holds.

        Args:
            data: Dataset that was compared.
            kind: Copies to leave out, as in ``rows``.

        Raises:
            ParameterError: if it is another dataset, or a part of the corpus was not searched for the kind.
        """
        from datasets import DatasetDict

        remaining = {}
        for name, part in named_parts(data).items():
            sizes = {part_overlap.n for part_overlap in self.parts if part_overlap.part == name}
            if sizes != {len(part)}:
                raise ParameterError(
                    "data", "the dataset that was compared", f"{name} with {len(part)} rows", "pass it"
                )
            rows_held = set(self.rows(name, kind))
            remaining[name] = part.select([at for at in range(len(part)) if at not in rows_held])
        return DatasetDict(remaining)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain values that ``json`` can write."""
        counts = (
            "part", "corpus", "column", "n", "corpus_rows", "exact", "near", "renamed", "conflicts", "exact_conflicts"
        )  # fmt: skip
        plain = [{name: getattr(part_overlap, name) for name in counts} for part_overlap in self.parts]
        for part_overlap, figures in zip(self.parts, plain, strict=True):
            figures |= {} if part_overlap.ngrams is None else {NGRAMS: part_overlap.ngrams}
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
        labels = any(part_overlap.conflicts is not None for part_overlap in self.parts)
        ngrams = any(part_overlap.ngrams is not None for part_overlap in self.parts)
        heads = (
            "rows",
            "rows of it",
            "exact copy",
            "near-duplicate",
            "renamed copy",
            *(["shared n-gram"] if ngrams else []),
            *(["other label", "exact, other label"] if labels else []),
        )
        several = len(self.columns) > 1
        texts = names("part", "corpus", *(["column"] if several else []))
        rows = (_cells(part_overlap, ngrams=ngrams, labels=labels, by_column=several) for part_overlap in self.parts)
        yield Table(columns=texts + numbers(*heads), rows=tuple(row(*cells) for cells in rows))
        yield from self._notes()
        for part_overlap in self.parts:
            if part_overlap.worst:
                by_column = f", {part_overlap.column}" if several else ""
                yield Heading(f"{part_overlap.part} and {part_overlap.corpus} of the corpus{by_column}")
            for i, pair in enumerate(part_overlap.worst, start=1):
                caption = f"pair {i}, Jaccard similarity {pair.jaccard:.2f}"
                row_of_part = Code(pair.row, caption=f"{caption}: the row of {part_overlap.part}")
                yield SideBySide((row_of_part, Code(pair.corpus_row, caption=f"{caption}: the row of the corpus")))

    def _notes(self) -> Iterator[Note]:
        if not all(
            part_overlap.looked_for("near") for part_overlap in self.parts if part_overlap.column == self.column
        ):
            yield Note("A dash: the corpus is known by digests or n-grams alone, in which such copies cannot be found.")
        if any(part_overlap.column != self.column for part_overlap in self.parts):
            yield Note(f"Renamed copies are looked for in {self.column} alone: other texts have no names to change.")
        yield from map(Note, self.left_out)


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
    num_proc: int | None = None,
) -> Overlap:
    """Find the rows of a dataset that a corpus holds too.

    The corpus passes by once, in blocks, so it may be a stream of any length: what is in memory are the dataset and a
    few blocks for each process. The result does not depend on the order of the corpus, its division into blocks or the
    number of processes.

    Args:
        data: Dataset whose rows are looked for.
        corpus: Dataset to look in, or a stream, or a path of files (a file, a folder with all below it, or a
            pattern) of Parquet, JSON Lines, JSON or CSV, which are streamed; all but Parquet may be compressed
            (``.gz``, ``.zst``). Or ``"embedded"`` for what the embedded model was pretrained on, of which exact and
            renamed copies are found; the path of a decontamination list (``read_decontamination_list``), whose n-grams
            are looked for in the rows; or such by name. Rows whose code is None are left out.
        column: Column of the code.
        corpus_column: Column of the corpus's code; by default the same. ``Corpus`` names that of one among several.
        label: Column of labels in both, to count the rows whose nearest row by its code, or an exact copy, has
            another one; or that of the text that a model must write.
        near_duplicates: Definition of near-duplicates. If it names ``columns``, such as a prompt's and the code's,
            the text of each is looked for in the corpus's column of that name, or in the one that ``Corpus`` names for
            it: as exact copies and near-duplicates, in lists as n-grams. Texts of white space alone are like no other.
            A column that a corpus does not have is not looked for there, which the report says.
        ngrams: Number of words of n-grams to look for as well, such as 13 (``ngrams_of``); None looks for none.
        worst: Number of pairs to keep of each pair of parts.
        num_proc: Number of processes that search blocks of the corpus, with any of which the result is the same;
            None for one a core from 20,000 rows of the corpus on.

    Raises:
        ParameterError: if an argument is invalid.
        DataError: if a part lacks a column, a row of the dataset has no text, or a row of the corpus something else.

    Warns:
        LeftOutWarning: if files of other formats, or rows of the corpus whose code is None, are not searched.

    >>> from datasets import Dataset
    >>> mine = Dataset.from_dict({"code": [f"x{i} = {i} * y{i} + z{i} - {i}" for i in range(6)]})
    >>> theirs = Dataset.from_dict({"code": [*mine["code"][:2], "a = 1"]})
    >>> overlaps = overlap(mine, theirs)
    >>> overlaps["data", "data"].exact, overlaps.rows("data"), len(overlaps.without(mine)["data"])
    (2, (0, 1), 4)
    """
    check_integer("worst", worst, smallest=0)
    optional(partial(check_integer, smallest=1))("ngrams", ngrams)
    if not isinstance(near_duplicates, NearDuplicates):
        raise ParameterError("near_duplicates", "a NearDuplicates", near_duplicates, "such as NearDuplicates()")
    corpus_column = corpus_column or column
    parts = named_parts(data)
    columns = near_duplicates.columns_with(column)
    texts = {own: {name: checked_texts(part, own, name) for name, part in parts.items()} for own in columns}
    labels = None if label is None else {name: column_values(part, label, "label") for name, part in parts.items()}
    searches = _Searches(texts, column, label, labels, near_duplicates, ngrams, worst, check_num_proc(num_proc))
    overlaps: list[PartOverlap] = []
    for name, opened in opened_corpora(corpus, columns, corpus_column, label).items():
        overlaps += searches.of(name, opened, corpus_column)
    marks = {}
    for name, part_texts in texts[column].items():
        copies: dict[str, dict[str, Mapping[str, tuple[int, ...]]]] = {own: {} for own in columns}
        for part_overlap in overlaps:
            if part_overlap.part == name:
                copies[part_overlap.column][part_overlap.corpus] = part_overlap.rows
        marks[name] = RowMarks.of(part_texts, column, copies.pop(column), copies)
    return Overlap(
        column=column, near_duplicates=near_duplicates, marks=marks,
        parts=tuple(part_overlap for part in parts for part_overlap in overlaps if part_overlap.part == part),
    )  # fmt: skip


@dataclass(frozen=True)
class _Searches:
    """Searches of corpora for the texts of each column of a dataset, by column and part."""

    texts: Mapping[str, Mapping[str, list[str]]]
    code: str
    label: str | None
    labels: Mapping[str, Any] | None
    near_duplicates: NearDuplicates
    ngrams: int | None
    worst: int
    num_proc: int | None

    def of(self, name: str, opened: Any, corpus_column: str) -> Iterator[PartOverlap]:
        """Yield what an opened corpus holds of each part, by column."""
        rows = rows_of(opened)
        if isinstance(rows, CodeDigests):
            for part, texts in self.texts[self.code].items():
                yield overlap_of_digests(part, texts, name, self.code, rows)
        elif isinstance(rows, DecontaminationList):
            for column, by_part in self.texts.items():
                for part, texts in by_part.items():
                    yield overlap_of_list(part, texts, name, column, rows)
        else:
            yield from self._of_streams(name, columns_searched(opened, self.code, tuple(self.texts), corpus_column))

    def _of_streams(self, name: str, searched: Mapping[str, tuple[str, Any]]) -> Iterator[PartOverlap]:
        """Yield what streams of a corpus hold of each part, by column; labels are those of the code's search."""
        searches = {column: self._search(column) for column in searched}
        copies = {column: CorpusCopies(search, self.worst) for column, search in searches.items()}
        labels = {} if self.label is None else {self.code: self.label}
        size = max([_BLOCK, *(len(search.texts) for search in searches.values())])
        blocks = map(self._without_blank, corpus_blocks(searched, name, labels, size))
        for column, of_block in _copies_in_blocks(searches, blocks, self.num_proc):
            copies[column].add(of_block)
        for of_column in copies.values():
            yield from of_column.overlaps(name)

    def _without_blank(self, block: Mapping[str, _Texts]) -> dict[str, _Texts]:
        """Return a block without texts of white space alone in other columns than the code's."""
        return {
            column: (texts if column == self.code else [text for text in texts if text.strip()], labels)
            for column, (texts, labels) in block.items()
        }

    def _search(self, column: str) -> CorpusSearch:
        is_code = column == self.code
        return CorpusSearch(
            self.texts[column], column, self.labels if is_code else None, near=self.near_duplicates, renamed=is_code,
            ngrams=self.ngrams,
        )  # fmt: skip


def _copies_in_blocks(
    searches: Mapping[str, CorpusSearch],
    blocks: Iterator[Mapping[str, _Texts]],
    num_proc: int | None,
) -> Iterator[tuple[str, BlockCopies]]:
    """Yield what each block holds, by column; several processes each search some of the blocks, if there are several.

    At most twice as many blocks as processes are in memory.
    """
    first = list(islice(blocks, 2))
    rows = sum(max((len(texts) for texts, _ in block.values()), default=0) for block in first)
    processes = processes_for(rows, num_proc) if len(first) > 1 else 1
    waiting = (first.pop(0) for _ in range(len(first)))  # so that no list holds a block that was searched
    tasks = ((column, *of_column) for block in chain(waiting, blocks) for column, of_column in block.items())
    if processes == 1:
        yield from ((column, searches[column].copies_in(texts, labels)) for column, texts, labels in tasks)
        return
    with Workers(processes, shared=searches) as workers:
        for column, copies, messages in workers.map(_searched_aside, tasks):
            for message in messages:
                warn(message)
            yield column, copies


def _searched_aside(
    searches: Mapping[str, CorpusSearch], column: str, texts: list[str], labels: list[Any] | None
) -> tuple[str, BlockCopies, list[Warning]]:
    """Return what a block holds, and the warnings, which the process that was asked gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        copies = searches[column].copies_in(texts, labels)
    return column, copies, [each.message for each in caught if isinstance(each.message, Warning)]


def overlap_of_parts(parts: AuditParts, corpora: Mapping[str, Any], settings: AuditSettings) -> Overlap:
    """Return the overlap of the held-out parts of a split with opened corpora, for an audit.

    Raises:
        DataError: if a corpus lacks the column.
    """
    from datasets import Dataset, DatasetDict

    columns = settings.near_duplicates.columns_with(settings.column)
    held_out = {
        part: Dataset.from_dict({column: parts.given_texts(part, column) for column in columns})
        for part in parts.held_out
    }
    return overlap(
        DatasetDict(held_out), corpora, column=settings.column, near_duplicates=settings.near_duplicates,
        worst=settings.worst, num_proc=parts.table.num_proc,
    )  # fmt: skip


def _cells(part_overlap: PartOverlap, *, ngrams: bool, labels: bool, by_column: bool) -> list[str]:
    counts = {kind: getattr(part_overlap, kind) for kind in (MARKS if ngrams else COPY_KINDS)}
    shares = [
        f"{count:,} ({count / part_overlap.n:.2%})"
        if part_overlap.n and count is not None and part_overlap.looked_for(kind)
        else "-"
        for kind, count in counts.items()
    ]
    of_labels = (part_overlap.conflicts, part_overlap.exact_conflicts) if labels else ()
    conflicts = ["-" if count is None else f"{count:,}" for count in of_labels]
    rows_of_it = f"{part_overlap.corpus_rows:,}" if part_overlap.corpus_rows or NGRAMS not in part_overlap.rows else "-"
    column = [part_overlap.column] if by_column else []
    return [
        part_overlap.part,
        part_overlap.corpus,
        *column,
        f"{part_overlap.n:,}",
        rows_of_it,
        *shares,
        *conflicts,
    ]
