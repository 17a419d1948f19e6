"""TokenRaritySplitter: surprisal under the dataset's own unigram distribution."""

# ruff: noqa: E501 - error messages are quoted whole

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from codeshift.errors import ParameterError
from codeshift.properties import PropertyTable
from codeshift.properties.lexer import lex
from codeshift.properties.rarity import TokenRarity, UnigramModel, Unigrams
from codeshift.splitters import LengthSplitter, SplitManifest, TokenRaritySplitter
from codeshift.splitters.testing import check_splitter
from helpers.splitter_rows import c_sharp_rows, java_rows, python_rows


def test_it_keeps_the_laws() -> None:
    """Every law of a split holds, in a fresh process too."""
    check_splitter(TokenRaritySplitter(column="code"), python_rows())


@pytest.mark.parametrize("score", ["mean", "max", "rare_share"])
@pytest.mark.parametrize("rows", [java_rows, c_sharp_rows], ids=["java", "c_sharp"])
def test_it_keeps_the_laws_composed(rows, score: str) -> None:
    """Every law holds for compositions with each score, on real Java and C#."""
    rare = TokenRaritySplitter(column="code", score=score, vocabulary="identifiers", quantiles=(0.6, 1.0))
    check_splitter(rare & LengthSplitter(column="code", quantiles=(0.5, 0.8)), rows(), fresh_process=False)


texts = st.lists(st.text("ab_1 +\n", max_size=12), min_size=1, max_size=8)


@given(rows=texts, other=st.text("abc_1 +\n", max_size=20))
def test_scores_are_those_of_the_definition(rows: list[str], other: str) -> None:
    """Mean, maximum and rare share are what the formulas give, counted by hand; unseen tokens count as seen once."""
    counts = Counter(token for row in rows for token in lex(row))
    if not counts or not lex(other):
        return
    model = UnigramModel.fit(rows, "tokens")
    bits = [-math.log2(max(counts[token], 1) / counts.total()) for token in lex(other)]
    expected = {"mean": sum(bits) / len(bits), "max": max(bits)}
    for score, value in expected.items():
        assert TokenRarity("code", model, score).compute([other])[0] == pytest.approx(value)
    rare = [count for count in counts.values() if count <= model.rare_count]
    assert sum(rare) <= 0.1 * counts.total()
    larger = [count for count in counts.values() if count > model.rare_count]
    assert not larger or sum(rare) + sum(c for c in larger if c == min(larger)) > 0.1 * counts.total()


def test_the_mean_over_all_rows_is_the_entropy() -> None:
    """Weighted by tokens, the mean surprisal of the rows is the entropy of the unigram distribution."""
    table = PropertyTable(python_rows())
    model = table.summarise(Unigrams("code"))
    lengths = np.array([len(lex(text)) for text in table.texts("code")])
    mean = np.average(table.values(TokenRarity("code", model)), weights=lengths)
    counts = np.array(list(Counter(token for text in table.texts("code") for token in lex(text)).values()))
    probabilities = counts / counts.sum()
    assert mean == pytest.approx(-(probabilities * np.log2(probabilities)).sum())


def test_a_region_carries_its_frequencies() -> None:
    """Read back from JSON, a region gives new rows the scores that the fitted one gives, whatever those rows hold."""
    rows = python_rows()
    assignment = TokenRaritySplitter(column="code").assign(rows, seed=0)
    region = SplitManifest.from_json(assignment.manifest.to_json()).fitted_region()
    new = PropertyTable(Dataset.from_dict({"code": ["zyzzyva(quux)", "return self", ""]}))
    assert region.contains(new).tolist() == [True, False, False]
    assert len(repr(region)) < 300, "a table of frequencies is no thing to print"


def test_rare_programs_are_found() -> None:
    """Odd names put a program into the region; which rows have them is known here."""
    code = [f"for i in range({i % 7}): total += i" for i in range(80)] + [f"q{i} = zz{i} @ yy{i}" for i in range(20)]
    rows = Dataset.from_dict({"code": code})
    for score in ("mean", "rare_share"):
        table = PropertyTable(rows)
        inside = TokenRaritySplitter(column="code", score=score).fit(table).contains(table)
        assert inside.tolist() == [False] * 80 + [True] * 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"score": "mode"}, "score must be one of mean, max, rare_share, got 'mode': choose one of max, mean, rare_share"),
        ({"vocabulary": "token"}, "vocabulary must be one of tokens, identifiers, got 'token': did you mean tokens?"),
        ({"quantiles": (1, 0)}, "quantiles must be two numbers in order, 0 <= low < high <= 1, got (1, 0): (0.9, 1.0) takes the top tenth"),
    ],
)  # fmt: skip
def test_errors(arguments: dict, message: str) -> None:
    """Each invalid argument is named, with close matches."""
    with pytest.raises(ParameterError) as error:
        TokenRaritySplitter(column="code", **arguments)
    assert str(error.value) == message
