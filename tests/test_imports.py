"""What an import costs, and that layers run one way."""

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
    """Neither torch nor transformers, nor anything else that costs a second, is loaded before it is used."""
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert shown.stdout.strip() == "[]"


PACKAGES = {path.parent.name for path in Path(codeshift.__file__).parent.glob("*/__init__.py")}

LIGHT = {"codeshift", "datasets", "tree_sitter", "threadpoolctl"}


def test_importing_the_splitters_costs_little_beyond_datasets() -> None:
    """Beside the library itself nothing is loaded that datasets has not loaded, but what is small."""
    code = (
        "import sys, datasets; before = {name.partition('.')[0] for name in sys.modules}; import codeshift.splitters\n"
        "after = {name.partition('.')[0] for name in sys.modules} - before - sys.stdlib_module_names\n"
        "print(*sorted(after))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert set(shown.stdout.split()) <= LIGHT


def test_splitting_loads_no_torch() -> None:
    """Nor does a whole split, with a parse in it."""
    code = (
        "import sys; from datasets import Dataset; from codeshift.splitters import ASTNodeSplitter\n"
        "rows = Dataset.from_dict({'code': [f'x{i} = 1' + '; f()' * (i % 3 == 0) for i in range(60)]})\n"
        "ASTNodeSplitter(column='code', language='python', nodes=('call',)).split(rows, seed=0)\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert shown.stdout.strip() == "[]"


def test_layers_run_one_way() -> None:
    """The contracts of pyproject.toml hold: no layer imports one above it, and fine-tuning knows no splitter."""
    from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

    pyproject = Path(__file__).parents[1] / "pyproject.toml"
    assert lint_imports(config_filename=str(pyproject), no_cache=True) == EXIT_STATUS_SUCCESS


FROM_WITHIN = {
    "torch", "transformers", "tokenizers", "peft", "matplotlib", "dask", "scipy", "sklearn", "datasets",
    "pyarrow", "huggingface_hub", "sacrebleu", "rapidfuzz", "threadpoolctl", "tree_sitter", "tree_sitter_php",
    "codeshift.properties.near_duplicates", "codeshift.finetune", "codeshift.study.estimate", "codeshift.study.worker",
}  # fmt: skip
"""What takes long to load, by itself or for what it loads, or is for a few: a function may import it, so that others
need not wait. Commands import all of the library so, since help must be quick."""


@pytest.mark.parametrize("package", sorted(PACKAGES - {"cli"}))
def test_functions_import_only_what_takes_long(package: str) -> None:
    """All else is imported at the top of a file, where a circle is seen at once."""
    root = Path(codeshift.__file__).parent / package
    found = [
        f"{path.relative_to(root)}: {module}"
        for path in sorted(root.rglob("*.py"))
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for module in _imported(function)
        if not any(module == heavy or module.startswith(f"{heavy}.") for heavy in FROM_WITHIN)
    ]
    assert not found


def _imported(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."
