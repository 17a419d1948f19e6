"""The laws of a split, for drawn splitters on drawn datasets."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from functools import partial

import pytest
from datasets import Dataset
from hypothesis import assume, given
from hypothesis import strategies as st

from codeshift.properties import PropertyTable
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, Splitter
from codeshift.splitters.testing import (
    SPLITTER_CHECKS,
    _assigned_parts,
    _shared_table,
    check_fresh_process,
    check_seed,
    check_splitter,
)
from helpers.broken_splitters import ByPosition
from helpers.splitter_rows import c_sharp_rows, java_rows
from helpers.strategies import datasets, splitters, unless_impossible

LONG = LengthSplitter(column="code", quantiles=(0.7, 1.0))
MIDDLE = LengthSplitter(column="code", unit="chars", quantiles=(0.4, 0.7))
LOOPS = ASTNodeSplitter(column="code", language="python", nodes=("while_statement", "for_statement"))


@pytest.fixture(scope="module")
def rows() -> Dataset:
    """Two hundred distinct programs and a dozen exact copies."""
    code = [
        f"def f{i}(x):\n    y = {' + '.join(['x'] * (i % 40 + 1))}\n" + ("    while y: y -= 1\n" if i % 9 == 0 else "")
        for i in range(200)
    ]
    code += [code[i] for i in range(0, 60, 5)]
    return Dataset.from_dict({"code": code, "project": [f"p{i % 23}" for i in range(len(code))]})


COMPOSED = [LONG, MIDDLE, LOOPS, LONG & ~LOOPS, LONG | LOOPS, ~LONG & LOOPS, (LONG | LOOPS) - MIDDLE]


@pytest.mark.parametrize("splitter", COMPOSED, ids=repr)
def test_every_splitter_and_composition_keeps_the_laws(splitter: Splitter, rows: Dataset) -> None:
    """``check_splitter`` passes; another process is asked below."""
    check_splitter(splitter, rows, fresh_process=False)


@pytest.mark.filterwarnings("ignore::codeshift.errors.SizeWarning")
def test_another_process_makes_the_same_splits(rows: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with another hash seed does, for every splitter and composition."""
    monkeypatch.setenv("PYTHONHASHSEED", "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.starmap(_assigned_parts, [(splitter, rows.to_dict()) for splitter in COMPOSED])
    assert there == [splitter.assign(rows, seed=0).parts.tolist() for splitter in COMPOSED]


@pytest.mark.parametrize(
    ("rows", "language", "nodes"),
    [
        (java_rows, "java", ("for_statement", "enhanced_for_statement", "while_statement")),
        (c_sharp_rows, "c_sharp", ("conditional_expression", "throw_statement")),
    ],
    ids=["java", "c_sharp"],
)
def test_length_and_syntax_keep_the_laws_on_real_rows(
    rows: Callable[[], Dataset], language: str, nodes: tuple[str, ...]
) -> None:
    """Alone and composed; the other splitters' tests do so each for its own."""
    long = LengthSplitter(column="code", language=language)
    syntax = ASTNodeSplitter(column="code", language=language, nodes=nodes)
    for splitter in (long, syntax, long - syntax):
        check_splitter(splitter, rows(), fresh_process=False)


# Few distinct rows may leave every seed the same choice: that law is put to the larger data above, as is the slow one.
DRAWN = [check for check in SPLITTER_CHECKS if check not in (check_fresh_process, check_seed)]


@given(data=datasets(), splitter=splitters())
def test_laws_on_drawn_data(data: Dataset, splitter: Splitter) -> None:
    """Each law holds for every splitter and all rows that can be split at all."""
    assume(unless_impossible(lambda: splitter.assign(data, seed=0)) is not None)
    with _shared_table(data):
        for check in DRAWN:
            # A part on request may not fit so few rows; a broken law is an AssertionError, which passes through.
            unless_impossible(partial(check, splitter, data))


@given(data=datasets(min_rows=20), splitter=splitters(), kept=st.sampled_from([0.0, 0.5, 1.0]), seed=st.integers())
def test_groups_stay_on_one_side(data: Dataset, splitter: Splitter, kept: float, seed: int) -> None:
    """No group stands in two delivered parts, in any regime."""
    assignment = unless_impossible(lambda: splitter.assign(data, seed=seed, groups="project", ood_kept=kept))
    assume(assignment is not None)
    seen: dict[str, set[str]] = {}
    for part in ("train", "validation", "test_id", "test_ood"):
        for row in assignment.indices(part):
            seen.setdefault(data[int(row)]["project"], set()).add(part)
    assert all(len(parts) == 1 for parts in seen.values()), seen


@given(data=datasets(duplicates=False), first=splitters(), second=splitters())
def test_composition_is_set_algebra_on_rows(data: Dataset, first: Splitter, second: Splitter) -> None:
    """The mask of a composition is that of sets; quantiles are taken over all rows, whatever the other operand."""
    table = PropertyTable(data)
    masks = unless_impossible(lambda: [splitter.fit(table).contains(table) for splitter in (first, second)])
    assume(masks is not None)
    left, right = masks
    for composed, expected in (
        (first & second, left & right),
        (first | second, left | right),
        (first - second, left & ~right),
        (~first, ~left),
    ):
        assert (composed.fit(table).contains(table) == expected).all()


def test_a_subclass_may_not_override_the_calls() -> None:
    """``split`` and ``assign`` are final, checked when the class is made."""
    with pytest.raises(TypeError, match="overrides assign"):
        type("Bad", (Splitter,), {"assign": lambda self: None})


def test_check_splitter_catches_a_splitter_that_looks_at_row_order(rows: Dataset) -> None:
    """The checks refuse a splitter whose region depends on positions."""
    with pytest.raises(AssertionError, match="broken law: row order"):
        check_splitter(ByPosition(column="code"), rows, fresh_process=False)
