"""Loading of rows and splits from files, folders and the hub, with columns renamed and required."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets import Dataset, DatasetDict

from codeshift.data.columns import rename_columns, require_columns
from codeshift.data.folders import FILE_PARTS, PartReaders, files_of_parts, local_parts
from codeshift.data.hub import hub_parts, is_hub_name
from codeshift.data.joining import join, join_parts
from codeshift.errors import DataError, ParameterError
from codeshift.file_formats import format_of
from codeshift.wording import Verbatim, closest

DataSource = str | os.PathLike[str]


def load_rows(
    source: DataSource,
    *,
    split: str | None = None,
    rename: Mapping[str, str] | None = None,
    require: Sequence[str] | None = None,
    config: str | None = None,
    revision: str | None = None,
) -> Dataset:
    r"""Load the rows of a file, a folder or a dataset of the hub.

    A file is JSON Lines (``.jsonl``, ``.ndjson``, ``.json``), CSV (``.csv``, ``.tsv``) or Parquet; the first two may be
    compressed (``.gz``, ``.zst``). A folder holds such files. If some have the names of parts (``train.jsonl``,
    ``test-00000-of-00002.parquet``; ``dev`` and ``valid`` mean ``validation``), ``split`` chooses among them, and other
    files are ignored; otherwise all files are rows of one dataset, in the order of their names, shards by their
    numbers. The folder may also be one that ``datasets`` has saved. A local path takes precedence over the hub. Files
    are read into memory.

    Values are exact. A column of CSV becomes 64-bit integers or floats if every cell is written exactly like such a
    number, and text otherwise (``007``, ``3.10``, ``NA``, an integer of 20 digits); an empty cell is None among
    numbers. A column of JSON whose objects differ in keys or types has the feature ``Json``, in which each row keeps
    its own.

    Args:
        source: Path, or ``"owner/name"`` of a dataset of the hub.
        split: Part of the folder or dataset, or several joined by ``+``, such as ``"train+validation"``.
        rename: Columns to rename, from old names to new ones; a dotted name such as ``"meta.code"`` takes a field of a
            column of objects as a column of its own.
        require: Columns, by their new names, that must be filled: rows with None or blank text in one are left out.
        config: Configuration (subset) of a dataset of the hub.
        revision: Branch, tag or commit of a dataset of the hub.

    Raises:
        ParameterError: if an argument is invalid, or there is no such split.
        DataError: if the source cannot be read, has no rows, or lacks a shard or a column to rename; if a value cannot
            be read exactly, the message names its line.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "rows.jsonl"
    ...     _ = path.write_text('{"func": "x = 1", "repo": "a"}\n{"func": "y = 2", "repo": "b"}\n')
    ...     rows = load_rows(path, rename={"func": "code"})
    >>> rows.column_names, rows["code"][:]
    (['code', 'repo'], ['x = 1', 'y = 2'])
    """
    parts = _part_readers(source, config, revision)
    rows = join([piece for name in _chosen(parts, split, source) for piece in parts[name]()])
    if len(rows) == 0:
        raise DataError("source", "data with rows", str(source), "it has none")
    return require_columns(rename_columns(rows, rename), require)


def load_splits(
    source: DataSource | Mapping[str, DataSource],
    *,
    rename: Mapping[str, str] | None = None,
    require: Sequence[str] | None = None,
    config: str | None = None,
    revision: str | None = None,
) -> DatasetDict:
    r"""Load all parts of a folder or of a dataset of the hub, or parts given as one file each.

    A folder that ``save_splits`` or ``codeshift split`` wrote is loaded with all its parts, including empty ones.

    Args:
        source: Source as in ``load_rows``, or a mapping of the names of parts to files.
        rename: Columns to rename in every part, from old names to new ones.
        require: Columns, by their new names, that must be filled: rows with None or blank text in one are left out.
        config: Configuration (subset) of a dataset of the hub.
        revision: Branch, tag or commit of a dataset of the hub.

    Raises:
        ParameterError: if an argument is invalid.
        DataError: if the source cannot be read, has no parts, or has no rows.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for part in ("train", "test"):
    ...         _ = (Path(folder) / f"{part}.csv").write_text(f"code,id\nx = 1,{part}\n")
    ...     splits = load_splits(folder)
    >>> {part: rows["id"][:] for part, rows in splits.items()}
    {'train': ['train'], 'test': ['test']}
    """
    parts = files_of_parts(source) if isinstance(source, Mapping) else _part_readers(source, config, revision)
    if None in parts:
        remedy = f"name its files {', '.join(FILE_PARTS[:3])}, or take its rows with load_rows"
        raise DataError("source", "data with parts", str(source), remedy)
    read = join_parts({name: parts[name]() for name in _part_names(parts)})
    filled = [rows for rows in read.values() if len(rows)]
    if not filled:
        raise DataError("source", "data with rows", str(source), "no part has any")
    # An empty file of JSON Lines names no columns.
    blank = filled[0].select([])
    named = {name: rename_columns(rows if rows.column_names else blank, rename) for name, rows in read.items()}
    return DatasetDict({name: require_columns(rows, require) if len(rows) else rows for name, rows in named.items()})


def load_data(
    source: DataSource,
    *,
    split: str | None = None,
    rename: Mapping[str, str] | None = None,
    require: Sequence[str] | None = None,
    config: str | None = None,
    revision: str | None = None,
) -> Dataset | DatasetDict:
    """Load all parts of a source that has several, or its rows if it has one part or ``split`` is given.

    The arguments and the errors are those of ``load_rows``.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "train.jsonl").write_text('{"code": "x = 1"}')
    ...     _ = (Path(folder) / "test.jsonl").write_text('{"code": "y = 2"}')
    ...     list(load_data(folder)), load_data(folder, split="test")["code"][:]
    (['train', 'test'], ['y = 2'])
    """
    if split is None:
        parts = _part_readers(source, config, revision)
        if len(parts) > 1:
            return load_splits(source, rename=rename, require=require, config=config, revision=revision)
    return load_rows(source, split=split, rename=rename, require=require, config=config, revision=revision)


def _part_readers(source: DataSource, config: str | None, revision: str | None) -> PartReaders:
    if not isinstance(source, str | os.PathLike) or not str(source):
        raise ParameterError("source", "a path, or owner/name of the hub", source, 'such as "rows.jsonl"')
    path = Path(source).expanduser()
    if not (os.path.exists(path) or os.path.isdir(path.parent) or format_of(path)) and is_hub_name(str(source)):
        return hub_parts(str(source), config, revision)
    for name, value in (("config", config), ("revision", revision)):
        if value is not None and os.path.exists(path):
            raise ParameterError(name, "left out for local files", value, "only the hub has them")
    return local_parts(path)


def _chosen(parts: PartReaders, split: str | None, source: DataSource) -> Sequence[str | None]:
    if split is None:
        if len(parts) > 1:
            remedy = "name one, or join some by +; or take all parts with load_splits"
            raise ParameterError("split", f"one of {', '.join(_part_names(parts))}", None, remedy)
        return list(parts)
    names = [name.strip() for name in str(split).split("+")]
    for name in names:
        if None in parts:
            raise ParameterError("split", f"left out: {source} has no parts", split, "all its rows are taken")
        if name not in parts:
            raise ParameterError("split", "a part of the data", Verbatim(repr(name)), closest(name, _part_names(parts)))
    if len(set(names)) < len(names):
        raise ParameterError("split", "parts that differ", split, "name each once")
    return names


def _part_names(parts: PartReaders) -> list[str]:
    """Return the names of parts in the order in which a study has them."""
    return sorted((name for name in parts if name is not None), key=_rank_of_part)


def _rank_of_part(part: str) -> tuple[int, str]:
    return (FILE_PARTS.index(part) if part in FILE_PARTS else len(FILE_PARTS)), part
