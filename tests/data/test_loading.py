"""Files, folders and renamed columns: rows are read exactly as they were written, and errors name the line."""

from __future__ import annotations

import gzip
import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st

from codeshift.data import load_data, load_rows, load_splits, save_splits
from codeshift.errors import CodeshiftWarning, DataError, LeftOutWarning, ParameterError
from helpers.shared_data import shared_data

ROWS = [
    {"code": 'print("a,\nb")', "id": 1, "score": 0.5, "project": "007"},
    {"code": "größe = '\u2028\x0c'  # ü", "id": 2, "score": 1e-3, "project": "8"},
    {"code": "", "id": 3, "score": 2.0, "project": "9"},
]
FORMATS = ("rows.jsonl", "rows.json", "rows.csv", "rows.tsv", "rows.parquet", "rows.jsonl.gz", "rows.csv.gz")


def write(path: Path, rows: list[dict]) -> Path:
    """Write rows in the format of the path's ending, without using the library under test."""
    data = Dataset.from_list(rows)
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    if plain.suffix == ".parquet":
        data.to_parquet(plain)
    elif plain.suffix in (".csv", ".tsv"):
        data.to_csv(plain, sep="," if plain.suffix == ".csv" else "\t", index=False)
    elif plain.suffix == ".json":
        plain.write_text(json.dumps(rows, indent=2))
    else:
        plain.write_text("\n\n".join(map(json.dumps, rows)) + "\n")
    if path != plain:
        path.write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    """Rows keep their types, and text such as a number with a leading zero stays text."""
    assert load_rows(write(tmp_path / name, ROWS)).to_list() == ROWS


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(st.lists(st.fixed_dictionaries({"code": TEXTS, "x": st.integers(-(10**15), 10**15)}), min_size=1, max_size=5))
def test_written_and_read_again(rows: list[dict]) -> None:
    """Both formats of ``save_splits`` keep every text."""
    import tempfile

    splits = DatasetDict({"train": Dataset.from_list(rows)})
    for format in ("jsonl", "parquet"):
        with tempfile.TemporaryDirectory() as folder:
            save_splits(splits, folder, format=format)
            assert load_splits(folder)["train"].to_list() == rows


def test_rows_that_lack_a_column_have_none_there(tmp_path: Path) -> None:
    """A JSON row without a column has None in it; the columns are those of all rows."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n{"b": "x", "a": null}\n')
    assert load_rows(path).to_list() == [{"a": 1, "b": None}, {"a": None, "b": "x"}]


def test_programs_longer_than_a_cell_of_csv(tmp_path: Path) -> None:
    """``csv`` by itself stops at 131,072 characters; its limit is restored afterwards."""
    import csv

    limit = csv.field_size_limit()
    path = tmp_path / "rows.csv"
    path.write_text("code\n" + "x" * 200_000 + "\n")
    assert len(load_rows(path)["code"][0]) == 200_000
    assert csv.field_size_limit() == limit


def test_empty_cells(tmp_path: Path) -> None:
    """Empty cells are None among numbers, and empty text among texts."""
    path = tmp_path / "rows.csv"
    path.write_text("code,n,x\n,1,\ny,,2.5\n\n")
    assert load_rows(path).to_list() == [{"code": "", "n": 1, "x": None}, {"code": "y", "n": None, "x": 2.5}]


BROKEN = {
    ("a.jsonl", b'{"a": 1}\n{"a": 2\n'): "line 2: Expecting ',' delimiter at character 9",
    ("a.jsonl", b'{"a": 1}\n\n[1]\n'): "line 3 holds a list; a row is {column: value, ...}",
    ("a.jsonl", b'{"a": 1}\n"x"\n'): "line 2 holds 'x'",
    ("a.jsonl", b'{"a": 1}\n{"a": 2}\n{"a": "x"}\n'): "column 'a' at line 3:",
    ("a.jsonl", b'{"a": 1}\n{"a": "\xff"}\n'): "line 2: 'utf-8' codec can't decode",
    ("a.jsonl", b'{"a": "x"}\n{"a": "\\ud800"}\n'): "column 'a' at line 2:",
    ("a.json", b'[{"a": 1},\n{"a": }]'): "line 2: Expecting value",
    ("a.json", b'[{"a": 1}, 3]'): "item 1 holds 3",
    ("a.csv", b"a,b\n1,2\n1,2,3\n"): "with 2 cells on each line, as on the first, got 'PATH': line 3 has 3 cells",
    ("a.csv", b"a,a\n1,2\n"): "'a' occurs twice",
    ("a.csv", b'a,b\n1,"2\n'): "line 2: unexpected end of data",
    ("a.csv", b"a\n\xff\n"): "a file in UTF-8",
    ("a.parquet", b"no"): "source must be a Parquet file",
    ("a.jsonl.gz", b"no"): "source must be a file compressed by gzip",
    ("a.jsonl", b"\n"): "source must be data with rows",
    ("a.csv", b"a,b\n"): "source must be data with rows",
    ("a.txt", b"x"): "source must be a file of .jsonl, .ndjson, .json, .csv, .tsv, .parquet",
}


@pytest.mark.parametrize(("name", "content"), BROKEN, ids=range(len(BROKEN)))
def test_errors_name_the_line(name: str, content: bytes, tmp_path: Path) -> None:
    """A file that cannot be read gives one clear error with file and line."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(BROKEN[name, content].replace("PATH", str(path)))) as raised:
        load_rows(path)
    assert raised.value.parameter == "source"


