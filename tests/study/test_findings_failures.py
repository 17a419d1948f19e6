"""Failure modes, one output of each kind."""

from __future__ import annotations

import dataclasses

import pytest

from codeshift.study.findings import Findings
from codeshift.study.findings.failures import MODES, RIGHT, plain_modes
from codeshift.study.folder.run_scores import RunScores
from helpers.study_results import study_results

REFERENCE = "def f(x):\n    return x + 1"


def mode(prediction, *, source=None, finished=None, language="python", reference=REFERENCE):
    scores = RunScores(
        [reference], [prediction], {}, [] if source is None else [source], [] if finished is None else [finished]
    )
    (found,) = plain_modes(scores, language)
    return found


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        (REFERENCE + "\n", RIGHT),
        ("  \n", "empty"),
        ("return x x x x x x", "repeats itself"),
        ("a = b\n" * 6, "repeats itself"),
        ("a = b\n" * 3, "parses, other text"),
        ("def f(x:\n    return", "does not parse"),
        ("def f(x):\n    return x", "parses, other text"),
        (None, None),
    ],
)
def test_modes_of_outputs(prediction, expected):
    """The first that fits is an output's mode; what was not generated has none."""
    assert mode(prediction) == expected


def test_modes_that_ask_for_more():
    """Truncation and copying are reported only if the source and the end of the output are known."""
    assert mode("def f(x):\n    ret", finished=False) == "cut off"
    assert mode("def f(x):\n    ret", finished=True) == "parses, other text"
    assert mode("def f(x):\n  return x", source="def f(x): return x") == "copies its source"
    assert mode("def f(x:", source="def f(x:") == "does not parse"
    assert mode("def f(x:", language=None) == "parses, other text"
    assert mode(REFERENCE, source=REFERENCE, finished=False) == RIGHT


def test_long_outputs():
    """No text makes the search for repetitions go wild (benchmarks/growth.py measures it)."""
    assert mode("ab " * 5000 + "x = 1") in MODES
    assert mode("x" * 100_000) == "parses, other text"


def test_counts_by_cell():
    """The masked element that lacks is a mode of its own, where the reference holds it; all outputs are counted."""
    texts = [f"for i in range({i}):\n    print(i)" for i in range(40)]
    results = study_results(references=texts, wrong="x = 1", train_seeds=(0, 1))
    found = {
        (f.cell.scenario, f.cell.method, f.cell.ood_kept, f.part): f
        for f in Findings(results=results, n_resamples=10).failures
    }
    syntax = found["syntax_for_statement", "full", 0.0, "test_ood"]
    length = found["length_p97_p100", "full", 0.0, "test_ood"]
    assert syntax.n == 40
    assert syntax.counts["lacks the element"] == syntax.wrong > 0
    assert length.counts["parses, other text"] == length.wrong > 0
    assert set(syntax.counts) == {RIGHT, *MODES}
    assert f"of 40 outputs {syntax.counts[RIGHT]} right, {syntax.wrong} lacks the element" in syntax.sentence
    plain = Findings(
        results=dataclasses.replace(results, settings=dataclasses.replace(results.settings, language=None)),
        n_resamples=10,
    ).failures
    assert all(one.counts["does not parse"] == 0 for one in plain)
