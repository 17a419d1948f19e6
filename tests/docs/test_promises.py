"""The page on promises names tests that exist, and the figures that storm, fuzzers and mutants have left."""

from __future__ import annotations

import re

from helpers.pages import ROOT, script

promises = script("scripts/promises.py")


def test_the_figures_are_those_of_the_tables() -> None:
    """If this fails, run ``python scripts/promises.py``."""
    text = promises.PAGE.read_text(encoding="utf-8")
    assert f"{promises.BEGIN}\n{promises.figures()}\n{promises.END}" in text


def test_every_promise_names_tests_that_exist() -> None:
    """Each row of the table has a command, and each file that it names is there."""
    text = promises.PAGE.read_text(encoding="utf-8")
    table = text.partition("## Promises")[2].partition("## Figures")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 15
    for row in rows:
        command = row.rstrip(" |").rpartition("|")[2]
        assert re.search(r"`(pytest|make) ", command), row
        assert all((ROOT / name).exists() for name in re.findall(r"tests/[\w/.]+", command)), row
