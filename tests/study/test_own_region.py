"""A region and a property of a user's own in a study's report: the library knows neither class."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from datasets import Dataset

from codeshift.properties import ElementCounts, Property, PropertyTable
from codeshift.properties.base import TextProperty
from codeshift.splitters import Contains, ElementRegion, Interval, Region, Scenario, Splitter
from codeshift.study import Study
from codeshift.study.findings.failures import failure_modes
from codeshift.study.folder.split_facts import SplitFacts
from codeshift.study.report.study_report import Report
from helpers.study_results import study_results


@dataclass(frozen=True)
class MarksOfATest(Property):
    """How often each row holds each punctuation mark."""

    verb = "show"
    element = "punctuation mark"
    dimension = "punctuation"

    def evaluate(self, table: PropertyTable) -> ElementCounts:
        return ElementCounts.from_rows([[c for c in text if c in ";:@"] for text in table.texts(self.column)])


@dataclass(frozen=True)
class DigitsOfATest(TextProperty):
    """A number of a user's own."""

    title = "number of digits"
    dimension = "arithmetic"

    def compute(self, texts):
        return np.array([sum(c.isdigit() for c in text) for text in texts], dtype=np.float64)


@dataclass(frozen=True)
class DecoratedOfATest(ElementRegion):
    """A region of a user's own that is no composition of the library's."""

    property: MarksOfATest
    mark: str

    dimension = "decoration"

    def contains(self, table: PropertyTable) -> np.ndarray:
        return table.values(self.property).of((self.mark,)).ravel() > 0

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        return f"decorated with {plain['mark']}"

    def names(self) -> tuple[str, ...]:
        return (self.mark,)

    def drawn_by(self, elements) -> tuple[str, ...]:
        return (self.mark,)

    def indicators(self, table: PropertyTable) -> dict[str, np.ndarray]:
        return {self.mark: self.contains(table)}

    def masked(self) -> Region:
        return self


@dataclass(frozen=True, kw_only=True)
class FixedOfATest(Splitter):
    """A recipe for a region at hand."""

    region: Region

    def fit(self, table: PropertyTable) -> Region:
        return self.region


MARKS = MarksOfATest("code")
REGIONS = {
    "marks": Contains(MARKS, (";", "@")),
    "decorated": DecoratedOfATest(MARKS, "@"),
    "digits": Interval(DigitsOfATest("code"), low=8),
    "either": DecoratedOfATest(MARKS, "@") | Contains(MARKS, (";",)),
}


@pytest.fixture(scope="module")
def facts() -> dict[str, SplitFacts]:
    codes = [
        f"v{i} = {i}" + ";" * (i % 3 == 0) + " @" * (i % 5 == 0) + ":" * (i % 2) + "1" * (i % 7) for i in range(90)
    ]
    study = Study(
        dataset=Dataset.from_dict({"code": codes}), source="code", target="code", column="code",
        scenarios=[Scenario(name, FixedOfATest(column="code", region=region)) for name, region in REGIONS.items()],
        near_duplicates=None,
    )  # fmt: skip
    return {name: study.splits.scenario(name, 0).facts("m.json") for name in REGIONS}


@pytest.fixture(scope="module")
def report(facts) -> Report:
    """Every reference ends in a decorator; the models write it in half of their wrong outputs."""
    rows = len(facts["marks"].members["test_ood"])
    references = [f"f({i})@" for i in range(rows)]
    results = study_results(
        scenarios=tuple(REGIONS), methods=("full",), ood_kept=(0.0, 1.0), general=0, rows=rows, references=references
    )
    results = dataclasses.replace(results, splits={(name, 0): one for name, one in facts.items()})
    return Report(results, metric="exact_match", n_resamples=10)


def test_its_words_and_dimension(facts) -> None:
    """The region's own, or those of the property that it is of."""
    assert facts["marks"].meaning == "Programs that show ; or @ are out of distribution."
    assert facts["decorated"].meaning == "Programs decorated with @ are out of distribution."
    assert facts["digits"].meaning == "Programs whose number of digits is at least 8 are out of distribution."
    found = {name: one.dimension for name, one in facts.items()}
    assert found == {"marks": "punctuation", "decorated": "decoration", "digits": "arithmetic", "either": "other"}


def test_its_distribution(facts) -> None:
    """Shares of rows by element, or numbers, as of the library's own."""
    [marks] = facts["marks"].distributions
    assert (marks.name, marks.categories) == ("punctuation mark", ("any of the 2", ";", "@", ":"))
    assert marks.values["test_ood"][0] == 1
    assert marks.values["train"][:3].tolist() == [0, 0, 0]
    [decorated] = facts["decorated"].distributions
    assert (decorated.categories[0], decorated.values["test_ood"][0]) == ("@", 1)
    assert "@" not in decorated.categories[1:]
    [digits] = facts["digits"].distributions
    assert (digits.name, digits.categories) == ("number of digits", ())
    assert digits.values["test_ood"].min() >= 8 > digits.values["train"].max()


def test_its_elements(facts, report) -> None:
    """Elements are searched for in references and outputs, and an output that lacks one is distinguished."""
    elements = {one.cell.scenario: one.elements for one in report.findings.unseen}
    assert elements == {"marks": (";", "@"), "decorated": ("@",), "either": ("@", ";")}
    [one] = [u for u in report.findings.unseen if u.cell.scenario == "decorated" and u.cell.ood_kept == 0.0]
    assert one.in_references.value == 1.0
    assert 0 < one.value < 1
    modes = [m for m in failure_modes(report.findings.cells) if m.part == "test_ood" and m.cell.ood_kept == 0.0]
    lacking = {m.cell.scenario: m.counts["lacks the element"] for m in modes}
    assert lacking["decorated"] == modes[1].wrong > 0
    assert lacking["digits"] == 0


def test_they_stand_in_the_page(report) -> None:
    """In the table of scenarios, beside the split, and as a plot."""
    page = report.to_html()
    for words in ("decoration", "punctuation", "arithmetic", "Programs decorated with @", "number of digits"):
        assert words in page
    titles = [panel.title for panel in report.plots["distributions"].panels]
    assert titles == ["marks", "decorated", "digits", "either"]
    assert "Distribution of punctuation mark" in page


def test_a_process_that_lacks_the_class_reads_the_rest(facts, tmp_path, monkeypatch) -> None:
    """The elements are left out; words, dimension and distributions are there."""
    from codeshift.properties.serialise import Serialisable

    facts["decorated"].save(tmp_path / "facts.json")
    assert SplitFacts.load(tmp_path / "facts.json").masked == REGIONS["decorated"]
    monkeypatch.delitem(Serialisable._known, "DecoratedOfATest")
    back = SplitFacts.load(tmp_path / "facts.json")
    assert (back.masked, back.dimension) == (None, "decoration")
    assert back.distributions[0].summary == facts["decorated"].distributions[0].summary
