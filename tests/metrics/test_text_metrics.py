"""Values of each metric of texts; the laws that all of them keep are in test_metric_laws.py."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein
from sacrebleu.metrics import BLEU as SACREBLEU
from sacrebleu.metrics import CHRF

from codeshift.errors import DataError, ParameterError
from codeshift.metrics import (
    BLEU,
    ChrF,
    EditSimilarity,
    ElementPrecision,
    ElementRecall,
    ExactMatch,
    SyntacticValidity,
)

SMOOTHINGS = ("none", "exp", "floor", "add-k", "codexglue")
AGREEMENT = [
    ExactMatch(),
    ExactMatch(normalize_whitespace=True),
    *(BLEU(smoothing=s) for s in SMOOTHINGS),
    ChrF(),
    ChrF(word_order=2),
    EditSimilarity(),
    EditSimilarity(unit="tokens"),
]
UNDEFINED_ROWS = [
    ElementRecall(language="java"),
    ElementPrecision(elements="tokens"),
]
ALL = [*AGREEMENT, *UNDEFINED_ROWS, SyntacticValidity("java")]
every_metric = pytest.mark.parametrize("metric", ALL, ids=lambda m: m.name)

WORD = st.sampled_from(["if", "(", ")", "x", "=", "1", ";", "return", "+", "été", "名", "{", "}"])
CODE = st.lists(WORD, max_size=14).map(" ".join)
# Any bytes, read as text in the ways that datasets do.
ANY_TEXT = st.one_of(CODE, st.text(max_size=40), st.binary(max_size=40).map(lambda b: b.decode("latin-1")))
PAIRS = st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=6)


def split(pairs):
    return [p for p, _ in pairs], [r for _, r in pairs]


def test_names_are_unique():
    """Metrics of different options have different names in a table."""
    names = [metric.name for metric in ALL]
    assert len(set(names)) == len(names)
    assert BLEU().name == "bleu"
    assert BLEU(smoothing="codexglue").name == "bleu[smoothing=codexglue]"


@pytest.mark.parametrize("smoothing", SMOOTHINGS[:-1])
@given(pairs=PAIRS)
def test_bleu_is_sacrebleu_of_given_tokens(smoothing, pairs):
    """Sentence and corpus BLEU are sacrebleu's with tokenize="none" and effective order, wherever a token stands."""
    left, right = split(pairs)
    theirs = SACREBLEU(tokenize="none", smooth_method=smoothing, effective_order=True, force=True)
    expected = [theirs.sentence_score(p, [r]).score / 100 if p.split() or r.split() else 1 for p, r in pairs]
    np.testing.assert_allclose(BLEU(smoothing=smoothing).score(left, right), expected, atol=1e-12)
    if any(p.split() or r.split() for p, r in pairs):
        corpus = theirs.corpus_score(left, [right]).score / 100
        assert BLEU(smoothing=smoothing).corpus(left, right).value == pytest.approx(corpus, abs=1e-12)


def test_bleu_is_added_up_in_the_same_way_on_every_python():
    """Since Python 3.12 ``sum`` rounds floats otherwise, which changed the last digit of every fourth score."""
    generator = np.random.default_rng(0)
    for _ in range(300):
        totals = int(generator.integers(4, 60)) - np.arange(4)
        matches = np.minimum.accumulate(generator.integers(1, totals + 1))
        product = 0.0
        for n, m in zip(totals.tolist(), matches.tolist(), strict=True):
            product += math.log(100.0 * m / n)
        score = BLEU(smoothing="none").from_statistics(np.array([1, *matches, *totals, 60, 60], dtype=float))
        assert score.value == min(math.exp(product / 4) / 100, 1.0)
        smoothed = 0.0
        for n, m in zip(totals.tolist(), matches.tolist(), strict=True):
            smoothed += math.log((m + 1) / (n + 1))
        score = BLEU(smoothing="codexglue").from_statistics(np.array([1, *matches, *totals, 60, 60], dtype=float))
        assert score.value == math.exp(smoothed / 4)


@pytest.mark.parametrize("word_order", [0, 2])
@given(pairs=PAIRS)
def test_chrf_is_sacrebleus(word_order, pairs):
    """Rows and corpus agree with sacrebleu wherever there is a character."""
    theirs = CHRF(word_order=word_order)
    left, right = split(pairs)
    expected = [theirs.sentence_score(p, [r]).score / 100 if p.split() or r.split() else 1 for p, r in pairs]
    np.testing.assert_allclose(ChrF(word_order=word_order).score(left, right), expected, atol=1e-12)
    if any(p.split() or r.split() for p, r in pairs):
        corpus = theirs.corpus_score(left, [right]).score / 100
        assert ChrF(word_order=word_order).corpus(left, right).value == pytest.approx(corpus, abs=1e-12)


