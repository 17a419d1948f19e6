"""Saving of the parts of a dataset, one file per part, each written atomically."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq
from datasets import Dataset

from codeshift.checks import check_bool, check_choice
from codeshift.data.folders import is_part, part_of
from codeshift.errors import DataError, ParameterError
from codeshift.file_formats import format_of
from codeshift.files import replaced_together
from codeshift.temporary_files import remove_unfinished
from codeshift.wording import Remedy

_BATCH = 10_000


def save_splits(
    splits: Mapping[str, Dataset], folder: str | os.PathLike[str], *, format: str = "parquet", overwrite: bool = False
) -> dict[str, Path]:
    r"""Write a file for each part; ``load_splits`` reads them back.

    Args:
        splits: ``DatasetDict``, or a mapping of names to parts.
        folder: Folder of the files; it is created if it is missing.
        format: Format of the files: ``"parquet"``, which keeps all types, or ``"jsonl"``, which people can read.
        overwrite: Whether to replace all parts that are already in the folder.

    Returns:
        The file of each part.

    Raises:
        ParameterError: if the format is unknown, the name of a part cannot name a file, or parts are already there.
        DataError: if a column holds values that JSON cannot hold.
        OSError: if a file cannot be written, such as on a full disk; what was in the folder is then still there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = save_splits({"train": Dataset.from_dict({"code": ["x = 1"]})}, folder, format="jsonl")
    ...     files["train"].name, files["train"].read_text()
    ('train.jsonl', '{"code": "x = 1"}\n')
    """
    return write_parts(splits, folder, format=format, overwrite=overwrite)


def write_parts(
    splits: Mapping[str, Dataset],
    folder: str | os.PathLike[str],
    *,
    format: str,
    overwrite: bool,
    beside: Mapping[str, Callable[[Path], object]] | None = None,
) -> dict[str, Path]:
    """Write a file for each part as ``save_splits`` does, and others beside them: all of them or none.

    Args:
        splits: Mapping of names to parts.
        folder: Folder of the files.
        format: Format of the parts.
        overwrite: Whether to replace all parts that are already in the folder.
        beside: Functions that write another file each, by file name.

    Returns:
        The file of each part.

    Raises:
        ParameterError: if parts cannot be saved there, or a name cannot be that of a file.
    """
    old = check_saving(folder, format=format, overwrite=overwrite)
    for part in splits:
        if not re.fullmatch(r"\w[\w-]*", part):
            raise ParameterError("splits", "parts whose names can name a file", part, "letters, digits, _ and -")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    remove_unfinished(folder)
    files = {part: folder / f"{part}.{format}" for part in splits}
    others = {folder / name: write for name, write in (beside or {}).items()}
    with replaced_together([*files.values(), *others]) as writing:
        for part, rows in splits.items():
            with writing(files[part]) as temporary:
                _WRITERS[format](rows.with_format(None), temporary)
        for path, write in others.items():
            with writing(path) as temporary:
                write(temporary)
    for path in set(old) - set(files.values()):
        path.unlink()
    return files


def check_saving(folder: str | os.PathLike[str], *, format: str, overwrite: bool) -> list[Path]:
    """Check, before any work is done, that parts can be saved; return the files of parts that are already there.

    Raises:
        ParameterError: if the format is unknown, the folder is a file, or parts are there and may not be replaced.
    """
    check_choice("format", format, _WRITERS)
    check_bool("overwrite", overwrite)
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ParameterError("folder", "a folder", str(folder), "it is a file: name another")
    old = [path for path in folder.glob("*") if format_of(path) and is_part(part_of(path))]
    if old and not overwrite:
        words = f"{min(old).name} is already there: name another folder, or "
        remedy = Remedy(words, "overwrite", option="overwrite")
        raise ParameterError("folder", "one without parts", str(folder), remedy)
    return old


def write_parquet(rows: Dataset, where: Path | IO[bytes]) -> None:
    """Write rows as Parquet to a path or an open file."""
    # In batches, because a table of selected rows is copied, and a chunk of text in Arrow is limited to 2 GiB.
    schema = rows.features.arrow_schema
    with pq.ParquetWriter(where, schema) as writer:
        for batch in rows.with_format("arrow").iter(_BATCH):
            writer.write_table(batch.cast(schema))


def _write_jsonl(rows: Dataset, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in _row_dicts(rows):
            try:
                file.write(json.dumps(row, ensure_ascii=False, default=_iso, allow_nan=False) + "\n")
            except (TypeError, ValueError) as error:
                raise DataError("format", "parquet for these rows", "jsonl", str(error)) from error


def _row_dicts(rows: Dataset) -> Iterator[dict[str, Any]]:
    for batch in rows.iter(_BATCH):
        names = list(batch)
        yield from (dict(zip(names, row, strict=True)) for row in zip(*batch.values(), strict=True))


def _iso(value: Any) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(f"JSON has no {type(value).__name__}")


_WRITERS = {"parquet": write_parquet, "jsonl": _write_jsonl}
