"""Rows of a corpus, block by block: of datasets, streams, and files that are streamed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.errors import DataError, LeftOutWarning, ParameterError, closest, warn
from codeshift.formatting import counted, listed
from codeshift.properties.texts import column_texts

if TYPE_CHECKING:
    from datasets import IterableDataset

_BUILDERS = {".parquet": "parquet", ".jsonl": "json", ".ndjson": "json", ".json": "json"}
"""Builders of ``datasets`` that stream a file, by its extension."""

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
"""Separators of the cells of other files."""

_COMPRESSED = (".gz", ".zst")
_SHOWN = 5
_CSV_BLOCK = 1 << 24  # bytes read at once, more than a row has


def parts_of(data: Any) -> dict[str, Any]:
    """Return the parts by name; those of a dataset within a mapping have its name before theirs."""
    if not isinstance(data, Mapping):
        return {"data": data}
    parts: dict[str, Any] = {}
    for name, part in data.items():
        inner = part if isinstance(part, Mapping) else {"": part}
        parts |= {f"{name} {of}".strip(): each for of, each in inner.items()}
    return parts


def _streamed(path: str | os.PathLike[str]) -> Iterator[IterableDataset]:
    """Yield the rows of files as one stream for each extension, files in the order of their names.

    Raises:
        ParameterError: if there is no file that can be read.

    Warns:
        LeftOutWarning: if there are files of other formats, whose rows are not searched.
    """
    from datasets import IterableDataset, load_dataset

    whole = Path(path)
    pattern = str(whole / "**") if whole.is_dir() else str(whole)
    files = [str(whole)] if whole.is_file() else sorted(filter(os.path.isfile, glob(pattern, recursive=True)))
    of_ending: dict[str | None, list[str]] = {}
    for file in files:
        of_ending.setdefault(_ending(Path(file)), []).append(file)
    others = of_ending.pop(None, [])
    if not of_ending:
        remedy = "a file, a folder or a pattern such as 'pretraining/*.parquet'"
        raise ParameterError("corpus", f"files of {', '.join([*_BUILDERS, *_SEPARATORS])}", str(path), remedy)
    if others:
        names = listed([os.path.relpath(file, whole) if whole.is_dir() else file for file in others], _SHOWN)
        files_of = counted(len(others), "file")
        warn(LeftOutWarning(f"{files_of} of {path} not searched, being of no format that is read: {names}"))
    for ending, some in of_ending.items():
        if ending in _SEPARATORS:
            options = {"files": some, "separator": _SEPARATORS[ending]}
            yield IterableDataset.from_generator(_csv_rows, gen_kwargs=options)
        else:
            stream = load_dataset(_BUILDERS[str(ending)], data_files=some, split="train", streaming=True)
            assert isinstance(stream, IterableDataset)  # noqa: S101 - of one split
            yield stream


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

    read = csv.ReadOptions(block_size=_CSV_BLOCK)
    parse = csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    with csv.open_csv(file, read_options=read, parse_options=parse) as header:
        types = dict.fromkeys(header.schema.names, string())
    convert = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    with csv.open_csv(file, read_options=read, parse_options=parse, convert_options=convert) as batches:
        for batch in batches:
            yield from batch.to_pylist()


def _ending(path: Path) -> str | None:
    """Return the extension that decides how a file is read; None for a file of another format."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
        if suffixes and suffixes[-1] == ".parquet":
            return None
    return suffixes[-1] if suffixes and suffixes[-1] in (*_BUILDERS, *_SEPARATORS) else None


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
    if isinstance(rows, str | os.PathLike):
        for stream in _streamed(rows):
            yield from _blocks_of_stream(stream, name, column, label, size)
    elif callable(getattr(rows, "iter", None)):
        yield from _blocks_of_stream(rows, name, column, label, size)
    else:
        remedy = "Dataset.from_dict({...}), a stream of load_dataset(..., streaming=True), or a path of files"
        raise ParameterError("corpus", "a dataset, a stream, a path, or such by name", rows, remedy)


def _blocks_of_stream(
    rows: Any, name: str, column: str, label: str | None, size: int
) -> Iterator[tuple[list[str], list[Any] | None]]:
    wanted = [needed for needed in (column, label) if needed is not None]
    if set(wanted) <= set(rows.column_names or ()):
        rows = rows.select_columns(wanted)
    for batch in rows.iter(batch_size=size):
        for needed in wanted:
            if needed not in batch:
                remedy = f"{closest(needed, batch)}; corpus_column names that of the code"
                raise DataError(f"part {name} of the corpus", f"a column {needed}", list(batch), remedy)
        odd = next((text for text in batch[column] if not isinstance(text, str)), "")
        if odd != "":
            raise DataError(f"part {name} of the corpus", f"text in {column}", odd, "leave such rows out: data.filter")
        yield list(batch[column]), None if label is None else list(batch[label])
