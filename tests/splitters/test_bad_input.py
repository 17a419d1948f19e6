"""Bad input: each mistake gets an error that names the parameter, the value and the remedy."""

from __future__ import annotations

import re

import pytest
from datasets import Dataset, Features, Value

from codeshift.errors import CodeshiftError, DataError, ParameterError, RegionError
from codeshift.splitters import ASTNodeSplitter, LengthSplitter


def _data(n: int = 60) -> Dataset:
    return Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(n)], "size": list(range(n))})


LONG = LengthSplitter(column="code")
WHILE = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ASTNodeSplitter(column="code", language="pyton", nodes=("call",)),
            "language must be a known language, got 'pyton': did you mean python?",
        ),
        (
            lambda: ASTNodeSplitter(column="code", language="java", nodes=("while_statment",)),
            "nodes must be node types of the java grammar, got 'while_statment': did you mean while_statement",
        ),
        (
            lambda: LengthSplitter(column="code", unit="token"),
            "unit must be one of tokens, lines, chars, got 'token': did you mean tokens?",
        ),
        (
            lambda: LengthSplitter(column="code", quantiles=(0.9, 0.5)),
            "quantiles must be two numbers in order, 0 <= low < high <= 1, got (0.9, 0.5): (0.9, 1.0) takes the top",
        ),
        (
            lambda: LengthSplitter(column="code", quantiles=(0.5, 90)),
            "quantiles must be two numbers in order, 0 <= low < high <= 1, got (0.5, 90)",
        ),
        (
            lambda: LengthSplitter(column="code", bounds=(50, 10)),
            "bounds must be two numbers in order (None for an open end), got (50, 10)",
        ),
        (
            lambda: LengthSplitter(column="code", bounds=(None, None)),
            "bounds must be two numbers in order (None for an open end), got (None, None)",
        ),
        (
            lambda: LengthSplitter(column="code", quantiles=(0.5, 1.0), bounds=(1, 2)),
            "quantiles must be left out if bounds is given",
        ),
        (
            lambda: LengthSplitter(column="code", unit="lines", language="python"),
            "language must be left out if unit is 'lines', got 'python'",
        ),
    ],
)
def test_a_splitter_refuses_bad_arguments_when_it_is_made(make, message: str) -> None:
    """Before any data is touched, and with close matches for a misspelt name."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": 1.5}, "seed must be a whole number, got 1.5: any will do, such as 0"),
        ({"seed": None}, "seed must be a whole number, got None: any will do, such as 0"),
        ({"ood_kept": 1.2}, "ood_kept must be a number from 0 to 1, got 1.2: a share of the pool"),
        ({"ood_kept": True}, "ood_kept must be a number from 0 to 1, got True"),
        (
            {"test_ood_size": 0},
            "test_ood_size must be a share (a float above 0 up to 1.0) or a number of rows (an int from 2 up), got 0",
        ),
        ({"test_ood_size": 1.5}, "test_ood_size must be a share (a float above 0 up to 1.0)"),
        ({"test_ood_size": 1.0, "ood_kept": 0.5}, "test_ood_size must be below 1.0 where ood_kept is above 0, got 1.0"),
        ({"test_ood_size": 50}, "test_ood_size must be at most 12, the rows of the region, got 50"),
        (
            {"validation_size": -0.1},
            "validation_size must be a share (a float from 0 up to 1.0) or a number of rows (an int from 2 up)",
        ),
        ({"validation_size": float("nan")}, "validation_size must be a share (a float from 0 up to 1.0)"),
        ({"validation_size": 0.9}, "test_id_size and validation_size must be together at most 48 rows"),
        ({"test_id_size": "mach"}, 'test_id_size must be "match", a share (a float from 0 up to 1.0)'),
        ({"validation_size": 0.7}, "must be so small that rows outside of the region are left for train, got (6, 42)"),
        (
            {"train_size": 0},
            "train_size must be None, a share (a float above 0 up to 1.0) or a number of rows (an int from 2 up)",
        ),
        (
            {"train_size": 50},
            "train_size must be at least one row and at most 36, those outside of the region that are left for train",
        ),
        ({"progress": "no"}, "progress must be True or False, got 'no'"),
        ({"groups": "sise"}, "groups must be a column of the dataset, got 'sise': did you mean size?"),
    ],
)
def test_a_call_refuses_sizes_that_do_not_fit(arguments: dict, message: str) -> None:
    """The message says what would fit."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        LONG.assign(_data(), **{"seed": 0, **arguments})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            _data().rename_column("code", "coed"),
            "column must be a column of the dataset, got 'code': did you mean coed?",
        ),
        (
            _data().remove_columns("code").rename_column("size", "code"),
            "column must be a column of text, got 'code': row 0 holds a value of type int",
        ),
        (
            Dataset.from_dict({"code": ["x = 1", None, "y", None]}),
            "column must be a column without None, got 'code': 2 of 4 rows are None (rows 1, 3); "
            "leave them out with data.filter(lambda row: row['code'] is not None)",
        ),
        (Dataset.from_dict({"code": []}), "data must be a dataset with rows, got 0 rows"),
        (
            Dataset.from_dict({"code": []}, features=Features({"code": Value("string")})),
            "data must be a dataset with rows, got 0 rows",
        ),
    ],
)
def test_data_that_cannot_be_split_is_named(data: Dataset, message: str) -> None:
    """Unknown, wrong and empty columns, each with a remedy."""
    for splitter in (LONG, WHILE, LONG | WHILE):
        with pytest.raises(DataError, match=re.escape(message)):
            splitter.split(data, seed=0)


