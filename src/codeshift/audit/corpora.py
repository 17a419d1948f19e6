"""Rows of a corpus, block by block: of datasets, streams, and files that are streamed."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.audit.decontamination import DecontaminationList, read_decontamination_list
from codeshift.audit.embedded_digests import embedded_digests
from codeshift.checks import settle
from codeshift.defaults import EMBEDDED
from codeshift.errors import DataError, LeftOutWarning, ParameterError, warn
from codeshift.file_formats import COMPRESSED, CSV_SEPARATORS, JSON, PARQUET, format_of
from codeshift.files import json_value
from codeshift.formatting import counted, listed
from codeshift.hashing import digest
from codeshift.marks import RowMarks
from codeshift.parts import MANIFEST
from codeshift.properties.dataset_columns import check_name
from codeshift.properties.near_duplicates.digests import CodeDigests
from codeshift.properties.texts import column_texts
from codeshift.wording import closest

if TYPE_CHECKING:
    from datasets import IterableDataset

_SHOWN = 5
_WIDTH = 40  # number of characters shown of a value that is not a row
_CSV_BLOCK = 1 << 24  # bytes read at once, more than a row has


@dataclass(frozen=True)
class Corpus:
    """Corpus whose texts stand in other columns than those of the dataset.

    Attributes:
        source: Dataset, the stream, or the path of files (a file, a folder with all below it, or a pattern) of
            Parquet, JSON Lines, JSON or CSV; all but Parquet may be compressed (``.gz``, ``.zst``).
        column: Column of its code; or the columns of the corpus by those of the dataset, which alone are then
            looked for: ``{"docstring": "summary", "code": "content"}``.

    >>> from codeshift.audit import overlap
    >>> from datasets import Dataset
    >>> theirs = Corpus(Dataset.from_dict({"content": ["x = 1"]}), column="content")
    >>> overlap(Dataset.from_dict({"code": ["x = 1", "y = z"]}), {"web": theirs})["data", "web"].exact
    1
    """

    source: Any
    column: str | Mapping[str, str]

    def __post_init__(self) -> None:
        if isinstance(self.column, Mapping) and self.column:
            for of_dataset, of_corpus in self.column.items():
                check_name("column", of_dataset, example="code")
                check_name("column", of_corpus, example="content")
            settle(self, column=dict(self.column))
        else:
            check_name("column", self.column, example="content")


def named_parts(data: Any) -> dict[str, Any]:
    """Return the parts by name; those of a dataset within a mapping have its name before theirs."""
    if not isinstance(data, Mapping):
        return {"data": data}
    parts: dict[str, Any] = {}
    for name, part in data.items():
        inner = part if isinstance(part, Mapping) else {"": part}
        parts |= {f"{name} {inner_part}".strip(): rows for inner_part, rows in inner.items()}
    return parts


def rows_of(corpus: Any) -> Any:
    """Return the rows of an opened corpus, whether or not it names columns."""
    return corpus.source if isinstance(corpus, Corpus) else corpus


def _named_columns(corpus: Any, column: str, corpus_column: str) -> dict[str, str]:
    """Return the columns of a corpus that are named, by those of the dataset: all that it maps, else the code's."""
    columns_by_name = corpus.column if isinstance(corpus, Corpus) else corpus_column
    return dict(columns_by_name) if isinstance(columns_by_name, Mapping) else {column: columns_by_name}


def columns_searched(
    corpus: Any, column: str, columns: Collection[str], corpus_column: str
) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """Return the column of an opened corpus to search for each column of a dataset, with the streams that have it.

    A column other than the code's that the corpus neither names nor has is left out.

    Args:
        corpus: Corpus.
        column: Column of the dataset's code.
        columns: Columns of the dataset.
        corpus_column: Column of the corpus's code, unless it is a ``Corpus``.
    """
    rows = rows_of(corpus)
    streams = rows if isinstance(rows, tuple) else (rows,)
    named = _named_columns(corpus, column, corpus_column)
    searched = {own: (named[own], streams) for own in columns if own in named}
    if isinstance(corpus, Corpus) and isinstance(corpus.column, Mapping):
        return searched
    unnamed = [own for own in columns if own not in named]
    columns_of_streams = [_columns_of(stream) for stream in streams] if unnamed else []
    for own in unnamed:
        with_it = tuple(stream for stream, names in zip(streams, columns_of_streams, strict=True) if own in names)
        if with_it:
            searched[own] = (own, with_it)
    return searched


