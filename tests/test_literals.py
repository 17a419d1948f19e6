"""Literals and expressions that users type are read in the same way, and without warnings, on every Python."""

from __future__ import annotations

import warnings

import pytest

from codeshift.cli.train import _setting
from codeshift.errors import ParameterError
from codeshift.literals import literal
from codeshift.metrics import ExactMatch
from codeshift.metrics.by_name import metric_by_name
from codeshift.splitters.parse import parse_splitter

DEEP = "-" * 5_000 + "1"  # depending on the version: RecursionError, no error, or MemoryError
LONG = "9" * 5_000  # more digits than Python converts to a number


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
    """Unknown escape sequences are kept as they are."""
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
def test_anything_else_is_text(text):
    """Text that is not a literal is returned as text, without an error, on every version of Python."""
    assert literal(text) == text
    assert _setting(f"name={text}") == ("name", text)


def test_options_of_metrics():
    """Options are read as they are written in the name of a metric."""
    assert metric_by_name("exact_match[normalize_whitespace=True]") == ExactMatch(normalize_whitespace=True)
    with pytest.raises(ParameterError) as caught:
        metric_by_name(r"exact_match[normalize_whitespace='\d']")
    assert caught.value.value == "\\d"


def test_splitters():
    """Unknown escapes give no warning; an expression nested too deep gives the same error on every Python."""
    assert parse_splitter(r"LengthSplitter(column='a\d')").column == "a\\d"
    for deep in ("~" * 20_000 + "LengthSplitter(column='a')", "~" * 2_000 + "LengthSplitter(column='a')"):
        with pytest.raises(ParameterError, match="it is nested too deeply"):
            parse_splitter(deep)
    with pytest.raises(ParameterError, match="null bytes; such as"):
        parse_splitter("LengthSplitter(column='a')\0")
