"""Functions of source files: name, docstring, imports and code, in every language with a grammar."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeshift.data import source_functions
from codeshift.data.source_files import SOURCES
from codeshift.errors import CodeshiftWarning, DataError, ParameterError
from codeshift.properties.grammars import languages

FILES = {
    "python": (
        'import os\nclass A:\n    def add(self, x):\n        """Adds."""\n        return x + 1\n',
        "A.add",
        "import os",
    ),
    "java": (
        "import a.B;\nclass A {\n  // Adds.\n  int add(int x) {\n    return x + 1;\n  }\n}\n",
        "add",
        "import a.B;",
    ),
    "javascript": (
        'import a from "a";\n/** Adds. */\nfunction add(x) {\n  return x + 1;\n}\n',
        "add",
        'import a from "a";',
    ),
    "typescript": (
        'import a from "a";\n// Adds.\nfunction add(x: number): number {\n  return x + 1;\n}\n',
        "add",
        'import a from "a";',
    ),
    "go": ('package a\nimport "os"\n// Adds.\nfunc add(x int) int {\n\treturn x + 1\n}\n', "add", 'import "os"'),
    "c": ("#include <a.h>\n/*\n * Adds.\n */\nint *add(int x) {\n  return x + 1;\n}\n", "add", "#include <a.h>"),
    "cpp": ("#include <a>\n// Adds.\nint A::add(int x) {\n  return x + 1;\n}\n", "A::add", "#include <a>"),
    "c_sharp": ("using A;\nclass B {\n  /// Adds.\n  int add(int x) {\n    return x + 1;\n  }\n}\n", "add", "using A;"),
    "php": ("<?php\nuse A\\B;\n# Adds.\nfunction add($x) {\n  return $x + 1;\n}\n", "add", "use A\\B;"),
    "ruby": ("# Adds.\ndef add(x)\n  x + 1\nend\n", "add", ""),
    "rust": ("use a::b;\n/// Adds.\nfn add(x: i32) -> i32 {\n    x + 1\n}\n", "add", "use a::b;"),
}


def test_every_language_with_a_grammar_is_known() -> None:
    """What can be parsed can be read from files."""
    assert set(SOURCES) >= set(languages()) & set(FILES)
    assert set(SOURCES) == set(FILES)


@pytest.mark.parametrize("language", FILES)
def test_a_function_of_each_language(language: str, tmp_path: Path) -> None:
    """Path, name, docstring, imports and code; other files and hidden folders are left out."""
    text, name, imports = FILES[language]
    file = f"deep/a{SOURCES[language].endings[0]}"
    (tmp_path / "deep").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / file).write_text(text)
    (tmp_path / ".git" / f"b{SOURCES[language].endings[0]}").write_text(text)
    (tmp_path / "note.txt").write_text(text)
    [row] = source_functions(tmp_path, language)
    assert (row["path"], row["name"], row["docstring"], row["imports"]) == (file, name, "Adds.", imports)
    assert "add" in row["code"]
    assert "Adds" not in row["code"]
    last = row["code"].splitlines()[-1]
    assert last == last.lstrip() or language == "python"


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """They are left out with a warning; a folder without any function is an error."""
    (tmp_path / "good.py").write_text("def f():\n    return 1\n")
    (tmp_path / "bad.py").write_text("def f(:\n")
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    with pytest.warns(CodeshiftWarning, match="2 files are left out"):
        assert source_functions(tmp_path, "python")["name"] == ["f"]
    with pytest.raises(DataError, match="functions of rust"):
        source_functions(tmp_path, "rust")
    with pytest.raises(ParameterError, match="did you mean rust"):
        source_functions(tmp_path, "rusty")
    with pytest.raises(DataError, match="a folder"):
        source_functions(tmp_path / "nowhere", "python")
    with pytest.raises(DataError, match="a folder"):
        source_functions("1" * 5000, "python")
