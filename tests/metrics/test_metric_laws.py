"""Every metric keeps the laws of ``codeshift.metrics.testing``, and each check finds a metric that breaks its law."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.metrics import (
    AUROC,
    BLEU,
    F1,
    ChrF,
    CodeBLEU,
    EditSimilarity,
    ElementPrecision,
    ElementRecall,
    ExactMatch,
    Metric,
    NegativeLogLikelihood,
    PassAtK,
    SyntacticValidity,
    TokenAccuracy,
    WeightedMetric,
    testing,
)
from codeshift.metrics.codebleu.dataflow import LANGUAGES
from codeshift.metrics.testing import METRIC_CHECKS, Case, check_metric
from helpers import broken_metrics
from helpers.classifiers import OF_CLASSES, drawn

TEXT = [
    ExactMatch(),
    ExactMatch(normalize_whitespace=True),
    *(BLEU(smoothing=s) for s in ("none", "exp", "floor", "add-k", "codexglue")),
    BLEU(max_order=2),
    ChrF(),
    ChrF(word_order=2),
    EditSimilarity(),
    EditSimilarity(unit="tokens"),
    CodeBLEU("java"),
    CodeBLEU("python", missing_dataflow="one"),
    CodeBLEU("java", compat="codexglue"),
    CodeBLEU("ruby", compat="codebleu-0.7"),
    SyntacticValidity("java"),
    SyntacticValidity("python"),
    ElementRecall(language="java"),
    ElementRecall(language="python", names=("if_statement", "call")),
    ElementRecall(elements="apis", language="python"),
    ElementPrecision(elements="tokens"),
]
# Short rows are given at least one n-gram of each order there, so two equal rows of two tokens score .32; and whether
# an output parses is not a matter of its reference.
NO_IDENTITY = (SyntacticValidity("java"), SyntacticValidity("python"), *(m for m in TEXT if getattr(m, "compat", None)))
PROBABILITIES = st.lists(st.lists(st.floats(-30, 0), max_size=5), min_size=2, max_size=5)
GUESSES = st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=5), min_size=2, max_size=5)
RESULTS = st.lists(st.lists(st.booleans(), min_size=2, max_size=6), min_size=2, max_size=6)

WORD = st.sampled_from(["if", "(", ")", "x", "=", "1", ";", "return", "+", "été", "名", "{", "}"])
CODE = st.lists(WORD, max_size=12).map(" ".join)
ANY_TEXT = st.one_of(CODE, st.text(max_size=30), st.binary(max_size=30).map(lambda b: b.decode("latin-1")))
BROKEN = st.binary(max_size=30).map(lambda b: b.decode("utf-8", "surrogateescape"))
ROWS = st.lists(st.tuples(st.one_of(ANY_TEXT, BROKEN), st.one_of(ANY_TEXT, BROKEN)), min_size=2, max_size=5)
DRAWN = [check for check in METRIC_CHECKS if check not in (testing.check_fresh_process, testing.check_hostile)]
NO_PROMISE = {"bounds": (0.0, 1.0), "identity": False}

FIXED = {
    "predictions": ["int f ( int a ) { return a ; }", "x = y + 1", "", "if ( x ) f ( ) ; else g ( x ) ;"],
    "references": ["int f ( int b ) { return b + 1 ; }", "x = y + 1", "x", "if ( x ) g ( x ) ;"],
}


@pytest.mark.parametrize("metric", TEXT, ids=lambda m: m.name)
@given(rows=ROWS)
def test_metrics_of_texts_keep_the_laws(metric, rows):
    """They hold for any rows: arbitrary bytes that were read as text, lone surrogates, empty texts, code."""
    sides = [p for p, _ in rows], [r for _, r in rows]
    for check in DRAWN:
        check(Case(metric, *sides, (0.0, 1.0), metric not in NO_IDENTITY))


@given(PROBABILITIES)
def test_nats_a_token_keep_the_laws(rows):
    """Log-probabilities and ids."""
    ids = [list(range(len(row))) for row in rows]
    for check in DRAWN:
        check(Case(NegativeLogLikelihood(), rows, ids, (0.0, np.inf), False))


@given(GUESSES)
def test_token_accuracy_keeps_the_laws(rows):
    """Ids and ids."""
    sides = [[g for g, _ in row] for row in rows], [[t for _, t in row] for row in rows]
    for check in DRAWN:
        check(Case(TokenAccuracy(), *sides, (0.0, 1.0), True))


@given(RESULTS, st.integers(1, 2))
def test_pass_at_k_keeps_the_laws(rows, k):
    """Results, without references."""
    for check in DRAWN:
        check(Case(PassAtK(k), rows, None, (0.0, 1.0), False))


@pytest.mark.parametrize("metric", OF_CLASSES, ids=lambda m: m.name)
@pytest.mark.parametrize("classes", [2, 3])
def test_metrics_of_classes_keep_the_laws(metric, classes):
    """Order, batch, statistics, weights, empty and hostile rows; in a fresh process once."""
    if classes == 3 and metric == F1():
        metric = F1(positive=2)
    probabilities, references = drawn(np.random.default_rng(6), n=12, classes=classes, outside=0.1)
    references[:classes] = range(classes)
    fresh = classes == 2 and metric in (F1(), AUROC())
    check_metric(metric, list(probabilities), references.tolist(), fresh_process=fresh)


@pytest.mark.parametrize("metric", TEXT, ids=lambda m: m.name)
def test_hostile_text_has_scores(metric):
    """Deep nesting, long lines, NUL, lone surrogates, unclosed quotes and comments."""
    testing.check_hostile(
        Case(metric, FIXED["predictions"], FIXED["references"], (0.0, 1.0), metric not in NO_IDENTITY)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_codebleu_of_every_language_keeps_the_laws(language):
    """Eleven tables, one metric."""
    check_metric(CodeBLEU(language), **FIXED, fresh_process=False)


def test_every_metric_is_put_to_the_laws():
    """A metric that is exported and not tested here is found out."""
    import codeshift.metrics

    exported = {getattr(codeshift.metrics, name) for name in codeshift.metrics.__all__}
    metrics = {value for value in exported if isinstance(value, type) and issubclass(value, Metric)}
    metrics -= {Metric, WeightedMetric}
    of_classes = {type(metric) for metric in OF_CLASSES}
    assert metrics == {type(m) for m in TEXT} | {NegativeLogLikelihood, TokenAccuracy, PassAtK} | of_classes


SCRIPT = """
import sys
from codeshift.metrics import *
predictions, references = eval(sys.argv[1])
for metric in eval(sys.argv[2]):
    print(metric.score(predictions, references).tolist(), metric.corpus(predictions, references))
