"""Data that is too large to hold: texts and trees are read in batches, n-grams lie in files, several processes work."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset, disable_progress_bars

from codeshift.errors import ParameterError
from codeshift.properties import NodeTypes, PropertyTable, TokenCount, processes
from codeshift.properties.lexer import lex
from codeshift.properties.near_duplicates import NearDuplicates, join, partners, sets, shingles, spool, stored_shingles
from codeshift.properties.near_duplicates.spool import Spool
from codeshift.properties.node_pairs import NodePairs
from codeshift.properties.syntax import SyntaxScan, scan
from codeshift.properties.texts import RowTexts, Texts
from codeshift.splitters import ASTNodeSplitter, LengthSplitter
from helpers.splitter_rows import python_rows


@pytest.fixture(scope="module")
def rows() -> Dataset:
    """Return programs, some of which are near-duplicates of others."""
    texts = python_rows().select(range(150))["code"][:]
    return Dataset.from_dict({"code": texts + [f"{text}\nlast = {i}" for i, text in enumerate(texts[:60])]})


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every limit so small that 200 rows have many parts, all of them in files."""
    monkeypatch.setattr(partners, "_PART", 1 << 10)
    monkeypatch.setattr(spool, "_IN_MEMORY", 1 << 8)
    monkeypatch.setattr(partners, "_PIECE", 1 << 9)
    for module in (sets, join):
        monkeypatch.setattr(module, "_PART", 1 << 8)
    monkeypatch.setattr(join, "_CHUNK_SHINGLES", 1 << 8)
    monkeypatch.setattr(shingles, "_ROWS", 7)
    monkeypatch.setattr(stored_shingles, "_TASK", 11)


@pytest.mark.parametrize("threshold", [0.3, 0.7, 1.0])
def test_near_duplicates_are_the_same_in_parts(rows: Dataset, threshold: float, small_parts: None) -> None:
    """However many parts the n-grams are numbered in, sets, pairs and components are the same."""
    texts, search = rows["code"][:], NearDuplicates(threshold=threshold)
    in_parts = search.components(RowTexts(((Texts(rows, "code"),),)))
    with pytest.MonkeyPatch.context() as patch:
        for module in (partners, sets, join):
            patch.setattr(module, "_PART", 1 << 30)
        patch.setattr(spool, "_IN_MEMORY", 1 << 30)
        patch.setattr(join, "_CHUNK_SHINGLES", 1 << 30)
        whole = search.components(texts)
    assert len(whole.pairs) > 10 or threshold == 1.0
    for name in ("labels", "pairs", "jaccard"):
        np.testing.assert_array_equal(getattr(in_parts, name), getattr(whole, name))


def test_near_duplicates_are_the_same_from_several_processes(rows: Dataset, small_parts: None) -> None:
    """Two processes hash the n-grams of alternate blocks, which come back in order."""
    alone, of_two = (NearDuplicates().components(Texts(rows, "code"), num_proc=count) for count in (1, 2))
    np.testing.assert_array_equal(alone.pairs, of_two.pairs)
    np.testing.assert_array_equal(alone.labels, of_two.labels)


@pytest.mark.parametrize("in_memory", [1, 1 << 30])
def test_parts_of_a_spool_are_what_was_written_to_each(in_memory: int) -> None:
    """Parts that are written in turns are read whole, in pieces, and after some of their values replaced them."""
    rng = np.random.default_rng(0)
    in_parts, written = Spool(np.uint32, 3, in_memory=in_memory), [np.empty(0, np.uint32)] * 3
    for part in rng.integers(0, 3, size=40).tolist():
        values = rng.integers(0, 1 << 32, size=rng.integers(0, 9), dtype=np.uint32)
        in_parts.write(values, part)
        written[part] = np.concatenate([written[part], values])
    assert in_parts._file._rolled == (in_memory == 1)
    assert in_parts.sizes == [values.size for values in written]
    for part, values in enumerate(written):
        for start, stop in ((0, values.size), (3, 17), (values.size, values.size)):
            assert in_parts.read(part, start, stop).tolist() == values[start:stop].tolist()
        in_parts.replace(values[::2], part)
    assert [in_parts.read(part).tolist() for part in range(3)] == [values[::2].tolist() for values in written]


