"""What an import loads, and that imports run only from higher to lower layers."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import codeshift

HEAVY = ("torch", "transformers", "peft", "accelerate", "sklearn", "matplotlib")


@pytest.mark.parametrize(
    "module", ["codeshift", "codeshift.splitters", "codeshift.properties", "codeshift.metrics", "codeshift.study"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    """Importing a package loads neither torch nor transformers, nor any other slow library, before it is used."""
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert shown.stdout.strip() == "[]"


PACKAGES = {path.parent.name for path in Path(codeshift.__file__).parent.glob("*/__init__.py")}

LIGHT = {"codeshift", "datasets", "tree_sitter", "threadpoolctl"}


def test_importing_the_splitters_costs_little_beyond_datasets() -> None:
    """Importing the splitters loads only small libraries in addition to what ``datasets`` loads."""
    code = (
        "import sys, datasets; before = {name.partition('.')[0] for name in sys.modules}; import codeshift.splitters\n"
        "after = {name.partition('.')[0] for name in sys.modules} - before - sys.stdlib_module_names\n"
        "print(*sorted(after))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert set(shown.stdout.split()) <= LIGHT


def test_splitting_loads_no_torch() -> None:
    """A whole split, including parsing, does not load torch."""
    code = (
        "import sys; from datasets import Dataset; from codeshift.splitters import ASTNodeSplitter\n"
        "rows = Dataset.from_dict({'code': [f'x{i} = 1' + '; f()' * (i % 3 == 0) for i in range(60)]})\n"
        "ASTNodeSplitter(column='code', language='python', nodes=('call',)).split(rows, seed=0)\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert shown.stdout.strip() == "[]"


def test_layers_run_one_way() -> None:
    """The contracts of pyproject.toml hold: no layer imports one above it; fine-tuning imports no splitter."""
    from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

    pyproject = Path(__file__).parents[1] / "pyproject.toml"
    assert lint_imports(config_filename=str(pyproject), no_cache=True) == EXIT_STATUS_SUCCESS


FROM_WITHIN = {
    "torch", "transformers", "tokenizers", "peft", "matplotlib", "dask", "scipy", "sklearn", "datasets",
    "pyarrow", "huggingface_hub", "sacrebleu", "rapidfuzz", "threadpoolctl", "tree_sitter", "tree_sitter_php",
    "codeshift.finetune", "bitsandbytes",
    "codeshift.study.planning.estimate", "codeshift.study.planning.forecast", "codeshift.study.settings.finetuning",
    "codeshift.study.running.worker", "codeshift.study.running.given_runs",
}  # fmt: skip
"""Libraries that are slow to load or needed by few: a function may import them, so that others
need not wait. Those of our own load PyTorch. Commands import the whole library this way, because help must be quick."""


@pytest.mark.parametrize("package", sorted(PACKAGES - {"cli"}))
def test_functions_import_only_slow_libraries(package: str) -> None:
    """Everything else is imported at the top of a file, where an import cycle shows at once."""
    root = Path(codeshift.__file__).parent / package
    imports = [
        f"{path.relative_to(root)}: {module}"
        for path in sorted(root.rglob("*.py"))
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for module in _imported(function)
        if not any(module == heavy or module.startswith(f"{heavy}.") for heavy in FROM_WITHIN)
    ]
    assert not imports


ONE_A_MODULE = {
    "T": "a type variable, which has no meaning beyond its function",
    "TABLE": "the rules of data flow of one language, taken by the name of its module",
    "add_to": "a command of the command line adds itself to the parser",
    "run": "a command of the command line runs",
    "main": "a program is started",
    "render": "a document is rendered, once for each format, and called as html.render",
    "escaped": "a text is escaped, once for each format",
    "table": "a table is rendered, once for each format",
    "check_repr": "the law that a repr evaluates to its object, of metrics and of splitters",
    "check_identity": "the law of equal programs, of metrics and of splitters",
    "check_fresh_process": "the law that another process finds the same, of metrics and of splitters",
}
"""Names that stand in several modules, and their one meaning."""


def test_a_name_has_one_meaning() -> None:
    """No public constant, alias, class or function of a module has the name of another module's."""
    root = Path(codeshift.__file__).parent
    modules: dict[str, list[str]] = {}
    for path in sorted(root.rglob("*.py")):
        for name in _defined(ast.parse(path.read_text(encoding="utf-8")).body):
            modules.setdefault(name, []).append(str(path.relative_to(root)))
    several = {name: files for name, files in modules.items() if len(files) > 1}
    assert {name: files for name, files in several.items() if name not in ONE_A_MODULE} == {}
    assert ONE_A_MODULE.keys() <= several.keys(), "an exception that is none any more"


def _defined(body: list[ast.stmt]) -> set[str]:
    """Return the public names that statements define, those under ``if`` and ``try`` included, without imports."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        elif isinstance(node, ast.If | ast.Try):
            names |= _defined([*node.body, *node.orelse])
    return {name for name in names if not name.startswith("_")}


def _imported(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."
