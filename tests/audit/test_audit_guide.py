"""The thresholds in the guide to the audit are those of the code."""

from __future__ import annotations

from pathlib import Path

from codeshift.audit import Thresholds

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "reading-an-audit.md"


def test_thresholds_of_the_guide():
    """The guide gives the default thresholds."""
    thresholds, text = Thresholds(), " ".join(GUIDE.read_text(encoding="utf-8").split())
    for said, value in (
        ("more than 1% of the rows", thresholds.leaked_rows == 0.01),
        ("fewer than 20 distinct rows", thresholds.min_rows == 20),
        ("an AUC of .6 or more", thresholds.auc == 0.6),
        ("a corrected p of at most .05", thresholds.alpha == 0.05),
        ("where 5% of its rows or more repeat another one", thresholds.copies == 0.05),
        ("a Jensen-Shannon distance of .2 or more", thresholds.jensen_shannon == 0.2),
    ):
        assert said in text
        assert value