@given(pairs=PAIRS)
def test_edit_similarity_is_rapidfuzz_and_symmetric(pairs):
    """Characters and tokens agree with rapidfuzz's normalised Levenshtein similarity, and sides may be swapped."""
    left, right = split(pairs)
    expected = [Levenshtein.normalized_similarity(p, r) for p, r in pairs]
    assert EditSimilarity().score(left, right).tolist() == expected
    tokens = EditSimilarity(unit="tokens")
    expected = [Levenshtein.normalized_similarity(p.split(), r.split()) for p, r in pairs]
    assert tokens.score(left, right).tolist() == expected
    assert tokens.score(right, left).tolist() == expected


@given(words=st.lists(WORD, min_size=1, max_size=20), drop=st.integers(0, 19))
def test_dropping_more_of_the_end_never_helps(words, drop):
    """A shorter prefix of the reference never scores higher, in BLEU, edit similarity and element recall."""
    longer = words[: max(1, len(words) - drop % len(words))]
    shorter = longer[: max(1, len(longer) - 1)]
    for metric in (
        BLEU(smoothing="none"),
        EditSimilarity(),
        EditSimilarity(unit="tokens"),
        ElementRecall(elements="tokens"),
    ):
        low, high = metric.score([" ".join(shorter), " ".join(longer)], [" ".join(words)] * 2)
        assert low <= high + 1e-12


def test_tokens_may_be_given():
    """A row of tokens is taken as it is, with whitespace inside a token and all."""
    assert BLEU().score([["print", "'a b'"]], [["print", "'a b'"]]).tolist() == [1.0]
    assert BLEU().score([["print", "'a b'"]], ["print 'a b'"])[0] < 1
    assert EditSimilarity(unit="tokens").score([["print", "'a b'"]], [["print", "'a c'"]]).tolist() == [0.5]


def test_codexglue_smoothing_by_hand():
    """Each precision is (matches + 1) / (n-grams + 1): one wrong token gets (1/2 * 1 * 1 * 1) ** (1/4)."""
    assert BLEU(smoothing="codexglue").score(["x"], ["y"])[0] == pytest.approx(0.5**0.25)
    # a b c against a b d: matches 2, 1, 0, none; n-grams 3, 2, 1, 0.
    expected = (3 / 4 * 2 / 3 * 1 / 2 * 1) ** 0.25
    assert BLEU(smoothing="codexglue").corpus(["a b c"], ["a b d"]).value == pytest.approx(expected)
    short = BLEU(smoothing="codexglue").corpus(["a b"], ["a b c d"])
    assert short.parts["brevity_penalty"] == pytest.approx(math.exp(1 - 2))
    assert short.parts["precision_1"] == 1.0
    assert math.isnan(short.parts["precision_3"])


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_bleu_of_one_empty_side_is_nothing(smoothing):
    """An empty prediction, or tokens where the reference has none, score 0 under any smoothing."""
    assert BLEU(smoothing=smoothing).score(["", "x"], ["x", ""]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("language", "valid", "invalid"),
    [
        ("java", "public int f() { return 1; }", "public int f() { return"),
        ("java", "Point(int x) { this.x = x; }", "Point(int x) { this.x = ; }"),
        ("c_sharp", "public Point(int x): base(x) { }", "public Point(int x): base(x) {"),
        ("python", "def f(x):\n    return x", "def f(x)\n    return x"),
        ("javascript", "get x() { return 1; }", "get x() { return 1;"),
        ("php", "public function f() { return 1; }", "public function f( { return 1; }"),
        ("go", "func f() int { return 1 }", "func f() int { return 1 "),
        ("rust", "fn f(&self) -> u8 { 1 }", "fn f(&self) -> u8 { 1"),
        ("cpp", "int A::f() const { return 1; }", "int A::f() const { return 1;"),
    ],
)
def test_bare_methods_are_valid_and_broken_ones_are_not(language, valid, invalid):
    """A method without its class parses as such; an ERROR or MISSING node makes a row invalid."""
    assert SyntacticValidity(language).score([valid, invalid], ["", ""]).tolist() == [1.0, 0.0]


def test_a_method_cannot_close_the_class_it_is_tried_in():
    """Text that ends one class and begins the next is no method, though it parses inside of a class."""
    assert SyntacticValidity("java").score(["} class B {", "int f() { return 1; } }"], ["", ""]).tolist() == [0.0, 0.0]


def test_blank_output_is_no_program():
    """An empty output scores 0, though an empty file parses."""
    assert SyntacticValidity("python").score(["", " \n", "pass"], [""] * 3).tolist() == [0.0, 0.0, 1.0]


