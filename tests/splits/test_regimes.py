"""Regimes and sizes, counted by hand on rows where every number can be foreseen."""

from __future__ import annotations

import pytest
from datasets import Dataset, DatasetDict

from codeshift.errors import ParameterError, SizeWarning
from codeshift.splitters import LengthSplitter

LONG = LengthSplitter(column="code", unit="chars", bounds=(100, None))


@pytest.fixture
def rows() -> Dataset:
    """A hundred rows in the region, four hundred outside, all distinct."""
    return Dataset.from_dict({"code": [f"{i:03d}".ljust(100 if i < 100 else 50, "x") for i in range(500)]})


def test_sizes_are_exact_where_rows_are_distinct(rows: Dataset) -> None:
    """Half of the region, as many rows outside, a tenth of all rows; the rest trains."""
    assignment = LONG.assign(rows, seed=0)
    assert assignment.sizes == {"train": 300, "validation": 50, "test_id": 50, "test_ood": 50, "excluded": 50}
    assert assignment.excluded == {"masked": 50}


@pytest.mark.parametrize(("kept", "train"), [(0.0, 300), (0.1, 305), (0.5, 325), (1.0, 350)])
def test_ood_kept_counts_rows_of_the_pool(rows: Dataset, kept: float, train: int) -> None:
    """The pool holds 50 rows; its share ``ood_kept`` trains."""
    assert LONG.assign(rows, seed=0, ood_kept=kept).sizes["train"] == train


def test_sizes_may_be_numbers_of_rows(rows: Dataset) -> None:
    """An integer from 2 up is a number of rows."""
    sizes = LONG.assign(rows, seed=0, test_ood_size=30, test_id_size=20, validation_size=10).sizes
    assert sizes == {"train": 370, "validation": 10, "test_id": 20, "test_ood": 30, "excluded": 70}


@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
def test_train_size_is_exact_and_keeps_the_regions_share(rows: Dataset, kept: float) -> None:
    """140 rows in every regime; of them as many from the region as its share of the untrimmed train."""
    assignment = LONG.assign(rows, seed=0, ood_kept=kept, train_size=140)
    inside = sum(len(rows[int(i)]["code"]) == 100 for i in assignment.indices("train"))
    assert assignment.sizes["train"] == 140
    assert inside == round(140 * 50 * kept / (300 + 50 * kept))


def test_no_part_is_an_error_of_its_own(rows: Dataset) -> None:
    """Parts of size zero are empty datasets with the columns of the data."""
    splits = LONG.split(rows, seed=0, validation_size=0, test_id_size=0)
    assert len(splits["validation"]) == len(splits["test_id"]) == 0
    assert splits["validation"].column_names == ["code"]


def test_a_warning_names_the_size_asked_and_got(rows: Dataset) -> None:
    """If groups cannot be divided, the part that missed its size is named with both numbers."""
    grouped = rows.add_column("project", [f"p{i // 40}" for i in range(500)])
    with pytest.warns(SizeWarning, match=r"test_ood: asked 50 rows, got \d+"):
        assignment = LONG.assign(grouped, seed=0, groups="project")
    assert assignment.excluded["masked"] + assignment.sizes["test_ood"] <= 100


def test_a_part_outside_of_the_tolerance_is_an_error(rows: Dataset) -> None:
    """Within it there is a warning; beyond it the message says what was asked and what could be had."""
    grouped = rows.add_column("project", [f"p{i // 40}" for i in range(500)])
    with pytest.warns(SizeWarning, match="test_ood: asked 50 rows, got 60"):
        LONG.assign(grouped, seed=0, groups="project", tolerance=0.05)
    with pytest.raises(ParameterError, match=r"tolerance must be large enough .* test_ood: asked 50 rows, got 60"):
        LONG.assign(grouped, seed=0, groups="project", tolerance=0.001)


def test_a_group_on_both_sides_of_the_region_is_bound(rows: Dataset) -> None:
    """Outside rows of a group that gave test rows leave train, counted as bound."""
    grouped = rows.add_column("project", [f"p{i % 50}" for i in range(500)])
    assignment = LONG.assign(grouped, seed=0, groups="project", validation_size=0, test_id_size=0)
    assert assignment.excluded == {"masked": 50, "bound": 200}


def test_the_summary_says_what_moved(rows: Dataset) -> None:
    """Splitter, region, its rows, sizes and reasons stand in the summary."""
    summary = LONG.assign(rows, seed=0).summary()
    for words in (
        "LengthSplitter",
        "is at least 100",
        "100 of 500 rows (20.0%)",
        "seed=0",
        "test_ood",
        "50 masked from training",
    ):
        assert words in summary


@pytest.mark.parametrize("size", [0.999, 100, 1.0])
def test_a_share_of_a_pool_without_rows_is_an_error(rows: Dataset, size: float) -> None:
    """Where the test part takes the whole region, however that was asked for, ``ood_kept`` would change nothing."""
    with pytest.raises(ParameterError, match="ood_kept"):
        LONG.assign(rows, seed=0, ood_kept=0.5, test_ood_size=size, test_id_size=10)
    whole = LONG.assign(rows, seed=0, test_ood_size=size, test_id_size=10)
    assert whole.sizes["test_ood"] == 100


def test_an_official_train_split_without_rows_of_the_region_keeps_none(rows: Dataset) -> None:
    """Rows of the region that copies of test rows are leave nothing to keep in train either."""
    train = Dataset.from_dict({"code": ["x" * i for i in range(1, 40)] + ["y" * 90]})
    test = Dataset.from_dict({"code": ["z" * i for i in range(1, 40)] + ["y" * 90]})
    splits = DatasetDict(train=train, test=test)
    longest = LengthSplitter(column="code", unit="chars", bounds=(80, None))
    options = {"near_duplicates": None, "min_test_rows": 0, "validation_size": 0}
    assert [longest.assign(splits, ood_kept=kept, **options).sizes["train"] for kept in (0.0, 1.0)] == [39, 39]
