"""A selection of rows has the values of a table of these rows, and computes none of them again."""

from __future__ import annotations

import numpy as np
import pytest
from datasets import Dataset

from codeshift.audit.tokens import TokenTypes
from codeshift.errors import DataError
from codeshift.properties import APINames, CharCount, LineCount, NodeTypes, PropertyTable, TokenCount, TreeDepth
from codeshift.properties.clustering import Clusters
from codeshift.properties.embedding import TfidfEmbedding
from codeshift.properties.encoder import ColumnVectors
from codeshift.properties.selection import Selection
from helpers.splitter_rows import python_rows

ROWS = np.random.default_rng(0).permutation(200)[:90]
PROPERTIES = [
    CharCount("code"),
    LineCount("code"),
    TokenCount("code"),
    TreeDepth("code", "python"),
    NodeTypes("code", "python"),
    APINames("code", "python"),
    ColumnVectors("code", "vector"),
    TokenTypes("code"),
]


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Return rows in which equal programs have equal vectors."""
    rows = python_rows().select(range(200))
    return rows.add_column("vector", [[float(len(code)), 1.0] for code in rows["code"]])


@pytest.mark.parametrize("prop", PROPERTIES, ids=lambda prop: type(prop).__name__)
def test_values_are_those_of_a_table_of_the_rows(prop, data):
    """Numbers, elements and vectors are the same, without the elements that no selected row has."""
    got, expected = (
        table.values(prop) for table in (Selection(PropertyTable(data), ROWS), PropertyTable(data.select(ROWS)))
    )
    if hasattr(expected, "vocabulary"):
        assert got.vocabulary == expected.vocabulary
        got, expected = got.counts.toarray(), expected.counts.toarray()
    np.testing.assert_array_equal(got, expected)


def test_fitting_uses_only_the_selected_rows(data):
    """Clusters of a selection are those of its rows, not of the whole table."""
    prop = Clusters("code", TfidfEmbedding(features=50, dimensions=8), n_clusters=4)
    got = Selection(PropertyTable(data), ROWS).values(prop)
    expected = PropertyTable(data.select(ROWS)).values(prop)
    assert got.labels == expected.labels
    np.testing.assert_array_equal(got.sizes, expected.sizes)


def test_two_selections_parse_once(data, monkeypatch):
    """All selections share the parse of the whole table."""
    whole = PropertyTable(data)
    parsed = []
    monkeypatch.setattr(
        whole, "_map", lambda *args, **kwargs: parsed.append(1) or PropertyTable._map(whole, *args, **kwargs)
    )
    for rows in (ROWS, ROWS[:10]):
        Selection(whole, rows).values(NodeTypes("code", "python"))
        Selection(whole, rows).values(TreeDepth("code", "python"))
    assert len(parsed) == 1


def test_an_unknown_column_is_an_error(data):
    """A selection raises the same error as a table."""
    with pytest.raises(DataError, match="column must be a column of the dataset, got 'cod'"):
        Selection(PropertyTable(data), ROWS).texts("cod")