def test_the_first_value_of_another_type_is_found(tmp_path: Path) -> None:
    """It is found at any position."""
    for odd in (1, 2, 700, 999):
        path = tmp_path / f"{odd}.jsonl"
        path.write_text("".join(json.dumps({"a": "x" if row >= odd else row}) + "\n" for row in range(1000)))
        with pytest.raises(DataError, match=f"at line {odd + 1}:"):
            load_rows(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return two shards of train, a validation part with another name, and a file that is not a part."""
    for name, ids in (("train-00000-of-00002", [0, 1]), ("train-00001-of-00002", [2]), ("dev", [3]), ("notes", [9])):
        write(tmp_path / f"{name}.jsonl", [{"id": i, "func": f"x = {i}"} for i in ids])
    (tmp_path / "README.md").write_text("# Rows")
    return tmp_path


def test_a_folder_of_parts(folder: Path) -> None:
    """Shards are joined in the order of their names, ``dev`` means ``validation``, other files are ignored."""
    splits = load_splits(folder, rename={"func": "code"})
    assert {part: rows["id"][:] for part, rows in splits.items()} == {"train": [0, 1, 2], "validation": [3]}
    assert splits["validation"].column_names == ["id", "code"]
    assert load_rows(folder, split="validation + train")["id"][:] == [3, 0, 1, 2]
    assert load_data(folder).keys() == {"train", "validation"}
    assert len(load_data(folder, split="train")) == 3


def test_a_folder_without_parts_is_one_dataset(tmp_path: Path) -> None:
    """Its files are joined in the order of their names."""
    for name, i in (("b.csv", 1), ("a.jsonl", 0)):
        write(tmp_path / name, [{"id": i, "code": "x"}])
    assert load_rows(tmp_path)["id"][:] == [0, 1]
    assert len(load_data(tmp_path)) == 2
    with pytest.raises(DataError, match="source must be data with parts"):
        load_splits(tmp_path)


def test_files_by_name_of_part(folder: Path) -> None:
    """A mapping can make any file any part."""
    splits = load_splits({"train": folder / "notes.jsonl", "test": folder / "dev.jsonl"})
    assert {part: rows["id"][:] for part, rows in splits.items()} == {"train": [9], "test": [3]}


def test_what_datasets_saved(tmp_path: Path) -> None:
    """``save_to_disk`` of a dataset and of a ``DatasetDict`` can be read."""
    rows = Dataset.from_list(ROWS)
    rows.save_to_disk(tmp_path / "rows")
    DatasetDict({"train": rows, "test": rows}).save_to_disk(tmp_path / "splits")
    assert load_rows(tmp_path / "rows").to_list() == ROWS
    assert load_data(tmp_path / "splits").keys() == {"train", "test"}


@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_parts_are_read_back_including_empty_ones(format: str, tmp_path: Path) -> None:
    """Columns and types are kept, and only the selected rows are written."""
    rows = Dataset.from_list(ROWS)
    splits = DatasetDict({"train": rows.select([2, 0]), "validation": rows.select([]), "test_ood": rows.select([1])})
    files = save_splits(splits, tmp_path / "new", format=format)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(path.name for path in files.values())
    again = load_splits(tmp_path / "new")
    assert {part: rows_of_part.to_list() for part, rows_of_part in again.items()} == {
        "train": [ROWS[2], ROWS[0]],
        "validation": [],
        "test_ood": [ROWS[1]],
    }
    assert again["validation"].features == rows.features


def test_parts_are_replaced_only_when_asked(tmp_path: Path) -> None:
    """All parts are replaced, so that none of another split stays, and other files are kept."""
    rows = Dataset.from_list(ROWS)
    save_splits({"train": rows, "train_control": rows}, tmp_path)
    (tmp_path / "notes.csv").write_text("a\n")
    with pytest.raises(ParameterError, match="folder must be one without parts"):
        save_splits({"train": rows.select([0])}, tmp_path)
    assert len(load_splits(tmp_path)["train"]) == 3
    save_splits({"train": rows.select([0])}, tmp_path, format="jsonl", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.csv", "train.jsonl"]


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A file of rows that is compressed in another way is not left out without a word; other files are."""
    (tmp_path / "a.jsonl").write_text('{"code": "x"}\n')
    for name in ("b.jsonl.bz2", "c.parquet.gz", "notes.txt", "code.tar.xz"):
        (tmp_path / name).write_bytes(b"")
    with pytest.warns(LeftOutWarning, match=r"2 files of .* their rows are missing: b.jsonl.bz2, c.parquet.gz"):
        assert len(load_rows(tmp_path)) == 1


def test_times_become_iso_text_in_json(tmp_path: Path) -> None:
    """JSON has no times; a value that it cannot hold raises an error and leaves no file."""
    save_splits({"train": Dataset.from_dict({"at": [datetime(2020, 1, 2)]})}, tmp_path / "a", format="jsonl")
    assert load_rows(tmp_path / "a" / "train.jsonl")["at"][0] == "2020-01-02T00:00:00"
    for value in (b"x", float("nan"), float("inf")):
        with pytest.raises(DataError, match="format must be parquet for these rows"):
            save_splits({"train": Dataset.from_dict({"raw": [value]})}, tmp_path / "b", format="jsonl")
    assert list((tmp_path / "b").iterdir()) == []


@pytest.mark.parametrize(
    ("rename", "message"),
    [
        ({"fnc": "code"}, "rename must be a mapping from columns of the data, got 'fnc': did you mean func?"),
        ({"func": "id"}, "rename must be a mapping that gives each column a different name, got 'id'"),
        ({"func": "code", "id": "code"}, "rename must be a mapping that gives each column a different name"),
        ({"func": ""}, "rename must be a mapping of old names to new ones"),
        ("func=code", "rename must be a mapping of old names to new ones"),
    ],
)
def test_bad_mappings(folder: Path, rename: dict, message: str) -> None:
    """Unknown columns get close matches, and two columns cannot get the same name."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        load_rows(folder / "dev.jsonl", rename=rename)


def test_columns_can_swap_names(folder: Path) -> None:
    """All columns are renamed at once."""
    assert load_rows(folder / "dev.jsonl", rename={"func": "id", "id": "func"}).to_list() == [
        {"func": 3, "id": "x = 3"}
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "{}/trian.jsonl"}, "got '{}/trian.jsonl': "),
        ({"source": "{}/deev.jsonl"}, "did you mean dev.jsonl"),
        ({"source": "{}/nowhere/rows.jsonl"}, "there is no folder '{}/nowhere'"),
        ({"source": "rows"}, "source must be an existing file or folder, or owner/name of the hub, got 'rows'"),
        ({"source": "data/rows.csv"}, "there is no folder 'data'"),
        ({"source": "1" * 5000}, "source must be an existing file or folder, or owner/name of the hub, got '111"),
        ({"source": "a\0b"}, "source must be an existing file or folder, or owner/name of the hub, got 'a"),
        ({"source": ""}, "source must be a path, or owner/name of the hub"),
        ({"source": "{}"}, "split must be one of train, validation, got None: name one, or join some by +"),
        ({"source": "{}", "split": "trian"}, "split must be a part of the data, got 'trian': did you mean train?"),
        ({"source": "{}", "split": "train+train"}, "split must be parts that differ"),
        ({"source": "{}/dev.jsonl", "split": "train"}, "split must be left out: {}/dev.jsonl has no parts"),
        ({"source": "{}", "config": "small"}, "config must be left out for local files"),
    ],
)
def test_bad_sources(folder: Path, tmp_path: Path, monkeypatch, arguments: dict, message: str) -> None:
    """Misspelt files and parts get close matches, without any access to the network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("codeshift.data.hub.load_dataset", lambda *_, **__: pytest.fail("the hub was asked"))
    filled = {name: value.replace("{}", str(folder)) for name, value in arguments.items()}
    with pytest.raises(ParameterError, match=re.escape(message.replace("{}", str(folder)))):
        load_rows(**filled)


def test_a_folder_of_folders_names_them(tmp_path: Path) -> None:
    """The error lists the folders."""
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError, match="look into its folders: data"):
        load_rows(tmp_path)


