"""The page on the architecture agrees with the code: its files, its functions, and which of them calls which."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from helpers.pages import ROOT, script

architecture = script("scripts/architecture.py")
PAGE: Path = architecture.PAGE
FILE = r"`(?P<file>[\w/]+\.(?:py|j2))`"
PLACE = re.compile(rf"{FILE} `(?P<name>[\w.]+)`")
MODULES = [path for root in architecture.PACKAGES.values() for path in sorted(root.rglob("*.py"))]


def written() -> str:
    """Return the page without the generated list of files."""
    return PAGE.read_text(encoding="utf-8").split(architecture.BEGIN)[0]


def place(file: str) -> Path:
    """Return the path of a file that the page names."""
    if file.startswith(("tests/", "scripts/", "tools/")):
        return ROOT / file
    return ROOT / "tests" / file if Path(file).name.startswith("test_") else ROOT / "src" / "codeshift" / file


def arrows() -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Return who calls whom according to the tables of the flows."""
    lines = re.findall(r"^\| (`[^|]+`) \| (`[^|]+`) \| [^|]+ \|$", written(), flags=re.MULTILINE)
    matches = [(PLACE.fullmatch(caller), PLACE.fullmatch(called)) for caller, called in lines]
    return [(caller.groups(), called.groups()) for caller, called in matches if caller and called]


@cache
def definitions(file: str) -> dict[str, ast.AST]:
    """Return the definitions of a file of the library by name; methods are prefixed with the name of their class."""
    nodes: dict[str, ast.AST] = {}
    for node in ast.parse(place(file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            nodes[node.name] = node
        if isinstance(node, ast.ClassDef):
            nodes |= {f"{node.name}.{inner.name}": inner for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return nodes


def test_the_list_of_files_is_up_to_date() -> None:
    """If this fails, run ``python scripts/architecture.py``."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == architecture.with_files(page)


def test_the_picture_is_up_to_date() -> None:
    """If this fails, run ``python scripts/architecture.py``."""
    for name, picture in architecture.pictures().items():
        assert (architecture.ASSETS / name).read_text(encoding="utf-8") == picture
        assert f"assets/{name}" in written()
    assert list(architecture.WORDS) == architecture.layers()


def test_every_module_says_its_own_idea() -> None:
    """The first line of each docstring differs from those of all other modules."""
    lines = Counter(architecture.first_line(path) for path in MODULES)
    assert len(MODULES) > 250
    assert [line for line, count in lines.items() if count > 1] == []


@pytest.mark.parametrize("text", ["", '"""No end"""', '"""Goes\non."""', f'"""{"long " * 24}."""'])
def test_a_bad_first_line_is_an_error(text: str, tmp_path: Path) -> None:
    """The error names the module whose first line is missing or too long."""
    path = tmp_path / "module.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"module\.py must begin with a docstring line"):
        architecture.first_line(path)


def test_named_files_exist() -> None:
    """``NAME.py`` stands for a new file, and its folder exists."""
    named = [match["file"] for match in re.finditer(FILE, written())]
    assert len(named) > 100
    for file in named:
        path = place(file)
        assert path.parent.is_dir() if path.stem == "NAME" else path.is_file(), file


def test_named_functions_exist() -> None:
    """A function is defined in the file named before it."""
    places = [match.groups() for match in PLACE.finditer(written())]
    assert len(places) > 60
    assert [f"{file} {name}" for file, name in places if name not in definitions(file)] == []


def test_every_arrow_is_a_call() -> None:
    """The function on the left uses the name of the one on the right."""
    assert len(arrows()) > 30
    wrong = []
    for (file, caller), (_, called) in arrows():
        nodes = [node for node in ast.walk(definitions(file)[caller]) if isinstance(node, ast.Name | ast.Attribute)]
        if called.split(".")[-1] not in {node.id if isinstance(node, ast.Name) else node.attr for node in nodes}:
            wrong.append(f"{file}: {caller} does not name {called}")
    assert wrong == []


def test_the_walk_returns_to_a_file_as_often_as_it_says() -> None:
    """After each of the steps 4 to 9 one is back in ``splits/assign.py``."""
    walk = written().split("## One call, followed")[1].split("## ")[0]
    visited: list[str] = []
    returns = 0
    for number, step in re.findall(r"^(\d+)\. (.*?)(?=^\d+\. |\Z)", walk, flags=re.MULTILINE | re.DOTALL):
        files = [match["file"] for match in re.finditer(FILE, step)]
        files += ["splits/assign.py"] * (4 <= int(number) <= 9)
        returns += sum(file in [*visited, *files[:i]] for i, file in enumerate(files))
        visited += files
    assert (int(number), returns) == (10, 9)
