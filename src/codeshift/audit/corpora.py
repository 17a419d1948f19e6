"""Rows of a corpus, block by block: of datasets, streams, and files that are streamed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.audit.decontamination import DecontaminationList, read_decontamination_list
from codeshift.audit.embedded_digests import embedded_digests
from codeshift.errors import DataError, ParameterError, closest
from codeshift.hashing import digest
from codeshift.marks import RowMarks
from codeshift.properties.dataset_columns import check_name
from codeshift.properties.near_duplicates.digests import CodeDigests
from codeshift.properties.texts import column_texts

if TYPE_CHECKING:
    from datasets import IterableDataset

EMBEDDED = "embedded"
"""Name of the corpus that the embedded model was pretrained on, which comes with codeshift as digests."""

_BUILDERS = {"parquet": (".parquet",), "json": (".jsonl", ".ndjson", ".jsonl.gz", ".jsonl.zst")}


@dataclass(frozen=True)
class Corpus:
    """Corpus whose code stands in another column than that of the dataset.

    Attributes:
        source: the dataset, the stream, or the path of Parquet or JSON Lines files.
        column: the column of its code.

    >>> from codeshift.audit import overlap
    >>> from datasets import Dataset
    >>> theirs = Corpus(Dataset.from_dict({"content": ["x = 1"]}), column="content")
    >>> overlap(Dataset.from_dict({"code": ["x = 1", "y = z"]}), {"web": theirs})["data", "web"].exact
    1
    """

    source: Any
    column: str

    def __post_init__(self) -> None:
        check_name("column", self.column, example="content")


def parts_of(data: Any) -> dict[str, Any]:
    """Return the parts by name; those of a dataset within a mapping have its name before theirs."""
    if not isinstance(data, Mapping):
        return {"data": data}
    parts: dict[str, Any] = {}
    for name, part in data.items():
        inner = part if isinstance(part, Mapping) else {"": part}
        parts |= {f"{name} {of}".strip(): each for of, each in inner.items()}
    return parts


def opened(corpus: Any) -> Any:
    """Return the rows of a corpus as they are searched: digests, a decontamination list, or a stream of files.

    Raises:
        ParameterError: if a path has no Parquet or JSON Lines files.
    """
    corpus = corpus.source if isinstance(corpus, Corpus) else corpus
    known = summarised(corpus)
    if known is not None:
        return known
    return _streamed(corpus) if isinstance(corpus, str | os.PathLike) else corpus


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


def checked_corpus(corpus: Any) -> Any:
    """Return a corpus with its path from the root if it is one, checked without reading it; or marks in its place.

    Raises:
        ParameterError: if it is none, or a path has no Parquet or JSON Lines files.
    """
    if isinstance(corpus, Mapping):
        return {name: checked_corpus(part) for name, part in corpus.items()}
    if isinstance(corpus, Corpus):
        return replace(corpus, source=checked_corpus(corpus.source))
    if isinstance(corpus, RowMarks):
        return corpus
    if isinstance(corpus, str | os.PathLike) and corpus != EMBEDDED:
        corpus = os.path.abspath(Path(corpus).expanduser())
    known = opened(corpus)
    if not isinstance(known, CodeDigests | DecontaminationList) and not callable(getattr(known, "iter", None)):
        remedy = "Dataset.from_dict({...}), a stream of load_dataset(..., streaming=True), or a path of files"
        raise ParameterError("corpus", "a dataset, a stream or a path", corpus, remedy)
    return corpus


def files_of(path: str | os.PathLike[str]) -> list[str]:
    """Return the files of a path: itself, or all below a folder or of a pattern, sorted."""
    whole = Path(path)
    pattern = str(whole / "**") if whole.is_dir() else str(whole)
    return [str(whole)] if whole.is_file() else sorted(glob(pattern, recursive=True))


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
        files = [file for file in files_of(corpus) if Path(file).is_file()]
        return {"path": str(corpus), "files": digest([f"{file} {Path(file).stat().st_size}" for file in files])}
    if isinstance(corpus, Mapping):
        return {name: corpus_identity(part) for name, part in corpus.items()}
    fingerprint = getattr(corpus, "_fingerprint", None)
    return {} if fingerprint is None else {"rows": len(corpus), "fingerprint": fingerprint}


def _streamed(path: str | os.PathLike[str]) -> IterableDataset:
    """Return the rows of Parquet or JSON Lines files as a stream, files in the order of their names."""
    from datasets import IterableDataset, load_dataset

    files = files_of(path)
    for builder, endings in _BUILDERS.items():
        some = [file for file in files if file.endswith(endings)]
        if some:
            stream = load_dataset(builder, data_files=some, split="train", streaming=True)
            assert isinstance(stream, IterableDataset)  # noqa: S101 - of one split
            return stream
    remedy = "a file, a folder or a pattern such as 'pretraining/*.parquet'"
    raise ParameterError("corpus", "Parquet or JSON Lines files", str(path), remedy)


def texts_of(part: Any, column: str, name: str) -> list[str]:
    """Return the texts of a part.

    Raises:
        DataError: if it lacks the column, or the column holds something else than text.
    """
    if column not in part.column_names:
        raise DataError(f"part {name}", f"a column {column}", part.column_names, closest(column, part.column_names))
    return list(column_texts(part, column))


def blocks_of(
    rows: Any, name: str, column: str, label: str | None, size: int
) -> Iterator[tuple[list[str], list[Any] | None]]:
    """Yield blocks of the corpus: the texts of their rows, and their labels."""
    if not callable(getattr(rows, "iter", None)):
        remedy = "Dataset.from_dict({...}), a stream of load_dataset(..., streaming=True), or a path of files"
        raise ParameterError("corpus", "a dataset, a stream, a path, or such by name", rows, remedy)
    wanted = [needed for needed in (column, label) if needed is not None]
    if set(wanted) <= set(rows.column_names or ()):
        rows = rows.select_columns(wanted)
    for batch in rows.iter(batch_size=size):
        for needed in wanted:
            if needed not in batch:
                remedy = f"{closest(needed, batch)}; name it: corpus_column, or Corpus(source, column)"
                raise DataError(f"part {name} of the corpus", f"a column {needed}", list(batch), remedy)
        odd = next((text for text in batch[column] if not isinstance(text, str)), "")
        if odd != "":
            raise DataError(f"part {name} of the corpus", f"text in {column}", odd, "leave such rows out: data.filter")
        yield list(batch[column]), None if label is None else list(batch[label])
