"""RandomSplitter: the control."""

from __future__ import annotations

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import ParameterError
from codeshift.properties import PropertyTable
from codeshift.splitters import LengthSplitter, RandomSplitter
from codeshift.splitters.testing import check_splitter
from helpers.splitter_rows import c_sharp_rows, java_rows, python_rows


def test_it_keeps_the_laws() -> None:
    """Every law of a split holds, in a fresh process too."""
    check_splitter(RandomSplitter(column="code"), python_rows())


@pytest.mark.parametrize("rows", [java_rows, c_sharp_rows], ids=["java", "c_sharp"])
def test_it_keeps_the_laws_composed(rows) -> None:
    """Every law holds for a composition, on real Java and C#."""
    composed = RandomSplitter(column="code", share=0.5) & LengthSplitter(column="code", quantiles=(0.3, 0.9))
    check_splitter(composed, rows(), fresh_process=False)


@given(count=st.integers(20, 60), share=st.floats(0.05, 0.95), seed=st.integers())
def test_the_share_is_exact_where_no_rows_are_equal(count: int, share: float, seed: int) -> None:
    """The region holds the requested share, to within half a row."""
    table = PropertyTable(Dataset.from_dict({"code": [f"x = {i}" for i in range(count)]}))
    inside = RandomSplitter(column="code", share=share, region_seed=seed).fit(table).contains(table).sum()
    assert abs(inside - share * count) <= 0.5


def test_the_region_seed_draws_the_region_and_the_seed_of_the_call_does_not() -> None:
    """Another region seed gives another region; another seed of the call leaves it."""
    rows = python_rows()
    masks = []
    for region_seed in (0, 1, 0):
        table = PropertyTable(rows)
        masks.append(RandomSplitter(column="code", region_seed=region_seed).fit(table).contains(table))
    assert (masks[0] == masks[2]).all()
    assert 0.05 < (masks[0] & masks[1]).mean() / masks[0].mean() < 0.45, "two draws of a fifth are independent"
    first, second = (RandomSplitter(column="code").assign(rows, seed=seed).manifest for seed in (0, 1))
    assert first.region == second.region
    assert first.digests != second.digests


def test_the_region_is_no_shift() -> None:
    """Lengths inside and outside of the region are those of one distribution (two-sample Kolmogorov-Smirnov)."""
    from scipy.stats import ks_2samp

    table = PropertyTable(java_rows())
    inside = RandomSplitter(column="code", share=0.5).fit(table).contains(table)
    lengths = np.array([len(text) for text in table.texts("code")])
    assert ks_2samp(lengths[inside], lengths[~inside]).pvalue > 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"share": 0}, "share must be a share of rows above 0 and below 1, got 0: 0.2 takes a fifth"),
        ({"share": 1.0}, "share must be a share of rows above 0 and below 1, got 1.0: 0.2 takes a fifth"),
        ({"share": "half"}, "share must be a share of rows above 0 and below 1, got 'half': 0.2 takes a fifth"),
        ({"region_seed": None}, "region_seed must be a whole number, got None: such as 0"),
        ({"region_seed": 0.5}, "region_seed must be a whole number, got 0.5: such as 0"),
    ],
)
def test_errors(arguments: dict, message: str) -> None:
    """A share at which the seed could have no effect, and a seed that is none, are errors that say so."""
    with pytest.raises(ParameterError) as error:
        RandomSplitter(column="code", **arguments)
    assert str(error.value) == message
