"""The page on the architecture agrees with the code: its files, its functions, and which of them calls which."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path
from types import FrameType

import pytest

from codeshift.splitters import ASTNodeSplitter
from helpers.pages import ROOT, script
from helpers.splitter_rows import python_rows

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


SPINE = ("splitters/base.py", "splits/assign.py")


def is_accessor(frame: FrameType) -> bool:
    """Whether a frame computes a property, which a reader takes for a field."""
    found = sys.modules[frame.f_globals["__name__"]]
    for name in frame.f_code.co_qualname.split("."):
        if name == "<locals>":
            return False
        found = inspect.getattr_static(found, name)
    return isinstance(found, property | cached_property)


@cache
def file_of_code(name: str) -> str:
    """The path of a file of the library beneath ``src/codeshift``; empty for any other."""
    root = f"{ROOT / 'src' / 'codeshift'}/"
    return name.removeprefix(root) if name.startswith(root) else ""


def calls_from(files: Sequence[str], act: Callable[[], object]) -> set[tuple[str, int, str]]:
    """The places in some files from which an act calls another file of the library: file, line, and what is called."""
    places = set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        called = file_of_code(frame.f_code.co_filename) if event == "call" else ""
        if not called:
            return
        caller = frame.f_back
        while caller is not None and not file_of_code(caller.f_code.co_filename):
            caller = caller.f_back  # code that dataclasses and functools put in between
        file = "" if caller is None else file_of_code(caller.f_code.co_filename)
        if file in files and file != called and not is_accessor(frame):
            places.add((file, caller.f_lineno, frame.f_code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        act()
    finally:
        sys.setprofile(before)
    return places


def test_the_walk_comes_back_as_often_as_it_says() -> None:
    """The number on the page is that of the call itself, and no more than twelve."""
    splitter, rows = ASTNodeSplitter("code", language="python", nodes=("for_statement",)), python_rows(90)
    with warnings.catch_warnings(action="ignore"):
        splitter.split(rows)  # what is imported at the first call is no part of the walk
        calls = calls_from(SPINE, lambda: splitter.split(rows))
    walk = written().split("## One call, followed")[1].split("\n## ")[0]
    [said] = re.findall(r"come back (\d+) times", " ".join(walk.split()))
    assert len(calls) == int(said) <= 12
    named = {match["name"].split(".")[-1] for match in PLACE.finditer(walk)}
    named |= set(re.findall(r"`(?:\w+\.)?(\w+)`", walk))
    assert {call.split(".")[0 if call.endswith("__post_init__") else -1] for _, _, call in calls} - {"of"} <= named
