"""How numbers and regions are written for people."""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from codeshift.audit import audit
from codeshift.errors import DataError
from codeshift.formatting import counted, fixed, moment_of, p_value, share, significant
from codeshift.metrics import Estimate, Metric
from codeshift.regions.base import region_words
from codeshift.regions.distribution import Distribution
from codeshift.splitters import ClusterSplitter, GroupSplitter, LengthSplitter, RandomSplitter, TimeSplitter
from codeshift.study.report.tables import estimated
from codeshift.study.results.measures import EXACT_MATCH, SHARE, measure_of
from codeshift.wording import closest

WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta")


def rows(count: int = 120) -> Dataset:
    """Return functions that differ, one every ninth day."""
    code = [f"def f{i}({WORDS[i % 7]}{i}):\n    return {' + '.join(f'{WORDS[i % 5]}{j}{i}' for j in range(1 + i % 9))}"
            for i in range(count)]  # fmt: skip
    dates = [str(datetime.date(2020, 1, 1) + datetime.timedelta(days=9 * i)) for i in range(count)]
    return Dataset.from_dict({"code": code, "date": dates, "year": [1960 + i for i in range(count)]})


@pytest.mark.parametrize("value", [-0.0, -1e-9, -0.0004])
def test_zero_has_no_sign(value: float) -> None:
    """A number that rounds to 0 has no sign: alone, as a difference, as a bound of an interval, or as a share."""
    assert fixed(value, 1) == fixed(value, 1, signed=True) == "0.0"
    assert share(value) == "0.0%"
    assert significant(-0.0) == "0"
    none = Estimate(value / 10, value / 10, value / 10, n=9, confidence=0.95, method="percentile")
    assert EXACT_MATCH.estimate(none) == "0.0% [0.0, 0.0]"
    assert EXACT_MATCH.change(none) == "0.0 points [0.0, 0.0]"
    assert estimated(SHARE, none, change=True).whole == "0.0 [0.0, 0.0]"


def test_nan_is_a_dash() -> None:
    """NaN is written as a dash; a value that was not measured is not written as 0."""
    assert {fixed(math.nan, 2), share(math.nan), significant(math.nan), p_value(math.nan)} == {"–"}


@pytest.mark.parametrize(("p", "text"), [(0.05, "0.050"), (1.0, "1.000"), (0.0005, "0.0005"), (1e-5, "1e-05")])
def test_p_values_are_never_zero(p: float, text: str) -> None:
    """A permutation test never gives p = 0, and no table shows it."""
    assert p_value(p) == text


