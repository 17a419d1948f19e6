"""JSON: each row keeps its own keys and exact numbers, or an error names the column and the row."""

from __future__ import annotations

import json
import math
import re
import tempfile
from pathlib import Path

import datasets
import pytest
from datasets import Dataset, DatasetDict, concatenate_datasets
from hypothesis import given
from hypothesis import strategies as st

from codeshift.data import load_rows, load_splits, save_splits
from codeshift.errors import DataError


def loaded(folder: Path, values: list, name: str = "rows.jsonl") -> Dataset:
    """Return the rows of a file that holds the values in one column."""
    (folder / name).write_text("".join(json.dumps({"x": value}) + "\n" for value in values))
    return load_rows(folder / name)


SAME = [
    [{"a": 1}, {"b": "x"}, None, {}],
    [{}],
    [{"a": {"b": 1}}, {"a": {"c": 1}}],
    [{"a": 1}, {"a": None}],
    [{"a": 1}, {"a": "1"}],
    [[{"a": 1}, {"b": 2}], [], None],
    [[1, "x", None, {"y": [True]}]],
    [[1], [0.5]],
    [{"a": 2**64 - 1}, {"a": -1}],
    [{"loss": 0.12345678901234568}, {"gain": 0.30000000000000004}],
    [{"text": "größe \u2028 \0 /"}, {"other": "NA"}],
    [2**63 - 1, 2**64 - 1, None],
    [-(2**63), 2**53 + 1],
    [None, "NA"],
    ["2024-01-01", "2024-01-01 10:00:00", "1", "null"],
    [[[[]]], [[[1]]]],
]


@pytest.mark.parametrize("values", SAME, ids=str)
def test_values_are_unchanged(values: list, tmp_path: Path) -> None:
    """Values are unchanged when they are read, and when they are written and read again in both formats."""
    rows = loaded(tmp_path, values)
    assert rows["x"][:] == values
    for format in ("parquet", "jsonl"):
        splits = DatasetDict({"train": rows, "test": rows.select([0])})
        save_splits(splits, tmp_path / format, format=format)
        again = load_splits(tmp_path / format)
        assert again["train"]["x"][:] == values
        assert again["test"]["x"][:] == values[:1]
        assert concatenate_datasets([again["train"], again["test"]])["x"][:] == [*values, values[0]]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
).filter(lambda value: json.dumps(value).isascii() and not re.search(r"\\ud[89a-f]", json.dumps(value)))


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=3), min_size=1, max_size=4))
def test_any_objects(values: list[dict]) -> None:
    """The loaded values are those that ``json`` reads."""
    with tempfile.TemporaryDirectory() as folder:
        assert loaded(Path(folder), values)["x"][:] == values


def test_many_keys_cost_little(tmp_path: Path) -> None:
    """A column with 12,000 different keys does not become 12,000 fields."""
    values = [{f"k{row}_{i}": i for i in range(10)} for row in range(1200)]
    rows = loaded(tmp_path, values)
    assert rows["x"][:] == values
    assert rows.features["x"] == datasets.Json()


def test_structs_stay_structs(tmp_path: Path) -> None:
    """If all rows have the same keys and types, the column is a struct."""
    assert loaded(tmp_path, [{"a": 1}, {"a": 2}]).features["x"] == {"a": datasets.Value("int64")}


