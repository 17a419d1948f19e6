"""Scenarios by name are those that the functions of ``codeshift.splitters`` make."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codeshift.errors import ParameterError
from codeshift.splitters import (
    ASTNodeSplitter,
    LengthSplitter,
    api_families,
    ast_elements,
    clusters,
    length_bands,
    scenarios_by_name,
    simscood_scenarios,
)

ALL = (*simscood_scenarios("code", language="java"), *api_families("code", language="java"))


def test_sets() -> None:
    """A set's name gives what its function gives."""
    named = {
        "simscood": simscood_scenarios("code", language="java"),
        "length": length_bands("code", language="java"),
        "syntax": ast_elements("code", language="java"),
        "semantics": clusters("code"),
        "apis": api_families("code", language="java"),
    }
    for name, scenarios in named.items():
        assert scenarios_by_name(name, column="code", language="java") == scenarios


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
def test_each_scenario_by_its_name(scenario) -> None:
    """The name of each leads to it."""
    assert scenarios_by_name([scenario.name], column="code", language="java") == (scenario,)


def test_names_that_are_in_no_set() -> None:
    """Any band, any node type, any API."""
    band, node = scenarios_by_name(["length_p2.5_p50", "syntax_while_statement"], column="code", language="java")
    assert band.splitter == LengthSplitter(column="code", quantiles=(0.025, 0.5), language="java", ties="split")
    assert node.splitter == ASTNodeSplitter(column="code", language="java", nodes=("while_statement",))


def test_each_once_in_the_order_of_the_names() -> None:
    """A scenario that is named twice, or by its set too, stands once, where it was named first."""
    found = scenarios_by_name(["length_p97_p100", "length", "length_p97_p100"], column="code")
    assert [one.name for one in found] == [
        "length_p97_p100", "length_p0_p3", "length_p24_p27", "length_p48_p51", "length_p72_p75",
    ]  # fmt: skip


def test_the_embedding_reaches_the_clusters() -> None:
    """The embedding is passed on as in ``simscood_scenarios``."""
    asked = {"embedding": "microsoft/codebert-base", "pca": 50}
    assert scenarios_by_name("simscood", column="code", language="go", **asked) == simscood_scenarios(
        "code", language="go", **asked
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("simscod", "scenario must be a known name, got 'simscod': did you mean simscood?"),
        ("length_97_100", "did you mean length_p97_p100"),
        ("syntax_while_statment", "did you mean while_statement"),
        ("semantics_cluster_35", "scenario must be one of 35 clusters, 0 to 34, got 'semantics_cluster_35'"),
        ("length_p60_p40", "scenario must be a band of two percentiles in order, from 0 to 100, got 'length_p60_p40'"),
        ("length_p60_p140", "scenario must be a band of two percentiles in order, from 0 to 100, got"),
        (3, "scenario must be a known name, got 3"),
    ],
)
def test_typos(name: object, message: str) -> None:
    """Close matches are named."""
    with pytest.raises(ParameterError, match=re.escape(message)):
        scenarios_by_name([name], column="code", language="java")  # type: ignore[list-item]


@pytest.mark.parametrize("name", ["syntax", "simscood", "api_os"])
def test_a_language_is_needed(name: str) -> None:
    """For syntax and APIs."""
    with pytest.raises(ParameterError, match="language must be given for scenarios of"):
        scenarios_by_name(name, column="code")


@given(ends=st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True).map(sorted))
@example([1 / 3, 2 / 3])
@example([0.07, 0.29])
@example([0.0, 1e-9])
def test_a_band_is_found_again_by_its_name(ends: list[float]) -> None:
    """The name holds both quantiles in full, so bands that differ have names that differ."""
    (scenario,) = length_bands("code", bands=(tuple(ends),))
    assert scenarios_by_name(scenario.name, column="code") == (scenario,)
