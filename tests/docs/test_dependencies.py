"""The page on dependencies names what pyproject.toml names, and says what the installed packages say of themselves."""

from __future__ import annotations

import platform
import re
import sys

import pytest

from helpers.pages import script

dependencies = script("scripts/dependencies.py")
ROW = re.compile(r"\| (?P<name>[\w.-]+) \| (?P<why>.+) \| (?P<license>.+) \| (?P<size>[\d.]+) \|")


def test_every_dependency_has_a_reason() -> None:
    """And no reason is left of one that went."""
    named = [name for names in dependencies.groups().values() for name in names]
    assert len(named) > 40
    assert set(named) == set(dependencies.WHY)
    assert all(dependencies.license_of(name) for name in named)


def test_the_page_is_what_the_script_writes() -> None:
    """But for sizes, which differ from machine to machine."""
    written, now = (
        re.sub(r"[\d.]+(?=\**\ \|$)", "", text, flags=re.MULTILINE)
        for text in (dependencies.PAGE.read_text(encoding="utf-8"), dependencies.page())
    )
    assert written == now, "run python scripts/dependencies.py"


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="the page has the sizes of another Python or machine",
)
def test_sizes_are_about_those_of_the_page() -> None:
    """Of torch there are builds of very different sizes."""
    rows = [ROW.fullmatch(line) for line in dependencies.PAGE.read_text(encoding="utf-8").splitlines()]
    sizes = {row["name"]: float(row["size"]) for row in rows if row}
    assert len(sizes) > 40
    for name, size in sizes.items():
        if name != "torch":
            assert dependencies.megabytes(name) == pytest.approx(size, rel=0.25, abs=0.1), name