def test_shards_that_differ(tmp_path: Path) -> None:
    """Shards with different columns or types raise an error."""
    write(tmp_path / "train-0-of-2.jsonl", [{"a": 1}])
    write(tmp_path / "train-1-of-2.jsonl", [{"b": 1}])
    with pytest.raises(DataError, match=r"files with the same columns, got \['b'\] in train-1-of-2.jsonl, \['a'\] in"):
        load_splits(tmp_path)
    write(tmp_path / "train-1-of-2.jsonl", [{"a": "x"}])
    with pytest.raises(DataError, match="files with columns of the same types"):
        load_splits(tmp_path)


@pytest.mark.parametrize("part", ["../up", "a/b", "", ".hidden"])
def test_parts_stay_in_the_folder(part: str, tmp_path: Path) -> None:
    """A name that is not a file name is refused before anything is written."""
    with pytest.raises(ParameterError, match="parts whose names can name a file"):
        save_splits({part: Dataset.from_list(ROWS)}, tmp_path / "in")
    assert not (tmp_path / "in").exists()


def test_an_unknown_format(tmp_path: Path) -> None:
    """The error suggests close matches."""
    with pytest.raises(ParameterError, match="did you mean jsonl"):
        save_splits({"train": Dataset.from_list(ROWS)}, tmp_path, format="json")