def test_nan(tmp_path: Path) -> None:
    """NaN and Infinity are read as Python writes them."""
    rows = loaded(tmp_path, [math.nan, math.inf, 1.5])
    assert math.isnan(rows["x"][0])
    assert rows["x"][1:] == [math.inf, 1.5]
    assert math.isnan(loaded(tmp_path, [{"a": math.nan}, {"b": 1}])["x"][0]["a"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"x": 1}\n{"x": 18446744073709551616}', "column 'x' at line 2: 18446744073709551616 is beyond integers"),
        ('{"x": -9223372036854775809}', "column 'x' at line 1: -9223372036854775809 is beyond integers"),
        ('{"x": -1}\n{"x": 9223372036854775808}', "column 'x' at line 2: 9223372036854775808 and an integer below 0"),
        ('{"x": {"a": 1}}\n{"x": [{"b": 18446744073709551616}]}', "column 'x' at line 2:"),
        ('{"x": {"a": 1}}\n{"x": {"b": 18446744073709551616}}', "column 'x' at line 2: 18446744073709551616 is beyond"),
        ('{"x": 0.5}\n{"x": 9007199254740993}', "column 'x' at line 2:"),
        ('{"x": 1}\n{"x": "1"}', "column 'x' at line 2:"),
        ('{"x": true}\n\n{"x": 1}', "column 'x' at line 3:"),
        ('{"x": "a"}\n{"x": {"a": 1}}', "column 'x' at line 2:"),
        ('{"x": 1}\n{"x": 1e400}', "line 2: 1e400 is beyond"),
        ('{"x": 1}\n{"x": 2, "y": {"a": 1, "a": 2}}', "line 2: 'a' is named twice in one object"),
        ('[{"x": 1},\n {"x": 2},\n {"x": 3, "x": 4}]', "line 3, item 2: 'x' is named twice in one object"),
        ('{"x": "\\ud800"}', "column 'x' at line 1: '\\ud800' at character 1 is half a surrogate pair"),
        ('{"x": {"a": "\\ud800"}}', "column 'x' at line 1:"),
        ('{"\\ud800": 1}', "line 1, a column's name: '\\ud800' at character 1 is half a surrogate pair"),
        ('{"x": "a\0b"}', "line 1: Invalid control character"),
        ('{"x": ' + "1" * 5000 + "}", "line 1: Exceeds the limit"),
        ('{"x": 1}\n{"x": ' + "[" * 100_000 + "]" * 100_000 + "}", "line 2: objects and lists are nested more"),
        ('{"x": 1}\n{"x": ' + "[" * 501 + "]" * 501 + "}", "line 2: objects and lists are nested more than 500 deep"),
        ('[{"x": 1},\n{"x": ' + '{"a": ' * 600 + "1" + "}" * 601 + "]", "line 2: objects and lists are nested more"),
    ],
)
def test_values_that_cannot_be_stored_are_errors(content: str, message: str, tmp_path: Path) -> None:
    """The error names the place; nothing is rounded, dropped or truncated."""
    path = tmp_path / "rows.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=re.escape(message)) as raised:
        load_rows(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    "value",
    [
        "[" * 490 + "]" * 490,
        '{"a":' * 490 + "1" + "}" * 490,
        '["' + "[" * 600 + '"]',
        '["\\\\\\"' + "{[" * 600 + '"]',
        "[[], {}" + ", []" * 900 + "]",
    ],
)
def test_the_limit_of_nesting_counts_open_brackets(value: str, tmp_path: Path) -> None:
    """Brackets in strings, and many one after the other, are not deep."""
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"x": {{"a": {value}}}}}\n{{"x": {{"b": 1}}}}\n')
    assert load_rows(path)["x"][:] == [{"a": json.loads(value)}, {"b": 1}]


def test_utf_16(tmp_path: Path) -> None:
    """The error names the encoding."""
    (tmp_path / "rows.jsonl").write_bytes('{"x": 1}'.encode("utf-16"))
    with pytest.raises(DataError, match="it is UTF-16"):
        load_rows(tmp_path / "rows.jsonl")


def test_carriage_returns_end_lines(tmp_path: Path) -> None:
    """Carriage returns end lines, alone and before a line feed, and after a byte order mark."""
    (tmp_path / "rows.jsonl").write_bytes(b'\xef\xbb\xbf{"x": "a\\r"}\r{"x": "b"}\r\n\r\n{"x": "c"}')
    assert load_rows(tmp_path / "rows.jsonl")["x"][:] == ["a\r", "b", "c"]


def test_a_column_that_is_empty_for_long(tmp_path: Path) -> None:
    """A column gets the type of its first value, however late that comes."""
    assert loaded(tmp_path, [None] * 20_000 + ["x"])["x"][19_999:] == [None, "x"]


@pytest.mark.parametrize(
    ("first", "second", "feature"),
    [
        ({"a": 1}, {"b": 1}, datasets.Json()),
        ([1], {"a": 1}, datasets.Json()),
        ([], ["x"], datasets.List(datasets.Value("string"))),
        ({"a": None, "b": 1}, {"b": 0.5, "a": "x"}, {"a": datasets.Value("string"), "b": datasets.Value("float64")}),
        (None, "x", datasets.Value("string")),
        (1, 0.5, datasets.Value("float64")),
        (1, 2**63, datasets.Value("uint64")),
    ],
)
def test_files_agree_on_a_type(first: object, second: object, feature: object, tmp_path: Path) -> None:
    """Parts and shards get one type and keep their values."""
    for names in (("train.jsonl", "test.jsonl"), ("train-0-of-2.jsonl", "train-1-of-2.jsonl")):
        folder = tmp_path / names[1]
        folder.mkdir()
        for name, value in zip(names, (first, second), strict=True):
            (folder / name).write_text(json.dumps({"x": value}) + "\n")
        splits = load_splits(folder)
        assert [value for rows in splits.values() for value in rows["x"]] == [first, second]
        assert all(rows.features["x"] == feature for rows in splits.values())


def test_files_that_do_not_agree(tmp_path: Path) -> None:
    """The error names the column and both files."""
    for i, value in enumerate((1, "1")):
        (tmp_path / f"train-{i}-of-2.jsonl").write_text(json.dumps({"x": value}))
    message = "got Value('string') in train-1-of-2.jsonl, Value('int64') in train-0-of-2.jsonl: column 'x' differs"
    with pytest.raises(DataError, match=re.escape(message)):
        load_rows(tmp_path, split="train")
