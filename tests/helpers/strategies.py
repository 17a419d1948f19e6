"""Strategies of the property tests: programs, datasets, splitters and arguments of splits."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from random import Random
from typing import Any

from datasets import Dataset
from hypothesis import strategies as st

from codeshift.errors import ParameterError, SizeWarning
from codeshift.properties.rarity import SCORES
from codeshift.splitters import (
    APIUsageSplitter,
    ASTNodeSplitter,
    ClusterSplitter,
    ComplexitySplitter,
    GroupSplitter,
    LengthSplitter,
    RandomSplitter,
    Splitter,
    TimeSplitter,
    TokenRaritySplitter,
)

_NAMES = ("total", "rows", "größe", "i", "path", "f")
_NODES = ("while_statement", "if_statement", "for_statement", "call", "return_statement")


def _program(random: Random) -> str:
    """Return a small Python function with loops, branches and calls."""
    body = [line for _ in range(random.randint(1, 4)) for line in _statement(random, depth=0)]
    return f"def {random.choice(_NAMES)}():\n" + "\n".join(f"    {line}" for line in body)


def _statement(random: Random, depth: int) -> list[str]:
    if depth < 3 and random.random() < 0.4:
        head = random.choice(["while {}:", "if {}:", "for i in {}:"]).format(_expression(random))
        return [head, *(f"    {line}" for line in _statement(random, depth + 1))]
    return [random.choice(["{} = {}", "return {}({})"]).format(random.choice(_NAMES), _expression(random))]


def _expression(random: Random) -> str:
    atoms = random.choices([*_NAMES, "1", "'text'", "None"], k=random.randint(1, 5))
    return f" {random.choice(['+', '*', 'and', '<'])} ".join(atoms)


# Programs are made once: drawing each token of forty programs for each example would take minutes.
PROGRAMS = sorted({_program(Random(i)) for i in range(400)})


@st.composite
def datasets(draw: st.DrawFn, *, min_rows: int = 12, max_rows: int = 60, duplicates: bool = True) -> Dataset:
    """Draw datasets with the columns ``code``, ``project`` and ``number``; some rows repeat the code of others."""
    size = draw(st.integers(min_rows, max_rows))
    random = draw(st.randoms(use_true_random=False))
    code = random.sample(PROGRAMS, size)
    code += random.choices(code, k=draw(st.integers(0, 8)) if duplicates else 0)
    random.shuffle(code)
    projects = [f"p{random.randrange(30)}" for _ in code]
    return Dataset.from_dict({"code": code, "project": projects, "number": list(range(len(code)))})


def splitters() -> st.SearchStrategy[Splitter]:
    """Draw splitters of Python code, alone and composed."""
    bands = st.tuples(st.integers(0, 9), st.integers(1, 10)).filter(lambda pair: pair[0] < pair[1])
    lengths = st.builds(
        LengthSplitter,
        column=st.just("code"),
        unit=st.sampled_from(["tokens", "lines", "chars"]),
        quantiles=bands.map(lambda pair: (pair[0] / 10, pair[1] / 10)),
    )
    parsed = st.builds(LengthSplitter, column=st.just("code"), language=st.just("python"))
    nodes = st.builds(
        ASTNodeSplitter,
        column=st.just("code"),
        language=st.just("python"),
        nodes=st.lists(st.sampled_from(_NODES), min_size=1, max_size=2, unique=True).map(tuple),
        match=st.sampled_from(["any", "all"]),
        min_count=st.integers(1, 2),
    )
    return st.recursive(
        st.one_of(lengths, parsed, nodes, _others()),
        lambda inner: st.one_of(
            inner.map(lambda a: ~a),
            st.tuples(inner, inner, st.sampled_from(["&", "|", "-"])).map(_composed),
        ),
        max_leaves=3,
    )


def _others() -> st.SearchStrategy[Splitter]:
    """Return one splitter of each other kind that needs neither a model nor thousands of rows."""
    column, python, share = st.just("code"), st.just("python"), st.sampled_from([0.2, 0.3, 0.5])
    quantiles = st.sampled_from([(0.0, 0.3), (0.3, 0.6), (0.7, 1.0)])
    within = st.sampled_from([None, "project"])
    seeds = st.integers(0, 5)
    return st.one_of(
        st.builds(RandomSplitter, column=column, share=share, region_seed=seeds),
        st.builds(GroupSplitter, column=column, by=st.just("project"), share=share, region_seed=seeds),
        st.builds(TimeSplitter, column=column, by=st.just("number"), share=share, within=within),
        st.builds(TokenRaritySplitter, column=column, quantiles=quantiles, score=st.sampled_from(SCORES)),
        st.builds(
            ComplexitySplitter,
            column=column,
            language=python,
            measure=st.sampled_from(["cyclomatic", "nesting", "depth", "identifiers"]),
            quantiles=quantiles,
        ),
        st.builds(APIUsageSplitter, column=column, language=python, apis=st.just("path") | st.just(("total", "*.f"))),
        st.builds(ASTNodeSplitter, column=column, language=python, share=share),
        st.builds(
            ClusterSplitter,
            column=column,
            n_clusters=st.integers(2, 4),
            clusters=st.just((0,)) | st.just((1,)),
            cluster_seed=seeds,
        ),
    )


def _composed(operation: tuple[Splitter, Splitter, str]) -> Splitter:
    left, right, operator = operation
    return left & right if operator == "&" else left | right if operator == "|" else left - right


def unless_impossible(function: Callable[[], Any]) -> Any:
    """Return the result of ``function``, or None if the drawn data and sizes cannot be split at all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SizeWarning)
        try:
            return function()
        except ParameterError:
            return None
