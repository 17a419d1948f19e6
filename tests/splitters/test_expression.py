"""Splitters from text: a splitter's repr gives it again, and nothing but splitters and literals is ever made."""

from __future__ import annotations

import inspect
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import codeshift.splitters as public
from codeshift.errors import ParameterError
from codeshift.literals import EXPRESSIBLE
from codeshift.properties.embedding import Embedding
from codeshift.splitters import (
    APIUsageSplitter,
    ASTNodeSplitter,
    ClusterSplitter,
    ColumnEmbedding,
    ComplexitySplitter,
    CompoundDivergenceSplitter,
    EncoderEmbedding,
    GroupSplitter,
    LengthSplitter,
    RandomSplitter,
    Splitter,
    TfidfEmbedding,
    TimeSplitter,
    TokenRaritySplitter,
    parse_splitter,
)
from codeshift.splitters.parse import _OF_FUNCTIONS

LEAVES: list[Splitter] = [
    LengthSplitter(column="code"),
    LengthSplitter(column="a 'quoted' \"column\"", unit="lines", bounds=(None, 20.5)),
    ASTNodeSplitter(column="code", language="java", nodes=("while_statement", "for_statement"), match="all"),
    ASTNodeSplitter(column="code", language="python", rarest=3, min_rows=2),
    APIUsageSplitter(column="code", language="java", apis=("java.util.*",), min_count=2),
    ClusterSplitter(column="code", clusters=(0, 2), embedding=TfidfEmbedding(dimensions=8)),
    ClusterSplitter(column="code", share=0.1, embedding=ColumnEmbedding(vectors="v")),
    ClusterSplitter(column="code", embedding=EncoderEmbedding(model="a/b", pooling="cls"), pca=4),
    ComplexitySplitter(column="code", language="go", quantiles=(0.5, 1.0)),
    CompoundDivergenceSplitter(column="code", language="python"),
    GroupSplitter(column="code", by="repo", values=("a", 1, True)),
    RandomSplitter(column="code", region_seed=-3),
    TimeSplitter(column="code", cutoff="2021-06-01"),
    TokenRaritySplitter(column="code"),
]
SPLITTERS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda both: both[0] & both[1]),
        st.tuples(inner, inner).map(lambda both: both[0] | both[1]),
        st.tuples(inner, inner).map(lambda both: both[0] - both[1]),
        inner.map(lambda one: ~one),
    ),
    max_leaves=6,
)


@given(SPLITTERS)
def test_the_repr_gives_the_splitter_again(splitter: Splitter) -> None:
    """For all splitters that run no function of the user's, and all their compositions."""
    assert parse_splitter(repr(splitter)) == splitter


def test_every_public_splitter_is_known() -> None:
    """A splitter that is added to the package must be ``expressible``, or one of those that run functions."""
    classes = {
        name
        for name, value in vars(public).items()
        if inspect.isclass(value) and issubclass(value, Splitter | Embedding) and not inspect.isabstract(value)
    }
    assert classes == {*EXPRESSIBLE, *_OF_FUNCTIONS}


def test_column_and_language_are_filled_in() -> None:
    """They are filled in if a splitter needs them and the text leaves them out; the text takes precedence."""
    text = "ASTNodeSplitter(nodes=['if_statement']) | ASTNodeSplitter(column='b', language='go', rarest=2)"
    assert parse_splitter(text, column="a", language="java") == ASTNodeSplitter(
        column="a", language="java", nodes=("if_statement",)
    ) | ASTNodeSplitter(column="b", language="go", rarest=2)
    assert parse_splitter("LengthSplitter()", column="a", language="java") == LengthSplitter("a")
    assert parse_splitter("LengthSplitter()") == LengthSplitter() == LengthSplitter(column="code")
    assert parse_splitter("LengthSplitter('c') & LengthSplitter()", column="a") == LengthSplitter("c") & LengthSplitter(
        "a"
    )