def _columns_of(stream: Any) -> Collection[str]:
    """Return the columns of a dataset or stream; of one that does not know them, those of its first row."""
    return stream.column_names or next(iter(stream), {}).keys()


def opened_corpora(corpora: Any, columns: Collection[str], corpus_column: str, label: str | None) -> dict[str, Any]:
    """Return corpora as they are searched, by name; a ``Corpus`` with other columns stays one.

    Args:
        corpora: Corpora.
        columns: Columns of the dataset that are looked for, that of the code first.
        corpus_column: Column of the code of a corpus that names none.
        label: Column of labels; None for none.

    Raises:
        ParameterError: if one is no corpus, or a path has no file that can be read.
        DataError: if one lacks the column of its code or of labels, as far as that is known without reading it.

    Warns:
        LeftOutWarning: if there are files of other formats, whose rows are not searched.
    """
    by_name: dict[str, Any] = {}
    for name, corpus in named_parts(corpora).items():
        rows = opened(corpus)
        named = _named_columns(corpus, next(iter(columns)), corpus_column)
        if not set(named) & set(columns):
            remedy = f"those that are looked for are {', '.join(columns)}"
            raise ParameterError("column", "of columns of the dataset", list(named), remedy)
        needed = [in_corpus for own, in_corpus in named.items() if own in columns]
        for stream in rows if isinstance(rows, tuple) else (rows,):
            columns_known = getattr(stream, "column_names", None) or ()
            for in_corpus in needed if columns_known else ():
                _check_columns_of_part(columns_known, name, in_corpus, label)
        by_name[name] = replace(corpus, source=rows) if isinstance(corpus, Corpus) else rows
    return by_name


def opened(corpus: Any) -> Any:
    """Return the rows of a corpus as they are searched: digests, a decontamination list, or files as streams.

    Raises:
        ParameterError: if it is no corpus, or a path has no file that can be read.

    Warns:
        LeftOutWarning: if there are files of other formats, whose rows are not searched.
    """
    corpus = corpus.source if isinstance(corpus, Corpus) else corpus
    summary = summarised(corpus)
    if summary is not None:
        return summary
    if isinstance(corpus, str | os.PathLike):
        return tuple(_streamed(corpus))
    if not all(callable(getattr(rows, "iter", None)) for rows in (corpus if isinstance(corpus, tuple) else (corpus,))):
        remedy = "Dataset.from_dict({...}), a stream of load_dataset(..., streaming=True), or a path of files"
        raise ParameterError("corpus", "a dataset, a stream or a path", corpus, remedy)
    return corpus


def summarised(corpus: Any) -> CodeDigests | DecontaminationList | None:
    """Return a corpus that is known by digests or n-grams alone; None if its rows can be read.

    Raises:
        DataError: if a path is that of a decontamination list that cannot be read.
    """
    if isinstance(corpus, CodeDigests | DecontaminationList):
        return corpus
    if isinstance(corpus, str) and corpus == EMBEDDED:
        return embedded_digests()
    return read_decontamination_list(corpus) if isinstance(corpus, str | os.PathLike) else None


def from_root(corpus: Any) -> Any:
    """Return a corpus with its path from the root if it has one, for processes in other folders; else unchanged."""
    if isinstance(corpus, Mapping):
        return {name: from_root(part) for name, part in corpus.items()}
    if isinstance(corpus, Corpus):
        return replace(corpus, source=from_root(corpus.source))
    if isinstance(corpus, str | os.PathLike) and corpus != EMBEDDED:
        return os.path.abspath(Path(corpus).expanduser())
    return corpus


def files_of(path: str | os.PathLike[str]) -> list[str]:
    """Return the files of a path: itself, or all below a folder or of a pattern, sorted."""
    source = Path(path)
    pattern = str(source / "**") if os.path.isdir(source) else str(source)
    return [str(source)] if os.path.isfile(source) else sorted(filter(os.path.isfile, glob(pattern, recursive=True)))


