"""Laws of overlap on any rows: its definition, both sides, any order, shards and blocks, and any renaming."""

from __future__ import annotations

from collections.abc import Sequence
from unittest.mock import patch

from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st

from codeshift.audit import audit, overlap
from codeshift.properties.lexer import lex
from codeshift.properties.near_duplicates import NearDuplicates
from helpers.audit_splits import functions

SEARCH = NearDuplicates(threshold=0.5, ngram=2)
TEXTS = st.lists(st.sampled_from(["a", "b", "c", "(", "+", ""]), max_size=7).map(" ".join)
ROWS = st.lists(TEXTS, min_size=1, max_size=5)


def _dataset(texts: Sequence[str]) -> Dataset:
    return Dataset.from_dict({"code": list(texts)})


def _pairs(text: str) -> frozenset[tuple[str, ...]]:
    tokens = lex(text)
    return frozenset(tuple(tokens[i : i + 2]) for i in range(max(len(tokens) - 1, min(len(tokens), 1))))


def _near(texts: Sequence[str], corpus: Sequence[str]) -> tuple[int, ...]:
    """Rows with a row of the corpus at the threshold, by the definition."""
    sets = [_pairs(other) for other in corpus]

    def alike(one: frozenset, other: frozenset) -> bool:
        return one == other if not one | other else len(one & other) >= 0.5 * len(one | other)

    return tuple(i for i, text in enumerate(texts) if any(alike(_pairs(text), other) for other in sets))


@given(mine=ROWS, theirs=ROWS, block=st.integers(1, 4), data=st.data())
def test_both_sides_by_definition_in_any_order_and_blocks(
    mine: list[str], theirs: list[str], block: int, data: st.DataObject
) -> None:
    """Each side finds what the definition says, so that the relation is symmetric; order and blocks change nothing."""
    there = overlap(_dataset(mine), _dataset(theirs), near_duplicates=SEARCH)["data", "data"]
    back = overlap(_dataset(theirs), _dataset(mine), near_duplicates=SEARCH)["data", "data"]
    assert (there.rows["near"], back.rows["near"]) == (_near(mine, theirs), _near(theirs, mine))
    assert there.rows["exact"] == tuple(i for i, text in enumerate(mine) if text in theirs)
    shuffled = data.draw(st.permutations(theirs))
    with patch("codeshift.audit.overlapping._BLOCK", block):
        again = overlap(_dataset(mine), _dataset(shuffled), near_duplicates=SEARCH)["data", "data"]
    assert again == there


TRAIN, TEST = functions(24, seed=0, statements=6), functions(24, seed=1, statements=6)
CORPUS = [*TEST[:3], TEST[4].replace(" = ", "  =  "), *functions(10, seed=2, statements=6)]


def _audited(corpus: object) -> str:
    splits = DatasetDict(train=_dataset(TRAIN), test=_dataset(TEST))
    report = audit(splits, against={"pretraining": corpus}, n_permutations=19)
    assert report.overlap["test", "pretraining"].near == 4
    return str(report)


def test_an_audit_of_a_corpus_in_shards_is_the_same() -> None:
    """A stream of several shards in another order gives the report of the corpus as one dataset."""
    assert _audited(_dataset(CORPUS[::-1]).to_iterable_dataset(num_shards=3)) == _audited(_dataset(CORPUS))


NAMES = ("alpha", "beta", "gamma", "delta")
TOKENS = st.lists(st.sampled_from([*NAMES, "(", "+", ",", "if", "return", "3"]), min_size=40, max_size=50)


@given(tokens=TOKENS, others=st.permutations(["one", "two", "three", "four", "beta", "alpha"]))
def test_a_copy_in_other_names_is_always_found(tokens: list[str], others: list[str]) -> None:
    """Whatever the names become, one to one, old names of others among them, and whatever the numbers."""
    renaming = dict(zip(NAMES, others, strict=False)) | {"3": "44"}
    copy = " ".join(renaming.get(token, token) for token in tokens)
    found = NearDuplicates(threshold=1.0).of_renamed().nearest([copy], [" ".join(tokens)])
    assert found.jaccard.tolist() == [1.0]
