"""Laws of CodeBLEU for any code: bounds, identity, order, processes, defined results for text that is not code."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import DataError, ParameterError
from codeshift.metrics import BLEU, column_sums
from codeshift.metrics.codebleu import CodeBLEU
from codeshift.metrics.codebleu.compat.cleaning import without_comments
from codeshift.metrics.codebleu.dataflow import LANGUAGES
from codeshift.metrics.codebleu.parts.ngrams import shared_ngrams

# The figures of codebleu 0.7.0 in it were written by benchmarks/codebleu_speed.py --peer-rows; see there.
PEER_ROWS = json.loads(Path(__file__).with_name("codebleu_peer_rows.json").read_text(encoding="utf-8"))
SNIPPETS = sorted({row[side] for row in PEER_ROWS for side in ("prediction", "reference")}, key=len)[:80]
CODE = st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=60), st.text("ab =+;(){}if\n\"'/*é", max_size=40))
PAIRS = st.lists(st.tuples(CODE, CODE), max_size=6)
METRICS = st.builds(
    CodeBLEU, st.sampled_from(LANGUAGES), missing_dataflow=st.sampled_from(["renormalise", "zero", "one"])
)
COMPAT = st.builds(
    CodeBLEU, st.sampled_from(["java", "python", "ruby"]), compat=st.sampled_from(["codexglue", "codebleu-0.7"])
)


@given(st.one_of(METRICS, COMPAT), PAIRS)
def test_scores_and_parts_are_in_bounds(metric, pairs):
    """Any text gives scores in [0, 1], for each row and for all, and parts in [0, 1] or NaN."""
    predictions, references = [p for p, _ in pairs], [r for _, r in pairs]
    scores = metric.score(predictions, references)
    assert scores.shape == (len(pairs),)
    assert ((scores >= 0) & (scores <= 1 + 1e-12)).all()
    corpus = metric.corpus(predictions, references)
    assert corpus.n == len(pairs)
    assert all(math.isnan(part) or 0 <= part <= 1 + 1e-12 for part in corpus.parts.values())


@given(st.sampled_from(LANGUAGES), CODE)
def test_identical_rows_score_1(language, code):
    """A row that equals its reference scores 1 in all parts, however short, empty or broken it is."""
    metric = CodeBLEU(language)
    assert metric.score([code], [code])[0] == pytest.approx(1, abs=1e-12)
    parts = metric.corpus([code], [code]).parts
    assert all(part == pytest.approx(1, abs=1e-12) for part in parts.values() if not math.isnan(part))


@given(st.one_of(METRICS, COMPAT), PAIRS, st.randoms(use_true_random=False))
def test_rows_are_scored_alone(metric, pairs, rng):
    """A row's score depends on no other row; the corpus score depends on no order, to the last bit."""
    predictions, references = [p for p, _ in pairs], [r for _, r in pairs]
    scores = metric.score(predictions, references)
    assert [metric.score([p], [r])[0] for p, r in pairs] == scores.tolist()
    order = list(range(len(pairs)))
    rng.shuffle(order)
    shuffled = metric.corpus([predictions[i] for i in order], [references[i] for i in order])
    assert str(shuffled) == str(metric.corpus(predictions, references))


@given(st.one_of(METRICS, COMPAT), PAIRS)
def test_statistics_add_up_to_the_corpus_score(metric, pairs):
    """The corpus score is that of the summed statistics, whose first column counts the rows."""
    predictions, references = [p for p, _ in pairs], [r for _, r in pairs]
    sums = column_sums(metric.statistics(predictions, references))
    assert sums[0] == len(pairs)
    assert str(metric.from_statistics(sums)) == str(metric.corpus(predictions, references))


@given(PAIRS)
def test_the_ngram_part_is_bleu(pairs):
    """Over the same tokens the n-gram part is the package's own BLEU, for a row and for a corpus."""
    predictions, references = [p for p, _ in pairs], [r for _, r in pairs]
    only_ngrams = CodeBLEU("java", weights=(1, 0, 0, 0))
    np.testing.assert_allclose(
        only_ngrams.score(predictions, references), BLEU().score(predictions, references), atol=1e-12
    )
    expected = BLEU().corpus(predictions, references).value
    assert only_ngrams.corpus(predictions, references).value == pytest.approx(expected, abs=1e-12, nan_ok=True)


