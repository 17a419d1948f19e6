"""Bins of whole numbers: each number has its own bin if there are enough bins, including the largest number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeshift.audit.bins import whole_bins
from codeshift.audit.plots import _edges
from codeshift.study.report.figures.distributions import bin_edges


@pytest.mark.parametrize("edges_of", [lambda numbers: _edges(numbers)[0], bin_edges])
@given(numbers=st.lists(st.integers(0, 30), min_size=2, max_size=40))
def test_few_whole_numbers_have_a_bin_each(edges_of, numbers) -> None:
    """Up to 31 whole numbers each have a bin of their own, in the audit's plots and in the report's."""
    values = np.array(numbers, dtype=np.float64)
    counts = np.histogram(values, edges_of(values))[0]
    in_each_bin = np.unique(values, return_counts=True)[1]
    if values.max() - values.min() > 0 and edges_of(values).size > np.ptp(values) + 1:  # an even axis
        assert sorted(counts[counts > 0].tolist()) == sorted(in_each_bin.tolist())
    assert counts.sum() == len(values)


@given(numbers=st.lists(st.integers(-1000, 10**6), min_size=1), bins=st.integers(1, 50))
def test_every_number_is_in_a_bin(numbers, bins) -> None:
    """Edges ascend and lie between whole numbers, and the largest number has its own bin."""
    values = np.array(numbers, dtype=np.float64)
    edges = whole_bins(np.linspace(values.min(), values.max(), bins + 1), values)
    assert (np.diff(edges) >= 1).all()
    assert (edges % 1 == 0.5).all()
    counts = np.histogram(values, edges)[0]
    assert counts.sum() == len(values)
    assert counts[-1] == (values == values.max()).sum()
