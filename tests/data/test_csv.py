"""CSV: every cell is read as it was written, and is a number only if the whole column is written as numbers."""

from __future__ import annotations

import csv
import gzip
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.data import load_rows, load_splits
from codeshift.errors import DataError

INT, FLOAT, TEXT = "int64", "float64", "string"
COLUMNS = {
    "1 -20 0": (INT, [1, -20, 0]),
    "9223372036854775807 -9223372036854775808": (INT, [2**63 - 1, -(2**63)]),
    "9223372036854775808 1": (TEXT, ["9223372036854775808", "1"]),
    "-9223372036854775809": (TEXT, ["-9223372036854775809"]),
    "1234567890123456789 _ 5": (INT, [1234567890123456789, None, 5]),
    "11898508762506083287 _ 11898508762506083001": (TEXT, ["11898508762506083287", "", "11898508762506083001"]),
    "9" * 5000: (TEXT, ["9" * 5000]),
    "0.5 2 -1e-05 1e+22": (FLOAT, [0.5, 2.0, -1e-05, 1e22]),
    "0.1 _": (FLOAT, [0.1, None]),
    "9007199254740993 0.5": (TEXT, ["9007199254740993", "0.5"]),
    "3.9 3.10": (TEXT, ["3.9", "3.10"]),
    "3 3.0": (TEXT, ["3", "3.0"]),
    "0.1234567890123456789": (TEXT, ["0.1234567890123456789"]),
    "1e400": (TEXT, ["1e400"]),
    "_ _": (TEXT, ["", ""]),
    **{
        f"{odd} 1": (TEXT, [odd, "1"])
        for odd in [
            "007",
            "+1",
            "1_000",
            "-0",
            "1e5",
            "1E5",
            "0x1F",
            "1.",
            ".5",
            "١",
            "NA",
            "null",
            "None",
            "nan",
            "inf",
            "True",
        ]
    },
}


@pytest.mark.parametrize("cells", COLUMNS, ids=lambda cells: cells[:30])
def test_types(cells: str, tmp_path: Path) -> None:
    """64-bit integers, floats and text; _ means an empty cell."""
    kind, values = COLUMNS[cells]
    path = tmp_path / "rows.csv"
    path.write_text("x,code\n" + "".join(f"{'' if cell == '_' else cell},a\n" for cell in cells.split()))
    rows = load_rows(path)
    assert rows["x"][:] == values
    assert rows.features["x"].dtype == kind


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.integers().map(str) | st.floats().map(repr)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_was_written_is_read(rows: list[tuple[str, str]], line_end: str) -> None:
    """Cells are read as the text that was written, with quotes, separators, line ends and NUL."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            # Before Python 3.13 the writer does not quote a lone carriage return, which then ends a line.
            csv.writer(file, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
        loaded = load_rows(path)
    for name, cells in zip("ab", zip(*rows, strict=True), strict=True):
        kind, values = loaded.features[name].dtype, loaded[name][:]
        write = {TEXT: str, INT: str, FLOAT: repr}[kind]
        as_text = ["" if value is None else write(value) for value in values]
        whole = [cell for cell in cells if kind == FLOAT and cell.lstrip("-").isdigit()]
        assert as_text == [cell + ".0" if cell in whole else cell for cell in cells]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"\xef\xbb\xbfa,b\r\n1,x\r\n", [{"a": 1, "b": "x"}]),
        (b'a,b\r1,x\r2,"p\rq\r\nr\n"\r', [{"a": 1, "b": "x"}, {"a": 2, "b": "p\rq\r\nr\n"}]),
        (b'code\nx\n\n""\n', [{"code": "x"}, {"code": ""}]),
        (b",code,\n0,x,\n", [{"Unnamed: 0": 0, "code": "x", "Unnamed: 2": ""}]),
        (b'a,b\n1,x "y" z\n', [{"a": 1, "b": 'x "y" z'}]),
        (b"a,b\n1,x\0y\n", [{"a": 1, "b": "x\0y"}]),
        (b"a,b\n1,NA", [{"a": 1, "b": "NA"}]),
    ],
)
def test_odd_files(content: bytes, rows: list[dict], tmp_path: Path) -> None:
    """A byte order mark, lone carriage returns, a single column, an index without a name, quotes in a cell, NUL."""
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(content))
    assert load_rows(path).to_list() == rows


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,x\n2,caf\xe9\n", "line 3, column 'b': 'utf-8' codec can't decode byte 0xe9 at character 4"),
        (b"a,\xe9\n1,x\n", "line 1, a column's name: 'utf-8' codec can't decode byte 0xe9"),
        ("a,b\n1,2\n".encode("utf-16"), "it is UTF-16: save it as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-le"), "line 1, a column's name: it holds a NUL"),
        (b'a,b\n"p\nq",1\n\n1,2,3\n', "line 5 has 3 cells"),
        (b"a,b\n1\n", "line 2 has 1 cells"),
        (b'a,b\n1,"x\ny"z\n', "line 2: ',' expected after '\"'"),
        (b'a,b\n1,x\n2,"y\nz\n', "line 3: unexpected end of data"),
        (b",Unnamed: 0\n1,2\n", "line 1: 'Unnamed: 0' occurs twice"),
    ],
)
def test_faults_have_a_place(content: bytes, message: str, tmp_path: Path) -> None:
    """The error names the line that a row starts on and, if one cell is at fault, its column."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(message)) as raised:
        load_rows(path)
    assert str(path) in str(raised.value)


def test_far_from_the_top(tmp_path: Path) -> None:
    """A cell in any row can make a column text, and errors name the right line there too."""
    path = tmp_path / "rows.csv"
    lines = ["id,code", *(f"{i},x" for i in range(30_000))]
    path.write_text("\n".join([*lines, "07,x"]))
    assert load_rows(path)["id"][29_998:] == ["29998", "29999", "07"]
    path.write_text("\n".join([*lines, "1,x,y"]))
    with pytest.raises(DataError, match="line 30002 has 3 cells"):
        load_rows(path)


def test_a_cell_of_ten_megabytes(tmp_path: Path) -> None:
    """A cell of ten megabytes is read like any other."""
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "x" * 10_000_000 + ",1\n")
    rows = load_rows(path)
    assert (len(rows["a"][0]), rows["b"][0]) == (10_000_000, 1)


@pytest.mark.parametrize(
    ("train", "test", "kind"),
    [("7", "x9", TEXT), ("7", "11898508762506083287", TEXT), ("7", "2.5", FLOAT), ("7", '""', INT), ("07", "1", TEXT)],
)
def test_one_type_in_all_files(train: str, test: str, kind: str, tmp_path: Path) -> None:
    """A 7 in one part or shard equals a 7 in another."""
    for name, cell in (("train", train), ("test", test)):
        (tmp_path / f"{name}.csv").write_text(f"id,code\n{cell},a\n")
    splits = load_splits(tmp_path)
    assert [splits[part].features["id"].dtype for part in ("train", "test")] == [kind, kind]
    joined = load_rows(tmp_path, split="train+test")
    assert joined["id"][:] == [*splits["train"]["id"], *splits["test"]["id"]]
