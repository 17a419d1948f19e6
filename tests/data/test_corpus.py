"""The embedded corpus: the same rows on every Python, its digest, its licence, and how it is made."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Features, Value

from codeshift.data import corpus, stdlib_functions
from codeshift.errors import DataError, ParameterError

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ["id", "project", "path", "name", "signature", "docstring", "code"]
ROWS_DIGEST = "dfb5170fbc2d5d434bd5a763556aa918647f6f0c16c3610cb38a354b392a22eb"
FROM_ANOTHER_PROCESS = """
from codeshift.data import stdlib_functions
rows = stdlib_functions()
print(rows._fingerprint, len(rows))
"""


@pytest.fixture(scope="module")
def rows():
    return stdlib_functions()


def test_the_rows_are_those_of_the_release(rows):
    """The digest is the same on every Python; it is computed here in another way than in the library."""
    assert rows.column_names == COLUMNS
    assert rows.features == Features({name: Value("string") for name in COLUMNS})
    assert len(rows) == len(set(rows["id"])) == 6020
    written = json.dumps(rows[:], ensure_ascii=True, sort_keys=True)
    assert hashlib.sha256(written.encode()).hexdigest() == ROWS_DIGEST
    assert rows.info.description == (
        "6020 functions of 576 files of the standard library of CPython 3.11.7. Left out: 76 functions with a "
        "docstring as their whole body; 8228 functions without a docstring; 0 files that could not be read."
    )


def test_the_first_and_the_last_row(rows):
    """These fix the order of the rows."""
    assert (rows[0]["id"], rows[-1]["id"]) == (
        "__future__.py:_Feature.getOptionalRelease",
        "zoneinfo/_zoneinfo.py:_CalendarOffset.year_to_epoch",
    )
    row = next(row for row in rows if row["id"] == "textwrap.py:shorten")
    assert row["signature"] == "def shorten(text, width, **kwargs):"
    assert row["docstring"].startswith("Collapse and truncate the given text to fit in the given width.\n\nThe text")
    assert row["code"].splitlines()[1:] == [
        "    w = TextWrapper(width=width, max_lines=1, **kwargs)",
        "    return w.fill(' '.join(text.strip().split()))",
    ]


def test_each_row_is_a_documented_program_of_its_own(rows):
    """Each row is valid Python without its docstring; none is from a test, application or installed package."""
    for row in rows.select(range(0, len(rows), 37)):
        assert row["docstring"].strip()
        assert row["code"].startswith(("def ", "async def "))
        assert len(ast.parse(row["code"]).body) == 1
        assert row["id"].startswith(f"{row['path']}:{row['name']}")
    parts = {part for path in rows["path"] for part in path.split("/")}
    assert not parts & {"test", "tests", "idlelib", "lib2to3", "turtledemo", "site-packages", "dist-packages"}
    assert rows["path"][:] == sorted(rows["path"])


def test_another_process_reads_the_same(rows):
    """Caches depend on the fingerprint, which is the same in any process and with any hash seed."""
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", FROM_ANOTHER_PROCESS]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)  # noqa: S603
    assert run.stdout.split() == [rows._fingerprint, "6020"]
    assert rows._fingerprint == corpus.CORPUS_DIGEST[:16]


def test_it_does_not_read_the_running_python(rows, monkeypatch):
    """The embedded corpus is available even if the standard library has no source files."""
    monkeypatch.setattr("sysconfig.get_path", lambda name: "/usr/lib/python313.zip")
    assert stdlib_functions()["id"][:] == rows["id"][:]
    with pytest.raises(DataError, match="frozen or zipped"):
        stdlib_functions(running_python=True)


def test_functions_without_docstring_are_refused():
    """The embedded corpus has none, and the error names the argument that reads them."""
    with pytest.raises(ParameterError, match=r"^documented_only must be True .*, got False: .* running_python=True"):
        stdlib_functions(documented_only=False)


def changed(table: pa.Table, row: int, column: str, text: str) -> pa.Table:
    texts = table[column].to_pylist()
    texts[row] = text
    return table.set_column(table.column_names.index(column), column, pa.array(texts, pa.string()))


@pytest.mark.parametrize(
    "damage",
    [
        lambda table: changed(table, 4000, "code", "def f(): pass"),
        lambda table: changed(table, 0, "docstring", ""),
        lambda table: table.slice(1),
        lambda table: table.take(pa.array([1, 0, *range(2, len(table))])),
        lambda table: table.rename_columns(["id", "project", "path", "name", "signature", "code", "docstring"]),
        lambda table: table.replace_schema_metadata({"description": "others"}),
        lambda table: table.replace_schema_metadata(None),
    ],
)
def test_changed_rows_change_the_digest(tmp_path, monkeypatch, damage):
    """A changed function, row, order, name or description gives another digest."""
    pq.write_table(damage(pq.read_table(corpus.CORPUS_FOLDER / corpus.CORPUS_FILE)), tmp_path / corpus.CORPUS_FILE)
    monkeypatch.setattr(corpus, "CORPUS_FOLDER", tmp_path)
    with pytest.raises(DataError, match=r"^the embedded corpus must be .* with the digest .*: install codeshift again"):
        stdlib_functions()


@pytest.mark.parametrize("content", [None, b"", b"PAR1", b"version https://git-lfs.github.com/spec/v1\n"])
def test_a_file_that_is_no_corpus(tmp_path, monkeypatch, content):
    """A missing, empty or truncated file, or a Git LFS pointer, raises an error."""
    if content is not None:
        (tmp_path / corpus.CORPUS_FILE).write_bytes(content)
    monkeypatch.setattr(corpus, "CORPUS_FOLDER", tmp_path)
    with pytest.raises(DataError, match=r"^the embedded corpus must be .*: install codeshift again"):
        stdlib_functions()


def test_a_cut_file(tmp_path, monkeypatch):
    """Missing bytes in the middle or at the end raise an error."""
    whole = (corpus.CORPUS_FOLDER / corpus.CORPUS_FILE).read_bytes()
    monkeypatch.setattr(corpus, "CORPUS_FOLDER", tmp_path)
    for broken in (whole[:-1000], whole[:5000] + bytes(1000) + whole[6000:]):
        (tmp_path / corpus.CORPUS_FILE).write_bytes(broken)
        with pytest.raises(DataError, match="install codeshift again"):
            stdlib_functions()


def test_its_licence_is_in_the_folder():
    """The folder has Python's licence and the notices of single files; the corpus is one small file."""
    licence = (corpus.CORPUS_FOLDER / "LICENSE.txt").read_text(encoding="utf-8")
    assert "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2" in licence
    notices = (corpus.CORPUS_FOLDER / "NOTICES.txt").read_text(encoding="utf-8")
    holders = ("Gregory P. Ward", "Secret Labs AB", "Lance Ellinghouse", "Gregor Lingl", "Lars Gustaebel")
    assert [name for name in holders if name not in notices] == []
    assert (corpus.CORPUS_FOLDER / corpus.CORPUS_FILE).stat().st_size < 1_100_000


def test_the_script_makes_it_again(tmp_path):
    """With the Python that it was made with, the sources give the same rows, licence and notices."""
    python = sys.executable if sys.version.startswith(f"{corpus.PYTHON} ") else None
    if python is None:
        pytest.skip(f"the script runs on CPython {corpus.PYTHON} alone")
    command = [python, str(ROOT / "scripts" / "embedded_corpus.py"), "--out", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (run.returncode, run.stdout.splitlines()[1:]) == (0, ["as expected"])
    assert pq.read_table(tmp_path / corpus.CORPUS_FILE).equals(
        pq.read_table(corpus.CORPUS_FOLDER / corpus.CORPUS_FILE), check_metadata=True
    )
    for name in ("LICENSE.txt", "NOTICES.txt"):
        assert (tmp_path / name).read_bytes() == (corpus.CORPUS_FOLDER / name).read_bytes()
