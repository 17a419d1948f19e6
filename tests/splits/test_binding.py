"""Near-duplicates, strata and the parts on request, counted by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from datasets import Dataset, DatasetDict

from codeshift.data import stdlib_functions
from codeshift.errors import DataError, ParameterError
from codeshift.properties.near_duplicates import DuplicateComponents, NearDuplicates
from codeshift.splits.facts import FoundDuplicates
from codeshift.splitters import LengthSplitter, RandomSplitter
from helpers.functions_of_lines import function_of_lines, functions_of_lines

LONG = LengthSplitter(column="code", unit="lines", bounds=(20, None))


@pytest.fixture(scope="module")
def rows() -> Dataset:
    """Forty long functions, two hundred short ones; five of the long have a near-copy that is one line too short."""
    code = functions_of_lines("long", range(40), 20) + functions_of_lines("short", range(200), 8)
    code += functions_of_lines("long", range(5), 19, "return None")
    return Dataset.from_dict({"code": code, "label": [f"l{i % 4}" for i in range(len(code))]})


def test_the_near_copy_of_a_test_row_leaves_train(rows: Dataset) -> None:
    """All region rows are tested, so the five near-copies outside are excluded, with the reason."""
    bound = LONG.assign(rows, seed=0, test_ood_size=1.0)
    loose = LONG.assign(rows, seed=0, test_ood_size=1.0, near_duplicates=None)
    assert bound.excluded == {"near_duplicate": 5}
    assert loose.excluded == {}
    assert "5 near-duplicates of a row that is held out" in bound.summary()
    assert bound.manifest.near_duplicates == FoundDuplicates(components=5, rows=10, largest=2, longest_chain=1)
    assert loose.manifest.near_duplicates is None


def test_a_threshold_of_ones_own(rows: Dataset) -> None:
    """At a threshold that the near-copies miss, they are not bound; the manifest holds it."""
    strict = LONG.assign(rows, seed=0, test_ood_size=1.0, near_duplicates=NearDuplicates(threshold=0.99))
    assert strict.excluded == {}
    assert strict.manifest.config.near_duplicates == NearDuplicates(threshold=0.99, ngram=5)


def test_a_random_split_of_real_code_leaks_unless_bound() -> None:
    """On the standard library a few percent of test rows have a near-duplicate in train; bound, none has."""
    data = stdlib_functions()
    leaks = {}
    for near_duplicates in (None, "bind"):
        splits = RandomSplitter(column="code").split(data, seed=0, test_ood_size=1.0, near_duplicates=near_duplicates)
        test, train = (splits[part]["code"][:] for part in ("test_ood", "train"))
        leaks[near_duplicates] = NearDuplicates().nearest(test, train).share
    assert 0.01 < leaks[None] < 0.1
    assert leaks["bind"] == 0


def test_official_training_rows_near_a_test_row_are_excluded() -> None:
    """Across official splits too, and the test split stays whole."""
    train = Dataset.from_dict({"code": [function_of_lines(f"a{i}", 22 if i < 30 else 9) for i in range(100)]})
    copies = [function_of_lines(f"a{i}", 23 if i < 30 else 10) for i in (3, 50, 51)]
    test = Dataset.from_dict({"code": copies + [function_of_lines(f"b{i}", 21 if i < 10 else 5) for i in range(30)]})
    assignment = LONG.assign(DatasetDict(train=train, test=test), seed=0)
    assert assignment.sizes["test_id"] + assignment.sizes["test_ood"] == 33
    assert assignment.excluded == {"masked": 29, "near_duplicate": 3}


def test_strata_keep_their_share_in_every_drawn_part(rows: Dataset) -> None:
    """Each of the four labels has a quarter of every drawn part, to within a row or two."""
    assignment = LONG.assign(rows, seed=0, stratify_by_column="label", ood_kept=0.5)
    for part in ("validation", "test_id", "test_ood"):
        labels = rows.select(assignment.indices(part))["label"][:]
        for label in ("l0", "l1", "l2", "l3"):
            assert abs(labels.count(label) - len(labels) / 4) <= 2
    assert assignment.manifest.also_reads == ("label",)


def test_validation_ood_comes_from_the_pool(rows: Dataset) -> None:
    """A quarter of the region, none of it tested; it is a part of the DatasetDict only where it was asked for."""
    splits = LONG.split(rows, seed=0, validation_ood_size=0.25, near_duplicates=None)
    assert len(splits["validation_ood"]) == 10
    assert "validation_ood" not in LONG.split(rows, seed=0)
    with pytest.raises(ParameterError, match="part must be a part that was asked for, got 'validation_ood'"):
        LONG.assign(rows, seed=0).indices("validation_ood")


def test_official_validation_gives_its_part_of_the_region(rows: Dataset) -> None:
    """1 takes it; another share cannot be had without moving rows."""
    names = ("train", "validation", "test")
    data = DatasetDict({name: rows.select(range(i, 245, 3)) for i, name in enumerate(names)})
    splits = LONG.split(data, validation_ood_size=1.0, near_duplicates=None)
    assert len(splits["validation_ood"]) == 13
    with pytest.raises(ParameterError, match="must be 0 or 1 where validation is official"):
        LONG.assign(data, validation_ood_size=0.5)


def test_train_control_is_a_sample_of_the_whole_distribution(rows: Dataset) -> None:
    """As many rows as train has, with the region's share of all that could train."""
    assignment = LONG.assign(rows, seed=0, train_control=True, near_duplicates=None)
    control = assignment.to_dataset_dict(rows)["train_control"]
    train, pool = assignment.sizes["train"], assignment.excluded["masked"]
    inside = sum(len(code.splitlines()) >= 20 for code in control["code"])
    assert len(control) == train
    assert inside == round(train * pool / (train + pool))