def test_benchmark_rows() -> None:
    """Real files are read, among files that are not parts."""
    splits = load_splits(shared_data("code_refinement_small"))
    assert {part: len(rows) for part, rows in splits.items()} == {"validation": 5835, "test": 5835}
    assert splits["test"].column_names == ["id", "buggy", "fixed"]


def test_required_columns_leave_out_empty_rows(tmp_path: Path) -> None:
    """None and blank text count as empty, in any of the columns under their new names; a warning counts the rows."""
    file = tmp_path / "rows.jsonl"
    values = [("a", "x"), (None, "x"), ("a", None), ("a", " \n"), ("a", "")]
    file.write_text("".join(json.dumps({"func": func, "doc": doc}) + "\n" for func, doc in values))
    with pytest.warns(CodeshiftWarning, match="4 of 5 rows hold nothing in code or doc: they are left out"):
        assert len(load_rows(file, rename={"func": "code"}, require=["code", "doc"])) == 1
    with pytest.warns(CodeshiftWarning, match="1 of 5 rows hold nothing in func"):
        assert len(load_data(file, require=["func"])) == 4
    assert len(load_splits({"train": file})["train"]) == 5


def test_no_warning_if_no_row_is_left_out(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """Numbers, including 0, are not empty; parts without rows give no warning either."""
    (tmp_path / "train.jsonl").write_text('{"n": 0}\n')
    (tmp_path / "test.jsonl").write_text("")
    splits = load_splits(tmp_path, require=["n"])
    assert {part: len(rows) for part, rows in splits.items()} == {"train": 1, "test": 0}
    assert not recwarn.list


@pytest.mark.parametrize(
    ("require", "message"),
    [
        ("func", "require must be a list of columns, got 'func': such as"),
        (["fnc"], "require must be made of columns of the data, got 'fnc': did you mean func?"),
        (["doc"], "require must be columns that some row fills, got 'doc'"),
    ],
)
def test_bad_requirements(tmp_path: Path, require: object, message: str) -> None:
    """The error suggests close matches."""
    (tmp_path / "rows.jsonl").write_text('{"func": "a", "doc": null}\n')
    with pytest.raises(ParameterError, match=re.escape(message)):
        load_rows(tmp_path / "rows.jsonl", require=require)
