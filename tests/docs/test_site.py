"""Parts of the site that a strict build does not check."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.pages import ROOT, script


def test_every_page_is_in_the_navigation() -> None:
    """Each page is in the navigation once; a strict build does not notice unreachable pages."""
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    assert sorted(_leaves(_settings()["nav"])) == sorted(pages)


def test_there_are_only_two_plugins() -> None:
    """Few plugins keep a move to another site generator easy."""
    assert [next(iter(p)) if isinstance(p, dict) else p for p in _settings()["plugins"]] == ["search", "mkdocstrings"]
    assert "hooks" not in _settings()
    assert _settings()["theme"]["font"] is False  # pages load nothing from other hosts


def test_examples_of_docstrings_are_fenced() -> None:
    """Examples are fenced, because Markdown reads ``>>>`` as a quotation; adjacent ones share a block."""
    fenced = script("scripts/griffe_doctests.py").fenced
    assert fenced("Adds.\n\n>>> 1 + 1\n2\n\n>>> 2\n2\n\nMore.") == (
        "Adds.\n\n```pycon\n>>> 1 + 1\n2\n\n>>> 2\n2\n```\n\nMore."
    )
    assert fenced("Note:\n    >>> f(\n    ...     1)\n\n    End.") == (
        "Note:\n    ```pycon\n    >>> f(\n    ...     1)\n    ```\n\n    End."
    )
    assert fenced("Nothing here.") == "Nothing here."


def _settings() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


def _leaves(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    children = entry.values() if isinstance(entry, dict) else entry
    return [leaf for child in children for leaf in _leaves(child)]


def test_every_benchmark_has_a_page() -> None:
    """The site shows every page that the scripts of ``benchmarks/`` write."""
    shown = [page.read_text(encoding="utf-8").split('"')[1] for page in _benchmark_pages()]
    assert sorted(shown) == sorted(f"benchmarks/{page.name}" for page in (ROOT / "benchmarks").glob("*.md"))
    listed = (ROOT / "docs" / "benchmarks" / "index.md").read_text(encoding="utf-8")
    assert all(f"({page.name})" in listed for page in _benchmark_pages())


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_links_of_pages_outside_the_site_exist(name: str) -> None:
    """Their targets in the repository exist; a strict build checks only the links of the site."""
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'(?:src|srcset|href)="([^"#]+)"', text)
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []


def _benchmark_pages() -> list[Path]:
    return [page for page in (ROOT / "docs" / "benchmarks").glob("*.md") if page.name != "index.md"]