def test_element_recall_of_named_elements():
    """Only rows whose reference holds an element count for it; an element counts once a row."""
    references = ["while x: f()", "while x: f()", "for i in x: f()", "pass"]
    predictions = ["while y: g()", "if y: g()", "while y: g()", "while y: g()"]
    metric = ElementRecall(language="python", names=("while_statement", "for_statement", "try_statement"))
    np.testing.assert_array_equal(metric.score(predictions, references), [1, 0, 0, np.nan])
    corpus = metric.corpus(predictions, references)
    assert corpus.value == 1 / 3
    assert corpus.parts["while_statement"] == 0.5
    assert corpus.parts["for_statement"] == 0.0
    assert math.isnan(corpus.parts["try_statement"])
    precision = ElementPrecision(language="python", names=("while_statement",))
    assert precision.corpus(predictions, references).value == 1 / 3


@given(pairs=PAIRS)
def test_recall_is_precision_with_the_sides_swapped(pairs):
    """Recall of (p, r) is precision of (r, p)."""
    left, right = split(pairs)
    for options in ({"elements": "tokens"}, {"language": "python"}):
        recall, precision = ElementRecall(**options), ElementPrecision(**options)
        np.testing.assert_array_equal(recall.score(left, right), precision.score(right, left))


def test_api_names_are_those_of_the_property():
    """Qualified through the row's imports and aliases, so another spelling of one API is the same element."""
    metric = ElementRecall(elements="apis", language="python")
    reference = "import numpy as np\nnp.linalg.norm(x)\nlen(x)"
    assert metric.score(["from numpy.linalg import norm\nnorm(x)"], [reference]).tolist() == [0.5]
    named = ElementRecall(elements="apis", language="python", names=("numpy.linalg.norm",))
    assert named.corpus(["import numpy\nnumpy.linalg.norm(y)"], [reference]).value == 1
    assert ElementPrecision(elements="apis", language="java").score(["List.of(1);"], ["List.of(2);"]).tolist() == [1.0]


def test_elements_of_an_extractor():
    """A function gives the elements where no built-in kind does."""

    def calls(texts):
        return [[word[:-2] for word in text.split() if word.endswith("()")] for text in texts]

    metric = ElementRecall(elements="apis", extractor=calls)
    assert metric.score(["open() close()"], ["open() read()"]).tolist() == [0.5]
    assert "calls" in metric.name
    assert "0x" not in metric.name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: BLEU(smoothing="codexgleu"),
            "smoothing must be one of none, exp, floor, add-k, codexglue, got 'codexgleu': did you mean codexglue",
        ),
        (lambda: BLEU(max_order=0), "max_order must be a whole number from 1 up, got 0"),
        (lambda: ChrF(char_order=0), "char_order must be a whole number from 1 up, got 0"),
        (lambda: ChrF(beta=0), "beta must be a number above 0, got 0"),
        (
            lambda: EditSimilarity(unit="chars"),
            "unit must be one of characters, tokens, got 'chars': did you mean characters",
        ),
        (lambda: SyntacticValidity("jaba"), "language must be a known language, got 'jaba': did you mean java"),
        (lambda: ElementRecall(), 'language must be given for elements="nodes", got None'),
        (
            lambda: ElementRecall(elements="node"),
            "elements must be one of nodes, tokens, apis, got 'node': did you mean nodes",
        ),
        (lambda: ElementRecall(elements="apis"), 'language must be given for elements="apis", got None'),
        (lambda: ElementRecall(language="java", names=()), r"names must be at least one name, got \(\)"),
        (
            lambda: ElementRecall(language="java", names=("while_statment",)),
            "names must be node types of the java grammar, got 'while_statment': did you mean while_statement",
        ),
    ],
)
def test_bad_options_say_what_to_do(make, message):
    """An option that cannot work is an error when the metric is made."""
    with pytest.raises(ParameterError, match=message):
        make()


def test_an_extractor_must_give_one_item_a_text():
    """An extractor that drops rows is found out."""
    with pytest.raises(ParameterError, match="extractor must be a function that gives 2 items, got 0"):
        ElementRecall(elements="apis", extractor=lambda texts: []).score(["a", "b"], ["a", "b"])


@pytest.mark.parametrize("row", [None, 7, b"x", [1, 2], {"a": 1}])
def test_rows_that_are_neither_text_nor_tokens(row):
    """Token metrics name the row and side that they cannot read."""
    with pytest.raises(DataError, match=r"predictions\[0\] must be a string"):
        BLEU().score([row], ["x"])


HOSTILE = {"brackets": "(" * 1000, "words": "a b c d " * 250}


@pytest.mark.slow
@every_metric
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_long_hostile_text_has_a_score(metric, text):
    """A hundred thousand characters end in a score; how time grows with them is measured in benchmarks/growth.py."""
    (score,) = metric.score([text * 50], [text[::-1] * 50])
    assert np.isnan(score) or 0 <= score <= 1
