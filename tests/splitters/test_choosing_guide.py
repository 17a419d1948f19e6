"""The guide to splitters names splitters that there are."""

from __future__ import annotations

import re
from pathlib import Path

import codeshift.splitters

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "choosing-a-splitter.md"


def test_the_guide_names_all_splitters() -> None:
    """Every splitter that the page names can be imported, and every one that can be imported is on the page."""
    named = set(re.findall(r"`(\w+Splitter)`", GUIDE.read_text(encoding="utf-8")))
    public = {name for name in codeshift.splitters.__all__ if name.endswith("Splitter")} - {"Splitter"}
    assert named == public
