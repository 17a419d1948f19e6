"""``codeshift languages`` lists the languages."""

from __future__ import annotations

import json
import sys

from codeshift.cli import main
from codeshift.metrics.codebleu.dataflow import LANGUAGES
from codeshift.properties import languages
from codeshift.properties.api_names import API_LANGUAGES
from codeshift.properties.grammars import grammar


def test_every_language_with_what_it_supports(capsys) -> None:
    """As JSON: grammar and version, API names, data flow."""
    assert main(["languages", "--json"]) == 0
    by_name = {entry["language"]: entry for entry in json.loads(capsys.readouterr().out)["languages"]}
    assert set(by_name) == set(languages())
    assert {name for name, entry in by_name.items() if entry["apis"]} == set(API_LANGUAGES)
    assert {name for name, entry in by_name.items() if entry["dataflow"]} == set(LANGUAGES)
    assert (by_name["java"]["version"], by_name["java"]["digest"]) == (grammar("java").version, grammar("java").digest)


def test_output_of_libraries_goes_to_stderr(capsys, monkeypatch) -> None:
    """Stdout holds only the result, so it can be read as JSON."""
    monkeypatch.setattr("codeshift.properties.languages", lambda: sys.stdout.write("a greeting") and ["java"])
    assert main(["languages", "--json"]) == 0
    printed = capsys.readouterr()
    assert [entry["language"] for entry in json.loads(printed.out)["languages"]] == ["java"]
    assert "a greeting" in printed.err


def test_as_a_table(capsys) -> None:
    """Each language has a line, and columns are aligned with their headings."""
    assert main(["languages"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["language", "grammar", "version", "node", "types", "APIs", "data", "flow"]
    assert [line.split()[0] for line in lines] == sorted(languages())
    assert all(line[header.index("grammar") :].startswith("tree-sitter-") for line in lines)
