"""A folder of rows: a file, or several shards, for each part."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from datasets import Dataset, DatasetDict, concatenate_datasets, load_from_disk

from codeshift.data.formats import FORMATS, format_of, read_file
from codeshift.errors import DataError, ParameterError, Told, closest

Parts = dict[str, Callable[[], Dataset]]
"""What reads each part; rows that belong to no part stand under ``WHOLE``."""

WHOLE = ""

PARTS = ("train", "validation", "test", "test_id", "test_ood", "validation_ood", "train_control", "general")
"""The names of parts that files are known by."""

_ALIASES = {"valid": "validation", "val": "validation", "dev": "validation"}
_SHARD = re.compile(r"[-_]\d+-of-\d+$")


def local_parts(source: Path) -> Parts:
    """What reads the parts of a file or folder.

    Raises:
        DataError: if there is no such file or folder, or nothing in it can be read.
    """
    if source.is_file():
        return {WHOLE: lambda: read_file(source)}
    if not source.is_dir():
        raise _missing(source)
    if (source / "dataset_dict.json").exists():
        return loaded_parts(load_from_disk(str(source)))
    if (source / "state.json").exists():
        return {WHOLE: lambda: load_from_disk(str(source))}
    files = sorted(path for path in source.iterdir() if path.is_file() and format_of(path) and path.name[0] != ".")
    if not files:
        below = sorted(path.name for path in source.iterdir() if path.is_dir())
        remedy = f"look into its folders: {', '.join(below[:5])}" if below else "check the path"
        raise DataError("source", f"a folder with files of {', '.join(FORMATS)}", str(source), remedy)
    named: dict[str, list[Path]] = {}
    for path in files:
        named.setdefault(part_of(path), []).append(path)
    known = {part: of_part for part, of_part in named.items() if part in PARTS}
    return {part: _reader(of_part) for part, of_part in known.items()} if known else {WHOLE: _reader(files)}


def part_of(path: Path) -> str:
    """The part that a file's name tells.

    >>> part_of(Path("train-00000-of-00002.parquet")), part_of(Path("dev.jsonl.gz")), part_of(Path("rows.csv"))
    ('train', 'validation', 'rows')
    """
    name = path.name.removesuffix(".gz")
    stem = _SHARD.sub("", name.rpartition(".")[0])
    return _ALIASES.get(stem, stem)


def files_of_parts(sources: Mapping[str, object]) -> Parts:
    """What reads parts that are given a file each.

    Raises:
        ParameterError: if a part has no name.
        DataError: if a file is missing.
    """
    parts: Parts = {}
    for part, source in sources.items():
        if not isinstance(part, str) or not part:
            raise ParameterError("source", "a mapping of parts to files", part, 'such as {"train": "train.jsonl"}')
        path = Path(str(source)).expanduser()
        if not path.is_file():
            raise _missing(path)
        parts[part] = _reader([path])
    return parts


def loaded_parts(splits: DatasetDict) -> Parts:
    """Parts that ``datasets`` has loaded already."""

    def same(rows: Dataset) -> Callable[[], Dataset]:
        return lambda: rows

    return {str(part): same(rows) for part, rows in splits.items()}


def _reader(files: list[Path]) -> Callable[[], Dataset]:
    return lambda: _joined(files)


def _joined(files: list[Path]) -> Dataset:
    """All rows end to end, in the order of the names of files."""
    read = [(path, rows) for path, rows in ((path, read_file(path)) for path in files) if len(rows) or len(files) == 1]
    if len(read) == 1:
        return read[0][1]
    if not read:
        return Dataset.from_dict({})
    first = read[0][1]
    for path, rows in read[1:]:
        if set(rows.column_names) != set(first.column_names):
            told = Told(f"{sorted(rows.column_names)} in {path.name}, {sorted(first.column_names)} in {files[0].name}")
            raise DataError("source", "files with the same columns", told, "name one of the files")
    try:
        return concatenate_datasets([rows for _, rows in read])
    except ValueError as error:
        raise DataError("source", "files with columns of the same types", str(files[0].parent), str(error)) from error


def _missing(path: Path) -> DataError:
    folder = path.parent
    nearby = [other.name for other in folder.iterdir()] if folder.is_dir() else []
    remedy = closest(path.name, nearby) if nearby else f"there is no folder {str(folder)!r}"
    return DataError("source", "an existing file or folder, or owner/name of the hub", str(path), remedy)