def test_the_remedy_for_none_works() -> None:
    """The remedy in the message makes the rows usable."""
    code = [*_data()["code"], None, None]
    data = Dataset.from_dict({"code": code})
    assert len(LONG.split(data.filter(lambda row: row["code"] is not None), seed=0)["train"]) == 36


def test_what_is_no_dataset_is_an_error() -> None:
    """The error for a list of rows says how to make a dataset of it."""
    with pytest.raises(
        ParameterError, match=r"data must be a datasets\.Dataset, got 'list': load it with datasets first"
    ):
        LONG.split([{"code": "x"}], seed=0)


@pytest.mark.parametrize(
    ("splitter", "message"),
    [
        (WHILE, "the region must be some of the rows, got 0 of 60 rows: widen ASTNodeSplitter("),
        (~WHILE, "the region must be not all of the rows, got all 60 rows: narrow ~ASTNodeSplitter("),
        (
            LengthSplitter(column="code", bounds=(10_000, None)),
            "the region must be some of the rows, got 0 of 60 rows",
        ),
    ],
)
def test_a_region_without_rows_or_with_all_of_them(splitter, message: str) -> None:
    """The message counts the rows and shows the splitter and what it was fitted as."""
    with pytest.raises(RegionError, match=re.escape(message)):
        splitter.assign(_data(), seed=0)


def test_a_region_of_one_unit_that_is_too_large() -> None:
    """A region whose rows are all equal cannot be divided."""
    code = ["x"] * 40 + ["a long line of code " * 9] * 20
    data = Dataset.from_dict({"code": [*code, *(f"y{i}" for i in range(30))]})
    splitter = LengthSplitter(column="code", unit="chars", bounds=(100, None))
    with pytest.raises(RegionError, match="the smallest unit of the region has 20 rows"):
        splitter.assign(data, seed=0, test_ood_size=0.1)


def test_a_seed_without_effect_is_fine() -> None:
    """If all of the region is tested and nothing else is drawn, any seed gives the split; the summary says so."""
    one, other = (
        LONG.assign(_data(), seed=seed, test_ood_size=1.0, test_id_size=0, validation_size=0) for seed in (0, 1)
    )
    assert one.sizes["test_ood"] == 12
    assert (one.parts == other.parts).all()
    assert "nothing was drawn: any seed gives this split" in one.summary()


def test_every_error_is_a_codeshift_error() -> None:
    """One except clause catches all of them; parameter, value and remedy can be read off."""
    with pytest.raises(CodeshiftError) as caught:
        LONG.assign(_data(), seed=0, ood_kept=7)
    assert (caught.value.parameter, caught.value.value) == ("ood_kept", 7)
    assert "100% baseline" in caught.value.remedy


def test_an_unknown_part_gets_close_matches() -> None:
    """``indices`` knows the parts by name."""
    with pytest.raises(ParameterError, match="part must be a part of the split, got 'test_odd': did you mean test_ood"):
        LONG.assign(_data(), seed=0).indices("test_odd")
