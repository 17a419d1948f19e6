"""What a user types as a literal or an expression of Python is read alike, and in silence, on every Python."""

from __future__ import annotations

import warnings

import pytest

from codeshift.cli.train import _setting
from codeshift.errors import ParameterError
from codeshift.literals import literal
from codeshift.metrics import ExactMatch
from codeshift.metrics.by_name import metric_by_name
from codeshift.splitters.parse import parse_splitter

DEEP = "-" * 5_000 + "1"  # one version says RecursionError, the next takes it apart, another says MemoryError
LONG = "9" * 5_000  # more digits than Python turns into a number


@pytest.fixture(autouse=True)
def no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        (" 1_0", 10),
        ("('a', None)", ("a", None)),
        (r"('shared\..*',)", ("shared\\..*",)),
        (r"'\d'", "\\d"),
        ("b'a'", b"a"),
    ],
)
def test_literals(text, value):
    """Escapes that Python does not know stand for themselves."""
    assert literal(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "cosine",
        "1if",
        "0777",
        "a\0b",
        "\0",
        "\ud800",
        "f'a'",
        "{[]: 1}",
        "{1: 2, **{}}",
        "(",
        "(" * 300,
        DEEP,
        LONG,
        "",
    ],
)
def test_what_is_no_literal_is_text(text):
    """Nothing raises, whatever the running Python says of it."""
    assert literal(text) == text
    assert _setting(f"name={text}") == ("name", text)


def test_options_of_metrics():
    """As they stand in a metric's name."""
    assert metric_by_name("exact_match[normalize_whitespace=True]") == ExactMatch(normalize_whitespace=True)
    with pytest.raises(ParameterError) as caught:
        metric_by_name(r"exact_match[normalize_whitespace='\d']")
    assert caught.value.value == "\\d"


def test_splitters():
    """Escapes are no news, and a depth that one Python can read and another cannot is told in the same words."""
    assert parse_splitter(r"LengthSplitter(column='a\d')").column == "a\\d"
    for deep in ("~" * 20_000 + "LengthSplitter(column='a')", "~" * 2_000 + "LengthSplitter(column='a')"):
        with pytest.raises(ParameterError, match="it is nested too deeply"):
            parse_splitter(deep)
    with pytest.raises(ParameterError, match="null bytes; such as"):
        parse_splitter("LengthSplitter(column='a')\0")
