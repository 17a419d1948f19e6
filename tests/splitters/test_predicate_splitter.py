"""PredicateSplitter: the user's own function of a row."""

# ruff: noqa: E501 - error messages are quoted whole

from __future__ import annotations

import subprocess
import sys

import pytest
from datasets import Dataset

import codeshift.properties.predicate as registry
from codeshift.errors import DataError, ManifestError, ParameterError
from codeshift.properties import PropertyTable
from codeshift.splitters import LengthSplitter, PredicateSplitter, SplitManifest
from codeshift.splitters.testing import check_splitter
from helpers.predicates import from_early_years, is_busy_method, returns_text
from helpers.splitter_rows import c_sharp_rows, java_rows, python_rows

SELF = PredicateSplitter(column="code", predicate=is_busy_method)


def test_it_keeps_the_laws() -> None:
    """Every law of a split holds, in a fresh process too, with another column read."""
    check_splitter(PredicateSplitter(column="code", predicate=from_early_years, reads="year"), python_rows())


@pytest.mark.parametrize("rows", [java_rows, c_sharp_rows], ids=["java", "c_sharp"])
def test_it_keeps_the_laws_composed(rows) -> None:
    """Every law holds for a composition, on real Java and C#."""
    composed = PredicateSplitter(column="code", predicate="helpers.predicates:returns_early") | LengthSplitter(
        column="code"
    )
    check_splitter(composed, rows(), fresh_process=False)


def test_the_repr_names_the_function() -> None:
    """A function is kept as its dotted name, so that the repr builds the splitter again."""
    assert repr(SELF) == (
        "PredicateSplitter(column='code', predicate='helpers.predicates:is_busy_method', name='is_busy_method', reads=())"
    )
    assert PredicateSplitter(column="code", predicate="helpers.predicates:is_busy_method") == SELF


def test_the_function_sees_what_it_reads_and_nothing_else() -> None:
    """A column that is not named in ``reads`` is not in the row, and the error says which are."""
    with pytest.raises(KeyError) as error:
        PredicateSplitter(column="code", predicate=from_early_years).assign(python_rows(), seed=0)
    assert error.value.__notes__ == [
        "the predicate 'from_early_years' sees the columns ['code']: name others in reads="
    ]
    assignment = PredicateSplitter(column="code", predicate=from_early_years, reads=("year",)).assign(
        python_rows(), seed=0
    )
    assert assignment.manifest.also_reads == ("year",)


def test_an_error_names_the_argument_that_names_the_column() -> None:
    """The error names ``reads``, although another argument has the same text; in a composition too."""
    splitter = PredicateSplitter(column="code", predicate=from_early_years, name="era", reads=("era",))
    for recipe in (splitter, LengthSplitter(column="code") & ~splitter):
        with pytest.raises(DataError, match=r"^reads must be a column of the dataset, got 'era'"):
            recipe.assign(python_rows(), seed=0)


def test_a_manifest_imports_no_function() -> None:
    """In a process that has not named the function, a region of a manifest refuses to run, and imports nothing."""
    text = SELF.assign(python_rows(), seed=0).manifest.to_json()
    code = """
import sys
from datasets import Dataset
from codeshift.errors import ManifestError
from codeshift.properties import PropertyTable
from codeshift.splitters import SplitManifest
region = SplitManifest.from_json(sys.stdin.read()).fitted_region()
try:
    region.contains(PropertyTable(Dataset.from_dict({"code": ["self"]})))
except ManifestError as error:
    assert "which no manifest may import" in str(error), error
    assert "helpers.predicates" not in sys.modules
    print("refused")
"""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], input=text, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "refused", done.stderr


def test_a_function_that_changed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A region knows the digest of the source that it was fitted with."""
    region = SplitManifest.from_json(SELF.assign(python_rows(), seed=0).manifest.to_json()).fitted_region()
    table = PropertyTable(python_rows())
    assert (region.contains(table) == SELF.fit(table).contains(table)).all()
    monkeypatch.setitem(registry._NAMED, "helpers.predicates:is_busy_method", from_early_years)
    with pytest.raises(ManifestError, match="has changed since the region was fitted"):
        region.contains(PropertyTable(python_rows()))


def test_a_function_must_return_a_truth_value() -> None:
    """Text is truthy, which would hide a mistake: only True and False are answers."""
    with pytest.raises(DataError) as error:
        PredicateSplitter(column="code", predicate=returns_text).assign(Dataset.from_dict({"code": ["a", "b"]}), seed=0)
    assert str(error.value) == (
        "predicate must be a function that returns True or False, got 'yes': 'returns_text' returned that for row 0"
    )


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        (
            lambda row: True,
            "predicate must be a function that its name leads to, got test_predicate_splitter.<lambda>: define it with def",
        ),
        (3, 'predicate must be a function of a row, or its name, got 3: such as "package.module:function"'),
        ("keyword.iskeyword", "predicate must be a function of a row, or its name, got 'keyword.iskeyword': such as"),
    ],
)
def test_errors_of_arguments(predicate: object, message: str) -> None:
    """A function that cannot be imported by name is refused at once."""
    with pytest.raises(ParameterError) as error:
        PredicateSplitter(column="code", predicate=predicate)
    assert message.replace("test_predicate_splitter.", "") in str(error.value).replace(f"{__name__}.", "")


def test_a_name_that_leads_nowhere_is_an_error_when_fitted() -> None:
    """Names are looked up late, so that a repr can be read where the module is absent."""
    splitter = PredicateSplitter(column="code", predicate="no_such_module:f")
    with pytest.raises(ParameterError, match="the name of a function that can be imported, got 'no_such_module:f'"):
        splitter.fit(PropertyTable(python_rows()))