def test_every_splitter_takes_its_column_by_position() -> None:
    """And no other argument; left out, it is the column ``code``."""
    needed = {"language": "java", "predicate": "keyword:iskeyword"}
    found = [getattr(public, name) for name in public.__all__ if name.endswith("Splitter") and name != "Splitter"]
    assert len(found) == 11
    for each in found:
        parameters = inspect.signature(each).parameters.values()
        own = {one.name: needed[one.name] for one in parameters if one.default is inspect.Parameter.empty}
        assert each("c", **own) == each(column="c", **own)
        assert each(**own).column == "code"
        with pytest.raises(TypeError, match="positional"):
            each("c", "d", **own)


BAD = {
    "LenghtSplitter(column='c')": "got 'LenghtSplitter': did you mean LengthSplitter, ",
    "LengthSplitter(column='c', quantile=(0, 1))": "got quantile=(0, 1): did you mean quantiles?",
    "LengthSplitter(column='c', quantiles=(1, 0))": "quantiles must be",
    "ASTNodeSplitter(column='c', language='java', nodes=('while_statment',))": "did you mean while_statement",
    "GroupSplitter('c', 'repo')": "GroupSplitter with named arguments, got \"'repo'\": it takes column, ",
    "LengthSplitter('c', column='d')": "splitter must be LengthSplitter with each argument once",
    "LengthSplitter(*'c')": "splitter must be an expression of splitters, got \"*'c'\"",
    "LengthSplitter(open('escaped', 'w').name)": "splitter must be an expression of splitters",
    "TfidfEmbedding(7)": "splitter must be TfidfEmbedding with named arguments",
    "LengthSplitter(**{'column': 'c'})": "got **",
    "LengthSplitter(column='c'": "'(' was never closed at character",
    "LengthSplitter": "splitter must be an expression of splitters, got 'LengthSplitter'",
    "3": "splitter must be an expression of splitters, got '3'",
    "": "splitter must be an expression of splitters, got ''",
    "TfidfEmbedding()": "splitter must be an expression of splitters",
    "LengthSplitter(column='c') & 3": "splitter must be made of splitters, got '3'",
    "LengthSplitter(column='c') + LengthSplitter(column='c')": "splitter must be an expression of splitters",
    "~3": "splitter must be made of splitters",
    "PredicateSplitter(column='c', predicate='os:getcwd')": "run no function of yours, got 'PredicateSplitter'",
    "ClusterSplitter(column='c', embedding=FunctionEmbedding(function='os:getcwd'))": "use it from Python",
    "__import__('os').system('touch escaped')": "splitter must be an expression of splitters",
    "LengthSplitter(column=open('escaped', 'w').name)": "splitter must be an expression of splitters",
    "[LengthSplitter(column='c') for _ in (1,)][0]": "splitter must be an expression of splitters",
    "LengthSplitter(column=f'{1}')": "splitter must be an expression of splitters",
    "LengthSplitter(column=b'c')": "splitter must be an expression of splitters",
    "exec('x')": "splitter must be made of splitters, got 'exec'",
    "(lambda: 1)()": "splitter must be an expression of splitters",
    "LengthSplitter(column='c').fit": "splitter must be an expression of splitters",
    "~" * 100_000 + "3": "splitter must be",
    "x\0": "splitter must be an expression of splitters",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:40])
def test_anything_else_is_refused(text: str, tmp_path, monkeypatch) -> None:
    """By name, without any of it being run."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match=re.escape(BAD[text])):
        parse_splitter(text)
    assert list(tmp_path.iterdir()) == []


def test_compositions_have_the_languages_of_their_splitters() -> None:
    """A study that is given no language takes it from there, for its audit and its metrics."""
    calls = ASTNodeSplitter("code", language="python", nodes=("call",))
    blocks = ASTNodeSplitter("code", language="java", nodes=("block",))
    lengths = LengthSplitter("code")
    composed = (calls & lengths, ~(lengths | calls), calls | blocks, ~lengths)
    assert [splitter.languages for splitter in composed] == [("python",), ("python",), ("java", "python"), ()]
