"""The corpus: nothing alike to what is held out, one of each kind, the same whatever the order."""

from __future__ import annotations

import dataclasses

import pytest

from codeshift.errors import DataError
from tools.pretrain.corpus import Corpus, make_corpus
from tools.pretrain.fragments import Fragment, Source
from tools.pretrain.running import check_held_out

NAMES = [f"{letter}_{number}" for letter in "abcd" for number in range(5)]


def fragment(code: str, docstring: str = "") -> Fragment:
    return Fragment(source="a", language="python", signature="def f():", docstring=docstring, code=code)


def body(extra: int = 0) -> str:
    """Twenty assignments, and ``extra`` more: up to eight more make a near-duplicate, sixteen do not."""
    assigned = [*NAMES, *(f"extra_{i}" for i in range(extra))]
    return "def f():\n    " + "; ".join(f"{name} = {i}" for i, name in enumerate(assigned))


def source(*codes: str, name: str = "a", most: int | None = None) -> Source:
    made = tuple(fragment(code) for code in codes)
    return Source(name=name, version="1", licence="MIT", fragments=made, most=most)


OTHERS = tuple(f"def g{i}(x):\n    return [x + {i} * {name}, {name}.{name}_{i}]" for i, name in enumerate(NAMES))


def test_what_is_alike_to_held_out_is_left_out():
    """A copy, one laid out anew or one extended by a statement is not learnt from."""
    copies = (body(), body().replace(" = ", "="), body(1))
    corpus = make_corpus([source(*copies, *OTHERS)], [fragment(body(), "Doc.")])
    assert {f.code for f in corpus.fragments} == set(OTHERS)
    assert corpus.counts[0]["alike to held out"] == 3


def test_whole_components_are_held_out():
    """What is alike only to something that is alike to a held-out function is left out as well."""
    near, far = body(8), body(16)
    held_out = [fragment(body())]
    assert len(make_corpus([source(far, *OTHERS)], held_out).fragments) == len(OTHERS) + 1  # alone it is not alike
    assert len(make_corpus([source(far, near, *OTHERS)], held_out).fragments) == len(OTHERS)


def test_one_of_each_component_is_kept():
    """Copies within a source and between sources count once, and the counts say so."""
    corpus = make_corpus([source(body(), OTHERS[0]), source(body(1), OTHERS[1], name="b")], [])
    assert len(corpus.fragments) == 3
    assert sum(count["alike to others"] for count in corpus.counts) == 1
    for count in corpus.counts:
        reasons = ("too short or long", "alike to held out", "alike to others", "beyond the cap", "kept")
        assert count["read"] == sum(count[reason] for reason in reasons)


def test_order_changes_nothing():
    """Sources and fragments in another order give the same corpus."""
    one = [source(*OTHERS[:10], most=4), source(*OTHERS[10:], body(), name="b")]
    two = [dataclasses.replace(some, fragments=some.fragments[::-1]) for some in reversed(one)]
    assert make_corpus(one, []).fragments == make_corpus(two, []).fragments


def test_a_source_is_capped():
    """Of a giant no more than its share is taken."""
    corpus = make_corpus([source(*OTHERS, most=5)], [])
    assert (len(corpus.fragments), corpus.counts[0]["beyond the cap"]) == (5, len(OTHERS) - 5)


def test_too_short_and_too_long():
    """A line of a few characters teaches nothing, a function of pages does not fit."""
    corpus = make_corpus([source("def f(): return 1", OTHERS[0], body() + "; y = 'long'" * 600)], [])
    assert [f.code for f in corpus.fragments] == [OTHERS[0]]
    assert corpus.counts[0]["too short or long"] == 2


def test_the_audit_finds_a_leak():
    """The check that runs before pretraining fails where a held-out function is in the corpus."""
    clean = Corpus(fragments=tuple(map(fragment, OTHERS[:15])), counts=(), held_out=tuple(map(fragment, OTHERS[15:])))
    assert check_held_out(clean) == {"train": 15, "test": 5, "leaked": 0}
    leaky = dataclasses.replace(clean, fragments=(*clean.fragments, fragment(OTHERS[16])))
    with pytest.raises(DataError, match="corpus must be free of what is held out"):
        check_held_out(leaky)
