"""Metrics from top to bottom: a score for each row, one for the corpus, and statements about them."""

from __future__ import annotations

import pytest

from codeshift.metrics import (
    BLEU,
    EditSimilarity,
    ElementRecall,
    ExactMatch,
    PassAtK,
    SyntacticValidity,
    bootstrap_ci,
    generalization_gap,
    holm,
    relative_performance,
    worst_group,
)

WRITTEN = ["return a + b", "return a", "while x: f(", "pass"]
WANTED = ["return a + b", "return b", "while x: f()", "for y in z: g(y)"]


def test_the_story_of_metrics() -> None:
    """Rows are scored first; whatever is said of a model afterwards comes from those scores."""
    # What was written, beside what was wanted.
    assert ExactMatch().score(WRITTEN, WANTED).tolist() == [1, 0, 0, 0]
    assert EditSimilarity().score(WRITTEN, WANTED)[:3].tolist() == pytest.approx([1, 7 / 8, 11 / 12])
    assert SyntacticValidity("python").score(WRITTEN, WANTED).tolist() == [1, 1, 0, 1]

    # One score for all rows: of the two loops that were wanted, one was written.
    loops = ElementRecall("python", names=("for_statement", "while_statement"))
    assert loops.corpus(["while x: f()", "pass"], ["while y: g()", "for i in y: g()"]).value == 0.5
    assert BLEU().corpus(WANTED, WANTED).value == 1.0

    # Programs that are run: 1 of 4 samples passes. Of two of them the one is drawn in 3 of 6 draws.
    assert PassAtK(1).score([[True, False, False, False]]).tolist() == [0.25]
    assert PassAtK(2).score([[True, False, False, False]]).tolist() == [0.5]


def test_the_story_of_what_is_said_of_scores() -> None:
    """A mean comes with its interval; two parts, with their gap; groups, with the worst of them."""
    known, new = [1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]

    estimate = bootstrap_ci(known, seed=0)
    assert (estimate.value, estimate.n) == (0.75, 4)
    assert 0 <= estimate.low < 0.75 < estimate.high <= 1

    # From 3 of 4 in distribution to 1 of 4 out of it: half a point lost, a third left.
    assert generalization_gap(known, new, seed=0).value == 0.5
    assert relative_performance(new, known, paired=False, seed=0).value == pytest.approx(1 / 3)

    worst = worst_group(known, ["java", "java", "go", "go"])
    assert (worst.group, worst.estimate.value) == ("go", 0.5)

    # Two tests at once: the smaller p value counts twice.
    assert holm([0.01, 0.04]).tolist() == [0.02, 0.04]
