"""The property table: each property is computed once, each row parsed once, cached on disk, for data in any form."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from datasets import Dataset, disable_caching, disable_progress_bars, enable_caching

import codeshift.properties.table as table_module
from codeshift.errors import CacheWarning
from codeshift.properties import (
    APINames,
    CharCount,
    LineCount,
    NodeTypes,
    PropertyTable,
    SyntaxTokenCount,
    TextProperty,
    TokenCount,
    TreeDepth,
)
from codeshift.properties.complexity import CyclomaticComplexity, NestingDepth
from codeshift.properties.node_pairs import NodePairs

COMPUTED: list[int] = []


@dataclass(frozen=True)
class CountedLength(TextProperty):
    """The length of a text, with a record of each computed batch."""

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        COMPUTED.append(len(texts))
        return np.array([len(text) for text in texts])


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test its own cache folder, and no progress bars."""
    monkeypatch.setenv("CODESHIFT_CACHE", str(tmp_path / "cache"))
    disable_progress_bars()
    COMPUTED.clear()
    return tmp_path / "cache"


def _rows(n: int) -> Dataset:
    return Dataset.from_dict({"code": [f"while x{i}:\n    pass" for i in range(n)], "n": list(range(n))})


def test_a_property_is_computed_once_per_table() -> None:
    """Equal properties share their values."""
    table = PropertyTable(_rows(5))
    first = table.values(CountedLength("code"))
    assert table.values(CountedLength("code")) is first
    assert COMPUTED == [5]


def test_each_row_is_parsed_once_for_all_tree_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    """Node types, pairs of them, tokens, depth, decisions, nesting and API names draw on one scan, in any order."""
    scans: list[int] = []
    scan = table_module.scan_batch

    def counted(texts: Sequence[str], language: str, **options):
        scans.append(len(texts))
        return scan(texts, language, **options)

    monkeypatch.setattr(table_module, "scan_batch", counted)
    table = PropertyTable(_rows(7))
    properties = (NodePairs, NestingDepth, NodeTypes, SyntaxTokenCount, TreeDepth, CyclomaticComplexity, APINames)
    for prop in properties:
        table.values(prop("code", "python"))
    table.stopped("code", "python")
    assert scans == [7]


def test_large_data_is_cached_on_disk_by_its_content(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second table over equal rows computes nothing; other rows, or no caching, compute again."""
    monkeypatch.setattr(CharCount, "compute", CountedLength.compute)
    values = PropertyTable(_rows(1500)).values(CharCount("code"))
    computed = len(COMPUTED)
    assert computed > 0
    assert (PropertyTable(_rows(1500)).values(CharCount("code")) == values).all()
    assert len(COMPUTED) == computed
    assert list((own_cache / "properties").glob("*.arrow"))
    PropertyTable(_rows(1501)).values(CharCount("code"))
    assert len(COMPUTED) > computed
    computed = len(COMPUTED)
    disable_caching()
    try:
        PropertyTable(_rows(1500)).values(CharCount("code"))
    finally:
        enable_caching()
    assert len(COMPUTED) > computed


def test_a_property_of_ones_own_is_computed_once_per_table_and_leaves_no_file(own_cache: Path) -> None:
    """Its code, and all that calls, may change from one process to the next."""
    table = PropertyTable(_rows(1500))
    assert table.values(CountedLength("code")) is table.values(CountedLength("code"))
    assert sum(COMPUTED) == 1500
    PropertyTable(_rows(1500)).values(CountedLength("code"))
    assert sum(COMPUTED) == 3000
    assert not own_cache.exists()


def test_without_a_writable_folder_nothing_is_cached(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the home folder is not writable or does not exist, only the cache is lost."""
    expected = CharCount("code").compute(_rows(1500)["code"][:])
    own_cache.write_text("a file where the folder should be")
    assert (PropertyTable(_rows(1500)).values(CharCount("code")) == expected).all()
    monkeypatch.delenv("CODESHIFT_CACHE")

    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)
    assert (PropertyTable(_rows(1500)).values(CharCount("code")) == expected).all()
    monkeypatch.setenv("CODESHIFT_CACHE", str(own_cache.with_name("named")))
    assert (PropertyTable(_rows(1500)).values(CharCount("code")) == expected).all()
    assert list((own_cache.with_name("named") / "properties").glob("*.arrow"))


