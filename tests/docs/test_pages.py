"""Every code block of every page runs: README, CONTRIBUTING and all pages in docs/.

The blocks of a page share one namespace and one empty folder and run in order, as a reader would run them, except that
models do little (``little_work``) where a page shows no results. New pages are found without an entry here. A block of
an unknown kind is an error, so none is skipped silently; and so is a block that is neither run nor listed, with a
reason, in ``helpers.page_commands``.
"""

from __future__ import annotations

import contextlib
import doctest
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

from helpers.page_commands import FLAGS, NOT_RUN, NOT_RUN_CODE, check_recipe, check_text, little_work, run_command
from helpers.pages import ROOT, Block, blocks, commands, pages

TEXT = {"text", "bibtex", "html", "csv"}  # output, data and markup, which a reader would not run

JAVA = "int f{0}(int a) {{ return a + {0}; }}"
FILES = {
    "codebert_predictions.jsonl": [
        {"prediction": JAVA.format(i), "reference": JAVA.format(i - i % 2)} for i in range(24)
    ],
}
"""Files that a reader of a page has, with fewer rows."""

MOST_ROWS = {"README.md": 100}
"""Largest number of rows in each ``select(range(...))`` of pages that show no figure of those rows.

There the functions of the standard library are every tenth.
"""


@pytest.fixture
def namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Return the namespace of a page, which is that of a module, so that its classes can be pickled."""
    monkeypatch.chdir(tmp_path)
    for name, rows in FILES.items():
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    module = types.ModuleType("a_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module.__dict__


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page(page: Path, namespace: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page run, and the output that it shows is the actual output."""
    for block in blocks(page):
        with _naming(page, block):
            _run(block, namespace, page)


def test_the_pages_are_found() -> None:
    """There are pages with code: if the search were broken, the test above would pass on nothing."""
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
        (Block(kind="sh", text="sbatch job.sh", line=1), "no rule for 'sbatch', and no reason not to run it"),
        (Block(kind="text", text="codeshift split rows.jsonl --out a", line=1), "text that holds code"),
        (Block(kind="text", text="first = 1\nimport this", line=1), "text that holds code"),
        (Block(kind="sh", text='pip install "codeshift-ood[finetuning]"', line=1), "finetuning"),
        (Block(kind="sh", text="python benchmarks/one_pass.py --no-such-option", line=1), "--no-such-option"),
        (Block(kind="console", text="$ codeshift --version\ncodeshift 99\n", line=1), "codeshift 99"),
        (Block(kind="json", text="{", line=1), "Expecting"),
    ],
)
def test_bad_blocks_fail(block: Block, message: str, namespace: dict[str, object]) -> None:
    """A block that fails, shows another output or uses what does not exist fails, and the error names the page."""
    with pytest.raises(AssertionError, match=re.escape(message)) as error, _naming(Path("page.md"), block):
        _run(block, namespace, Path("page.md"))
    assert "page.md, line 1" in str(error.value)


def test_every_command_that_is_not_run_is_on_a_page() -> None:
    """The lists of exceptions hold nothing that no page shows."""
    all_blocks = [(page, block) for page in pages() for block in blocks(page)]
    shell = [block for _, block in all_blocks if block.kind in {"sh", "console"} and not _is_script(block)]
    shown = {" ".join(shlex.split(command)) for block in shell for command, _ in commands(block)}
    assert set(NOT_RUN) <= shown
    texts = {(page.name, block.text.splitlines()[0]) for page, block in all_blocks if block.kind == "text"}
    assert set(NOT_RUN_CODE) <= texts


RECIPES = {
    "demo": ["codeshift demo"],
    "test": ["ruff check", "ruff format --check", "mypy", "lint-imports", "mkdocs build --strict", "pytest"],
    "dist": ["python -m build", "python scripts/smoke.py dist"],
}
"""Commands of the targets that are not run here, in order, after the environment is made."""


@pytest.mark.parametrize("target", RECIPES)
def test_recipes_that_are_not_run(target: str) -> None:
    """``make -n`` prints the recipe: everything that it names exists, and it is what the pages say."""
    recipe = check_recipe(target)
    places = [recipe.find(f".venv/bin/{command}") for command in RECIPES[target]]
    assert -1 not in places
    assert places == sorted(places)


def test_bad_recipes_fail() -> None:
    """A target that does not exist, or that does not make an environment, is an error."""
    with pytest.raises(AssertionError, match="exit code 2"):
        check_recipe("nothing")
    with pytest.raises(AssertionError, match=r"does not make \.venv"):
        check_recipe("clean")


@contextlib.contextmanager
def _naming(page: Path, block: Block) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise AssertionError(f"{page.name}, line {block.line}: {type(error).__name__}: {error}") from error


def _run(block: Block, namespace: dict[str, object], page: Path) -> None:
    if block.kind == "python":
        code = "\n" * (block.line - 1) + _with_fewer_rows(block.text, page.name)
        shows_results = page.exists() and any(other.kind == "pycon" for other in blocks(page))
        with contextlib.nullcontext() if shows_results else little_work():
            exec(compile(code, str(page), "exec"), namespace)  # noqa: S102 - our own pages
    elif block.kind == "pycon":
        _run_session(block, namespace, page)
    elif block.kind in {"sh", "console"}:
        if block.text.startswith("#!") or _is_script(block):
            _check_syntax(block.text)
        else:
            for command, output in commands(block):
                run_command(shlex.split(command), output)
    elif block.kind == "json":
        json.loads(block.text)
    elif block.kind in {"yaml", "yml"}:
        yaml.safe_load(block.text)
        if named := re.match(r"# (\w+\.ya?ml)\n", block.text):  # a file that the page uses later
            Path(named[1]).write_text(block.text, encoding="utf-8")
    elif block.kind == "toml":
        tomllib.loads(block.text)
    else:
        assert block.kind in TEXT, f"{block.kind!r} is not a kind that the tests know"
        if block.kind == "text":
            check_text(block, page.name)


def _with_fewer_rows(code: str, page: str) -> str:
    most = MOST_ROWS.get(page)
    if most is None:
        return code
    code = code.replace("rows = stdlib_functions()  #", "rows = stdlib_functions().select(range(0, 6020, 10))  #")
    return re.sub(r"\bselect\(range\((\d+)\)\)", lambda match: f"select(range({min(int(match[1]), most)}))", code)


def _run_session(block: Block, namespace: dict[str, object], page: Path) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, namespace, page.name, str(page), block.line)
    assert test.examples, "no >>> in a block of pycon"
    test.globs = namespace  # not the copy that DocTest makes
    failures: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=failures.append, clear_globs=False)
    if failures:
        raise AssertionError("".join(failures))


def _is_script(block: Block) -> bool:
    """Return whether a block of shell is more than a list of commands, such as a loop."""
    return block.kind == "sh" and re.search(r"^(for|while|if|export|set) ", block.text, flags=re.MULTILINE) is not None


def _check_syntax(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, capture_output=True)  # noqa: S607
