"""CompoundDivergenceSplitter, the divergence that it is after, and the pairs that it holds out."""

# ruff: noqa: E501 - error messages are quoted whole

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from codeshift.data import stdlib_functions
from codeshift.errors import ParameterError, RegionError
from codeshift.properties import NodeTypes, PropertyTable
from codeshift.properties.api_pairs import APIPairs
from codeshift.properties.node_pairs import NodePairs
from codeshift.properties.parsing import CodeParser
from codeshift.properties.serialise import from_dict
from codeshift.splitters import CompoundDivergenceSplitter, Contains, LengthSplitter, RandomSplitter, divergence
from codeshift.splitters.compounds.divergence import Sides, ordered
from codeshift.splitters.testing import check_splitter
from helpers.splitter_rows import c_sharp_rows, java_rows, python_rows

PYTHON = CompoundDivergenceSplitter(column="code", language="python")

# --- divergence

WEIGHTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8).filter(
    lambda pairs: any(p for p, _ in pairs) and any(q for _, q in pairs)
)
ALPHAS = st.floats(0.05, 0.95)


@pytest.mark.parametrize(
    ("p", "q", "alpha", "expected"),
    [
        ([1, 1], [5, 5], 0.1, 0.0),
        ([1, 0], [0, 1], 0.5, 1.0),
        ([1, 1], [1, 0], 0.5, 1 - math.sqrt(0.5)),
        ([1, 1], [1, 0], 0.1, 1 - 0.5**0.1),
        ([1, 0], [1, 1], 0.1, 1 - 0.5**0.9),
        ([1, 3], [3, 1], 0.5, 1 - 2 * math.sqrt(3 / 16)),
    ],
)
def test_divergence_by_hand(p, q, alpha, expected):
    """Distributions whose divergence is known; with alpha 0.1 what ``p`` lacks weighs far more than what ``q`` lacks."""
    assert divergence(np.array(p), np.array(q), alpha) == pytest.approx(expected, abs=1e-12)


@given(WEIGHTS, ALPHAS)
def test_divergence_by_definition(pairs, alpha):
    """The formula, term by term; within 0 and 1; the sides change places as alpha does; scale does not matter."""
    p, q = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    expected = 1 - sum((a / p.sum()) ** alpha * (b / q.sum()) ** (1 - alpha) for a, b in pairs)
    found = divergence(p, q, alpha)
    assert found == pytest.approx(expected, abs=1e-9)
    assert 0 <= found <= 1
    assert found == pytest.approx(divergence(q, p, 1 - alpha), abs=1e-9)
    assert found == pytest.approx(divergence(3 * p, q / 7, alpha), abs=1e-9)


def test_divergence_of_nothing():
    """A side without weight has no divergence: NaN, not 0."""
    assert math.isnan(divergence(np.zeros(2), np.ones(2), 0.5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], [1], 0.5), "q must be of the shape of p, (2,), got (1,): give one weight for each element"),
        (([1], [-1], 0.5), "p and q must be weights of 0 or more, got -1.0: such as counts"),
        (([1], [1], 1), "alpha must be above 0 and below 1, got 1: 0.5 for atoms, 0.1 for compounds"),
    ],
)
def test_bad_divergence(arguments, message):
    """Distributions that cannot be compared are an error."""
    with pytest.raises(ParameterError, match=f"^{re.escape(message)}$"):
        divergence(*map(np.asarray, arguments[:2]), arguments[2])


HELD = st.lists(st.lists(st.integers(0, 1), min_size=4, max_size=4), min_size=2, max_size=8)


