"""Texts in place of truth values and numbers are refused with what to give, and never taken for true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from datasets import Dataset

from codeshift.data import stdlib_functions
from codeshift.errors import ParameterError
from codeshift.properties import PropertyTable
from codeshift.splitters import RandomSplitter
from codeshift.study import Findings
from codeshift.study.report.study_report import Report
from helpers.study_results import study_results

ROWS = Dataset.from_dict({"code": [f"x{i}" for i in range(40)]})
SPLITTER = RandomSplitter(column="code")


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: SPLITTER.split(ROWS, progress="no"), "progress"),
        (lambda: SPLITTER.assign(ROWS, progress=0), "progress"),
        (lambda: SPLITTER.as_cv(ROWS, progress="no"), "progress"),
        (lambda: SPLITTER.assign(ROWS).push_to_hub("a/b", private="no"), "private"),
        (lambda: PropertyTable(ROWS, cached="no"), "cached"),
        (lambda: stdlib_functions(progress="no"), "progress"),
        (lambda: stdlib_functions(running_python="no"), "running_python"),
    ],
)
def test_a_text_is_no_truth_value(call: Callable[[], Any], name: str) -> None:
    """The text "no" is not true, and not false either: the error names the argument."""
    with pytest.raises(ParameterError, match=f"{name} must be True or False, got"):
        call()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"examples": "2"}, "examples must be a whole number from 0 up, got '2'"),
        ({"n_resamples": "2"}, "n_resamples must be a whole number from 1 up, got '2'"),
        ({"min_rows": "3"}, "min_rows must be a whole number from 1 up, got '3'"),
        ({"confidence": "x"}, "confidence must be a number above 0 and below 1, got 'x'"),
        ({"seed": "0"}, "seed must be a whole number from 0 up, got '0'"),
    ],
)
def test_a_text_is_no_number_of_a_report(options: dict[str, Any], message: str) -> None:
    """Of findings and of the report that is made of them."""
    make = Findings if set(options) & {"min_rows", "confidence"} else Report
    results = study_results(general=0)
    with pytest.raises(ParameterError, match=message):
        make(results=results, **options)
