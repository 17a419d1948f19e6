"""Drawn examples: 100 of each property in a usual run, 1,000 in a nightly one, and no test takes fewer."""

from __future__ import annotations

from pathlib import Path

from hypothesis import settings

TESTS = Path(__file__).parent


def test_the_profiles_draw_what_they_promise() -> None:
    """``make nightly`` sets HYPOTHESIS_PROFILE=nightly; nothing else has to be known."""
    assert settings.get_profile("default").max_examples == 100
    assert settings.get_profile("nightly").max_examples == 1000
    makefile = (TESTS.parent / "Makefile").read_text(encoding="utf-8")
    assert "HYPOTHESIS_PROFILE=nightly" in makefile


def test_no_test_draws_fewer() -> None:
    """A property that is slow is made faster, not rarer."""
    own = {TESTS / "conftest.py", Path(__file__)}
    others = [path for path in TESTS.rglob("*.py") if path not in own]
    assert [path for path in others if "max_examples" in path.read_text(encoding="utf-8")] == []