def test_texts_are_those_of_the_column() -> None:
    """Texts are read by position, slice and selection, also of a selection of rows, and survive a pickle."""
    data = Dataset.from_dict({"code": [f"x{i}" for i in range(30)], "test": [f"t{i}" for i in range(30)]})
    chosen = data.select([4, 2, 9, 0])
    texts = pickle.loads(pickle.dumps(Texts(chosen, "code")))  # noqa: S301 - our own
    assert list(texts) == ["x4", "x2", "x9", "x0"]
    assert (texts[1], texts[1:3], texts.take(np.array([3, 0]))) == ("x2", ["x2", "x9"], ["x0", "x4"])
    both = RowTexts(((Texts(chosen, "code"), Texts(chosen, "test")), (Texts(data, "code"), Texts(data, "test"))))
    expected = [f"x{i}\nt{i}" for i in [4, 2, 9, 0, *range(30)]]
    assert list(both) == expected
    assert (both[2:7], both[::3], both[-1]) == (expected[2:7], expected[::3], expected[-1])


def test_only_the_nodes_asked_for_are_counted(rows: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few named types are counted alone, with the numbers that the counts of all have, until many were asked for."""
    expected = PropertyTable(rows).values(NodeTypes("code", "python"))
    gathered: list[int] = []
    whole = SyntaxScan.node_types.func
    monkeypatch.setattr(SyntaxScan.node_types, "func", lambda found: gathered.append(1) or whole(found))
    table, prop = PropertyTable(rows), NodeTypes("code", "python")
    for types in (("call", "while_statement"), ("no_such_node",), ("call", "(")):
        np.testing.assert_array_equal(prop.count_of(table, types), expected.of(types))
    assert not gathered
    types = expected.vocabulary[:20]
    np.testing.assert_array_equal(prop.count_of(table, types), expected.of(types))
    assert gathered


def test_counts_are_small_integers(rows: Dataset) -> None:
    """Counts and their places take four bytes each, and pairs of nodes are counted as by hand."""
    for prop in (NodeTypes("code", "python"), NodePairs("code", "python")):
        counts = PropertyTable(rows).values(prop).counts
        assert (counts.data.dtype, counts.indices.dtype) == (np.int32, np.int32)
    pairs = scan(["if f(x): g(x)", "", "h(x)"], "python").node_pairs
    assert pairs.of(("call>identifier", "if_statement>call")).tolist() == [[2, 1], [0, 0], [1, 0]]


def test_token_counts_are_the_lexers(rows: Dataset) -> None:
    """Tokens are counted over bytes, as many as the lexer finds, for any characters."""
    texts = [*rows["code"][:], "", "größe += 1.5e-3", "a\u2028b \x00 'x", "x" * 70 + "->y", "≤≥", "1e-1..2"]
    assert TokenCount("code").compute(texts).tolist() == [len(lex(text)) for text in texts]


def test_processes_are_used_where_rows_pay_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default it is one a core for many rows, on Linux, and one in a worker; a number asked for is used anywhere."""
    monkeypatch.setattr(processes.os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    monkeypatch.setattr(processes.sys, "platform", "linux")
    monkeypatch.setattr(processes, "is_worker", lambda: False)
    assert processes.processes_for(20_000) == 3
    assert processes.processes_for(19_999) == 1
    assert processes.processes_for(10, num_proc=2) == 2
    monkeypatch.setattr(processes, "is_worker", lambda: True)
    assert processes.processes_for(20_000) == 1
    monkeypatch.setattr(processes, "is_worker", lambda: False)
    monkeypatch.setattr(processes.sys, "platform", "darwin")
    assert processes.processes_for(20_000) == 1


@pytest.mark.parametrize("num_proc", [0, -1, 1.5, True, "2"])
def test_a_number_of_processes_is_checked(rows: Dataset, num_proc: object) -> None:
    """It is a whole number above 0, and a table brings its own."""
    with pytest.raises(ParameterError, match="num_proc must be"):
        LengthSplitter("code").split(rows, num_proc=num_proc)
    with pytest.raises(ParameterError, match="num_proc must be left out for a PropertyTable"):
        LengthSplitter("code").assign(PropertyTable(rows), num_proc=2)


def test_a_split_is_the_same_from_two_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes give the manifest of one, though a file that one process wrote, and damaged, is in the cache."""
    monkeypatch.setenv("CODESHIFT_CACHE", str(tmp_path))
    disable_progress_bars()
    texts = [f"{'while x' if i % 7 == 0 else 'if x'}{i}:\n    y = {i}" for i in range(1_000)]
    rows = Dataset.from_dict({"code": texts})
    splitter = ASTNodeSplitter("code", language="python", nodes=("while_statement",))
    alone = splitter.assign(rows, num_proc=1)
    for record in (tmp_path / "properties").glob("*.json"):
        record.unlink()
    of_two = splitter.assign(rows, num_proc=2)
    assert of_two.manifest == alone.manifest
    written = Counter(path.name.rpartition("_of_")[2] for path in (tmp_path / "properties").glob("*.arrow"))
    assert written == {"00002.arrow": 2}
