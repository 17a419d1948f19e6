"""The arguments of dealing stand once: the calls take them all, show them to editors and check them alike."""

from __future__ import annotations

import inspect
import typing
from dataclasses import MISSING, fields

import pytest
from datasets import Dataset

from codeshift.errors import ParameterError
from codeshift.properties.near_duplicates import DropNearDuplicates, NearDuplicates
from codeshift.splits.config import SplitOptions
from codeshift.splitters import LengthSplitter, SplitConfig, Splitter

ROWS = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" for i in range(60)]})
LONG = LengthSplitter(column="code", unit="chars")
CALLS = (LONG.split, LONG.assign, LONG.as_cv)


def test_the_options_are_the_fields() -> None:
    """Type checkers read the one, the library makes the other: names, types, and which of them are required."""
    types = {name: reference.__forward_arg__ for name, reference in SplitOptions.__annotations__.items()}
    required = {field.name for field in fields(SplitConfig) if field.default is MISSING}
    assert types == {f.name: f"Required[{f.type}]" if f.name in required else f.type for f in fields(SplitConfig)}
    assert required == {"seed"}


@pytest.mark.parametrize("name", ["split", "assign", "as_cv"])
def test_signatures_show_every_argument(name: str) -> None:
    """What help and notebooks complete, with the defaults; every argument of dealing is a keyword."""
    shown = inspect.signature(getattr(Splitter, name)).parameters
    for field in fields(SplitConfig):
        assert shown[field.name].kind is inspect.Parameter.KEYWORD_ONLY
        assert shown[field.name].default == (inspect.Parameter.empty if field.default is MISSING else field.default)
    assert not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in shown.values())


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_unknown_and_missing_arguments(call: typing.Callable[..., object]) -> None:
    """Both are Python's own error, whichever call is made."""
    with pytest.raises(TypeError, match="ood_keep"):
        call(ROWS, seed=0, ood_keep=0.5)
    with pytest.raises(TypeError, match="seed"):
        call(ROWS)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
@pytest.mark.parametrize(
    ("name", "value"),
    [("ood_kept", -0.1), ("test_ood_size", 0), ("validation_size", 1.5), ("train_size", True), ("near_duplicates", 3)],
)
def test_the_same_checks(call: typing.Callable[..., object], name: str, value: object) -> None:
    """What cannot work is refused in the same words by every call."""
    with pytest.raises(ParameterError) as of_config:
        SplitConfig(**{"seed": 0, name: value})
    with pytest.raises(ParameterError) as of_call:
        call(ROWS, **{"seed": 0, name: value})
    assert str(of_call.value) == str(of_config.value)
    assert of_config.value.parameter == name


def test_what_is_given_and_what_it_settles_to() -> None:
    """A name stands for a search; the field keeps what was given."""
    assert SplitConfig(seed=0).search == NearDuplicates()
    assert SplitConfig(seed=0, near_duplicates=None).search is None
    dropping = SplitConfig(seed=0, near_duplicates="drop")
    assert (dropping.search, dropping.drops) == (DropNearDuplicates(), True)
    other = SplitConfig(seed=0, near_duplicates=NearDuplicates(threshold=0.9))
    assert (other.search, other.drops) == (NearDuplicates(threshold=0.9), False)
    assert SplitConfig(seed=0).to_dict() == SplitConfig(seed=0, near_duplicates=NearDuplicates()).to_dict()
