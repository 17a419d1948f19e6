"""Several references a row: as sacrebleu and the public code of CodeBLEU score them, or refused by name."""

from __future__ import annotations

import json
import math
import random
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU as SACREBLEU
from sacrebleu.metrics import CHRF

from codeshift.errors import DataError, ParameterError
from codeshift.metrics import (
    BLEU,
    ChrF,
    CodeBLEU,
    EditSimilarity,
    ElementPrecision,
    ElementRecall,
    ExactMatch,
    NegativeLogLikelihood,
    TokenAccuracy,
    bootstrap_ci,
    column_sums,
)

WORD = st.sampled_from(["if", "(", ")", "x", "=", "1", ";", "return", "+", "été", "{", "}"])
CODE = st.lists(WORD, min_size=1, max_size=12).map(" ".join)
ROWS = st.lists(st.tuples(CODE, st.lists(CODE, min_size=1, max_size=4)), min_size=1, max_size=6)
METRICS = (
    ExactMatch(),
    ExactMatch(normalize_whitespace=True),
    BLEU(),
    BLEU(smoothing="codexglue"),
    ChrF(),
    EditSimilarity(),
    EditSimilarity(unit="tokens"),
    CodeBLEU("java"),
    CodeBLEU("python"),
    CodeBLEU("java", compat="codexglue"),
    CodeBLEU("java", compat="codebleu-0.7"),
)
every_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda m: f"{m.name}-{getattr(m, 'language', '')}")
MULTIPLE = json.loads(Path(__file__).with_name("codebleu_several_references.json").read_text(encoding="utf-8"))


def split(rows):
    return [p for p, _ in rows], [r for _, r in rows]


@pytest.mark.parametrize("smoothing", ["none", "exp", "floor", "add-k"])
@given(rows=ROWS)
def test_bleu_is_sacrebleus(smoothing, rows):
    """Each row and the corpus, with as many references a row as it has: clipped by the most, the nearest length."""
    predictions, references = split(rows)
    theirs = SACREBLEU(tokenize="none", smooth_method=smoothing, effective_order=True, force=True)
    expected = [theirs.sentence_score(p, r).score / 100 for p, r in rows]
    metric = BLEU(smoothing=smoothing)
    np.testing.assert_allclose(metric.score(predictions, references), expected, atol=1e-12)
    corpus = theirs.corpus_score(predictions, list(zip_longest(*references))).score / 100
    assert metric.corpus(predictions, references).value == pytest.approx(corpus, abs=1e-12)


@pytest.mark.parametrize("word_order", [0, 2])
@given(rows=ROWS)
def test_chrf_is_sacrebleus(word_order, rows):
    """The reference with the highest score counts, in a row and in the corpus."""
    predictions, references = split(rows)
    theirs, metric = CHRF(word_order=word_order), ChrF(word_order=word_order)
    expected = [theirs.sentence_score(p, r).score / 100 for p, r in rows]
    np.testing.assert_allclose(metric.score(predictions, references), expected, atol=1e-12)
    corpus = theirs.corpus_score(predictions, list(zip_longest(*references))).score / 100
    assert metric.corpus(predictions, references).value == pytest.approx(corpus, abs=1e-12)


@given(ROWS)
def test_the_nearest_reference_counts(rows):
    """Exact match and edit similarity are those of the best reference."""
    predictions, references = split(rows)
    for metric in (ExactMatch(), EditSimilarity(), EditSimilarity(unit="tokens")):
        expected = [max(metric.score([p], [r])[0] for r in several) for p, several in rows]
        assert metric.score(predictions, references).tolist() == expected


@every_metric
@given(rows=ROWS, seed=st.integers(0, 9))
def test_laws(metric, rows, seed):
    """A list of one is that one, the order of references changes nothing, and statistics add up."""
    predictions, references = split(rows)
    ones = [several[0] for several in references]
    of_ones, together = str(metric.corpus(predictions, ones)), metric.corpus(predictions, references)
    assert str(metric.corpus(predictions, [[one] for one in ones])) == of_ones
    assert str(metric.corpus(predictions, [(one,) for one in ones])) == of_ones
    mixed = [one if i % 2 else several for i, (one, several) in enumerate(zip(ones, references, strict=True))]
    assert metric.corpus(predictions, mixed).n == len(rows)
    statistics = metric.statistics(predictions, references)
    assert str(metric.from_statistics(column_sums(statistics))) == str(together)
    assert bootstrap_ci(statistics, metric=metric, n_resamples=2).value == together.value
    alone = [metric.score([p], [r])[0] for p, r in rows]
    assert metric.score(predictions, references).tolist() == alone
    shuffled = [random.Random(seed).sample(several, len(several)) for several in references]
    np.testing.assert_allclose(metric.score(predictions, shuffled), alone, atol=1e-12)


