"""The guide to the metrics holds: its examples run and give what they show."""

from __future__ import annotations

import doctest
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "metrics.md"


def test_examples_of_the_guide():
    """Every example of docs/guides/metrics.md gives what stands beneath it."""
    failed, tried = doctest.testfile(str(GUIDE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried > 20
    assert failed == 0
