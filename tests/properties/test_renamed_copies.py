"""Near-duplicates without names and literals: what a renamer makes is found, and short code is compared as it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.data import stdlib_functions
from codeshift.errors import ParameterError
from codeshift.properties.lexer import lex
from codeshift.properties.near_duplicates import DropNearDuplicates, NearDuplicates
from codeshift.properties.near_duplicates.renaming import FEWEST_TOKENS, RESERVED_WORDS, without_strings
from codeshift.splits.config import SplitConfig
from helpers.renamer import renamed

RENAMED = NearDuplicates(identifiers="ignored", literals="ignored")
TOTAL = "def total(rows, name):\n    found = 0\n    for row in rows:\n        if row.get(name) > 3:\n" + (
    "            found += row[name] * 2\n    print('the total', found, 'of', len(rows))\n    return found\n"
)


@pytest.fixture(scope="module")
def functions() -> list[str]:
    """Functions that are long enough for their names to be ignored, without characters beyond ASCII."""
    code = stdlib_functions()["code"]
    return [text for text in code[::40] if text.isascii() and len(lex(without_strings(text))) >= FEWEST_TOKENS][:60]


def test_all_that_a_renamer_makes_is_found(functions: list[str]) -> None:
    """Of names alone by ignoring identifiers, of literals too by ignoring both."""
    assert len(functions) == 60
    for literals, search in ((False, NearDuplicates(identifiers="ignored")), (True, RENAMED)):
        copies = [renamed(text, literals=literals) for text in functions]
        assert all(copy != text for copy, text in zip(copies, functions, strict=True))
        found = search.nearest(copies, functions)
        assert found.jaccard.min() > 0.9  # words of comments, and of strings that count, keep their names
        assert np.median(found.jaccard) == 1
        by_names = NearDuplicates().nearest(copies, functions)
        assert by_names.share < 0.1


def test_two_names_that_are_confused_count() -> None:
    """An identifier counts by where the same one stands again, so mixed up names make another program."""
    body = "; ".join(["a = b + a", "b = a - b", "c = a * b", "a = c / b", "b = c + a", "c = b - a"] * 2)
    other = body.replace("b + a", "b + b").replace("a - b", "a - a")
    search = NearDuplicates(identifiers="ignored", threshold=1.0)
    renamed_one_to_one = body.replace("a", "x").replace("b", "yy").replace("c", "z1")
    assert search.components([body, renamed_one_to_one]).labels.tolist() == [0, 0]
    assert search.components([body, other]).labels.tolist() == [0, 1]


def test_names_of_short_code_are_compared() -> None:
    """Below 40 tokens much code has the same form."""
    short = ["def name(self): return self.name", "def size(self): return self.size"]
    assert RENAMED.components(short).labels.tolist() == [0, 1]


def test_literals_alone() -> None:
    """Without literals, strings and numbers make no difference but names do."""
    search = NearDuplicates(literals="ignored", threshold=1.0)
    other = TOTAL.replace("'the total'", '"a sum"').replace("> 3", "> 0x1F").replace("'of'", "''")
    assert search.components([TOTAL, other]).labels.tolist() == [0, 0]
    assert search.components([TOTAL, TOTAL.replace("found", "seen")]).labels.tolist() == [0, 1]
    assert NearDuplicates(threshold=1.0).components([TOTAL, other]).labels.tolist() == [0, 1]


def test_keywords_count() -> None:
    """A loop is no condition."""
    search = NearDuplicates(identifiers="ignored", threshold=1.0)
    assert search.components([TOTAL, TOTAL.replace("for row in", "while row in")]).labels.tolist() == [0, 1]
    assert "row" not in RESERVED_WORDS


@given(st.text(alphabet="\"'\\\nab `#", max_size=40))
def test_any_text_keeps_what_is_outside_of_strings(text: str) -> None:
    """Nothing fails, closed strings lose their content, and a second pass changes nothing of them."""
    once = without_strings(text)
    assert len(once) <= len(text) + text.count("'")
    assert once.count("\n") <= text.count("\n")
    assert ("'" in text or '"' in text) or once == text


def test_arguments_are_checked_shown_and_recorded() -> None:
    """The defaults look as before; what is ignored is said, and stands in a manifest."""
    with pytest.raises(ParameterError, match="did you mean ignored"):
        NearDuplicates(identifiers="ignore")
    with pytest.raises(ParameterError, match="literals must be one of compared, ignored"):
        NearDuplicates(literals=True)
    assert eval(repr(RENAMED), {"NearDuplicates": NearDuplicates}) == RENAMED  # noqa: S307 - its own repr
    assert repr(DropNearDuplicates()) == "DropNearDuplicates(search=NearDuplicates(threshold=0.7, ngram=5))"
    plain = SplitConfig(near_duplicates=RENAMED).to_dict()["near_duplicates"]
    assert plain == {"threshold": 0.7, "ngram": 5, "identifiers": "ignored", "literals": "ignored"}
    assert SplitConfig().to_dict()["near_duplicates"] == {"threshold": 0.7, "ngram": 5}