TOKENS = st.lists(st.sampled_from(["if", "a", "b", "(", ")", ";"]), max_size=14)


@given(st.lists(st.tuples(TOKENS, TOKENS), max_size=6))
def test_shared_ngrams_are_multiset_intersections(rows):
    """Counting around the differences gives what counting everything gives."""
    keywords = frozenset({"if"})
    found = shared_ngrams(rows, keywords)
    for counts, (left, right) in zip(found.tolist(), rows, strict=True):
        grams = [
            [Counter(zip(*(side[i:] for i in range(n)), strict=False)) for side in (left, right)] for n in (1, 2, 3, 4)
        ]
        both = [ours & theirs for ours, theirs in grams]
        assert counts == [*(shared.total() for shared in both), both[0]["if",]]


def test_weighted_ngrams_follow_the_paper():
    """Keywords weigh five times what other tokens do, in a precision of single tokens with BLEU's brevity penalty."""
    parts = CodeBLEU("java").corpus(["return a ;"], ["return b ; ;"]).parts
    assert parts["weighted_ngram"] == pytest.approx(math.exp(1 - 4 / 3) * (1 + 0.2) / (1 + 2 * 0.2))


def test_syntax_counts_each_subtree_once():
    """One ``if`` of the prediction matches one of the reference's two, and no name, constant or operator counts."""
    one, two = "if ( a ) b = 1 ;", "if ( a ) b = 1 ; if ( c ) d = 2 ;"
    metric = CodeBLEU("java")
    once, twice = metric.corpus([one], [two]).parts["syntax"], metric.corpus([two], [two]).parts["syntax"]
    assert twice == 1
    # The statement has 4 subtrees (if, condition, expression statement, assignment); the whole differs.
    assert once == pytest.approx(4 / 9)
    assert CodeBLEU("java", compat="codebleu-0.7").corpus([one], [two]).parts["syntax"] == pytest.approx(8 / 9)
    assert metric.corpus(["x = a + 1 ;"], ["y = b - 2 ;"]).parts["syntax"] == 1


def test_dataflow_sees_through_names_but_not_through_flow():
    """Renaming every variable keeps the data flow; computing from another one changes it."""
    reference = "int f ( int a , int b ) { int c = a ; return c + b ; }"
    renamed = "int f ( int x , int y ) { int z = x ; return z + y ; }"
    changed = "int f ( int a , int b ) { int c = b ; return c + b ; }"
    flow = [CodeBLEU("java").corpus([code], [reference]).parts["dataflow"] for code in (renamed, changed)]
    assert flow[0] == 1
    assert flow[1] < 1


@pytest.mark.parametrize(("policy", "score"), [("renormalise", 1.0), ("zero", 0.75), ("one", 1.0)])
def test_a_reference_without_data_flow(policy, score):
    """Its part is NaN; the score leaves the part out, or takes 0 or 1 for it, as asked."""
    metric = CodeBLEU("java", missing_dataflow=policy)
    assert metric.score(["return ;"], ["return ;"]).tolist() == [pytest.approx(score)]
    assert math.isnan(metric.corpus(["return ;"], ["return ;"]).parts["dataflow"])


def test_a_true_zero_of_data_flow_is_a_zero():
    """A prediction without any of the reference's data flow scores 0 there; codebleu 0.7.0 pays it as 1."""
    pair = (["int x ;"], ["int x = 1 ; f ( x ) ;"])
    assert CodeBLEU("java").corpus(*pair).parts["dataflow"] == 0
    weights = (0, 0, 0, 1)
    assert CodeBLEU("java", weights=weights).score(*pair).tolist() == [0.0]
    assert CodeBLEU("java", weights=weights, compat="codexglue").score(*pair).tolist() == [0.0]
    assert CodeBLEU("java", weights=weights, compat="codebleu-0.7").score(*pair).tolist() == [1.0]


def test_only_missing_parts_is_undefined():
    """With weight on data flow alone, a row whose reference has none has no score: NaN."""
    assert np.isnan(CodeBLEU("java", weights=(0, 0, 0, 1)).score(["return ;"], ["return ;"])).all()


