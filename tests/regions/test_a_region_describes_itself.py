"""What a region tells of itself: its columns, its dimension, the elements that it masks; compositions from leaves."""

from __future__ import annotations

import numpy as np
import pytest
from datasets import Dataset

from codeshift.errors import ParameterError
from codeshift.properties import APINames, CharCount, NodeTypes, PropertyTable, TokenCount, TreeDepth
from codeshift.properties.columns import ContentHash, Label, Timestamp
from codeshift.properties.encoder import ColumnVectors
from codeshift.properties.matrix import Matrix
from codeshift.properties.node_pairs import NodePairs
from codeshift.properties.predicate import Satisfies
from codeshift.properties.rarity import TokenRarity, UnigramModel
from codeshift.properties.untied import Untied
from codeshift.regions.distribution import dimension_of, distributions_of
from codeshift.regions.elements import element_names, masked_by
from codeshift.splitters import Contains, Interval, Matches, NearestCentroid, OneOf, Region

LOOPS = Contains(NodeTypes("code", "python"), ("for_statement", "while_statement"))
LAMBDAS = Contains(NodeTypes("code", "python"), ("lambda",), "all", 2)
OS = Matches(APINames("source", "python"), ("os", "sys.*"))
LONG = Interval(Untied("code", TokenCount("code")), low=9)
CHANCE = Interval(ContentHash("code"), high=0.1)
NEAREST = NearestCentroid(ColumnVectors("code", "vector"), Matrix.pack(np.eye(2)), chosen=(1,))
RARE = Interval(TokenRarity("code", UnigramModel.fit(["x"], "tokens")), low=3)
PARTS = {"train": np.array([0, 1]), "test_id": np.array([2]), "test_ood": np.array([3, 4])}


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (LONG, "complexity"),
        (Interval(TreeDepth("code", "python"), low=9), "complexity"),
        (LOOPS, "syntax"),
        (LOOPS & ~LAMBDAS, "syntax"),
        (OS, "APIs"),
        (Contains(NodePairs("code", "python"), ("call>identifier",)), "composition"),
        (NEAREST, "semantics"),
        (OneOf(Label("project"), ("django",)), "projects"),
        (Interval(Timestamp("date"), low=9), "time"),
        (RARE, "vocabulary"),
        (CHANCE, "other"),
        (Interval(Satisfies("code", "m:f", "f"), low=1), "other"),
        (LONG | LOOPS, "other"),
        (LONG & CHANCE, "other"),
    ],
)
def test_dimension(region, expected) -> None:
    """That of its leaves where they agree; several, and chance, are of none."""
    assert dimension_of(region) == expected


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (LOOPS, LOOPS),
        (LAMBDAS, Contains(NodeTypes("code", "python"), ("lambda",))),
        (OS, OS),
        (LONG, None),
        (~LOOPS, None),
        (LOOPS & OS, None),
        (LOOPS - OS, None),
        (LOOPS | LONG, LOOPS),
        (LONG | LOOPS | OS, LOOPS | OS),
        (NEAREST, None),
    ],
)
def test_masked_elements(region, expected) -> None:
    """An element is masked where every program that holds it lies inside: by either of two regions, not by both."""
    assert masked_by(region) == expected


def test_names_and_columns() -> None:
    """Of a composition those of its leaves, each once."""
    assert element_names(masked_by(LOOPS | OS)) == ("for_statement", "while_statement", "os", "sys.*")
    assert (LONG | ~OS | LOOPS).columns() == ("code", "source")
    assert NEAREST.columns() == ("code", "vector")
    assert Interval(Satisfies("code", "m:f", "f", ("stars",)), low=1).columns() == ("code", "stars")
    assert (LONG & LOOPS).properties() == (LONG.property, LOOPS.property)
    assert NEAREST.properties() == ()


def test_a_property_is_drawn_once() -> None:
    """Two bands of one length are one distribution, and so are two groups of clusters; chance is none."""
    rows = Dataset.from_dict({"code": ["a", "bb", "cc", "dddd", "a + a"], "vector": [[i, 1 - i] for i in range(5)]})
    table = PropertyTable(rows)
    bands = Interval(CharCount("code"), high=2) | Interval(Untied("code", CharCount("code")), low=4) | CHANCE
    [lengths] = distributions_of(bands, table, PARTS)
    assert {part: values.tolist() for part, values in lengths.values.items()} == {
        "train": [1, 2],
        "test_id": [2],
        "test_ood": [4, 5],
    }
    both = NEAREST | NearestCentroid(NEAREST.property, NEAREST.centroids, chosen=(0,))
    [clusters] = distributions_of(both, table, PARTS)
    assert (clusters.name, clusters.inside) == ("cluster", (True, True))


ROWS = PropertyTable(
    Dataset.from_dict(
        {
            "code": ["while x: pass", "x", "lambda: 0", "while y: f(lambda: 0)", "y = 1", "while z: g"],
            "project": list("abcabc"),
        }
    )
)
WHILE, LAMBDA = (Contains(NodeTypes("code", "python"), (node,)) for node in ("while_statement", "lambda"))
IN_A, IN_B = (OneOf(Label("project"), (name,)) for name in "ab")


@pytest.mark.parametrize(
    ("region", "masked"),
    [
        (WHILE, {"while_statement"}),
        (~WHILE, set()),
        (~~WHILE, {"while_statement"}),
        (WHILE - LAMBDA, {"while_statement"}),
        (~(WHILE | LAMBDA), set()),
        (~(~WHILE | LAMBDA), {"while_statement"}),
        (IN_B, {"b"}),
        (~IN_B, {"a", "c"}),
        (IN_A | IN_B, {"a", "b"}),
        (IN_B - IN_A, {"b"}),
        (~(IN_A | IN_B), {"c"}),
        (IN_B | WHILE, {"b", "while_statement"}),
        (WHILE - IN_B, {"while_statement", "a", "c"}),
    ],
    ids=lambda value: repr(sorted(value) if isinstance(value, set) else value),  # the same in each worker
)
def test_what_a_region_takes_out_is_not_masked(region: Region, masked: set[str]) -> None:
    """Of each element and project it is told whether its rows are taken, through every ``~`` and ``-``."""
    inside = np.flatnonzero(region.contains(ROWS))
    outside = np.setdiff1d(np.arange(len(ROWS)), inside)
    found = distributions_of(region, ROWS, {"train": outside, "test_ood": inside})
    categories = {name: of for each in found for name, of in zip(each.categories, each.inside, strict=True)}
    assert {name for name, of in categories.items() if of} == masked
    for each in found:
        for name, of, share in zip(each.categories, each.inside, each.values["test_ood"], strict=True):
            assert share > 0 or not of, f"{name} is masked, and no row of test_ood has it"


@pytest.mark.parametrize("of", [Contains, Matches])
def test_a_region_without_elements_is_none(of: type[Contains | Matches]) -> None:
    """No row contains one of none, and every row all of none: an error says so, of an edited manifest too."""
    with pytest.raises(ParameterError, match="region must be of one element or more, got none"):
        of(NodeTypes("code", "python"), ())