def corpus_identity(corpus: Any) -> dict[str, Any]:
    """Return what tells a corpus from another without reading it, as values that ``json`` can write.

    That is the digest of digests, the names and sizes of files, and the fingerprint of a dataset; of a stream nothing.
    """
    if isinstance(corpus, str) and corpus == EMBEDDED:
        return corpus_identity(embedded_digests())
    if isinstance(corpus, Corpus):
        return {"column": corpus.column} | corpus_identity(corpus.source)
    if isinstance(corpus, RowMarks):
        return {"marks": digest([json.dumps(corpus.to_dict(), sort_keys=True)])}
    if isinstance(corpus, CodeDigests):
        return {"rows": corpus.rows, "digest": digest([corpus.exact.tobytes().hex(), corpus.renamed.tobytes().hex()])}
    if isinstance(corpus, str | os.PathLike):
        sizes = [f"{file} {Path(file).stat().st_size}" for file in files_of(corpus)]
        return {"path": str(corpus), "files": digest(sizes)}
    if isinstance(corpus, Mapping):
        return {name: corpus_identity(part) for name, part in corpus.items()}
    fingerprint = getattr(corpus, "_fingerprint", None)
    return {} if fingerprint is None else {"rows": len(corpus), "fingerprint": fingerprint}


def _streamed(path: str | os.PathLike[str]) -> Iterator[IterableDataset]:
    """Yield the rows of files as one stream for each format, files in the order of their names.

    Raises:
        ParameterError: if there is no file that can be read.
        DataError: if a file is not of the format of its extension, as far as that is known without reading all of it.

    Warns:
        LeftOutWarning: if there are files of other formats, whose rows are not searched.
    """
    from datasets import IterableDataset

    source = Path(path)
    alike: dict[str, list[str]] = {}
    unread = []
    for file in files_of(path):
        ending = _row_format(Path(file))
        if ending is None:
            unread.append(file)
        else:
            alike.setdefault(JSON[0] if ending in JSON else ending, []).append(file)
    if not alike:
        remedy = "a file, a folder or a pattern such as 'pretraining/*.parquet'"
        remedy += "; the functions of source files are source_functions(folder, language)" if unread else ""
        raise ParameterError("corpus", f"files of {', '.join([PARQUET, *JSON, *CSV_SEPARATORS])}", str(path), remedy)
    if unread:
        names = listed([os.path.relpath(file, source) if source.is_dir() else file for file in unread], _SHOWN)
        left_out = counted(len(unread), "file")
        warn(LeftOutWarning(f"{left_out} of {path} not searched, having no rows in a format that is read: {names}"))
    for ending, of_format in alike.items():
        if ending == PARQUET:
            yield _parquet_rows(of_format)
        elif ending in CSV_SEPARATORS:
            options = {"files": of_format, "separator": CSV_SEPARATORS[ending]}
            yield IterableDataset.from_generator(_csv_rows, gen_kwargs=options)
        else:  # read here, so that an error names the file and the line, and nothing is logged before it
            yield IterableDataset.from_generator(_json_rows, gen_kwargs={"files": of_format})


def _parquet_rows(files: Sequence[str]) -> IterableDataset:
    """Return the rows of Parquet files as a stream, whose ends are looked at first.

    Raises:
        DataError: if a file is no Parquet.
    """
    from datasets import IterableDataset, load_dataset
    from pyarrow import ArrowException
    from pyarrow.parquet import read_schema

    for file in files:
        try:
            read_schema(file)
        except (OSError, ArrowException) as error:
            raise DataError("corpus", "files of Parquet", file, str(error)) from error
    stream = load_dataset("parquet", data_files=list(files), split="train", streaming=True)
    assert isinstance(stream, IterableDataset)  # noqa: S101 - of one split
    return stream