@pytest.mark.parametrize("language", LANGUAGES)
def test_empty_and_unparseable_rows_have_defined_scores(language):
    """Empty against empty is 1, empty against code 0, code against empty 0; broken code is compared as it parses."""
    code = "x = y + 1"
    metric = CodeBLEU(language)
    assert metric.score(["", "", code, " \n"], ["", code, "", ""]).tolist() == [1.0, 0.0, 0.0, 1.0]
    broken = metric.score(["x = ( y + 1"], [code])[0]
    assert 0 < broken < 1


@pytest.mark.parametrize(
    ("language", "ours", "reference"),
    [
        ("python", "é = 'ü' ; 名 = é", "a = 'ü' ; b = a"),
        ("java", 'String é = "naïve" + x ; f ( é ) ;', 'String e = "naïve" + x ; f ( e ) ;'),
    ],
)
def test_names_outside_ascii_are_names(language, ours, reference):
    """Offsets count bytes and texts characters: names outside ASCII, and those after them, are cut where they end."""
    parts = CodeBLEU(language).corpus([ours], [reference]).parts
    assert parts["syntax"] == 1
    assert parts["dataflow"] == 1


def test_lone_surrogates_are_no_failure():
    """Text that no encoding can write is scored nonetheless."""
    assert CodeBLEU("python").score(["x = '\ud800'"], ["x = '\ud800'"]).tolist() == [1.0]


def test_comments_and_docstrings_do_not_count():
    """Neither the tree nor the data flow contains comments and docstrings."""
    plain, told = "def f(a):\n    return a", 'def f(a):\n    """Of ``a``."""\n    # a\n    return a'
    parts = CodeBLEU("python").corpus([told], [plain]).parts
    assert parts["syntax"] == parts["dataflow"] == 1


def test_comments_end_where_they_end():
    """Text that looks like a comment within a string is none, and a comment without an end is none either."""
    assert without_comments('s = "// no" ; // yes', "java") == 's = "// no" ;  '
    assert without_comments("a /* b */ c /* d", "java") == "a   c /* d"
    assert without_comments("a // b\n\n c", "c") == "a  \n c"
    assert without_comments("x = 1 # one\n", "python") == "x = 1 "
    assert without_comments("x = 1 # one", "ruby") == "x = 1 # one"


@pytest.mark.parametrize("row", range(len(PEER_ROWS)), ids=lambda i: f"{PEER_ROWS[i]['language']}-{i}")
def test_rows_of_ten_languages_score_as_in_codebleu(row):
    """The compatible mode gives every part that codebleu 0.7.0 gives, in each of its languages, to 1e-9."""
    row = PEER_ROWS[row]
    score = CodeBLEU(row["language"], compat="codebleu-0.7").corpus([row["prediction"]], [row["reference"]])
    assert [score.value, *score.parts.values()] == pytest.approx(list(row["peer"].values()), abs=1e-9)


def test_codexglue_takes_out_java_comments_everywhere():
    """CodeXGLUE's code reads every language's comments by Java's rules, and knows no soft keyword of Python."""
    pair = ["x = 1 # one"], ["x = 1"]
    syntax = {c: CodeBLEU("python", compat=c).corpus(*pair).parts["syntax"] for c in ("codexglue", "codebleu-0.7")}
    assert syntax["codebleu-0.7"] == 1
    assert syntax["codexglue"] < 1


DEEP = {
    "parentheses": "x = " + "(" * 3000 + "1" + ")" * 3000 + " ;",
    "loops": "for ( ; ; ) " * 3000,
    "branches": "".join(f"if ( a{i} ) {{ x = {i} ; }} else " for i in range(2000)) + "y = 1 ;",
    "assignments": "a = " * 3000 + "1 ;",
    "comments": "/*" * 5000,
    "quotes": '"\\' * 5000,
}


@pytest.mark.parametrize("compat", [None, "codebleu-0.7"])
@pytest.mark.parametrize("code", DEEP.values(), ids=DEEP)
def test_deep_and_long_code_takes_no_recursion(code, compat):
    """Depth ends in no recursion error, and a loop in a loop in a loop is read once: else this would take days."""
    score = CodeBLEU("java", compat=compat).score([code], [code + " "])[0]
    assert 0 < score <= 1 + 1e-12


