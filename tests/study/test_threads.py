"""Threads of a study's workers where nobody says how many."""

from __future__ import annotations

import pytest

from codeshift.study.running import executors


@pytest.mark.parametrize(
    ("asked", "count", "expected"),
    [
        ("", 1, 8),
        ("", 3, 2),
        ("1", 1, 1),
        ("4", 1, 4),
        ("4", 4, 2),
        ("64", 2, 4),
        ("two", 2, 4),
        ("0", 2, 4),
        ("", 99, 1),
    ],
)
def test_an_equal_share_and_no_more_than_asked(
    asked: str, count: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OMP_NUM_THREADS is a limit; what is no number of threads is none."""
    monkeypatch.setattr(executors, "cores", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert executors.threads_each(count) == expected
