"""An assignment keeps its rows and its region: nothing is passed, digested or fitted twice."""

from __future__ import annotations

import json
import pickle
from collections import Counter

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from codeshift.errors import ManifestError, ParameterError
from codeshift.properties import PropertyTable
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, SplitAssignment, SplitManifest
from helpers.splitter_rows import count_digests, python_rows

BEGIN = "def a_name_that_stands_in_no_digest():"


def rows(n: int = 90) -> Dataset:
    return Dataset.from_dict({"code": [f"{BEGIN}\n    return {i}" + " + 1" * i for i in range(n)], "n": list(range(n))})


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[LengthSplitter]:
    """The splitters that were fitted."""
    fitted: list[LengthSplitter] = []
    fit = LengthSplitter.fit
    monkeypatch.setattr(LengthSplitter, "fit", lambda self, table: fitted.append(self) or fit(self, table))
    return fitted


@pytest.mark.parametrize("kind", [lambda data: data, PropertyTable])
def test_each_row_is_digested_once(kind, fits: list, monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds for split, and for assign with every method of the assignment, with and without the data."""
    data = rows()
    digested = count_digests(monkeypatch)
    LengthSplitter().split(data)
    assert (len(fits), len(digested)) == (1, 90)
    assert max(Counter(digested).values()) == 1
    digested.clear()
    given = kind(data)
    assignment = LengthSplitter().assign(given)
    for parts in (assignment.to_dataset_dict(), assignment.to_dataset_dict(given), assignment.to_dataset_dict(data)):
        assert parts["test_ood"]["n"] == assignment.indices("test_ood").tolist()
    assert assignment.region.contains(PropertyTable(data)).sum() == assignment.manifest.region_rows
    assert (len(fits), len(digested)) == (2, 90)


def test_a_manifest_digests_each_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """``apply`` deals by digests, and then selects."""
    manifest = LengthSplitter().assign(rows()).manifest
    digested = count_digests(monkeypatch)
    parts = manifest.apply(rows().shuffle(seed=0))
    assert len(digested) == 90
    assert sum(map(len, parts.values())) == 90 - manifest.sizes["excluded"].actual


def test_the_splits_of_a_cross_validation_share_digests_and_region(fits: list, monkeypatch) -> None:
    """Five dealings of one dataset fit once."""
    digested = count_digests(monkeypatch)
    LengthSplitter().as_cv(rows())
    assert len(fits) == 1
    assert max(Counter(each for each in digested if len(each) == 1).values()) == 1


def test_no_text_is_kept_twice_or_written() -> None:
    """The dataset is the one that was given; texts stand in no table, manifest or pickle beside it."""
    data = rows()
    assignment = LengthSplitter().assign(data)
    assert assignment.rows.tables[0].data is data
    assert not assignment.rows.tables[0]._texts
    assert not assignment.rows.tables[0]._values
    assert BEGIN not in assignment.manifest.to_json()
    pickled = pickle.dumps(assignment)
    assert BEGIN.encode() not in pickled
    assert "rows" not in repr(assignment)


def test_what_was_pickled_asks_for_the_rows() -> None:
    """A pickled assignment is equal, keeps the region, and takes the rows as an argument."""
    data = rows()
    assignment = LengthSplitter().assign(data)
    again = pickle.loads(pickle.dumps(assignment))  # noqa: S301 - own bytes
    assert again == assignment
    assert again.region == assignment.region
    with pytest.raises(ParameterError, match="data must be the rows that were assigned, got None: an assignment that"):
        again.to_dataset_dict()
    assert again.to_dataset_dict(data)["train"].to_list() == assignment.to_dataset_dict()["train"].to_list()
    with pytest.raises(ManifestError, match="another order"):
        again.to_dataset_dict(data.shuffle(seed=0))


def test_an_assignment_of_a_manifest_keeps_its_rows_too() -> None:
    """Dealt by the manifest, in whatever order the rows came."""
    shuffled = rows().shuffle(seed=3)
    manifest = SplitManifest.from_json(LengthSplitter().assign(rows()).manifest.to_json())
    again = SplitAssignment.from_manifest(manifest, shuffled)
    assert again.to_dataset_dict()["test_ood"]["n"] == [shuffled["n"][i] for i in again.indices("test_ood")]
    assert again.region == LengthSplitter().fit(PropertyTable(rows()))


def test_equality_and_repr_look_at_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: neither reads the dataset."""
    one, other = LengthSplitter().assign(rows()), LengthSplitter().assign(rows())

    def read(self, key):
        raise AssertionError("a row was read")

    monkeypatch.setattr(Dataset, "__getitem__", read)
    assert one == other
    assert repr(one).startswith("SplitAssignment(train=")


def test_other_columns_may_be_given() -> None:
    """The rows that were assigned, with a column more."""
    assignment = LengthSplitter().assign(rows())
    more = rows().add_column("more", list(range(90)))
    assert assignment.to_dataset_dict(more)["train"]["more"] == assignment.to_dataset_dict()["train"]["n"]


def test_official_splits_are_kept() -> None:
    """Each official split keeps its name."""
    data = DatasetDict(train=rows().select(range(0, 90, 2)), test=rows().select(range(1, 90, 2)))
    assignment = LengthSplitter(quantiles=(0.5, 1.0)).assign(data, validation_size=0, near_duplicates=None)
    parts = assignment.to_dataset_dict()
    assert np.array_equal(parts["train"]["n"], 2 * assignment.indices("train", split="train"))
    assert parts["test_ood"].to_list() == assignment.to_dataset_dict(DatasetDict(data))["test_ood"].to_list()


def test_a_manifest_says_what_it_parses_and_what_lies_inside() -> None:
    """The manifest has what an audit and a stream need."""
    data = python_rows()
    loops = ASTNodeSplitter(language="python", nodes=("for_statement",)).assign(data).manifest
    assert loops.language == "python"
    assert loops.region_share == pytest.approx(np.mean(ASTNodeSplitter(language="python", nodes=("for_statement",)).fit(
        PropertyTable(data)).contains(PropertyTable(data))))  # fmt: skip
    assert LengthSplitter().assign(data).manifest.language is None
    assert json.loads(loops.to_json())["format"] == "codeshift-split/2"
