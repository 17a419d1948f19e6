"""The tools behind the page on promises: they find what is wrong, and pass what is right."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

import fuzz
import mutants
import mutation
import storm
from codeshift.files import content_digest
from codeshift.splitters import LengthSplitter
from fuzz_readers import READERS, Reader, signed_anew

QUICK = ("predictions", "log", "csv", "jsonl", "checkpoint")


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    """Readers whose files are read in a millisecond."""
    return {name: READERS[name](tmp_path_factory.mktemp(name)) for name in QUICK}


@pytest.mark.parametrize("name", QUICK)
@given(data=st.data())
def test_edited_files_are_read_as_they_are_or_refused(
    name: str, readers: dict[str, Reader], data: st.DataObject
) -> None:
    """A hundred edits of each; ``scripts/fuzz.py`` makes as many as there is time for."""
    reader = readers[name]
    number, content = data.draw(fuzz.edited(reader))
    reader.check(number, content)


class Careless(Reader):
    """A reader that takes a file to be what it was."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.files = [b'{"a": 1}']

    def read(self, number: int, content: bytes) -> None:
        """Read a number."""
        assert json.loads(content)["a"] == 1


def test_a_careless_reader_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it does wrong first: an error of Python, or another content."""
    monkeypatch.setattr(fuzz, "EXAMPLES", 30)
    with pytest.raises((ValueError, KeyError, TypeError, AssertionError)):
        fuzz.fuzz(Careless(tmp_path), 0)


def test_a_file_that_is_signed_anew_differs_in_one_value() -> None:
    """At the place that the numbers lead to."""
    signed = json.loads(signed_anew(b'{"a": {"b": [1, 2]}, "sha256": "x"}', [0, 0, 1], None))
    assert signed == {"a": {"b": [1, None]}, "sha256": content_digest({"a": {"b": [1, None]}})}


SOURCE = '''
def f(x: int = 1) -> bool:
    """Not 1 + 1."""
    if x is None or not x:
        raise ValueError(f"{x + 1} < 2")
    x += 2
    check(x)
    return min(x, 3) // 2 <= (x) * 4 and x in (5, 6)
'''


EXPECTED = (
    "2", "is not", "and", "", "-", "3", "pass", "max", "4", "*", "3", "<", "/", "5", "or", "not in", "6", "7",
    "not (x is None or not x)",
)  # fmt: skip


def test_mutants_have_one_fault_each(tmp_path: Path) -> None:
    """Each parses and differs from the others; texts, types and messages have none."""
    path = tmp_path / "a.py"
    path.write_text(SOURCE, encoding="utf-8")
    found = mutation.mutants(path, tmp_path)
    texts = {mutant.apply(path.read_bytes()) for mutant in found}
    assert len(texts) == len(found) == len({mutant.key for mutant in found})
    assert all(ast.dump(ast.parse(text)) != ast.dump(ast.parse(SOURCE)) for text in texts)
    faults = Counter(mutant.text for mutant in found)
    assert faults == Counter(EXPECTED)


def test_a_mutant_keeps_its_key_when_lines_are_added_before_it(tmp_path: Path) -> None:
    """So a table of mutants outlives most changes of a file."""
    path = tmp_path / "a.py"
    path.write_text(SOURCE, encoding="utf-8")
    before = {mutant.key for mutant in mutation.mutants(path, tmp_path)}
    path.write_text("x = 'new'\n" + SOURCE, encoding="utf-8")
    assert before == {mutant.key for mutant in mutation.mutants(path, tmp_path)}


def test_the_tests_of_mutants_exist() -> None:
    """Every package has files, and tests that are there."""
    for patterns, *groups in mutants.PACKAGES.values():
        assert all(list(mutants.ROOT.glob(pattern)) for pattern in patterns)
        assert all((mutants.ROOT / test).exists() for tests in groups for test in tests)


def test_a_fault_is_met_by_the_tests_that_execute_its_statement() -> None:
    """Quick ones first, with others of their file; then slow ones, and those that start processes."""
    quick, slow = mutants.Trace(0.1, {"a.py": [3, 4]}), mutants.Trace(2.0, {"a.py": [4]})
    traces = {
        "t.py::processes": mutants.Trace(0.1, starts=True), "t.py::slow": slow, "t.py::elsewhere": mutants.Trace(0.1),
        "u.py::slower": mutants.Trace(0.2, {"a.py": [4]}), "t.py::quick": quick,
        "t.py::fails": mutants.Trace(0.1, {"a.py": [4]}, passes=False),
    }  # fmt: skip
    executing = ["t.py::quick", "u.py::slower", "t.py::slow"]
    assert mutants.in_order(traces, "a.py", {4, 9}) == [*executing, "t.py::processes"]
    assert mutants.in_order(traces, "a.py", {3}) == ["t.py::quick", "t.py::processes"]
    assert mutants.in_order(traces, "a.py", None) == [*executing, "t.py::elsewhere", "t.py::processes"]


def test_the_lines_of_a_fault() -> None:
    """Its statement's, the head's of one with blocks, a function's body for a default; none for what is imported."""
    lines = SOURCE.splitlines()
    at = {text.strip(): number for number, text in enumerate(lines, start=1)}
    assert mutants.executed_with(SOURCE, at["def f(x: int = 1) -> bool:"]) == set(range(3, 9))
    assert mutants.executed_with(SOURCE, at["if x is None or not x:"]) == {4}
    assert mutants.executed_with(SOURCE, at["x += 2"]) == {6}
    source = "x = 1\ndef f(y=x):\n    try:\n        y = g(\n            1,\n        )\n    except E:\n        y = 2\n"
    expected = {1: None, 2: {3, 4, 5, 6, 7, 8}, 3: {3}, 5: {4, 5, 6}, 7: {7}, 8: {8}}
    assert {line: mutants.executed_with(source, line) for line in expected} == expected