@given(HELD, st.lists(st.integers(0, 3), min_size=4, max_size=4), ALPHAS)
def test_moves_are_foreseen(held, weights, alpha):
    """At each step of a search, ``Sides`` predicts the value that the definition gives after the move."""
    rows = csr_matrix(np.array(held))
    weights = np.array(weights, dtype=float)
    sides = Sides(rows, weights, alpha, ordered(rows.T @ rows))
    inside = np.zeros(len(held), dtype=bool)
    for element in range(4):
        foreseen = sides.divergences()
        for other in range(4):
            then = inside | (np.array(held)[:, other] > 0)
            p, q = (weights * np.array(held)[side].sum(axis=0) for side in (~then, then))
            np.testing.assert_allclose(foreseen[other], divergence(p, q, alpha), atol=1e-9)
        moving = np.flatnonzero(~inside & (np.array(held)[:, element] > 0))
        sides.move(moving, rows[moving])
        inside[moving] = True


# --- what programs are made of


def brute_force_pairs(text: str, language: str) -> dict[str, int]:
    found: dict[str, int] = {}

    def visit(node):
        for child in node.children:
            if node.is_named and child.is_named:
                pair = f"{node.type}>{child.type}"
                found[pair] = found.get(pair, 0) + 1
            visit(child)

    for root in CodeParser(language).parse(text).roots:
        visit(root)
    return found


@pytest.mark.parametrize(
    ("language", "rows"), [("python", python_rows), ("java", java_rows), ("c_sharp", c_sharp_rows)]
)
def test_node_pairs_by_definition(language, rows):
    """On real rows the pairs are those of a plain walk over the tree."""
    data = rows().select(range(60))
    found = PropertyTable(data).values(NodePairs("code", language))
    for text, counts in zip(data["code"], found.counts.toarray().tolist(), strict=True):
        assert {name: n for name, n in zip(found.vocabulary, counts, strict=True) if n} == brute_force_pairs(
            text, language
        )


def test_node_pairs_of_broken_code():
    """Text that is no code gives pairs of ERROR nodes; these are never held out."""
    table = PropertyTable(Dataset.from_dict({"code": ["def f(:\n  )) x y z", ""]}))
    assert any("ERROR" in name for name in table.values(NodePairs("code", "python")).vocabulary)
    assert not any("ERROR" in name for name in PYTHON.fit(PropertyTable(python_rows())).elements)


def test_api_pairs():
    """Two uses of one API are no pair, and a pair stands once whichever comes first."""
    table = PropertyTable(Dataset.from_dict({"code": ["len(a); len(b)", "open(len(a))", "len(open(a)); len(a)"]}))
    found = table.values(APIPairs("code", "python"))
    assert found.vocabulary == ("builtins.len & builtins.open",)
    assert found.counts.toarray().tolist() == [[0], [1], [1]]


# --- what is held out


def reached(splitter: CompoundDivergenceSplitter, rows) -> tuple[Contains, float]:
    """The region, after checks against a random one of as many rows."""
    table = PropertyTable(rows)
    region = splitter.fit(table)
    inside = region.contains(table)
    found = splitter.measure(table, inside)
    control = RandomSplitter(column="code", share=float(inside.mean()))
    by_chance = splitter.measure(table, control.fit(table).contains(table))
    assert found.compound >= splitter.target
    assert found.atom <= splitter.max_atom_divergence
    assert splitter.share / 2 <= inside.mean() <= splitter.share
    assert found.compound > 4 * by_chance.compound
    return region, found.compound


@pytest.mark.parametrize(
    ("language", "rows"), [("python", python_rows), ("java", java_rows), ("c_sharp", c_sharp_rows)]
)
def test_defaults_on_real_rows(language, rows):
    """The default reaches its target at few rows, far above a random region, and no atom leaves training with a pair."""
    splitter = CompoundDivergenceSplitter(column="code", language=language)
    region, _ = reached(splitter, rows())
    table = PropertyTable(rows())
    left = table.values(NodeTypes("code", language)).of([part for pair in region.elements for part in pair.split(">")])
    assert (left[~region.contains(table)].sum(axis=0) > 0).all()


