"""Rows of a corpus, block by block: of datasets, streams, and files that are streamed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeshift.errors import DataError, ParameterError, closest
from codeshift.properties.texts import column_texts

if TYPE_CHECKING:
    from datasets import IterableDataset

_BUILDERS = {"parquet": (".parquet",), "json": (".jsonl", ".ndjson", ".jsonl.gz", ".jsonl.zst")}


def parts_of(data: Any) -> dict[str, Any]:
    """Return the parts by name; those of a dataset within a mapping have its name before theirs."""
    if not isinstance(data, Mapping):
        return {"data": data}
    parts: dict[str, Any] = {}
    for name, part in data.items():
        inner = part if isinstance(part, Mapping) else {"": part}
        parts |= {f"{name} {of}".strip(): each for of, each in inner.items()}
    return parts


def _streamed(path: str | os.PathLike[str]) -> IterableDataset:
    """Return the rows of Parquet or JSON Lines files as a stream, files in the order of their names."""
    from datasets import IterableDataset, load_dataset

    whole = Path(path)
    pattern = str(whole / "**") if whole.is_dir() else str(whole)
    files = [str(whole)] if whole.is_file() else sorted(glob(pattern, recursive=True))
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
    if isinstance(rows, str | os.PathLike):
        rows = _streamed(rows)
    if not callable(getattr(rows, "iter", None)):
        remedy = "Dataset.from_dict({...}), a stream of load_dataset(..., streaming=True), or a path of files"
        raise ParameterError("corpus", "a dataset, a stream, a path, or such by name", rows, remedy)
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