def test_one_is_singular() -> None:
    """A noun is singular after 1 and plural otherwise."""
    assert [counted(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


def test_timestamps_are_dates() -> None:
    """Timestamps are written as dates, also before 1970 and far after it."""
    assert moment_of(-86_400.0) == "1969-12-31"
    assert moment_of(253_402_300_799.0) == "9999-12-31T23:59:59Z"


def test_a_metric_without_a_scale_is_shown_unscaled() -> None:
    """A value that may exceed 1 is shown as it is, without a unit."""

    @dataclass(frozen=True)
    class TokensOfATest(Metric):
        key = "tokens_of_a_test"

        def score(self, predictions, references):
            return np.array([float(len(text.split())) for text in predictions])

    measure = measure_of(TokensOfATest())
    assert (measure.text(3.75), measure.heading, measure.step) == ("3.750", "tokens of a test", "")


@pytest.mark.parametrize(
    ("splitter", "words"),
    [
        (TimeSplitter(column="code", cutoff="2021-06-01"), "whose time (date) is from 2021-06-01 on"),
        (TimeSplitter(column="code", by="year", cutoff=2021), "whose time (year) is from 2021 on"),
        (~TimeSplitter(column="code", cutoff="2021-06-01"), "other than those whose time (date) is from 2021-06-01 on"),
        (TimeSplitter(column="code", share=0.1), r"whose time \(date\) is from 2022-\d\d-\d\d on"),
        (ClusterSplitter(column="code", n_clusters=6, clusters=(0, 2)), "of clusters 0 and 2 of 6"),
        (LengthSplitter(column="code", bounds=(20, 30)), "whose length in tokens is at least 20 and below 30"),
        (
            LengthSplitter(column="code", bounds=(20, None)) - TimeSplitter(column="code", cutoff="2021-06-01"),
            "whose length in tokens is at least 20 and not those whose time (date) is from 2021-06-01 on",
        ),
        (RandomSplitter(column="code", share=0.3), r"whose hash of the content is below 0\.\d{1,6}"),
    ],
)
def test_regions_are_described_in_one_line(splitter, words: str) -> None:
    """Summary and card describe regions without vocabularies, base64 or seconds since 1970."""
    assignment = splitter.assign(rows(), seed=0, near_duplicates=None, test_id_size=0.05, validation_size=0.05)
    described = region_words(assignment.manifest.region)
    assert described == words or re.fullmatch(words, described)
    assert f"programs {described}" in " ".join(assignment.summary().split())
    region = assignment.summary().split("  region")[1].split(" of 120 rows")[0]
    assert len(region) < 220
    card = assignment.to_dataset_card()
    assert "vocabulary" not in card
    assert not re.search(r"\d{9,}\.0", card + assignment.summary())


def test_summaries_of_official_splits_omit_sizes_that_do_not_apply() -> None:
    """``test_ood_size`` is not printed, and with a validation split neither is ``validation_size``."""
    data = rows()
    official = DatasetDict(train=data.select(range(70)), test=data.select(range(70, 120)))
    assignment = LengthSplitter(column="code").assign(official, seed=0, near_duplicates=None)
    for text in (assignment.summary(), assignment.to_dataset_card()):
        assert "test_ood_size" not in text
        assert "test_id_size" not in text
        assert "validation_size" in text
    assert "validation_size" in LengthSplitter(column="code").assign(data, seed=0, near_duplicates=None).summary()
    whole = DatasetDict(
        train=data.select(range(60)), validation=data.select(range(60, 75)), test=data.select(range(75, 120))
    )
    summary = LengthSplitter(column="code").assign(whole, near_duplicates=None).summary()
    assert "size" not in summary.split("split with")[1].split("bound")[0]


def test_a_study_shows_dates() -> None:
    """A study shows dates as dates, in words and in tables."""
    dates = Distribution(name="time (date)", values={"train": [1719878400.0, 1719878405.0]}, times=True)
    assert dates.summary == "median train 2024-07-02"


def test_an_audit_shows_dates() -> None:
    """Means of a column of dates are dates and distances are in days; p-values say how small they can be."""
    splits = TimeSplitter(column="code").split(rows(), seed=0, near_duplicates=None)
    from codeshift.properties.columns import Timestamp

    report = audit(splits, column="code", n_permutations=19, intended=(Timestamp("date"),)).to_markdown()
    line = next(line for line in report.splitlines() if line.startswith("| Timestamp"))
    assert re.search(r"\| 202\d-\d\d-\d\d \| 202\d-\d\d-\d\d \|", line)
    assert re.search(r"\| [\d.,]+ days \|", line)
    assert "19 permutations of the classifier's AUC" in report
    of_properties = int(re.search(r"([\d,]+) of each property's distance", report)[1].replace(",", ""))
    assert of_properties > 19
    smallest = min(float(cell.split("|")[-3]) for cell in report.splitlines() if cell.startswith("| TokenCount"))
    assert smallest >= round(1 / (1 + of_properties), 3)


@pytest.mark.parametrize(
    ("name", "options", "hint"),
    [
        (True, ["True", "False"], "True is a truth value, did you mean the text 'True'?"),
        ("True", [True, False], "'True' is text, did you mean the truth value True?"),
        (3, ["3", "4"], "3 is a whole number, did you mean the text '3'?"),
        ("3", [3, 4], "'3' is text, did you mean the whole number 3?"),
        (3.0, ["3.0"], "3.0 is a number, did you mean the text '3.0'?"),
        (None, ["None", "one"], "None is a NoneType, did you mean the text 'None'?"),
        (7, [1, 2], "choose one of 1, 2"),
        ("djagno", ["django", 5], "did you mean 'django'?"),
        ("djagno", ["django", "flask"], "did you mean django?"),
    ],
)
def test_hints_distinguish_a_value_from_its_text(name: object, options: list[object], hint: str) -> None:
    """The hint for a wrong value shows whether it is text."""
    assert closest(name, options) == hint


def test_a_group_of_another_type_is_an_error() -> None:
    """The error shows what the column holds."""
    data = rows(40).add_column("kept", ["True", "False"] * 20)
    with pytest.raises(DataError, match="got True: True is a truth value, did you mean the text 'True'"):
        GroupSplitter(column="code", by="kept", values=(True,)).assign(data, seed=0, near_duplicates=None)


def test_a_study_of_official_splits_prints_no_sizes_that_they_settle() -> None:
    """What does not apply is not among the settings of its page; the size of train does."""
    from codeshift.study import StoredSettings
    from codeshift.study.report.sections import settings_told

    plain = {"data": {"train": "90 rows", "test": "10 rows"}, "test_size": 0.2, "validation_size": 0.1, "train_size": 9}
    official = StoredSettings(plain=plain, official_parts=("train", "test"))
    assert [name for name, _ in settings_told(official)] == ["data", "validation size", "train size"]
    assert ("test size", "0.2") in settings_told(StoredSettings(plain=plain | {"data": {"data": "100 rows"}}))
