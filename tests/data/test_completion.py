"""Completion rows: the pieces join to the program in every language, and depend only on the program and the seed."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections import Counter

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from codeshift.data import completion_rows, stdlib_functions
from codeshift.errors import CodeshiftError, DataError, LeftOutWarning, ParameterError
from codeshift.properties import languages
from codeshift.properties.control_flow import CONTROL_FLOW
from helpers.fragments import VALID

LANGUAGES = sorted(CONTROL_FLOW)
PYTHON = "def f(values, by):\n    for value in values:\n        print(value * by)\n    return by\n"

# For each language, a function: a name that occurs several times, after a two-byte character, and the loop's body.
LOOPS = {
    "python": ("def f(a):\n    while a:\n        a = g(a, 'é')\n", ["a"], "a = g(a, 'é')"),
    "java": ("int f(int a) { /* é */ while (a > 0) { a--; } return 1; }", ["a"], "{ a--; }"),
    "c_sharp": ("public override int F(int a) { /* é */ while (a > 0) { a--; } return 1; }", ["a"], "{ a--; }"),
    "javascript": ("f(a) { /* é */ while (a) { a--; } }", ["a"], "{ a--; }"),
    "typescript": ("f(a: number) { /* é */ while (a) { a--; } }", ["a"], "{ a--; }"),
    "go": ("func f(a bool) {\n\t// é\n\tfor a {\n\t\ta = g()\n\t}\n}", ["a"], "{\n\t\ta = g()\n\t}"),
    "c": ("void f(int a) { /* é */ while (a) { a--; } }", ["a"], "{ a--; }"),
    "cpp": ("void f(int a) { /* é */ while (a) { a--; } }", ["a"], "{ a--; }"),
    "rust": ("fn f(&self, mut a: u8) { /* é */ while a > 0 { a -= 1; } }", ["a"], "{ a -= 1; }"),
    "ruby": ("def f(a)\n  # é\n  while a > 0 do\n    a -= 1\n  end\nend", ["a"], "do\n    a -= 1\n  end"),
    "php": ("public function f($a) { /* é */ while ($a) { $a--; } }", ["a"], "{ $a--; }"),
}


def rows(*texts, **columns):
    return Dataset.from_dict({"code": list(texts), **columns})


def pieces(rows, unit):
    return list(zip(rows["prefix"][:], rows[unit][:], rows["suffix"][:], strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_and_bodies_in_every_language(language):
    """A name that occurs twice and the body of a loop are found, also in a function that parses only in a class."""
    text, names, body = LOOPS[language]
    for seed in range(20):
        [(prefix, name, suffix)] = pieces(completion_rows(rows(text), "name", language=language, seed=seed), "name")
        assert prefix + name + suffix == text
        assert name in names
        [(prefix, block, suffix)] = pieces(completion_rows(rows(text), "block", language=language, seed=seed), "block")
        assert prefix + block + suffix == text
        assert block == body


def test_every_language_is_tested():
    """A language that is added to codeshift needs a function here."""
    assert set(LOOPS) == set(LANGUAGES) <= set(languages())


@pytest.mark.filterwarnings("ignore::codeshift.errors.LeftOutWarning")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", ["name", "line", "block"])
def test_pieces_of_fragments_join_to_the_text(language, unit):
    """The pieces join exactly, also with lone carriage returns and multi-byte characters."""
    texts = [f"{text}\n" * times for text in VALID.get(language, [PYTHON]) for times in (1, 2)] + [LOOPS[language][0]]
    texts += [text.replace("\n", "\r") for text in texts] + ["é" * 3 + LOOPS[language][0], ")(", "\ud800 x x\nx", ""]
    completed = completion_rows(
        rows(*[t.encode("utf-8", "ignore").decode() for t in texts]), unit, language=language, seed=3
    )
    for text, *piece in zip(completed["code"][:], *zip(*pieces(completed, unit), strict=True), strict=True):
        assert "".join(piece) == text
        assert piece[1].strip()
        if unit == "name":
            assert re.fullmatch(r"(r#|[@#])?[^\W\d]\w*[?!]?", piece[1])
            assert text.count(piece[1]) > 1
        if unit == "line":
            assert not set(piece[1]) & {"\n", "\r"}
            assert piece[0][-1:] in {"", "\n", "\r"}
            assert piece[2][:1] in {"", "\n", "\r"}


@given(st.permutations(range(8)), st.integers(0, 3))
def test_row_order_changes_nothing(order, seed):
    """A row loses the same piece at any position, and equal rows lose the same one."""
    texts = [PYTHON.replace("by", f"by{i}") for i in range(4)] * 2
    whole = completion_rows(rows(*texts), "name", language="python", seed=seed)
    again = completion_rows(rows(*(texts[i] for i in order)), "name", language="python", seed=seed)
    assert pieces(again, "name") == [pieces(whole, "name")[i] for i in order]
    assert pieces(whole, "name")[:4] == pieces(whole, "name")[4:]


def test_every_place_is_drawn():
    """Over seeds, each occurrence of a name that occurs twice is left out about equally often, and nothing else."""
    drawn = [pieces(completion_rows(rows(PYTHON), "name", language="python", seed=s), "name")[0] for s in range(400)]
    counts = Counter((len(prefix), name) for prefix, name, _ in drawn)
    assert Counter(name for _, name in counts) == {"values": 2, "by": 3, "value": 2}
    assert all(25 < count < 95 for count in counts.values()), counts  # 57 expected, at most 5 standard deviations off


def test_the_corpus_gives_these_rows_on_every_python():
    """The digest of the pieces left out of the embedded corpus is fixed for all versions of Python."""
    functions = stdlib_functions().remove_columns("name").select(range(0, 6020, 20))
    with pytest.warns(LeftOutWarning, match=r"^\d+ of 301 rows hold no name twice: they are left out$"):
        completed = completion_rows(functions, "name", language="python", seed=0)
    assert completed.column_names == [*functions.column_names, "prefix", "name", "suffix"]
    digest = hashlib.sha256(json.dumps(pieces(completed, "name")).encode()).hexdigest()
    assert (len(completed), digest[:16]) == (281, "60eb200b5ac6721c")


def test_rows_keep_their_columns_and_are_counted():
    """Rows without such a piece are left out with a warning that counts them; the input is not changed."""
    given_rows = rows(PYTHON, "f()", "", PYTHON, id=[7, 8, 9, 10])
    with pytest.warns(LeftOutWarning, match="^2 of 4 rows hold no name twice: they are left out$"):
        completed = completion_rows(given_rows, "name", language="python")
    assert completed["id"][:] == [7, 10]
    assert given_rows.column_names == ["code", "id"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(completion_rows(rows(PYTHON), "line")) == 1


@pytest.mark.parametrize(
    ("data", "arguments", "error", "message"),
    [
        (rows(PYTHON), {"unit": "names"}, ParameterError, "unit must be one of name, line, block, .*mean name"),
        (rows(PYTHON), {"unit": "name"}, ParameterError, "language must be that of the code, got None: such as"),
        (rows(PYTHON), {"unit": "name", "language": "phyton"}, ParameterError, "did you mean python?"),
        (rows(PYTHON), {"unit": "line", "column": "cod"}, DataError, "did you mean code?"),
        (rows(PYTHON, None), {"unit": "line"}, DataError, r"column must be a column without None, .* \(row 1\)"),
        (rows("f()"), {"unit": "name", "language": "python"}, DataError, "got 1 row with no name twice"),
        (rows("f()"), {"unit": "line"}, DataError, "got 1 row with no two lines"),
        (rows("f()"), {"unit": "block", "language": "python"}, DataError, "got 1 row with no body of a statement"),
        (rows(PYTHON, name=["f"]), {"unit": "name", "language": "python"}, DataError, "rows.rename_column"),
        (rows(PYTHON, suffix=["f"]), {"unit": "line"}, DataError, "without a column 'suffix'"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(data, arguments, error, message):
    """Bad arguments raise an error before any row is cut, which says what to do."""
    with pytest.raises(error, match=message) as error_info:
        completion_rows(data, **arguments)
    assert isinstance(error_info.value, CodeshiftError)
