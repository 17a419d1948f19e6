"""What the command line does: split a file of programs, audit the split, report a mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codeshift.cli import main
from codeshift.data import load_splits


def test_the_story_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command is one call into the library; it exits with 0 for done, 1 for no, 2 for bad input."""
    # 100 programs, every fifth of them long.
    code = [f"x{i} = {i}" + " + 1" * 30 if i % 5 == 0 else f"x{i} = {i}" for i in range(100)]
    data, out = tmp_path / "rows.jsonl", tmp_path / "parts"
    data.write_text("".join(json.dumps({"func": text}) + "\n" for text in code))

    # Hold out the longest fifth: half of it is tested, none of it is in training.
    command = ["split", str(data), "--rename", "func=code", "--near-duplicates", "none", "--min-test-rows", "0"]
    assert main([*command, "--scenario", "length_p80_p100", "--out", str(out)]) == 0
    parts = {part: len(rows) for part, rows in load_splits(out).items()}
    assert parts == {"train": 60, "validation": 10, "test_id": 10, "test_ood": 10}
    assert all(len(text) > 100 for text in load_splits(out)["test_ood"]["code"])

    # The manifest in the folder rebuilds the same split.
    again = tmp_path / "again"
    assert main([*command[:4], "--manifest", str(out / "manifest.json"), "--out", str(again)]) == 0
    assert (again / "manifest.json").read_text() == (out / "manifest.json").read_text()

    # Is it sound? No: these programs are near-duplicates of each other, so the exit code is 1.
    capsys.readouterr()
    assert main(["audit", str(out), "--permutations", "39", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"]["label"] != "sound"

    # A misspelt name gives one line, which suggests the close one.
    assert main([*command, "--scenario", "lenght_p80_p100", "--out", str(tmp_path / "none")]) == 2
    assert "length_p80_p100" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
