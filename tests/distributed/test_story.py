"""How rows in many files are split: as a dataset would be, without any process that holds them all."""

from __future__ import annotations

from pathlib import Path

from datasets import Dataset, load_dataset

from codeshift.distributed import split_files
from codeshift.splitters import LengthSplitter

ROWS = Dataset.from_dict({"code": [f"x{i} = {i}" + " + 1" * (i % 7) for i in range(120)]})


def test_the_story_of_files(client, tmp_path: Path) -> None:
    """The parts of the files are those of the dataset, row for row."""
    for number in range(2):
        ROWS.shard(2, number, contiguous=True).to_parquet(tmp_path / f"rows-{number}.parquet")
    options = {"seed": 0, "near_duplicates": None, "min_test_rows": 0}
    files = f"{tmp_path}/rows-*.parquet"
    manifest = split_files(LengthSplitter(), files, str(tmp_path / "out"), client=client, **options)
    parts = LengthSplitter().split(ROWS, progress=False, **options)
    for part, rows in parts.items():
        written = load_dataset("parquet", data_files=f"{tmp_path}/out/{part}/*.parquet", split="train")
        assert sorted(written["code"]) == sorted(rows["code"]), part

    # Their manifest is that of the dataset's split, and gives anyone with the rows the parts again.
    again = manifest.apply(ROWS)
    assert {part: rows["code"][:] for part, rows in again.items()} == {
        part: rows["code"][:] for part, rows in parts.items()
    }