def test_functions_that_a_fault_changes() -> None:
    """With those that hold them; none where a value that is computed on import changes, too."""

    def changed(before: str, after: str) -> list[str]:
        codes = [compile(text, "a.py", "exec") for text in (source, source.replace(before, after))]
        return [old.co_qualname for old, _ in mutants.changed_functions(*codes)]

    source = (
        "LOW = 1\nclass A:\n    high = 2\n    def f(self, x=3):\n        check(x)\n        return lambda y: y < 4\n"
    )
    assert changed("< 4", "< 5") == ["A.f", "A.f.<locals>.<lambda>"]
    assert changed("check(x)", "pass") == ["A.f"]
    assert not any(changed(*pair) for pair in (("LOW = 1", "LOW = 0"), ("high = 2", "high = 0"), ("x=3", "x=4")))


SESSION = """
import multiprocessing, os
from pathlib import Path
import mutants

folder = Path.cwd()
source = (folder / "faulty.py").read_bytes()
session, other = multiprocessing.Pipe()
if os.fork() == 0:
    session.close()
    mutants._test(mutants.Collected(folder, ["test_faulty.py"], other), folder / "first-failure", None)
session.recv()
tests = ["test_faulty.py::test_sound", "test_faulty.py::test_low", "test_faulty.py::test_last"]
for before, after in ((b"x", b"x"), (b"return x + LOW", b"return x - LOW"), (b"LOW = 1", b"LOW = 2"), (b"> 8", b"> 7")):
    fault = None if before == after else ("faulty.py", source, source.replace(before, after))
    session.send((tests, 60, fault))
    print((session.recv() or ("imported", ""))[:2])
session.send(None)
"""


def test_a_fault_is_put_into_a_function_that_was_imported(tmp_path: Path) -> None:
    """The first test that fails is named, and the next fault is alone; one that needs an import is left to others."""
    (tmp_path / "faulty.py").write_text("LOW = 1\n\ndef f(x):\n    return x + LOW\n\ndef g(x):\n    return x > 8\n")
    (tmp_path / "test_faulty.py").write_text(
        "import faulty\n\ndef test_sound():\n    pass\n\ndef test_low():\n    assert faulty.f(1) == 2\n\n"
        "def test_last():\n    assert not faulty.g(7)\n"
    )
    path = os.pathsep.join([str(tmp_path), str(mutants.ROOT / "scripts"), *sys.path])
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", SESSION], cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert [ast.literal_eval(line) for line in done.stdout.splitlines()] == [
        ("survived", "none"), ("killed", "test_faulty.py::test_low"), ("imported", ""), ("survived", "none"),
    ]  # fmt: skip


def test_the_table_of_mutants_says_why_some_are_equivalent() -> None:
    """And its shares are those of its rows."""
    rows = list(mutants.read_table(mutants.TABLE).values())
    assert rows
    assert all(row["result"] in ("killed", "timeout", "survived", "equivalent") for row in rows)
    assert all(row.get("why") for row in rows if row["result"] == "equivalent")
    some = [{"package": "loss", "result": result} for result in ("killed", "timeout", "equivalent")]
    assert "| loss | 3 | 1 | 2 | 100% |" in mutants.report(some)


def test_hostile_rows_are_split_audited_and_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few of those of ``scripts/storm.py``; a splitter that depends on the order of rows is found."""
    monkeypatch.setattr(storm, "BATCH", 40)
    storm.blow_on_rows(0)
    monkeypatch.setattr(LengthSplitter, "assign", _by_position)
    with pytest.raises(AssertionError, match="the order of rows changed a split"):
        storm.blow_on_rows(0)


def _by_position(_: LengthSplitter, data: Dataset, **__: Any) -> SimpleNamespace:
    return SimpleNamespace(parts=np.arange(len(data)))
