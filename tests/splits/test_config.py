"""The arguments of a split are defined once: every call takes them, shows them to editors and checks them equally."""

from __future__ import annotations

import inspect
import typing
from dataclasses import fields

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from codeshift.cli.names import SPLIT_OPTIONS
from codeshift.errors import ParameterError
from codeshift.properties import PropertyTable
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.splits.config import CommonOptions, SplitOptions
from codeshift.splitters import LengthSplitter, SplitConfig, Splitter, StreamDealer
from codeshift.study import Study

ROWS = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(60)]})
LONG = LengthSplitter(column="code", unit="chars")
CALLS = (LONG.split, LONG.assign, LONG.as_cv)


def test_the_options_are_the_fields() -> None:
    """Type checkers read the one, the library makes the other: names and types; none is required."""
    types = {name: reference.__forward_arg__ for name, reference in SplitOptions.__annotations__.items()}
    assert types == {field.name: field.type for field in fields(SplitConfig)}
    assert SplitConfig() == SplitConfig(**{field.name: field.default for field in fields(SplitConfig)})


@pytest.mark.parametrize("call", [Splitter.split, Splitter.assign, Splitter.as_cv, StreamDealer.__init__])
def test_signatures_show_every_argument(call: typing.Callable[..., object]) -> None:
    """Signatures have every argument with its default, as a keyword, for help and completion."""
    shown = inspect.signature(call).parameters
    for field in fields(SplitConfig):
        assert shown[field.name].kind is inspect.Parameter.KEYWORD_ONLY
        assert shown[field.name].default == field.default
    assert not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in shown.values())


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_unknown_arguments(call: typing.Callable[..., object]) -> None:
    """Every call raises Python's own error for them."""
    with pytest.raises(TypeError, match="ood_keep"):
        call(ROWS, ood_keep=0.5)


def test_a_study_and_the_command_line_have_the_same_arguments() -> None:
    """A study adds none of its own kind: names, types and defaults are those of a call. The command offers all."""
    of_study = {field.name: (field.type, field.default) for field in fields(Study)}
    of_call = {field.name: (field.type, field.default) for field in fields(SplitConfig)}
    common = [field.name for field in fields(CommonOptions)]
    assert {name: of_study[name] for name in common} == {name: of_call[name] for name in common}
    assert set(of_study) & set(of_call) == {*common, "ood_kept"}  # several shares in a study
    assert list(SPLIT_OPTIONS) == list(SplitOptions.__annotations__)


@pytest.mark.parametrize("name", ["test_ood_size", "test_id_size", "validation_size", "validation_ood_size"])
def test_a_float_is_a_share_and_an_int_is_rows(name: str) -> None:
    """As in scikit-learn and datasets; a 1 that may mean either is refused, and so is a float that counts rows."""
    assert getattr(SplitConfig(**{name: 1.0}), name) == 1.0
    assert type(getattr(SplitConfig(**{name: np.int64(7)}), name)) is int
    for value, remedy in (
        (1, "1.0 takes all of them"),
        (np.int8(1), "1.0 takes all"),
        (40.0, "give 40 for as many rows"),
    ):
        with pytest.raises(ParameterError, match=f"{name} must be .*a share .* or a number of rows.*: .*{remedy}"):
            SplitConfig(**{name: value})
    for value in (-1, -0.5, 1.5, True, "3", float("nan")):
        with pytest.raises(ParameterError, match=f"{name} must be .*a share .* or a number of rows"):
            SplitConfig(**{name: value})


def test_train_size_is_a_size_too() -> None:
    """A share is one of all rows, or of those of the official train."""
    sizes = {size: LONG.assign(ROWS, train_size=size, min_test_rows=0).sizes["train"] for size in (0.5, 30)}
    assert sizes == {0.5: 30, 30: 30}
    official = DatasetDict(train=ROWS.select(range(40)), test=ROWS.select(range(20, 60)))
    splitter = LengthSplitter("code", bounds=(61, None))
    dealt = splitter.assign(official, train_size=0.1, validation_size=0, near_duplicates=None, min_test_rows=0)
    assert dealt.sizes["train"] == 4
    for size in (1, 0.001, 59):
        with pytest.raises(ParameterError, match="train_size must be"):
            LONG.assign(ROWS, train_size=size)


@pytest.mark.parametrize("share", [0, 1, 0.0, 1.0, 0.25])
def test_ood_kept_is_always_a_share(share: float) -> None:
    """0 and 1 are shares too: of a pool of six rows, that share trains."""
    assert type(SplitConfig(ood_kept=share).ood_kept) is float
    region = LONG.fit(PropertyTable(ROWS)).contains(PropertyTable(ROWS))
    train = LONG.assign(ROWS, ood_kept=share, near_duplicates=None, min_test_rows=0).indices("train")
    assert region[train].sum() == {0: 0, 1: 6, 0.25: 2}[share]


def test_truth_values_are_no_texts() -> None:
    """A text is true whatever it says."""
    with pytest.raises(ParameterError, match="train_control must be True or False, got 'no': give False"):
        SplitConfig(train_control="no")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
@pytest.mark.parametrize(
    ("name", "value"),
    [("ood_kept", -0.1), ("test_ood_size", 0), ("validation_size", 1.5), ("train_size", True), ("train_size", 0.0),
     ("tolerance", 1.5), ("near_duplicates", 3)],
)  # fmt: skip
def test_the_same_checks(call: typing.Callable[..., object], name: str, value: object) -> None:
    """Every call refuses an invalid argument in the same words."""
    with pytest.raises(ParameterError) as of_config:
        SplitConfig(**{name: value})
    with pytest.raises(ParameterError) as of_call:
        call(ROWS, **{name: value})
    assert str(of_call.value) == str(of_config.value)
    assert of_config.value.parameter == name


def test_what_is_given_and_what_it_settles_to() -> None:
    """A name stands for a search; the field keeps what was given."""
    assert SplitConfig(seed=0).search == NearDuplicates()
    assert SplitConfig(near_duplicates=None).search is None
    dropping = SplitConfig(seed=0, near_duplicates="drop")
    assert (dropping.search, dropping.drops) == (NearDuplicates(), True)
    other = SplitConfig(seed=0, near_duplicates=NearDuplicates(threshold=0.9))
    assert (other.search, other.drops) == (NearDuplicates(threshold=0.9), False)
    assert SplitConfig(seed=0).to_dict() == SplitConfig(seed=0, near_duplicates=NearDuplicates()).to_dict()
