"""The laws of the language-agnostic lexer."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import codeshift
from codeshift.properties.lexer import OPERATORS, lex, token_spans
from codeshift.properties.near_duplicates.tokens import token_blocks
from codeshift.properties.rarity import tokens_of

CODE = st.text(alphabet="abeEx019_ .+-*/<>=!&|:?\"'#(){}[];\n\té²٣\u0301\U0001f600\ud800\x1c\x00") | st.text()


@given(text=CODE)
def test_nothing_but_whitespace_is_lost(text: str) -> None:
    """The joined tokens are the text without its whitespace, and no token is empty."""
    tokens = lex(text)
    assert "".join(tokens) == "".join(c for c in text if not c.isspace())
    assert all(tokens)


@given(left=CODE, right=CODE, space=st.sampled_from([" ", "\n", "\t", "\r\n  ", "\u2003"]))
def test_whitespace_separates(left: str, right: str, space: str) -> None:
    """The tokens of two parts separated by whitespace are those of the first, then those of the second."""
    assert lex(left + space + right) == lex(left) + lex(right)


@given(text=CODE)
def test_formatting_changes_nothing(text: str) -> None:
    """Joining the tokens with single spaces gives the same tokens again: the lexer is idempotent."""
    tokens = lex(text)
    assert lex(" ".join(tokens)) == tokens


@given(text=CODE)
def test_a_long_token_is_a_word_a_number_or_a_listed_operator(text: str) -> None:
    """Two characters are in one token only by rules 1 to 3."""
    for token in lex(text):
        assert len(token) == 1 or token in OPERATORS or token[0].isalnum() or token[0] == "_"


@pytest.mark.parametrize("operator", OPERATORS)
def test_operators_are_matched_longest_first(operator: str) -> None:
    """Every listed operator is one token, also between words."""
    assert lex(operator) == [operator]
    assert lex(f"a{operator}b") == ["a", operator, "b"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \n\t", []),
        ("1..10", ["1", "..", "10"]),
        ("0xE+1", ["0xE", "+", "1"]),
        ("1e-5+x", ["1e-5", "+", "x"]),
        ("1.5E+10f", ["1.5E+10f"]),
        ("1_000.5", ["1_000.5"]),
        ("x.5", ["x", ".", "5"]),
        ("x1.y2", ["x1", ".", "y2"]),
        ("a>>>=b", ["a", ">>>=", "b"]),
        ("f('it\\'s')", ["f", "(", "'", "it", "\\", "'", "s", "'", ")"]),
        ("&'a str", ["&", "'", "a", "str"]),
        ("$x->y", ["$", "x", "->", "y"]),
        ("größe = Δ2", ["größe", "=", "Δ2"]),
        ("变量=1", ["变量", "=", "1"]),
    ],
)
def test_examples(text: str, tokens: list[str]) -> None:
    """Examples on which languages differ."""
    assert lex(text) == tokens


@pytest.mark.parametrize("unit", ["1", "e", "1e", "1e-", "1.", "0x", ">", "_", "'", "é", " ", "1e-1"])
def test_text_made_to_backtrack(unit: str) -> None:
    """No character is lost from text that would make a careless pattern backtrack (time: benchmarks/growth.py)."""
    text = unit * (800_000 // len(unit))
    assert "".join(lex(text)) == text.replace(" ", "")


def test_no_possessive_groups():
    """Python 3.11.2 matches wrong text if a group is repeated possessively: 'utf-8' had an empty token."""
    sources = Path(codeshift.__file__).parent.rglob("*.py")
    possessive = [str(path) for path in sources if re.search(r"\)[*+?}]\+", path.read_text(encoding="utf-8"))]
    assert not possessive


LATER_LETTERS = ("\u1c8a", "\ua7cb", "\U0001e030", "\U00011f50", "\U0002ebf0", "\U00031350")
"""Each became a letter or digit in a Unicode version after 14: 16.0, 16.0, 15.0, 15.0, 15.1, 15.0."""


@pytest.mark.parametrize("character", LATER_LETTERS)
def test_the_unicode_of_the_running_python_changes_nothing(character: str) -> None:
    """Letters that are newer than Python 3.11 are tokens of their own on every Python, also within names."""
    assert lex(f"a{character}b = 1{character}") == ["a", character, "b", "=", "1", character]
    assert token_spans(f"é{character}x") == [(0, 1), (1, 2), (2, 3)]
    assert tokens_of(f"{character} ab", "identifiers") == ["ab"]
    [(_, counts)] = token_blocks([f"a{character}b"])
    assert counts.tolist() == [3]


def test_every_character_has_the_same_part_on_every_python() -> None:
    """The characters that can be part of a word are those of Unicode 14: 133,548, with this digest."""
    taken = [code for code in range(sys.maxunicode + 1) if len(lex(f"a{chr(code)}")) == 1 and not chr(code).isspace()]
    assert len(taken) == 133_548
    assert hashlib.sha256(repr(taken).encode()).hexdigest()[:16] == "d4b5fef7684d26da"