def _json_rows(files: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of files of JSON Lines, or of a list of objects, compressed or not.

    Raises:
        DataError: if a file cannot be read.
    """
    import pyarrow as pa

    for file in files:
        line, compression = 0, COMPRESSED.get(Path(file).suffix.lower())
        try:
            with (
                pa.input_stream(file, compression=compression) as stream,
                io.TextIOWrapper(stream, "utf-8-sig") as text,
            ):
                for line, content in enumerate(text, start=1):  # noqa: B007 - for the message
                    if content.lstrip().startswith("["):
                        yield from map(_json_object, json_value(content + text.read()))
                    elif content.strip():
                        yield _json_object(json_value(content))
        except (OSError, ValueError) as error:  # of what is compressed or written otherwise
            problem = f"line {line}: {error}" if line else str(error)
            raise DataError("corpus", "files of JSON Lines", file, problem) from error


def _json_object(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ValueError(f"{json.dumps(row)[:_WIDTH]} is no object")
    return row


def _csv_rows(files: Sequence[str], separator: str) -> Iterator[dict[str, str]]:
    """Yield the rows of files of CSV, with every cell as text.

    Raises:
        DataError: if a file cannot be read.
    """
    from pyarrow import ArrowException

    for file in files:
        try:
            yield from _csv_rows_of(file, separator)
        except ArrowException as error:
            raise DataError("corpus", "files of CSV", file, str(error)) from error


def _csv_rows_of(file: str, separator: str) -> Iterator[dict[str, str]]:
    from pyarrow import csv, string

    reading = csv.ReadOptions(block_size=_CSV_BLOCK)
    parse = csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    with csv.open_csv(file, read_options=reading, parse_options=parse) as header:
        types = dict.fromkeys(header.schema.names, string())
    convert = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    with csv.open_csv(file, read_options=reading, parse_options=parse, convert_options=convert) as batches:
        for batch in batches:
            yield from batch.to_pylist()


def _row_format(path: Path) -> str | None:
    """Return the extension that decides how a file is read; None for a file of another format."""
    # A manifest stands beside the parts of a split, and has no rows.
    return None if path.name == MANIFEST else format_of(path)


def checked_texts(part: Any, column: str, name: str) -> list[str]:
    """Return the texts of a part.

    Raises:
        DataError: if it lacks the column, or the column holds something else than text.
    """
    if column not in part.column_names:
        raise DataError(f"part {name}", f"a column {column}", part.column_names, closest(column, part.column_names))
    return list(column_texts(part, column))


def corpus_blocks(
    searched: Mapping[str, tuple[str, tuple[Any, ...]]], name: str, labels: Mapping[str, str], size: int
) -> Iterator[dict[str, tuple[list[str], list[Any] | None]]]:
    """Yield blocks of a corpus, which is read once: by column of the dataset the texts of their rows, and their labels.

    Rows whose text is None are left out.

    Args:
        searched: Column of the corpus, with the streams that have it, by column of the dataset.
        name: Name of the corpus.
        labels: Column of labels, by the column of the dataset whose texts have some.
        size: Number of rows of a block.

    Raises:
        DataError: if there is no such column, or it holds values that are neither text nor None.

    Warns:
        LeftOutWarning: if there are rows whose text is None, of which a corpus of the web has some.
    """
    left_out = dict.fromkeys(searched, 0)
    streams = {id(stream): stream for _, having in searched.values() for stream in having}
    for number, stream in streams.items():
        columns = {own: column for own, (column, having) in searched.items() if number in map(id, having)}
        for batch in _batches(stream, name, columns, labels, size):
            block = {}
            for own, column in columns.items():
                texts, of_texts = batch[column], batch[labels[own]] if own in labels else None
                filled = [text for text in texts if text is not None]
                left_out[own] += len(texts) - len(filled)
                if of_texts is not None:
                    of_texts = [label for text, label in zip(texts, of_texts, strict=True) if text is not None]
                if filled:
                    block[own] = filled, of_texts
            yield block
    for own, count in left_out.items():
        if count:
            empty = counted(count, "row")
            warn(
                LeftOutWarning(f"{empty} of part {name} of the corpus not searched, having None in {searched[own][0]}")
            )


def _check_columns_of_part(columns: Collection[str], name: str, column: str, label: str | None) -> None:
    for needed in (column, label):
        if needed is not None and needed not in columns:
            remedy = f"{closest(needed, columns)}; name it: corpus_column, or Corpus(source, column)"
            raise DataError(f"part {name} of the corpus", f"a column {needed}", list(columns), remedy)


def _batches(
    rows: Any, name: str, columns: Mapping[str, str], labels: Mapping[str, str], size: int
) -> Iterator[Mapping[str, Sequence[Any]]]:
    """Yield batches of the rows of a stream, checked to have text or None in these columns."""
    wanted = list(dict.fromkeys([*columns.values(), *(labels[own] for own in columns if own in labels)]))
    if set(wanted) <= set(rows.column_names or ()):
        rows = rows.select_columns(wanted)
    start = 0
    for batch in rows.iter(batch_size=size):
        for own, column in columns.items():
            _check_columns_of_part(batch, name, column, labels.get(own))
            for row, text in enumerate(batch[column], start=start):
                if not isinstance(text, str | None):
                    remedy = f"row {row} holds a value of type {type(text).__name__}; name a column of text"
                    raise DataError(f"part {name} of the corpus", f"text in {column}", text, remedy)
        start += len(batch[wanted[0]])
        yield batch
