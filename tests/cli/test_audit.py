"""``codeshift audit``: the library's report on parts in files; the exit code is the verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codeshift.audit import audit
from codeshift.cli import main
from codeshift.data import load_splits
from codeshift.splitters import SplitManifest
from helpers.cli_rows import rows, write

QUICK = ["--permutations", "39", "--sample", "60"]


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a split by loops, as ``codeshift split`` writes it."""
    folder = tmp_path_factory.mktemp("split")
    data = write(folder / "source.jsonl", rows(160))
    command = ["split", data, "--rename", "func=code", "--language", "python", "--out", str(folder / "out")]
    assert main([*command, "--scenario", "syntax_while_statement"]) == 0
    return folder / "out"


def test_a_sound_split(split: Path, tmp_path: Path, capsys) -> None:
    """The exit code is 0; column, language and the intended property come from the manifest in the folder."""
    out = tmp_path / "audit.json"
    assert main(["audit", str(split), *QUICK, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    manifest = SplitManifest.load(split / "manifest.json")
    quick = {"n_permutations": 39, "sample": 60}
    report = audit(load_splits(split), column="code", manifest=manifest, language="python", **quick)
    assert json.loads(out.read_text(encoding="utf-8")) == json.loads(json.dumps(report.to_dict()))
    assert printed.startswith(f"{report.verdict}\n")
    assert [prop.name for prop in report.strength[0].properties if prop.intended] == ["NodeTypes: while_statement"]


def test_a_split_that_leaks(tmp_path: Path, capsys) -> None:
    """The exit code is 1, also with JSON, and for files that codeshift did not write."""
    some = rows(120)
    write(tmp_path / "train.jsonl", some)
    write(tmp_path / "test.jsonl", some[:60])
    command = ["audit", str(tmp_path), "--column", "func", *QUICK]
    assert main(command) == 1
    assert capsys.readouterr().out.startswith("Leaks: ")
    assert main([*command, "--json", "--columns", "func"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["verdict"]["label"] == "leaks"
    assert [(leak["columns"], leak["exact"]) for leak in printed["column_leakage"]] == [(["func"], 60)]


@pytest.mark.parametrize(("name", "start"), [("a.html", "<!doctype html>"), ("a.md", "# Audit of the split")])
def test_reports(split: Path, tmp_path: Path, capsys, name: str, start: str) -> None:
    """The report can be a page or Markdown."""
    assert main(["audit", str(split), *QUICK, "--out", str(tmp_path / "new" / name)]) in (0, 1)
    assert (tmp_path / "new" / name).read_text(encoding="utf-8").lower().startswith(start.lower())
    assert f"The full report is in {tmp_path / 'new' / name}." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "a.pdf"], "--out must be a file that ends in .html, .md or .json, got 'a.pdf'"),
        (["--test", "test_odd"], "got 'test_odd': did you mean test_ood"),
        (["--language", "pyhton"], "did you mean python?"),
        (["--column", "cod"], "did you mean code?"),
        (["--permutations", "3"], "n_permutations must be"),
    ],
)
def test_bad_input(split: Path, capsys, arguments: list[str], message: str) -> None:
    """Bad input gives exit code 2 and one line."""
    assert main(["audit", str(split), *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_rows_without_parts(tmp_path: Path, capsys) -> None:
    """A file is not a split."""
    assert main(["audit", write(tmp_path / "rows.jsonl", rows(60))]) == 2
    assert "source must be data with parts" in capsys.readouterr().err


def test_corpora_are_searched(tmp_path: Path, capsys) -> None:
    """``--against`` names them, once for each; a text without a name is refused."""
    some = rows(90)
    (tmp_path / "parts").mkdir()
    write(tmp_path / "parts" / "train.jsonl", some[:45])
    write(tmp_path / "parts" / "test.jsonl", some[45:])
    web = write(tmp_path / "web.jsonl", some[-10:])
    command = ["audit", str(tmp_path / "parts"), "--column", "func", *QUICK, "--json"]
    assert main([*command, "--against", f"web={web}", "--against", "read=embedded"]) in (0, 1)
    parts = json.loads(capsys.readouterr().out)["overlap"]["parts"]
    assert [(part["corpus"], part["exact"]) for part in parts] == [("web", 10), ("read", 0)]
    with pytest.raises(SystemExit):
        main([*command, "--against", "web.jsonl"])
    assert "NAME=CORPUS" in capsys.readouterr().err
