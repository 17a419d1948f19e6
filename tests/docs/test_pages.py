"""Every code block of every page runs: README, CONTRIBUTING and all that stands under docs/.

Blocks of a page share one namespace and one empty folder, in the order of the page, as a reader would type them. A page
needs no entry here: it is found. A block of a kind that is not known here is an error, so none is passed over.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import functools
import io
import json
import re
import shlex
import subprocess
import sys
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import codeshift.data
from codeshift.cli import main
from codeshift.cli.parser import make_parser
from pages import ROOT, Block, blocks, commands, pages

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
TEXT = {"text", "bibtex", "html", "csv"}  # output, data and markup: nothing that a reader would run
TESTED_ELSEWHERE = {("demo",): "tests/study/test_demo.py"}  # takes minutes at full size
EXTERNAL = {"accelerate", "torchrun", "sbatch", "srun", "mpiexec", "ray", "git", "dask", "pipx", "uv", "conda"}

stdlib_functions = functools.cache(codeshift.data.stdlib_functions)


@pytest.fixture
def namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The names of a page: those of a module, so that its classes and functions can be looked up and pickled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(codeshift.data, "stdlib_functions", stdlib_functions)  # it takes seconds a call
    module = types.ModuleType("a_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module.__dict__


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page(page: Path, namespace: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's blocks run, and what it shows as output is the output."""
    for block in blocks(page):
        with _naming(page, block):
            _run(block, namespace, page)


def test_the_pages_are_found() -> None:
    """There are pages, and they hold code: a broken search would make the test above pass on nothing."""
    kinds = [block.kind for page in pages() for block in blocks(page)]
    assert kinds.count("python") >= 10
    assert kinds.count("pycon") >= 10
    assert {"index.md", "README.md"} <= {page.name for page in pages()}


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (Block(kind="python", text="1 / 0", line=1), "division by zero"),
        (Block(kind="pycon", text=">>> 1 + 1\n3\n", line=1), "Expected:\n    3"),
        (Block(kind="", text="x", line=1), "a kind that the tests know"),
        (Block(kind="sh", text="codeshift splitt", line=1), "exit code 2"),
        (Block(kind="sh", text="rm -r /nowhere", line=1), "no rule"),
        (Block(kind="sh", text="make nothing", line=1), "nothing"),
        (Block(kind="sh", text='pip install "codeshift-ood[finetuning]"', line=1), "finetuning"),
        (Block(kind="sh", text="python benchmarks/one_pass.py --no-such-option", line=1), "--no-such-option"),
        (Block(kind="console", text="$ codeshift --version\ncodeshift 99\n", line=1), "codeshift 99"),
        (Block(kind="json", text="{", line=1), "Expecting"),
    ],
)
def test_wrong_blocks_are_told(block: Block, message: str, namespace: dict[str, object]) -> None:
    """A block that fails, shows another output or asks for what there is not fails its page, which is named."""
    with pytest.raises(AssertionError, match=re.escape(message)) as told, _naming(Path("page.md"), block):
        _run(block, namespace, Path("page.md"))
    assert "page.md, line 1" in str(told.value)


@contextlib.contextmanager
def _naming(page: Path, block: Block) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise AssertionError(f"{page.name}, line {block.line}: {type(error).__name__}: {error}") from error


def _run(block: Block, namespace: dict[str, object], page: Path) -> None:
    if block.kind == "python":
        exec(compile("\n" * (block.line - 1) + block.text, str(page), "exec"), namespace)  # noqa: S102 - our own pages
    elif block.kind == "pycon":
        _run_session(block, namespace, page)
    elif block.kind in {"sh", "console"}:
        if block.text.startswith("#!") or _is_script(block):
            _check_syntax(block.text)
        else:
            for command, output in commands(block):
                _run_command(shlex.split(command), output)
    elif block.kind == "json":
        json.loads(block.text)
    elif block.kind in {"yaml", "yml"}:
        yaml.safe_load(block.text)
    elif block.kind == "toml":
        tomllib.loads(block.text)
    else:
        assert block.kind in TEXT, f"{block.kind!r} is not a kind that the tests know"


def _run_session(block: Block, namespace: dict[str, object], page: Path) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, namespace, page.name, str(page), block.line)
    assert test.examples, "no >>> in a block of pycon"
    test.globs = namespace  # not the copy that it makes
    told: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=told.append, clear_globs=False)
    if told:
        raise AssertionError("".join(told))


def _is_script(block: Block) -> bool:
    """Whether a block of shell is more than a list of commands: loops and the like."""
    return block.kind == "sh" and re.search(r"^(for|while|if|export|set) ", block.text, flags=re.MULTILINE) is not None


def _check_syntax(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, capture_output=True)  # noqa: S607


def _run_command(words: list[str], output: str) -> None:
    """Runs a command of ours; of one that installs, builds or measures, checks that it can be given."""
    words = [*words]
    while "=" in words[0]:  # variables of the environment
        words.pop(0)
    program, *arguments = words
    if program == "codeshift":
        _run_codeshift(arguments, output)
    elif program == "make":
        subprocess.run(["make", "-n", *arguments], cwd=ROOT, check=True, capture_output=True)  # noqa: S603, S607
    elif program == "pip":
        _check_install(arguments)
    elif program == "python":
        _check_python(arguments)
    elif program in {"cat", "ls", "head", "mkdir", "wc"}:
        subprocess.run(words, check=True, capture_output=True)  # noqa: S603
    else:
        assert program in EXTERNAL, f"there is no rule for {program!r}"


def _run_codeshift(arguments: list[str], output: str) -> None:
    if tuple(arguments[:1]) in TESTED_ELSEWHERE:
        assert (ROOT / TESTED_ELSEWHERE[tuple(arguments[:1])]).exists()
        make_parser().parse_args(arguments)
        return
    printed, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors):
        try:
            code = main(arguments)
        except SystemExit as end:  # of argparse
            code = end.code or 0
    assert code in {0, 1}, f"exit code {code}: {printed.getvalue()}{errors.getvalue()}"  # 1 is the answer "no"
    if output:
        same = doctest.OutputChecker().check_output(output, printed.getvalue(), FLAGS)
        assert same, f"the page says\n{output}\nbut it is\n{printed.getvalue()}"


def _check_install(arguments: list[str]) -> None:
    """What is to be installed is this project, with extras that it has, or another's."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    for wanted in arguments[1:]:
        found = re.match(r"codeshift-ood\[(.*)\]", wanted)
        unknown = set(found[1].split(",")) - set(project["optional-dependencies"]) if found else set()
        assert not unknown, f"no such extra: {unknown}"


def _check_python(arguments: list[str]) -> None:
    """A script of ours exists, and so do the options that the page gives it."""
    if arguments[0] == "-c":
        ast.parse(arguments[1])
        return
    if arguments[0] == "-m":
        module = arguments[1].replace(".", "/")
        options = arguments[2:]
        places = [ROOT / "src" / f"{module}.py", ROOT / "src" / module]
        if not module.startswith("codeshift"):
            return
    else:
        options, places = arguments[1:], [ROOT / arguments[0]]
    script = next((place for place in places if place.exists()), None)
    assert script is not None, f"{arguments[0]} does not exist"
    source = "".join(
        file.read_text(encoding="utf-8") for file in ([script] if script.is_file() else script.rglob("*.py"))
    )
    for option in options:
        if option.startswith("--"):
            assert f'"{option.split("=")[0]}"' in source, f"{script.name} has no option {option}"
