"""Files of different formats and widths together: one type that holds all values exactly, or an error."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codeshift.data import load_rows, load_splits
from codeshift.errors import DataError


def written(folder: Path, **parts: pa.Array | str) -> Path:
    """Return a folder with a Parquet file for each array, and a CSV or JSON Lines file for each text."""
    for part, content in parts.items():
        if isinstance(content, str):
            (folder / f"{part}.{'jsonl' if content.startswith('{') else 'csv'}").write_text(content)
        else:
            pq.write_table(pa.table({"x": content}), folder / f"{part}.parquet")
    return folder


@pytest.mark.parametrize(
    ("train", "test", "values", "kind"),
    [
        (pa.array([1], pa.int32()), '{"x": 3000000000}', [1, 3_000_000_000], "int64"),
        (pa.array([1], pa.int8()), pa.array([300], pa.int16()), [1, 300], "int16"),
        (pa.array([255], pa.uint8()), pa.array([-1], pa.int8()), [255, -1], "int64"),
        (pa.array([2**63], pa.uint64()), pa.array([1]), [2**63, 1], "uint64"),
        (pa.array([0.5], pa.float32()), pa.array([3]), [0.5, 3.0], "float64"),
        (pa.array([[1]], pa.list_(pa.int32())), pa.array([[2**40]]), [[1], [2**40]], None),
        (pa.array(["a"], pa.large_string()), "x\nb\n", ["a", "b"], "large_string"),
        (pa.array(["007"], pa.large_string()), "x\n8\n", ["007", "8"], "large_string"),
        (pa.array(["a"], pa.string_view()), pa.array(["b"]), ["a", "b"], "large_string"),
        ('{"x": "007"}', "x\n8\n", ["007", "8"], "string"),
        ('{"x": null}', "x\n8\n", [None, 8], "int64"),
    ],
)
def test_one_type_for_all(train, test, values, kind, tmp_path: Path) -> None:
    """The wider type is used, and text if one file holds text, so that an id is the same in both."""
    folder = written(tmp_path, train=train, test=test)
    rows = load_rows(folder, split="train+test")
    assert rows["x"][:] == values
    splits = load_splits(folder)
    assert [value for part in ("train", "test") for value in splits[part]["x"]] == values
    assert kind is None or {rows.features["x"].dtype, *(part.features["x"].dtype for part in splits.values())} == {kind}


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (pa.array([2**63], pa.uint64()), pa.array([-1])),
        (pa.array([0.5], pa.float32()), pa.array([2**53 + 1])),
        (pa.array([True]), pa.array([1])),
        (pa.array([1]), '{"x": "1"}'),
    ],
)
def test_values_that_no_type_holds(train, test, tmp_path: Path) -> None:
    """Nothing is rounded or converted to text."""
    with pytest.raises(DataError, match="columns of the same types"):
        load_rows(written(tmp_path, train=train, test=test), split="train+test")