def test_defaults_on_all_functions():
    """On the whole standard library, for syntax and for APIs used together."""
    functions = stdlib_functions()
    for compounds in ("nodes", "apis"):
        reached(CompoundDivergenceSplitter(column="code", language="python", compounds=compounds), functions)


def test_targets_are_met():
    """A higher target is met, a lower atom divergence kept."""
    rows = stdlib_functions().select(range(0, 6000, 5))
    reached(CompoundDivergenceSplitter(column="code", language="python", target=0.18, max_atom_divergence=0.03), rows)
    reached(CompoundDivergenceSplitter(column="code", language="python", target=0.05, share=0.2), rows)


def test_measure_by_definition():
    """Both divergences, counted by hand: each program counts once, and what an atom implies weighs nothing."""
    code = ["while a: f(x)", "while f(x): pass", "f(x)", "f(x)", "f(x)", "f(x)"]
    table = PropertyTable(Dataset.from_dict({"code": code}))
    splitter = CompoundDivergenceSplitter(column="code", language="python", min_rows=1)
    inside = np.array([False, True, False, False, False, False])
    rows_of = dict.fromkeys(("argument_list>identifier", "call>argument_list", "call>identifier"), (5, 1, 6))
    rows_of["expression_statement>call"] = (5, 0, 5)
    rows_of |= {
        "while_statement>block": (1, 1, 2),
        "while_statement>call": (0, 1, 2),
        "while_statement>identifier": (1, 0, 2),
    }
    rows_of |= {"block>expression_statement": (1, 0, 2), "block>pass_statement": (0, 1, 1)}
    assert set(rows_of) == set(table.values(NodePairs("code", "python")).vocabulary)
    weights = [1 - (p + q) / rarer for p, q, rarer in rows_of.values()]
    p, q = ([w * n[side] for w, n in zip(weights, rows_of.values(), strict=True)] for side in (0, 1))
    found = splitter.measure(table, inside)
    assert found.compound == pytest.approx(divergence(np.array(p), np.array(q), 0.1))
    # argument_list, call, identifier, expression_statement, while_statement, block, pass_statement
    outside, within = [5, 5, 5, 5, 1, 1, 0], [1, 1, 1, 0, 1, 1, 1]
    assert found.atom == pytest.approx(divergence(np.array(outside), np.array(within), 0.5))


def test_row_order_changes_nothing():
    """The same compounds, whatever the order of rows."""
    rows = stdlib_functions().select(range(0, 6000, 15))
    for splitter in (
        PYTHON,
        CompoundDivergenceSplitter(
            column="code", language="python", compounds="apis", min_rows=4, max_atom_divergence=0.3
        ),
    ):
        first = splitter.fit(PropertyTable(rows))
        for seed in range(2):
            order = np.random.default_rng(seed).permutation(len(rows))
            assert splitter.fit(PropertyTable(rows.select(order))) == first


def test_region_applies_to_other_rows():
    """A region is plain JSON and divides rows that it was not fitted on."""
    region = from_dict(Contains(NodePairs("code", "python"), ("while_statement>call",)).to_dict())
    others = PropertyTable(Dataset.from_dict({"code": ["while f(): pass", "while x: f()"]}))
    assert region.contains(others).tolist() == [True, False]
    fitted = PYTHON.fit(PropertyTable(python_rows()))
    assert from_dict(fitted.to_dict()) == fitted


# --- laws


def test_laws():
    """Every law of a split holds, in another process too."""
    check_splitter(PYTHON, python_rows())


@pytest.mark.parametrize(
    "splitter",
    [
        CompoundDivergenceSplitter(
            column="code", language="python", compounds="apis", min_rows=3, max_atom_divergence=0.3
        ),
        PYTHON | LengthSplitter(column="code"),
        PYTHON - LengthSplitter(column="code", quantiles=(0.0, 0.3)),
    ],
    ids=repr,
)
def test_laws_composed(splitter):
    """Every law holds for APIs, and composed."""
    check_splitter(splitter, python_rows(), fresh_process=False)


