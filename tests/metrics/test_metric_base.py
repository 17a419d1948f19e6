"""Laws of every metric: checks of its rows, names, sums that do not depend on order."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import DataError, ParameterError
from codeshift.metrics import ExactMatch, NegativeLogLikelihood, TokenAccuracy, column_sums

TEXTS = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=12)


def test_unequal_lengths_are_named():
    """Unequal numbers of references and predictions are an error with both numbers."""
    with pytest.raises(ParameterError, match=r"references must be as long as predictions \(2 rows\), got 1"):
        ExactMatch().score(["a", "b"], ["a"])


def test_one_string_is_not_a_sequence_of_rows():
    """A string given for a list would be scored a character a row: an error."""
    with pytest.raises(ParameterError, match="predictions must be a sequence with one item a row, got 'ab'"):
        ExactMatch().score("ab", ["a", "b"])


@pytest.mark.parametrize(("row", "advice"), [(None, "drop the row or give ''"), (3, "convert the row to text")])
def test_rows_that_are_not_text_are_named(row, advice):
    """A row that is no string is an error that names side, position and what to do."""
    with pytest.raises(DataError, match=rf"references\[1\] must be a string, got {row}: {advice}"):
        ExactMatch().score(["a", "b"], ["a", row])


def test_no_rows_is_nan_with_n_0():
    """An empty set of rows has no score: NaN with n=0, and scores of shape (0,)."""
    for metric in (ExactMatch(), NegativeLogLikelihood(), TokenAccuracy()):
        score = metric.corpus([], [])
        assert math.isnan(score.value)
        assert score.n == 0
        assert metric.score([], []).shape == (0,)


@given(TEXTS, st.randoms(use_true_random=False))
def test_exact_match_is_equality_in_any_order(pairs, rng):
    """A row scores 1 exactly where the texts are equal; order moves the scores along and leaves the corpus alone."""
    predictions, references = [p for p, _ in pairs], [r for _, r in pairs]
    scores = ExactMatch().score(predictions, references)
    assert scores.tolist() == [float(p == r) for p, r in pairs]
    rng.shuffle(pairs)
    again = ExactMatch().corpus([p for p, _ in pairs], [r for _, r in pairs])
    assert str(again) == str(ExactMatch().corpus(predictions, references))


@given(st.text(), st.sampled_from([" ", "\t", "\n", "  \n\t"]))
def test_whitespace_normalised_match_sees_no_whitespace(text, space):
    """Any run of whitespace equals a single space, at the ends nothing."""
    other = space + space.join(text.split()) + space
    assert ExactMatch(normalize_whitespace=True).score([other], [text]).tolist() == [1.0]


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_column_sums_do_not_depend_on_order(column, rng):
    """The sum of a column is the same to the last bit in any order of the rows."""
    before = column_sums(np.array(column)[:, None])
    rng.shuffle(column)
    assert column_sums(np.array(column)[:, None]) == before


LOGS = st.lists(st.lists(st.floats(-50, 0), min_size=1, max_size=9), min_size=1, max_size=9)


@given(LOGS)
def test_nats_a_token_weigh_rows_by_their_tokens(rows):
    """A row's score is its mean; the corpus value is all nats over all tokens."""
    ids = [list(range(len(row))) for row in rows]
    metric = NegativeLogLikelihood()
    np.testing.assert_allclose(metric.score(rows, ids), [-np.mean(row) for row in rows], atol=1e-12)
    corpus = metric.corpus(rows, ids)
    assert corpus.value == pytest.approx(-np.concatenate(rows).mean(), abs=1e-12)
    assert corpus.parts == {"tokens": float(sum(map(len, rows)))}
    assert corpus.n == len(rows)


