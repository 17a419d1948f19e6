"""Where programs come from, from top to bottom: files, parts in a folder, a corpus that needs no network."""

from __future__ import annotations

from pathlib import Path

import pytest
from datasets import Dataset

from codeshift.data import TASKS, completion_rows, load_rows, load_splits, save_splits, stdlib_functions
from codeshift.errors import LeftOutWarning


def test_the_story_of_files(tmp_path: Path) -> None:
    """What stands in a file comes back as it is, under the names that are asked for."""
    lines = '{"func": "x = 1", "repo": 11898508762506083287}\n{"func": " ", "repo": 2}\n{"func": "y", "repo": 3}\n'
    (tmp_path / "rows.jsonl").write_text(lines)

    # A column takes another name; a row that is blank in it is left out, which is said.
    with pytest.warns(LeftOutWarning, match="1 of 3 rows hold nothing in code"):
        rows = load_rows(tmp_path / "rows.jsonl", rename={"func": "code"}, require=["code"])
    assert rows["code"][:] == ["x = 1", "y"]
    assert [int(repo) for repo in rows["repo"]] == [11898508762506083287, 3]

    # Parts go to a folder, a file each, and come back.
    files = save_splits({"train": rows.select([0]), "test": rows.select([1])}, tmp_path / "parts")
    assert {part: path.name for part, path in files.items()} == {"train": "train.parquet", "test": "test.parquet"}
    parts = load_splits(tmp_path / "parts")
    assert (parts["train"]["code"][:], parts["test"]["code"][:]) == (["x = 1"], ["y"])


def test_the_story_of_rows_to_learn_from() -> None:
    """Functions of the standard library are at hand; a piece left out of a program is something to learn."""
    functions = stdlib_functions()
    insort = next(row for row in functions if row["id"] == "bisect.py:insort_right")
    assert insort["code"].splitlines()[0].strip() == insort["signature"]

    # One of the two lines is left out; around it stands what a model is given.
    row = completion_rows(Dataset.from_dict({"code": ["a = 1\nb = 2"]}), "line")[0]
    assert row["line"] in ("a = 1", "b = 2")
    assert row["prefix"] + row["line"] + row["suffix"] == "a = 1\nb = 2"

    # Benchmarks say which column is given, and which must be written.
    task = TASKS["code-translation"]
    assert (task.source, task.target, task.language) == ("java", "cs", "c_sharp")
