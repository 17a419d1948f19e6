"""Shards: all of them are read once, or an error names what is missing."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from datasets import Dataset

from codeshift.data import load_data, load_rows, load_splits
from codeshift.errors import DataError

WRITE = {
    "jsonl": lambda path: path.write_text('{"code": "x = 1"}\n'),
    "json": lambda path: path.write_text('[{"code": "x = 1"}]\n'),
    "csv": lambda path: path.write_text("code\nx = 1\n"),
    "tsv": lambda path: path.write_text("code\nx = 1\n"),
    "parquet": lambda path: Dataset.from_dict({"code": ["x = 1"]}).to_parquet(path),
    "jsonl.gz": lambda path: path.write_bytes(gzip.compress(b'{"code": "x = 1"}\n')),
}


def write(folder: Path, *names: str) -> Path:
    """Write files of one row each."""
    for name in names:
        next(make for ending, make in WRITE.items() if name.endswith(f".{ending}"))(folder / name)
    return folder


@pytest.mark.parametrize("ending", WRITE)
def test_every_format(ending: str, tmp_path: Path) -> None:
    """With the second of three shards missing, there is an error, but other parts can be read."""
    write(tmp_path, f"train-00000-of-00003.{ending}", f"train-00002-of-00003.{ending}", f"test.{ending}")
    for load in (load_splits, load_data, lambda folder: load_rows(folder, split="test+train")):
        with pytest.raises(DataError, match="all shards of train, got 2 of 3: train-00001-of-00003 is missing"):
            load(tmp_path)
    assert len(load_rows(tmp_path, split="test")) == 1
    write(tmp_path, f"train-00001-of-00003.{ending}")
    assert {part: len(rows) for part, rows in load_splits(tmp_path).items()} == {"train": 3, "test": 1}


@pytest.mark.parametrize(
    "names",
    [
        ["train-00001-of-00002.csv", "train-00002-of-00002.csv"],  # numbered from 1
        ["train-00000-of-00002-0123456789abcdef.csv", "train-00001-of-00002-fedcba9876543210.csv"],
        ["valid_0_of_2.csv", "valid_1_of_2.csv"],
        ["test.0-of-1.csv"],
        ["rows-0-of-2.csv", "rows-1-of-2.csv", "more.csv"],
        ["train-0-of-2.csv", "train-1-of-2.jsonl"],
    ],
)
def test_complete_shards_are_joined(names: list[str], tmp_path: Path) -> None:
    """Complete shards are joined, however they are named."""
    loaded = load_data(write(tmp_path, *names))
    assert (len(loaded) if isinstance(loaded, Dataset) else sum(map(len, loaded.values()))) == len(names)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["train-0-of-2.csv"], "all shards of train, got 1 of 2: train-1-of-2 is missing"),
        (["train-00002-of-00002.csv"], "train-00001-of-00002 is missing"),
        (["train-1-of-3.csv"], "train-0-of-3, train-2-of-3 are missing"),
        (["train-0-of-1000000000.csv"], "train-5-of-1000000000 and 999999994 more are missing"),
        (["test_id-0-of-2.csv", "train.csv"], "all shards of test_id"),
        (["rows_0_of_2.csv", "more.csv"], "all shards of rows, got 1 of 2: rows_1_of_2 is missing"),
        (["dev-00000-of-00002-0123456789abcdef.csv"], "all shards of validation, got 1 of 2: dev-00001-of-00002 is"),
        (["train-0-of-2.csv", "train-1-of-2.csv", "train-1-of-2.jsonl"], "each once and all of one number"),
        (["train-0-of-2.csv", "train-1-of-2.csv", "train-01-of-02.csv"], "each once and all of one number"),
        (["train-0-of-2.csv", "train-1-of-3.csv"], "each once and all of one number"),
        (["train-0-of-1.csv", "train.csv"], "one file of train, or its shards"),
        (["train.csv", "train.jsonl"], "one file of train, or its shards"),
        (
            ["dev.csv", "validation.csv"],
            "one file of validation, or its shards, each once and all of one number, got dev",
        ),
        (["train-0-of-2.csv", "train-1-of-2.csv", "train-2-of-2.csv"], "shards 0 to 1 of train, got train-2-of-2"),
    ],
)
def test_incomplete_shards_are_errors(names: list[str], message: str, tmp_path: Path) -> None:
    """Missing or duplicate shards, different totals, or a whole file next to shards would lose or repeat rows."""
    with pytest.raises(DataError, match=re.escape(message)):
        load_data(write(tmp_path, *names))


def test_a_shard_by_its_name(tmp_path: Path) -> None:
    """A single shard can be read by its file name."""
    assert len(load_rows(write(tmp_path, "train-0-of-3.csv") / "train-0-of-3.csv")) == 1


def test_what_datasets_saved_has_lost_a_file(tmp_path: Path) -> None:
    """A missing file of ``save_to_disk`` raises an error of codeshift."""
    Dataset.from_dict({"code": ["x = 1"]}).save_to_disk(tmp_path / "rows")
    (tmp_path / "rows" / "data-00000-of-00001.arrow").unlink()
    with pytest.raises(DataError, match="source must be a folder that datasets has saved"):
        load_rows(tmp_path / "rows")


def test_shards_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """The 10th comes after the 2nd, however many digits the numbers have."""
    for i in range(12):
        (tmp_path / f"train-{i}-of-12.csv").write_text(f"id,code\n{i},x\n")
    assert load_rows(tmp_path, split="train")["id"][:] == list(range(12))


def test_endings_in_capitals_are_endings(tmp_path: Path) -> None:
    """Parts with such endings are not ignored."""
    (tmp_path / "train.jsonl.GZ").write_bytes(gzip.compress(b'{"code": "x = 1"}\n'))
    (tmp_path / "test.JSONL").write_text('{"code": "x = 2"}\n')
    assert {part: rows["code"][:] for part, rows in load_splits(tmp_path).items()} == {
        "train": ["x = 1"],
        "test": ["x = 2"],
    }
