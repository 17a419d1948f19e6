"""Folders of rows, with one file or several shards for each part."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
from datasets import Dataset, DatasetDict, load_from_disk

from codeshift.data.formats import FILE_FORMATS, read_file
from codeshift.data.joining import Piece
from codeshift.data.shards import check_shards, shard_number, whole_name
from codeshift.errors import DataError, LeftOutWarning, ParameterError, warn
from codeshift.file_formats import COMPRESSED, format_of
from codeshift.files import hint_of_missing
from codeshift.formatting import counted, listed
from codeshift.parts import TRANSFORMED, rewritten_by, transformed_by

PartReaders = dict[str | None, Callable[[], list[Piece]]]
"""Functions that read the parts, by name; rows that belong to no part are under None."""

FILE_PARTS = (
    "train", "validation", "test", "test_id", "test_ood", TRANSFORMED, "validation_ood", "train_control", "general",
)  # fmt: skip
"""Names of files that are recognised as parts, beside those that a study makes by its transforms."""

_OF_TRANSFORMS = re.compile("|".join(name_by(r"\w+") for name_by in (transformed_by, rewritten_by)))
"""Names of files of parts that a study makes by its transforms."""

_NOT_READ = (".bz2", ".xz", ".zip", ".lz4", ".br", ".7z", ".lzma")

_ALIASES = {"valid": "validation", "val": "validation", "dev": "validation"}


def local_parts(source: Path) -> PartReaders:
    """Return the functions that read the parts of a file or folder.

    Raises:
        DataError: if there is no such file or folder, or it holds no readable file.

    Warns:
        LeftOutWarning: if files of rows are compressed in a way that is not read.
    """
    if os.path.isfile(source):
        return {None: lambda: [read_file(source)]}
    if not os.path.isdir(source):
        raise _missing_source(source)
    if (source / "dataset_dict.json").exists():
        return loaded_parts(_from_disk(source))
    if (source / "state.json").exists():
        return {None: lambda: [Piece(source.name, _from_disk(source))]}
    files = [path for path in source.iterdir() if path.is_file() and format_of(path) and path.name[0] != "."]
    files.sort(key=lambda path: (whole_name(_stem(path)), shard_number(_stem(path)), path.name))
    if not files:
        below = sorted(path.name for path in source.iterdir() if path.is_dir())
        remedy = f"look into its folders: {', '.join(below[:5])}" if below else "check the path"
        raise DataError("source", f"a folder with files of {', '.join(FILE_FORMATS)}", str(source), remedy)
    packed = sorted(path.name for path in source.iterdir() if _is_packed(path))
    if packed:
        missing = (
            f"{counted(len(packed), 'file')} of {source} cannot be read, so their rows are missing: {listed(packed)}"
        )
        warn(LeftOutWarning(f"{missing}; compress by gzip or Zstandard"))
    named: dict[str, list[Path]] = {}
    for path in files:
        named.setdefault(part_of(path), []).append(path)
    recognised = {part: of_part for part, of_part in named.items() if is_part(part)}
    return {part: _reader(of_part) for part, of_part in recognised.items()} if recognised else {None: _reader(files)}


def is_part(name: str) -> bool:
    """Return whether a file of this name, without its extension, is recognised as a part.

    >>> is_part("test_id"), is_part("test_transformed_renamed"), is_part("rows")
    (True, True, False)
    """
    return name in FILE_PARTS or _OF_TRANSFORMS.fullmatch(name) is not None


def _is_packed(path: Path) -> bool:
    """Return whether a file seems to hold rows, but is compressed in a way that is not read.

    >>> [_is_packed(Path(name)) for name in ("a.jsonl.bz2", "a.parquet.gz", "a.jsonl.gz", "a.tar.xz", "README.md")]
    [True, True, False, False, False]
    """
    ending = path.suffix.lower()
    of_rows = Path(path.stem).suffix.lower() in FILE_FORMATS
    return of_rows and ending in (*COMPRESSED, *_NOT_READ) and format_of(path) is None


def part_of(path: Path) -> str:
    """Return the part that a file belongs to by its name.

    >>> part_of(Path("train-00000-of-00002.parquet")), part_of(Path("dev.jsonl.gz")), part_of(Path("rows.csv"))
    ('train', 'validation', 'rows')
    """
    name = whole_name(_stem(path))
    return _ALIASES.get(name, name)


def files_of_parts(sources: Mapping[str, object]) -> PartReaders:
    """Return the functions that read parts given as one file each.

    Raises:
        ParameterError: if a part has no name.
        DataError: if a file is missing.
    """
    parts: PartReaders = {}
    for part, source in sources.items():
        if not isinstance(part, str) or not part:
            raise ParameterError("source", "a mapping of parts to files", part, 'such as {"train": "train.jsonl"}')
        path = Path(str(source)).expanduser()
        if not os.path.isfile(path):
            raise _missing_source(path)
        parts[part] = _file_reader(path)
    return parts


def loaded_parts(splits: DatasetDict) -> PartReaders:
    """Return the parts of a ``DatasetDict`` that ``datasets`` has loaded."""

    def same(part: str, rows: Dataset) -> Callable[[], list[Piece]]:
        return lambda: [Piece(part, rows)]

    return {str(part): same(str(part), rows) for part, rows in splits.items()}


def _file_reader(path: Path) -> Callable[[], list[Piece]]:
    return lambda: [read_file(path)]


def _reader(files: list[Path]) -> Callable[[], list[Piece]]:
    def read() -> list[Piece]:
        named: dict[str, dict[str, list[Path]]] = {}
        for path in files:
            named.setdefault(part_of(path), {}).setdefault(_stem(path), []).append(path)
        for name, by_stem in named.items():
            check_shards(name, by_stem)
        return [read_file(path) for path in files]

    return read


def _stem(path: Path) -> str:
    name = path.stem if path.suffix.lower() in COMPRESSED else path.name
    return name.rpartition(".")[0]


def _from_disk(folder: Path) -> Dataset | DatasetDict:
    try:
        return load_from_disk(str(folder))
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise DataError("source", "a folder that datasets has saved", str(folder), f"{error}") from error


def _missing_source(path: Path) -> DataError:
    constraint = "an existing file or folder, or owner/name of the hub"
    return DataError("source", constraint, str(path), hint_of_missing(path))