"""


def test_the_hash_seed_changes_nothing():
    """Processes with other values of PYTHONHASHSEED give the same scores of every metric to the last bit."""
    outputs = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", SCRIPT, repr(tuple(FIXED.values())), repr(TEXT)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "12345")
    }
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == len(TEXT)


def test_a_sound_metric_passes():
    """A metric of one's own, in a module that a fresh process can import, passes every check."""
    check_metric(broken_metrics.Sound(), **FIXED)


@pytest.mark.parametrize(
    ("metric", "law"),
    [
        (broken_metrics.Forgetful(scale=2.0), r"eval\(repr\(m\)\) == m"),
        (broken_metrics.InPercent(), r"scores lie in \[0.0, 1.0\]"),
        (broken_metrics.Narrow(), "scores are float64"),
        (broken_metrics.Stingy(), "a row that is its own reference scores best"),
        (broken_metrics.Ranked(), "a row that is its own reference scores best"),
        (broken_metrics.Relative(), "a row scores the same alone as among others"),
        (broken_metrics.Halved(), "a row that is its own reference scores best"),
        (broken_metrics.ZeroOfNothing(), "no rows are NaN with n=0"),
        (broken_metrics.Uncounted(), "statistics give the rows' scores"),
        (broken_metrics.Greedy(), "one string for all rows, or sides of different lengths"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Metric) else "",
)
def test_a_broken_law_is_found(metric, law):
    """The message states the law."""
    with pytest.raises(AssertionError, match=law):
        check_metric(metric, **FIXED, fresh_process=False)


@pytest.mark.parametrize(
    ("metric", "check", "law"),
    [
        (broken_metrics.Ranked(), testing.check_order, "the order of rows changes no score"),
        (broken_metrics.Halved(), testing.check_statistics, "summed statistics give the corpus score"),
        (broken_metrics.Unweighted(), testing.check_weights, "a row counts as often as its weight"),
        (broken_metrics.Unweighted(), testing.check_statistics, "statistics give the corpus score"),
        (broken_metrics.Hashed(), testing.check_fresh_process, "a fresh process gives the same scores"),
    ],
)
def test_each_check_finds_what_it_is_for(metric, check, law):
    """Each check finds its fault although another check would find it first."""
    with pytest.raises(AssertionError, match=law):
        check(Case(metric, FIXED["predictions"], FIXED["references"], **NO_PROMISE))


def test_text_that_cannot_be_encoded_is_among_the_rows():
    """A metric that fails on lone surrogates fails the check."""
    with pytest.raises(UnicodeEncodeError):
        check_metric(broken_metrics.Fragile(), **FIXED, fresh_process=False)