@given(ROWS, st.randoms(use_true_random=False))
def test_one_of_its_references_scores_1(rows, rng):
    """A prediction that is one of its references is perfect, whatever the others are; in the compat modes it is not."""
    _, references = split(rows)
    predictions = [rng.choice(several) for several in references]
    for metric in METRICS:
        if getattr(metric, "compat", None) is None:
            np.testing.assert_allclose(metric.score(predictions, references), 1, atol=1e-12)


def test_codebleu_by_hand():
    """Each part takes the reference that serves it best; a reference without data flow leaves no zero behind."""
    metric = CodeBLEU("java")
    flow, none = "int f ( int a ) { return a ; }", "return ;"
    assert metric.score([none], [[flow, none]]).tolist() == [pytest.approx(1)]
    assert math.isnan(metric.corpus([none], [[flow, none]]).parts["dataflow"])
    prediction, references = "if ( a ) b = 1 ;", ["while ( x ) y = x ;", "if ( a ) b = 1 ; if ( c ) d = 2 ;"]
    single = [metric.corpus([prediction], [one]).parts for one in references]
    several = metric.corpus([prediction], [references]).parts
    assert several["syntax"] == max(parts["syntax"] for parts in single)
    assert several["dataflow"] == max(parts["dataflow"] for parts in single)


@pytest.mark.parametrize("row", range(len(MULTIPLE)), ids=lambda i: f"{MULTIPLE[i]['language']}-{i}")
def test_compat_adds_up_as_codebleu_does(row):
    """Every part that codebleu 0.7.0 gives for rows of several references, broken code among them, to 1e-9."""
    row = MULTIPLE[row]
    score = CodeBLEU(row["language"], compat="codebleu-0.7").corpus([row["prediction"]], [row["reference"]])
    assert [score.value, *score.parts.values()] == pytest.approx(list(row["peer"].values()), abs=1e-9)


def test_tokens_are_read_as_tokens_where_the_prediction_is():
    """A list of strings is one reference of a prediction in tokens, and several of one that is a string."""
    for metric in (BLEU(), EditSimilarity(unit="tokens")):
        assert metric.score([["a", "b c"]], [["a", "b c"]]).tolist() == [1.0]
        assert metric.score([["a", "b"]], [[["x"], ["a", "b"]]]).tolist() == [1.0]
        assert metric.score([["a", "b"]], [[["a", "b"]]]).tolist() == [1.0]
        assert metric.score(["a b"], [["x", "a b"]]).tolist() == [1.0]
        assert metric.score(["a b"], [[["a", "b"], ["x"]]]).tolist() == [1.0]
        assert metric.score(["a b"], [["a", "b"]])[0] < 1


@every_metric
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([], r"references\[0\] must be at least one reference, got \[\]"),
        (["a", None], r"references\[0\]\[1\] must be a string, got None"),
        (None, r"references\[0\] must be a string, got None"),
        ({"a": 1}, r"references\[0\] must be a string, got \{'a': 1\}"),
        (7, r"references\[0\] must be a string, got 7"),
    ],
)
def test_what_is_no_reference_is_named(metric, row, message):
    """No reference, or one that is no text, is an error that says which."""
    with pytest.raises(DataError, match=message):
        metric.score(["a"], [row])


@pytest.mark.parametrize("metric", [ElementRecall(language="java"), ElementPrecision(elements="tokens")])
def test_metrics_of_one_reference_say_so(metric):
    """Recall of elements has no meaning over several references, and a list of one is that one."""
    with pytest.raises(DataError, match=rf"one reference, which is what {type(metric).__name__} takes a row"):
        metric.score(["x = 1 ;"], [["x = 1 ;", "y = 2 ;"]])
    assert metric.score(["x = 1 ;"], [["x = 1 ;"]]).tolist() == [1.0]


@pytest.mark.parametrize("metric", [NegativeLogLikelihood(), TokenAccuracy()])
@pytest.mark.parametrize("row", [[[1, 2], [3]], [[1, 2], [3, 4]], ["a", "b"], [[1, 2]]])
def test_likelihood_takes_one_reference(metric, row):
    """Ragged or nested ids and text are errors that name the row."""
    with pytest.raises(DataError, match=r"references\[0\] must be a 1-D array of token ids"):
        metric.score([[0, 0]], [row])


def test_streams_of_references_are_told_from_rows():
    """Lists for each reference, as in sacrebleu, are another layout, which the lengths reveal."""
    with pytest.raises(ParameterError, match=r"give a list of references a row, as zip\(\*references\) does"):
        BLEU().score(["a", "b", "c"], [["a", "b", "c"], ["x", "y", "z"]])
