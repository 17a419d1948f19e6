"""Files compressed by Zstandard, and fields of nested columns by their dotted names."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from datasets import Dataset

from codeshift.data import load_rows, load_splits
from codeshift.data.columns import rename_columns
from codeshift.errors import DataError, ParameterError

LINES = [{"func": f"x = {i}", "meta": {"repo": f"r{i}", "origin": {"year": 2000 + i}}} for i in range(3)]


def compressed(path: Path, text: str) -> Path:
    """Write a file compressed by Zstandard."""
    with pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd") as file:
        file.write(text.encode())
    return path


@pytest.mark.parametrize("name", ["rows.jsonl.zst", "rows.json.ZST", "rows.csv.zst"])
def test_zstandard_is_read(tmp_path: Path, name: str) -> None:
    """Lines of JSON, a list of JSON (which is read twice) and CSV are read from compressed files."""
    texts = {
        "rows.jsonl.zst": "\n".join(json.dumps(row) for row in LINES),
        "rows.json.ZST": json.dumps(LINES, indent=1) + " " * 200_000,
        "rows.csv.zst": "func\n" + "\n".join(row["func"] for row in LINES),
    }
    assert load_rows(compressed(tmp_path / name, texts[name]))["func"][:] == ["x = 0", "x = 1", "x = 2"]


def test_parts_of_a_folder_may_be_compressed(tmp_path: Path) -> None:
    """The name of a part is what stands before both extensions."""
    for part in ("train", "dev"):
        compressed(tmp_path / f"{part}.jsonl.zst", json.dumps({"code": part}))
    assert {part: rows["code"][:] for part, rows in load_splits(tmp_path).items()} == {
        "train": ["train"],
        "validation": ["dev"],
    }


@pytest.mark.parametrize("damage", [lambda raw: b"not compressed", lambda raw: raw[: len(raw) // 2]])
def test_a_file_that_is_not_zstandard_is_an_error(tmp_path: Path, damage) -> None:
    """The message names the file, whether it is of another kind or cut off."""
    path = compressed(tmp_path / "rows.jsonl.zst", "\n".join(json.dumps({"code": str(i**9)}) for i in range(50_000)))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=r"a file compressed by zstd, got .*rows\.jsonl\.zst"):
        load_rows(path)


def test_a_nested_field_becomes_a_column(tmp_path: Path) -> None:
    """Dotted names reach into objects of any depth; the column that holds them stays, and other names change too."""
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in LINES), encoding="utf-8")
    rows = load_rows(path, rename={"func": "code", "meta.repo": "repo", "meta.origin.year": "year"})
    assert rows.column_names == ["code", "meta", "repo", "year"]
    assert (rows["repo"][:], rows["year"][:]) == (["r0", "r1", "r2"], [2000, 2001, 2002])


def test_objects_that_differ_in_keys_have_none_there(tmp_path: Path) -> None:
    """A row whose object lacks the field, or that has no object, has None."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"m": {"a": 1}}\n{"m": {"b": "x"}}\n{"m": null}\n', encoding="utf-8")
    assert load_rows(path, rename={"m.a": "a"})["a"][:] == [1, None, None]


@pytest.mark.parametrize(
    ("rename", "message"),
    [
        ({"meta.rep": "repo"}, "did you mean repo"),
        ({"meta.repo.name": "repo"}, "does not nest so deep"),
        ({"mta.repo": "repo"}, "a mapping from columns of the data, got 'mta.repo'"),
    ],
)
def test_an_unknown_field_is_an_error(rename: dict[str, str], message: str) -> None:
    """The message names close matches, or the column that does not nest so deep."""
    with pytest.raises(DataError, match=message):
        rename_columns(Dataset.from_list(LINES), rename)


def test_a_field_takes_no_name_that_exists() -> None:
    """Two columns of one name are refused, and a column whose own name has a dot comes first."""
    rows = Dataset.from_list(LINES)
    with pytest.raises(ParameterError, match="gives each column a different name"):
        rename_columns(rows, {"meta.repo": "func"})
    dotted = Dataset.from_dict({"meta.repo": ["own"], "meta": [{"repo": "nested"}]})
    assert rename_columns(dotted, {"meta.repo": "repo"})["repo"][:] == ["own"]