@pytest.mark.parametrize("num_proc", [None, 2])
@pytest.mark.parametrize("place", range(6))
def test_a_damaged_cached_value_is_computed_again(own_cache: Path, place: int, num_proc: int | None) -> None:
    """Whichever bit of a file is flipped, the values are correct, and the next call finds them in the cache."""
    prop = NodeTypes("code", "python")
    expected = PropertyTable(_rows(1200), num_proc=num_proc).values(prop)
    files = sorted((own_cache / "properties").iterdir())
    assert len(files) == 1 + (num_proc or 1)
    path = files[place % len(files)]
    content = bytearray(path.read_bytes())
    content[(place * 7919 + 101) % len(content)] ^= 1 << place % 8
    path.write_bytes(bytes(content))
    with pytest.warns(CacheWarning, match="its values are computed again"):
        values = PropertyTable(_rows(1200), num_proc=num_proc).values(prop)
    assert values.vocabulary == expected.vocabulary
    assert (values.counts != expected.counts).nnz == 0
    again = PropertyTable(_rows(1200), num_proc=num_proc).values(prop)
    assert (again.counts != expected.counts).nnz == 0


def test_a_truncated_or_missing_cached_value_is_computed_again(own_cache: Path) -> None:
    """A file may have been truncated by a full disk, or deleted."""
    expected = PropertyTable(_rows(1500)).values(CharCount("code"))
    [path] = (own_cache / "properties").glob("*.arrow")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.warns(CacheWarning, match="its digest differs"):
        assert (PropertyTable(_rows(1500)).values(CharCount("code")) == expected).all()
    path.unlink()
    with pytest.warns(CacheWarning, match="it is missing"):
        assert (PropertyTable(_rows(1500)).values(CharCount("code")) == expected).all()


def test_a_full_disk_only_costs_the_cache(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The values are returned, and a warning says why the next call computes them again."""
    expected = CharCount("code").compute(_rows(1500)["code"][:])

    def full(*given: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("codeshift.properties.cache.write_json", full)
    with pytest.warns(CacheWarning, match="No space left on device"):
        assert (PropertyTable(_rows(1500)).values(CharCount("code")) == expected).all()


def test_small_data_leaves_no_files(own_cache: Path) -> None:
    """With fewer than a thousand rows, the cache is not used."""
    PropertyTable(_rows(999)).values(CharCount("code"))
    assert not own_cache.exists()


@pytest.mark.parametrize("num_proc", [None, 2])
@pytest.mark.parametrize("prop", [NodeTypes("code", "python"), SyntaxTokenCount("code", "python")], ids=repr)
def test_the_way_of_computing_changes_no_value(prop, num_proc: int | None) -> None:
    """Values are the same in memory, with the cache, and in one or two processes."""
    data = _rows(1200)
    whole = PropertyTable(data, num_proc=num_proc).values(prop)
    pieces = [PropertyTable(data.select(range(i, i + 400))).values(prop) for i in range(0, 1200, 400)]
    if isinstance(prop, NodeTypes):
        assert (whole.of(("while_statement", "identifier")) == 1).all()
        assert whole.vocabulary == pieces[0].vocabulary
        assert (np.vstack([piece.counts.toarray() for piece in pieces]) == whole.counts.toarray()).all()
    else:
        assert (np.concatenate(pieces) == whole).all()


def test_selected_and_formatted_datasets_give_their_own_rows() -> None:
    """A selection of rows in another order and in numpy format is read as it appears."""
    data = _rows(20).map(lambda row: {"code": row["code"] + "\n" * row["n"]})
    chosen = data.select([7, 3, 5]).with_format("numpy")
    expected = [len(text.splitlines()) for text in data.select([7, 3, 5])["code"]]
    assert PropertyTable(chosen).values(LineCount("code")).tolist() == expected
    assert PropertyTable(chosen).values(TokenCount("code")).tolist() == [4, 4, 4]


SEMICOLONS = """
from dataclasses import dataclass
import numpy as np
from codeshift.properties import CharCount, TextProperty

def {helper}

@dataclass(frozen=True)
class Counted({base}):
    def compute(self, texts):
        return np.array([counted(text) for text in texts])
"""


@pytest.mark.parametrize("base", ["TextProperty", "CharCount"])
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("counted(text): return sum(1 for part in text if part == 'w')", None, 1),  # 'while x0:\n    pass'
        ("counted(text): return len(text.strip(' s'))", "counted(text): return len(text.lstrip(' s'))", 18),
    ],
    ids=["as it was", "another method, in a helper"],
)
def test_values_of_a_property_of_ones_own_are_those_of_its_code_today(
    base: str, before: str, after: str | None, expected: int
) -> None:
    """Whatever was edited, in the class or what it calls, values are computed anew where the cache cannot know."""
    for helper in (before, after or before):
        module = ModuleType("semicolons")
        sys.modules["semicolons"] = module
        exec(SEMICOLONS.format(helper=helper, base=base), vars(module))  # noqa: S102 - the code above
        values = PropertyTable(_rows(1500)).values(module.Counted("code"))
    del sys.modules["semicolons"]
    assert values[0] == expected