def test_loops_in_loops():
    """Two thousand loops in each other take no two to the power of them: the score is there."""
    assert 0 <= CodeBLEU("java").score(["while ( x ) { x = x + y ; " * 2000], ["x ;"])[0] <= 1


HOSTILE = [
    "(",
    "{",
    "[",
    "if ( a ) { ",
    "if ( a ) { x = 1 ; } else ",
    "x = x + 1 ; ",
    "f ( a , ",
    "\"'",
    "`${",
    "/*",
    "\0",
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_long_hostile_code_has_a_score_in_every_language(language):
    """Thousands of brackets, branches, statements, quotes; benchmarks/growth.py measures how time grows with them."""
    texts = [text * 2400 for text in HOSTILE]
    scores = CodeBLEU(language).score(texts, [text + " x" for text in texts])
    assert ((scores >= 0) & (scores <= 1)).all()


SCRIPT = """
import json, sys
from codeshift.metrics.codebleu import CodeBLEU
rows = [row for row in json.load(open(sys.argv[1])) if row["language"] == "java"]
for compat in (None, "codexglue", "codebleu-0.7"):
    metric = CodeBLEU("java", compat=compat)
    print(repr(metric.corpus([r["prediction"] for r in rows], [r["reference"] for r in rows])))
"""


def test_the_hash_seed_changes_nothing():
    """Processes with other values of PYTHONHASHSEED give the same scores to the last bit."""
    path = str(Path(__file__).with_name("codebleu_peer_rows.json"))
    outputs = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", SCRIPT, path],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "12345")
    }
    assert len(outputs) == 1
    assert "nan" not in outputs.pop()


@pytest.mark.parametrize("shift", range(3))
def test_processes_change_nothing(shift):
    """Rows spread over processes score as in one."""
    rows = PEER_ROWS[shift:] * 10
    predictions, references = [r["prediction"] for r in rows], [r["reference"] for r in rows]
    metric = CodeBLEU("java")
    with ProcessPoolExecutor(2) as executor:
        apart = metric.score(predictions, references, executor=executor)
        assert str(metric.corpus(predictions, references, executor=executor)) == str(
            metric.corpus(predictions, references)
        )
    assert apart.tolist() == metric.score(predictions, references).tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"language": "jaav"}, "language must be one with a table of data flow, got 'jaav': did you mean java"),
        ({"language": "java", "weights": (1, 2, 3)}, r"weights must be four numbers of at least 0, not all of them 0"),
        (
            {"language": "java", "weights": (0, 0, 0, 0)},
            r"not all of them 0, got \(0, 0, 0, 0\): give one number a part",
        ),
        ({"language": "java", "weights": (0.5, 0.5, -0.1, 0.1)}, "weights must be four numbers of at least 0"),
        ({"language": "java", "missing_dataflow": "ones"}, "missing_dataflow must be one of .*: did you mean one"),
        ({"language": "java", "compat": "codebleu"}, "compat must be one of codexglue, codebleu-0.7, got 'codebleu'"),
        (
            {"language": "java", "compat": "codexglue", "missing_dataflow": "one"},
            "missing_dataflow must be at its default with compat, got 'one': leave it out",
        ),
        ({"language": "typescript", "compat": "codebleu-0.7"}, "language must be one that codebleu-0.7 has"),
        ({"language": "rust", "compat": "codexglue"}, "language must be one that codexglue has, got 'rust'"),
    ],
)
def test_bad_options_are_named(arguments, message):
    """An option that cannot work is an error that says what to give instead."""
    with pytest.raises(ParameterError, match=message):
        CodeBLEU(**arguments)


def test_rows_must_be_text():
    """A row that is no string is an error that names it."""
    with pytest.raises(DataError, match=r"predictions\[1\] must be a string, got None"):
        CodeBLEU("java").score(["x", None], ["x", "y"])


def test_no_rows_is_nan_with_n_0():
    """An empty set of rows has no score."""
    score = CodeBLEU("java").corpus([], [])
    assert math.isnan(score.value)
    assert score.n == 0
    assert list(score.parts) == ["ngram", "weighted_ngram", "syntax", "dataflow"]
    assert CodeBLEU("java").score([], []).shape == (0,)
