"""Every public name is in the reference, with an example that the doctests run."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from functools import cache
from typing import Any

import pytest

import codeshift
import codeshift.errors
from codeshift.errors import CodeshiftError, CodeshiftWarning
from helpers.pages import ROOT

REFERENCE = ROOT / "docs" / "reference"
# Public, although no subpackage exports them: functions for testing classes of your own.
HELPERS = (
    "codeshift.finetune.testing.tiny_model",
    "codeshift.finetune.testing.tiny_tokenizer",
    "codeshift.metrics.testing.check_metric",
    "codeshift.splitters.testing.check_splitter",
)


@cache
def public() -> dict[str, Any]:
    """Return the public objects by full name: exports of each subpackage, exceptions and helpers."""
    objects: dict[str, Any] = {}
    for module in pkgutil.iter_modules(codeshift.__path__, "codeshift."):
        if module.ispkg and module.name != "codeshift.cli":
            package = importlib.import_module(module.name)
            objects |= {f"{module.name}.{name}": getattr(package, name) for name in getattr(package, "__all__", ())}
    for name, value in vars(codeshift.errors).items():
        if inspect.isclass(value) and issubclass(value, CodeshiftError | CodeshiftWarning):
            objects[f"codeshift.errors.{name}"] = value
    for helper in HELPERS:
        module_name, name = helper.rsplit(".", 1)
        objects[helper] = getattr(importlib.import_module(module_name), name)
    return objects


def described() -> list[str]:
    """Return the names in the reference, in the order of its pages."""
    texts = [page.read_text(encoding="utf-8") for page in sorted(REFERENCE.glob("*.md"))]
    return [name for text in texts for name in re.findall(r"^::: (\S+)$", text, flags=re.MULTILINE)]


def test_the_reference_holds_every_public_name() -> None:
    """The reference lists every public name once, and nothing else."""
    assert len(public()) > 120
    assert sorted(described()) == sorted(public())


@pytest.mark.parametrize("name", sorted(name for name, value in public().items() if callable(value)))
def test_public_names_have_an_example(name: str) -> None:
    """Each public name has a docstring with an example, which pytest runs in its module."""
    doc = inspect.getdoc(public()[name]) or ""
    assert len(doc.split()) >= 4, f"{name} does not say what it is"
    assert ">>> " in (public()[name].__doc__ or ""), f"{name} has no example of its own"


def test_docstrings_are_of_one_style() -> None:
    """A line on an argument or attribute starts with a capital and no article; what checks raise has its section."""
    of_articles, without_section = [], []
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            doc = ast.get_docstring(node) or ""
            for section in re.findall(r"^(?:Args|Attributes):\n((?: +.*\n?|\n)*)", doc, flags=re.MULTILINE):
                for line in re.findall(r"^    \*{0,2}\w+: (.*)", section, flags=re.MULTILINE):
                    if re.match(r"(the|an?|The|An?) |[a-z]\w* ", line):
                        of_articles.append(f"{path.name}: {line}")
            if re.match(r"Raise|.*; raise ", doc) and "Raises:" not in doc:
                without_section.append(f"{path.name}: {node.name}")
    assert of_articles == []
    assert without_section == []
