"""Named lists of splits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from datasets import Dataset

from codeshift.errors import ParameterError
from codeshift.properties import PropertyTable, grammar, languages
from codeshift.properties import syntax as syntax_module
from codeshift.properties.clustering import Clusters
from codeshift.splitters import (
    LengthSplitter,
    Scenario,
    api_families,
    ast_elements,
    clusters,
    length_bands,
    scenarios_by_name,
    simscood_scenarios,
)
from codeshift.splitters.scenarios import ELEMENTS, SCENARIO_FAMILIES
from codeshift.splitters.testing import check_splitter
from helpers.splitter_rows import c_sharp_rows, java_rows, python_rows


def test_simscood_has_three_dimensions_of_five() -> None:
    """Fifteen scenarios, five of each dimension, with names that differ and can stand in a file name."""
    scenarios = simscood_scenarios("code", language="python")
    names = [scenario.name for scenario in scenarios]
    assert [name.split("_")[0] for name in names] == ["length"] * 5 + ["syntax"] * 5 + ["semantics"] * 5
    assert len(set(names)) == 15
    assert all(name.replace(".", "").replace("_", "").isalnum() for name in names)


@pytest.mark.parametrize(
    ("rows", "language"), [(java_rows, "java"), (c_sharp_rows, "c_sharp"), (python_rows, "python")]
)
def test_every_scenario_splits_real_rows(rows, language: str) -> None:
    """On Python, Java and C# each of the fifteen has a region with rows in it and rows outside."""
    table = PropertyTable(rows())
    for scenario in simscood_scenarios("code", language=language):
        inside = scenario.splitter.fit(table).contains(table)
        assert 0 < inside.sum() < len(inside), scenario.name


@pytest.mark.parametrize(
    ("rows", "language"), [(java_rows, "java"), (c_sharp_rows, "c_sharp"), (python_rows, "python")]
)
def test_families_of_apis_are_used_by_real_rows(rows, language: str) -> None:
    """Most families of each language stand in real rows, and none in all of them."""
    table = PropertyTable(rows())
    masks = [scenario.splitter.fit(table).contains(table) for scenario in api_families("code", language=language)]
    assert sum(mask.any() for mask in masks) >= 3
    assert not any(mask.all() for mask in masks)


def test_rows_are_parsed_and_embedded_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one table, fifteen scenarios parse each row once and cluster once."""
    parsed, clustered = [], []
    parse, cluster = syntax_module.CodeParser.parse, Clusters.evaluate

    def counted_parse(self, text):
        parsed.append(text)
        return parse(self, text)

    def counted_cluster(self, table):
        clustered.append(self)
        return cluster(self, table)

    monkeypatch.setattr(syntax_module.CodeParser, "parse", counted_parse)
    monkeypatch.setattr(Clusters, "evaluate", counted_cluster)
    table = PropertyTable(python_rows())
    for scenario in simscood_scenarios("code", language="python"):
        scenario.splitter.assign(table, seed=0, validation_size=0, test_id_size=0)
    assert len(parsed) == len(table)
    assert len(clustered) == 1


def test_bands_are_disjoint_and_ordered() -> None:
    """Programs of a later band are no shorter than those of an earlier one, none is in two, and each band has 3%."""
    table = PropertyTable(Dataset.from_dict({"code": sorted(set(java_rows(2000)["code"]))}))
    masks = [scenario.splitter.fit(table).contains(table) for scenario in length_bands("code")]
    assert (np.sum(masks, axis=0) <= 1).all()
    assert all(abs(mask.mean() - 0.03) < 1 / len(table) for mask in masks)
    lengths = table.values(LengthSplitter(column="code").measured)
    for earlier, later in pairwise(masks):
        assert lengths[earlier].max() <= lengths[later].min()


def test_scenarios_of_clusters_are_disjoint() -> None:
    """Each row is in at most one of them."""
    table = PropertyTable(python_rows())
    masks = [scenario.splitter.fit(table).contains(table) for scenario in clusters("code", n_clusters=8)]
    assert (np.sum(masks, axis=0) <= 1).all()
    assert [int(mask.sum()) for mask in masks] == sorted((int(mask.sum()) for mask in masks), reverse=True)


def test_a_scenarios_splitter_keeps_the_laws() -> None:
    """The splitters of scenarios are splitters like any other, composed too."""
    long, loops = length_bands("code", bands=((0.7, 1.0),))[0], ast_elements("code", language="python")[0]
    check_splitter(long.splitter | loops.splitter, python_rows(), fresh_process=False)


def test_the_lists_name_what_the_grammars_have() -> None:
    """Each language has five elements, and they are node types of its grammar."""
    assert set(ELEMENTS) == set(languages())
    for language, nodes in ELEMENTS.items():
        assert len(set(nodes)) == 5
        assert set(nodes) <= set(grammar(language).node_kinds), (
            language,
            set(nodes) - set(grammar(language).node_kinds),
        )
    assert all(len(set(families)) == 5 for families in SCENARIO_FAMILIES.values())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Scenario("", LengthSplitter(column="code")), "name must be a name, got '': such as \"long programs\""),
        (lambda: Scenario("a", "b"), "splitter must be a splitter, got 'b': such as LengthSplitter"),
        (lambda: length_bands("code", bands=((0.5, 0.5),)), "quantiles must be two numbers in order"),
        (lambda: length_bands("code", bands=0.9), "bands must be pairs of quantiles, got 0.9: such as"),
        (lambda: clusters("code", n_clusters=None), "n_clusters must be a whole number from 2 up, got None"),
        (lambda: ast_elements("code", language="python", nodes=2.5), "nodes must be names, got 2.5: give a list"),
        (lambda: api_families("code", language="python", apis=1.5), "apis must be names, got 1.5: give a list"),
        (lambda: scenarios_by_name(None), "names must be names of scenarios, got None: such as"),
        (
            lambda: ast_elements("code", language="pyhton"),
            "language must be a known language, got 'pyhton': did you mean python?",
        ),
        (
            lambda: ast_elements("code", language="python", nodes=()),
            "nodes must be names that differ, at least one, got ()",
        ),
        (lambda: api_families("code", language="ruby"), "apis must be for a language of python, java"),
        (lambda: clusters("code", count=0), "count must be a whole number from 1 up, got 0"),
        (lambda: clusters("code", count=9, n_clusters=8), "count must be at most n_clusters, 8, got 9"),
    ],
)
def test_errors(make, message: str) -> None:
    """Each invalid argument is named, with a remedy."""
    with pytest.raises(ParameterError) as error:
        make()
    assert str(error.value).startswith(message)
