"""Where programs come from: files, parts in a folder, and a corpus that needs no network."""

from __future__ import annotations

from pathlib import Path

import pytest
from datasets import Dataset

from codeshift.data import TASK_DATASETS, completion_rows, load_rows, load_splits, save_splits, stdlib_functions
from codeshift.errors import LeftOutWarning


def test_the_story_of_files(tmp_path: Path) -> None:
    """Rows of a file are read unchanged, with the requested column names."""
    lines = '{"func": "x = 1", "repo": 11898508762506083287}\n{"func": " ", "repo": 2}\n{"func": "y", "repo": 3}\n'
    (tmp_path / "rows.jsonl").write_text(lines)

    # A column is renamed; a row that is blank in it is left out with a warning.
    with pytest.warns(LeftOutWarning, match="1 of 3 rows hold nothing in code"):
        rows = load_rows(tmp_path / "rows.jsonl", rename={"func": "code"}, require=["code"])
    assert rows["code"][:] == ["x = 1", "y"]
    assert [int(repo) for repo in rows["repo"]] == [11898508762506083287, 3]

    # Parts are written to a folder, one file each, and read again.
    files = save_splits({"train": rows.select([0]), "test": rows.select([1])}, tmp_path / "parts")
    assert {part: path.name for part, path in files.items()} == {"train": "train.parquet", "test": "test.parquet"}
    parts = load_splits(tmp_path / "parts")
    assert (parts["train"]["code"][:], parts["test"]["code"][:]) == (["x = 1"], ["y"])


def test_the_story_of_rows_to_learn_from() -> None:
    """Functions of the standard library are available, and a piece left out of each makes a task."""
    functions = stdlib_functions()
    insort = next(row for row in functions if row["id"] == "bisect.py:insort_right")
    assert insort["code"].splitlines()[0].strip() == insort["signature"]

    # One of the two lines is left out; a model is given the text around it.
    row = completion_rows(Dataset.from_dict({"code": ["a = 1\nb = 2"]}), "line")[0]
    assert row["line"] in ("a = 1", "b = 2")
    assert row["prefix"] + row["line"] + row["suffix"] == "a = 1\nb = 2"

    # A task dataset says which column a model is given, and which it must write.
    task = TASK_DATASETS["code-translation"]
    assert (task.source, task.target, task.language) == ("java", "cs", "c_sharp")
