"""The running Python's functions: complete, in a fixed order, without a docstring only on request."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from codeshift.data import stdlib_functions
from codeshift.errors import CodeshiftWarning, DataError


@pytest.fixture(scope="module")
def corpus():
    return stdlib_functions(running_python=True)


def test_columns_and_size(corpus):
    """There are about 6,000 documented functions, each a valid program, with the documented columns."""
    assert corpus.column_names == ["id", "project", "path", "name", "signature", "docstring", "code"]
    assert 5000 < len(corpus) < 8000
    assert len(set(corpus["id"])) == len(corpus)
    for row in corpus.select(range(0, len(corpus), 37)):
        assert row["docstring"].strip()
        assert row["code"].startswith(("def ", "async def "))
        assert len(ast.parse(row["code"]).body) == 1
        assert row["project"] == row["path"].split("/")[0].removesuffix(".py")
        assert row["id"].startswith(f"{row['path']}:{row['name']}")


def test_tests_applications_and_installed_packages_are_left_out(corpus):
    """No row is from a test, IDLE, lib2to3 or site-packages."""
    parts = {part for path in set(corpus["path"]) for part in path.split("/")}
    assert not parts & {"test", "tests", "idlelib", "lib2to3", "turtledemo", "site-packages", "dist-packages"}
    assert {"json", "email", "os.py"} <= parts


def test_rows_are_in_the_order_of_paths(corpus):
    """The order is that of the paths, so it does not depend on the file system."""
    paths = corpus["path"][:]
    assert paths == sorted(paths)


@pytest.fixture(scope="module")
def few_packages(tmp_path_factory):
    """A folder with a few packages of the library, in place of all of it."""
    library, folder = Path(sysconfig.get_path("stdlib")), tmp_path_factory.mktemp("library")
    for package in ("email", "json", "logging"):
        shutil.copytree(library / package, folder / package)
    shutil.copy(library / "os.py", folder)
    return folder


def test_another_process_reads_the_same_corpus(few_packages, monkeypatch):
    """Rows and fingerprint do not depend on the process or its hash seed."""
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(few_packages))
    code = (
        f"import sysconfig; sysconfig.get_path = lambda name: {str(few_packages)!r}\n"
        "from codeshift.data import stdlib_functions as f; print(f(running_python=True)._fingerprint)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)  # noqa: S603
    assert run.stdout.strip() == stdlib_functions(running_python=True)._fingerprint


def test_undocumented_functions_on_request(few_packages, monkeypatch):
    """With documented_only=False the documented rows are unchanged, with others in between."""
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(few_packages))
    corpus = stdlib_functions(running_python=True)
    everything = stdlib_functions(running_python=True, documented_only=False)
    assert len(everything) > 1.5 * len(corpus) > 450
    documented = everything.filter(lambda docstring: docstring != "", input_columns="docstring")
    assert documented["id"][:] == corpus["id"][:]
    assert documented["code"][:] == corpus["code"][:]


def small_library(folder, monkeypatch, **files):
    (folder / "os.py").write_text('def getcwd():\n    "Where."\n    return 1\n')
    for name, content in files.items():
        (folder / f"{name}.py").write_bytes(content)
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(folder))


def test_unreadable_files_are_named_and_counted(tmp_path, monkeypatch):
    """A file that cannot be parsed or decoded is named in a warning and in the dataset's description."""
    small_library(tmp_path, monkeypatch, broken=b"def f(:\n", latin=b"x = '\xff'\n")
    with pytest.warns(CodeshiftWarning, match=r"^2 files .* left out: broken.py \(.*; latin.py \("):
        corpus = stdlib_functions(running_python=True)
    assert corpus["id"][:] == ["os.py:getcwd"]
    assert "2 files that could not be read: broken.py" in corpus.info.description


def test_encoding_declarations_are_respected(tmp_path, monkeypatch):
    """A file is decoded as its declaration says."""
    small_library(
        tmp_path, monkeypatch, latin="# coding: latin-1\ndef f():\n    'Größe'\n    return 'ß'\n".encode("latin-1")
    )
    [row] = stdlib_functions(running_python=True).filter(lambda path: path == "latin.py", input_columns="path")
    assert (row["docstring"], row["code"]) == ("Größe", "def f():\n    return 'ß'")


def test_a_name_defined_twice_gets_two_ids(tmp_path, monkeypatch):
    """An if and its else may define the same function: both rows are kept, with different ids."""
    source = b"if 1:\n  def f():\n    'A'\n    return 1\nelse:\n  def f():\n    'B'\n    return 2\n"
    small_library(tmp_path, monkeypatch, twice=source)
    assert stdlib_functions(running_python=True)["id"][:] == ["os.py:getcwd", "twice.py:f", "twice.py:f#2"]


def test_functions_without_a_body_are_counted(tmp_path, monkeypatch):
    """A function that is only a docstring has no code, so it is left out and counted."""
    small_library(tmp_path, monkeypatch, empty=b"def f():\n    'Doc.'\n")
    corpus = stdlib_functions(running_python=True)
    assert corpus["id"][:] == ["os.py:getcwd"]
    assert "1 functions with a docstring as their whole body" in corpus.info.description


def test_a_zipped_library_is_an_error_that_says_so(monkeypatch):
    """If the standard library has no source files, the error names the place and a remedy."""
    monkeypatch.setattr(sysconfig, "get_path", lambda name: "/usr/lib/python311.zip")
    with pytest.raises(DataError, match=r"a folder of .py files, got '/usr/lib/python311.zip': .* frozen or zipped"):
        stdlib_functions(running_python=True)
