"""The examples of the guides hold. Guides with a test of their own are left to it."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
ELSEWHERE = {"metrics.md", "reading-an-audit.md", "choosing-a-splitter.md"}
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if page.name not in ELSEWHERE]


def test_doctests_of_the_pages() -> None:
    """What stands beneath ``>>>`` is what the example gives."""
    results = [
        doctest.testfile(str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE) for page in PAGES
    ]
    assert sum(result.attempted for result in results) >= 4
    assert sum(result.failed for result in results) == 0


def test_code_blocks_of_the_pages() -> None:
    """Every block of Python runs; blocks of a page share their names."""
    ran = 0
    for page in PAGES:
        namespace: dict = {}
        for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
            exec(compile(block, str(page), "exec"), namespace)  # noqa: S102 - our own pages
            ran += 1
    assert ran >= 1
