"""Hypothesis draws 100 examples of each property in a usual run and 1,000 in a nightly one, and no test draws fewer.

Of a state machine it draws as many sequences of 8 events.
"""

from __future__ import annotations

from pathlib import Path

from hypothesis import settings

TESTS = Path(__file__).parent


def test_the_profiles_draw_100_and_1000_examples() -> None:
    """Setting HYPOTHESIS_PROFILE=nightly, as ``make nightly`` does, is enough."""
    assert settings.get_profile("default").max_examples == 100
    assert settings.get_profile("nightly").max_examples == 1000
    sequences = settings.get_profile("default-events")
    assert (sequences.max_examples, sequences.stateful_step_count) == (100, 8)
    assert settings.get_profile("nightly-events").max_examples == 1000
    makefile = (TESTS.parent / "Makefile").read_text(encoding="utf-8")
    assert "HYPOTHESIS_PROFILE=nightly" in makefile


def test_no_test_draws_fewer() -> None:
    """A slow property must be made faster, not drawn less often."""
    own = {TESTS / "conftest.py", Path(__file__)}
    others = [path for path in TESTS.rglob("*.py") if path not in own]
    assert [path for path in others if "max_examples" in path.read_text(encoding="utf-8")] == []