@given(LOGS, st.data())
def test_a_likelier_token_lowers_nats_and_a_right_one_raises_accuracy(rows, data):
    """Monotone: a token rated higher never costs nats, a wrong token that is put right never costs accuracy."""
    row = data.draw(st.integers(0, len(rows) - 1))
    token = data.draw(st.integers(0, len(rows[row]) - 1))
    better = [list(r) for r in rows]
    better[row][token] = data.draw(st.floats(rows[row][token], 0))
    ids = [[1] * len(r) for r in rows]
    nats = NegativeLogLikelihood()
    assert nats.score(better, ids)[row] <= nats.score(rows, ids)[row] + 1e-12
    assert nats.corpus(better, ids).value <= nats.corpus(rows, ids).value + 1e-12
    guesses = [data.draw(st.lists(st.integers(0, 1), min_size=len(r), max_size=len(r))) for r in rows]
    righted = [list(g) for g in guesses]
    righted[row][token] = 1
    gain = TokenAccuracy().score(righted, ids)[row] - TokenAccuracy().score(guesses, ids)[row]
    assert gain == pytest.approx((1 - guesses[row][token]) / len(rows[row]))


def test_token_accuracy_counts_tokens():
    """Rows are shares of their own tokens, the corpus a share of all tokens."""
    predictions, references = [np.array([1, 2, 3, 4]), np.array([9])], [np.array([1, 2, 3, 5]), np.array([8])]
    assert TokenAccuracy().score(predictions, references).tolist() == [0.75, 0.0]
    assert TokenAccuracy().corpus(predictions, references).value == 3 / 5


def test_a_row_without_tokens_is_undefined_and_weighs_nothing():
    """A reference without tokens has no mean (NaN), and the corpus does not see it."""
    metric = NegativeLogLikelihood()
    assert np.isnan(metric.score([[], [-1.0]], [[], [4]])).tolist() == [True, False]
    assert metric.corpus([[], [-1.0]], [[], [4]]).value == 1.0


def test_a_diverged_model_shows():
    """NaN and -inf log-probabilities are results, not bad input: they reach the score."""
    metric = NegativeLogLikelihood()
    assert math.isnan(metric.corpus([[np.nan], [-1.0]], [[3], [4]]).value)
    assert metric.corpus([[-np.inf], [-1.0]], [[3], [4]]).value == math.inf


@pytest.mark.parametrize(
    ("metric", "predictions", "references", "message"),
    [
        (NegativeLogLikelihood(), [[-1.0, -2.0]], [[5]], r"predictions\[0\] must be as long as its reference \(1 tok"),
        (NegativeLogLikelihood(), [[2.5]], [[5]], r"predictions\[0\] must be log-probabilities of at most 0"),
        (NegativeLogLikelihood(), [[[-1.0]]], [[5]], r"predictions\[0\] must be a 1-D array of log-prob"),
        (NegativeLogLikelihood(), [[-1.0]], [[-100]], r"references\[0\] must be token ids of at least 0"),
        (TokenAccuracy(), [[1.5]], [[1]], r"predictions\[0\] must be a 1-D array of token ids"),
        (TokenAccuracy(), [[1]], [[1, 2]], r"predictions\[0\] must be as long as its reference \(2 tokens\)"),
    ],
)
def test_teacher_forced_input_is_checked(metric, predictions, references, message):
    """Rows that are not what the metric takes are an error that names the row."""
    with pytest.raises(ParameterError, match=message):
        metric.score(predictions, references)


def test_import_is_cheap():
    """Importing the package loads none of the heavy libraries."""
    code = (
        "import sys, codeshift.metrics;"
        "heavy = {'torch', 'transformers', 'sklearn', 'scipy', 'sacrebleu', 'rapidfuzz', 'datasets', 'tree_sitter'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stderr


def test_order_invariance_of_nats_to_the_last_bit():
    """Shuffled rows give the same corpus value, bit for bit."""
    rng = np.random.default_rng(1)
    rows = [-rng.exponential(size=rng.integers(1, 20)) for _ in range(500)]
    ids = [[1] * len(row) for row in rows]
    before = NegativeLogLikelihood().corpus(rows, ids)
    order = rng.permutation(500)
    assert NegativeLogLikelihood().corpus([rows[i] for i in order], [ids[i] for i in order]) == before