@pytest.mark.parametrize(("language", "rows"), [("java", java_rows), ("c_sharp", c_sharp_rows)])
def test_laws_on_java_and_c_sharp(language, rows):
    """Every law holds on real Java and C# rows."""
    check_splitter(CompoundDivergenceSplitter(column="code", language=language), rows(), fresh_process=False)


# --- errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"language": "pyton"}, "language must be a known language, got 'pyton': did you mean python?"),
        ({"compounds": "node"}, "compounds must be one of nodes, apis, got 'node': did you mean nodes?"),
        (
            {"language": "rust", "compounds": "apis"},
            "language must be one whose API names are resolved, got 'rust': choose one of c_sharp, go, java, javascript, python, typescript",
        ),
        ({"target": 1.0}, "target must be a number above 0 and below 1, got 1.0: a divergence such as 0.1"),
        ({"target": "0.1"}, "target must be a number above 0 and below 1, got '0.1': a divergence such as 0.1"),
        (
            {"max_atom_divergence": 0},
            "max_atom_divergence must be a number above 0 and below 1, got 0: a divergence such as 0.1",
        ),
        ({"share": 1}, "share must be a share of rows above 0 and below 1, got 1: 0.2 takes a fifth"),
        ({"min_rows": 0}, "min_rows must be a whole number from 1 up, got 0: such as 1"),
    ],
)
def test_bad_arguments(arguments, message):
    """A value that cannot work is an error that names the parameter, the constraint, the value and the remedy."""
    with pytest.raises(ParameterError) as caught:
        CompoundDivergenceSplitter(**{"column": "code", "language": "python", **arguments})
    assert str(caught.value) == message


def test_unreachable_target_says_what_can_be_had():
    """The error gives the best within the limits, and asking for that much works."""
    table = PropertyTable(python_rows())
    with pytest.raises(RegionError) as caught:
        CompoundDivergenceSplitter(column="code", language="python", target=0.9).fit(table)
    found = re.fullmatch(
        r"target must be at most the compound divergence that is possible, ([\d.]+), got 0.9: compound divergence [\d.]+ at "
        r"atom divergence [\d.]+ was reached with \d+ of 252 rows \([\d.]+%\); lower target, raise max_atom_divergence "
        r"\(0.05\), or try another share \(0.1\)",
        str(caught.value),
    )
    assert found
    CompoundDivergenceSplitter(column="code", language="python", target=float(found[1])).fit(table)


def test_unreachable_atom_divergence_says_what_can_be_had():
    """Likewise where the atoms move too much in any case."""
    table = PropertyTable(python_rows())
    with pytest.raises(
        RegionError, match=r"^max_atom_divergence must be at least the atom divergence that is possible"
    ) as caught:
        CompoundDivergenceSplitter(column="code", language="python", max_atom_divergence=1e-6).fit(table)
    least = float(re.search(r"is possible, ([\d.]+),", str(caught.value))[1])
    CompoundDivergenceSplitter(column="code", language="python", target=1e-6, max_atom_divergence=least).fit(table)


def test_no_compounds():
    """If no compounds make up the share, the error says how many there are."""
    rows = Dataset.from_dict({"code": ["x = 1", "y = 2", "z = 3"]})
    with pytest.raises(RegionError) as caught:
        PYTHON.fit(PropertyTable(rows))
    assert str(caught.value) == (
        "share must be a share that whole compounds can make up to at least 50% of it, got 0.1: 0 compounds occur in "
        "5 rows or more of 3; raise share, lower min_rows, or give more rows"
    )


def test_repr():
    """The repr tells the defaults that were filled in."""
    assert repr(PYTHON) == (
        "CompoundDivergenceSplitter(column='code', language='python', compounds='nodes', target=0.1, "
        "max_atom_divergence=0.05, share=0.1, min_rows=5)"
    )
