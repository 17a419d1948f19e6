"""GroupSplitter: by project, author or file."""

# ruff: noqa: E501 - error messages are quoted whole

from __future__ import annotations

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import CodeshiftError, DataError, ParameterError, RegionError
from codeshift.properties import PropertyTable
from codeshift.properties.columns import Label
from codeshift.splitters import GroupSplitter, LengthSplitter, OneOf
from codeshift.splitters.shares import GROUP_TOLERANCE
from codeshift.splitters.testing import check_splitter
from helpers.splitter_rows import c_sharp_rows, java_rows, python_rows

DRAWN = GroupSplitter(column="code", by="project")


def test_it_keeps_the_laws() -> None:
    """Every law of a split holds, in a fresh process too."""
    check_splitter(DRAWN, python_rows())


@pytest.mark.parametrize("rows", [java_rows, c_sharp_rows], ids=["java", "c_sharp"])
def test_it_keeps_the_laws_composed(rows) -> None:
    """Every law holds for a composition, on real Java and C#."""
    named = GroupSplitter(column="code", values=("p1", "p2", "p3", "p4", "p5"))
    check_splitter(named - LengthSplitter(column="code"), rows(), fresh_process=False)


@given(sizes=st.lists(st.integers(1, 30), min_size=8, max_size=40), share=st.floats(0.1, 0.9), seed=st.integers())
def test_the_share_counts_rows(sizes: list[int], share: float, seed: int) -> None:
    """Rows of whole groups come within the tolerance of the share, or an error says that they cannot be found."""
    names = [f"g{group}" for group, size in enumerate(sizes) for _ in range(size)]
    table = PropertyTable(Dataset.from_dict({"code": [f"x = {i}" for i in range(len(names))], "project": names}))
    try:
        region = GroupSplitter(column="code", share=share, region_seed=seed).fit(table)
    except RegionError:
        return
    inside = region.contains(table)
    assert abs(inside.mean() - share) <= GROUP_TOLERANCE + 1e-9
    assert len({name for name, held in zip(names, inside, strict=True) if held}) == len(region.values)


def test_groups_are_not_taken_smallest_first() -> None:
    """Over seeds, the mean size of the groups drawn is that of all groups that fit."""
    sizes = np.arange(1, 41)
    names = [f"g{group}" for group, size in enumerate(sizes) for _ in range(size)]
    table = PropertyTable(Dataset.from_dict({"code": [f"x = {i}" for i in range(len(names))], "project": names}))
    drawn = []
    for seed in range(40):
        region = GroupSplitter(column="code", share=0.5, region_seed=seed).fit(table)
        drawn += [int(value[1:]) + 1 for value in region.values]
    assert abs(np.mean(drawn) - sizes.mean()) < 2


def test_another_region_seed_draws_other_groups() -> None:
    """The seed of the region has an effect, and row order has none."""
    rows = python_rows()
    regions = [GroupSplitter(column="code", region_seed=seed).fit(PropertyTable(rows)) for seed in range(4)]
    assert len({region.values for region in regions}) > 1
    assert DRAWN.fit(PropertyTable(rows.shuffle(seed=3))) == regions[0]


def test_labels_of_other_types() -> None:
    """Whole numbers and truth values are labels too; 1, True and "1" are three different labels."""
    table = PropertyTable(Dataset.from_dict({"code": ["a", "b", "c"], "author": [1, 2, 3]}))
    assert GroupSplitter(column="code", by="author", values=(2,)).fit(table).contains(table).tolist() == [
        False,
        True,
        False,
    ]
    text = PropertyTable(Dataset.from_dict({"code": ["a", "b"], "author": ["1", "True"]}))
    assert not OneOf(Label("author"), (1, True)).contains(text).any()
    assert GroupSplitter(column="code", values=(np.int64(2),)) == GroupSplitter(column="code", values=(2,))


def test_a_new_project_is_in_distribution() -> None:
    """A region fitted on some projects leaves a project that it never saw outside."""
    region = GroupSplitter(column="code", values=("a",)).fit(
        PropertyTable(Dataset.from_dict({"code": ["x", "y"], "project": ["a", "b"]}))
    )
    new = PropertyTable(Dataset.from_dict({"code": ["x", "y"], "project": ["c", "a"]}))
    assert region.contains(new).tolist() == [False, True]


def test_equal_code_in_two_projects_stands_in_one_delivered_part() -> None:
    """Where a program is in a project inside and in one outside of the region, no two delivered parts hold it."""
    code = [f"x = {i}" for i in range(100)]
    data = Dataset.from_dict({"code": code * 2, "project": ["a"] * 50 + ["b"] * 110 + ["a"] * 40})
    splitter = GroupSplitter(column="code", values=("a",))
    for kept in (0.0, 0.5, 1.0):
        splits = splitter.split(data, seed=0, ood_kept=kept, test_ood_size=0.3, test_id_size=0)
        parts = [set(rows["code"]) for rows in splits.values()]
        assert sum(map(len, parts)) == len(set.union(*parts))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": ""}, "by must be the name of a column, got '': such as \"project\""),
        ({"values": ()}, "values must be at least one group, got (): leave it out to draw groups"),
        ({"values": ("a", "a")}, "values must be groups that differ, got ('a', 'a'): name each once"),
        (
            {"values": (1.5,)},
            'values must be labels: text, whole numbers or truth values, got 1.5: such as ("django",)',
        ),
        (
            {"values": ("a",), "share": 0.1},
            "share must be left out if values is given, got 0.1: nothing is drawn if the groups are named",
        ),
        ({"share": 2}, "share must be a share of rows above 0 and below 1, got 2: 0.2 takes a fifth"),
    ],
)
def test_errors_of_arguments(arguments: dict, message: str) -> None:
    """Each invalid argument is named, with a remedy."""
    with pytest.raises(ParameterError) as error:
        GroupSplitter(column="code", **arguments)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("columns", "arguments", "kind", "message"),
    [
        (
            {"repo": ["a", "b"]},
            {"by": "rpo"},
            DataError,
            "by must be a column of the dataset, got 'rpo': did you mean repo?",
        ),
        (
            {"project": ["a", None]},
            {},
            DataError,
            "by must be a column without None, got 'project': 1 of 2 rows are None (row 1); leave them out with data.filter(lambda row: row['project'] is not None)",
        ),
        (
            {"project": [1.5, 2.5]},
            {},
            DataError,
            "project must be a column of labels: text, whole numbers or truth values, got 1.5 in row 0: make a column of labels with data.map",
        ),
        (
            {"project": ["django", "flask"]},
            {"values": ("djagno",)},
            DataError,
            "values must be values of the column 'project', got 'djagno': did you mean django?",
        ),
        (
            {"project": ["a", "b"]},
            {},
            RegionError,
            "share must be a share that whole projects can make up to within 5% of all rows, got 0.2: the nearest is 0 of 2 rows (0.0%); project a alone holds 1 (50.0%); project b alone holds 1 (50.0%): ask for another share, or name the projects",
        ),
    ],
)
def test_errors_of_data(columns: dict, arguments: dict, kind: type[CodeshiftError], message: str) -> None:
    """Each fault of the data is told with the column and the row, close matches, and the groups that are too large."""
    data = Dataset.from_dict({"code": ["x = 1", "x = 2"], **columns})
    with pytest.raises(kind) as error:
        GroupSplitter(column="code", **arguments).assign(data, seed=0)
    assert str(error.value) == message