def test_groups_and_near_duplicates_join(rows: Dataset) -> None:
    """A row joined to a test row by its group, and through that row's near-copy, is bound for the nearer reason."""
    grouped = rows.add_column("project", [f"p{i}" for i in range(240)] + ["p0", "p240", "p241", "p242", "p243"])
    assignment = LONG.assign(grouped, seed=0, test_ood_size=1.0, groups="project")
    assert assignment.excluded == {"bound": 1, "near_duplicate": 4}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"near_duplicates": "bnid"},
            ParameterError,
            'near_duplicates must be "bind", "drop", None, a NearDuplicates or a DropNearDuplicates, got',
        ),
        (
            {"stratify_by_column": "lable"},
            DataError,
            "stratify_by_column must be a column of the dataset, got 'lable': did you mean",
        ),
        (
            {"validation_ood_size": 0.8},
            ParameterError,
            "validation_ood_size must be at most 20, the rows of",
        ),
        ({"validation_ood_size": -1}, ParameterError, "validation_ood_size must be a share (a float from 0 up to 1.0)"),
    ],
)
def test_bad_arguments(rows: Dataset, arguments: dict, error: type, message: str) -> None:
    """Named, with what would fit."""
    with pytest.raises(error, match=re.escape(message)):
        LONG.assign(rows, seed=0, **arguments)


def test_groups_that_all_touch_the_region_leave_nothing_to_draw(rows: Dataset) -> None:
    """The message says that rows outside of the region are bound, and how many."""
    grouped = rows.add_column("project", [f"p{i % 20}" for i in range(245)])
    message = (
        r"at most 0 rows, those outside of the region that can be drawn \(205 others belong together with rows inside"
    )
    with pytest.raises(ParameterError, match=message):
        LONG.assign(grouped, seed=0, groups="project")


def test_near_duplicates_are_found_once_a_table(rows: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenarios over one table share the search."""
    from codeshift.properties import PropertyTable

    searches: list[int] = []
    components = NearDuplicates.components

    def counted(self: NearDuplicates, texts: Sequence[str], **options: Any) -> DuplicateComponents:
        searches.append(len(texts))
        return components(self, texts, **options)

    monkeypatch.setattr(NearDuplicates, "components", counted)
    table = PropertyTable(rows)
    LONG.assign(table, seed=0)
    LengthSplitter(column="code", unit="chars").assign(table, seed=0)
    assert searches == [245]
