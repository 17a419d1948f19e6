"""Regions describe themselves, the library's and a user's, in a summary and in errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from datasets import Dataset

from codeshift.errors import RegionError
from codeshift.properties import CharCount, PropertyTable
from codeshift.properties.base import TextProperty
from codeshift.splitters import Interval, Region, Splitter

ROWS = Dataset.from_dict({"code": [f"x{i} = " + "1 + " * i + "1" + ";" * (i % 3) for i in range(60)]})


@dataclass(frozen=True)
class SemicolonsOfATest(TextProperty):
    """A count that says its numbers in words."""

    title = "number of semicolons"

    def compute(self, texts):
        return np.array([text.count(";") for text in texts], dtype=np.float64)

    @classmethod
    def number_words(cls, value: float) -> str:
        return {1: "one", 2: "two"}[int(value)]


@dataclass(frozen=True)
class EndsWithOfATest(Region):
    """A region of a kind that the library lacks."""

    column: str
    text: str

    def contains(self, table: PropertyTable) -> np.ndarray:
        return np.array([code.endswith(self.text) for code in table.texts(self.column)])

    @classmethod
    def words_of(cls, plain: Mapping[str, Any]) -> str:
        return f"that end with {plain['text']!r}"


@dataclass(frozen=True, kw_only=True)
class FittedOfATest(Splitter):
    """Splitter that returns a given region."""

    region: Region

    def fit(self, table: PropertyTable) -> Region:
        return self.region


@pytest.mark.parametrize(
    ("region", "words"),
    [
        (Interval(SemicolonsOfATest("code"), low=1), "whose number of semicolons is at least one"),
        (
            Interval(SemicolonsOfATest("code"), low=1, high=2),
            "whose number of semicolons is at least one and below two",
        ),
        (EndsWithOfATest("code", ";"), "that end with ';'"),
        (~EndsWithOfATest("code", ";"), "other than those that end with ';'"),
        (
            Interval(CharCount("code"), low=30) - EndsWithOfATest("code", ";"),
            "whose length in characters is at least 30 and not those that end with ';'",
        ),
        (
            (EndsWithOfATest("code", ";") | EndsWithOfATest("code", "1")) & Interval(CharCount("code"), high=30),
            "(that end with ';' or that end with '1') and whose length in characters is below 30",
        ),
    ],
)
def test_words_of_ones_own_classes(region: Region, words: str) -> None:
    """In the region's description and in the summary, which reads the plain values of the manifest."""
    assert region.describe() == words
    assignment = FittedOfATest(column="code", region=region).assign(ROWS, seed=0, test_ood_size=0.2)
    assert f"programs {words}" in " ".join(assignment.summary().split())


def test_an_empty_region_is_named_in_words() -> None:
    """The error says what was fitted."""
    with pytest.raises(RegionError, match="it takes programs that end with '#'"):
        FittedOfATest(column="code", region=EndsWithOfATest("code", "#")).split(ROWS, seed=0)


def test_leaves() -> None:
    """The leaves of a composition are its parts from left to right; any other region is its only leaf."""
    long, short, marked = (
        Interval(CharCount("code"), low=9),
        Interval(CharCount("code"), high=3),
        EndsWithOfATest("code", ";"),
    )
    assert ((long | ~short) & marked).leaves == (long, short, marked)
    assert marked.leaves == (marked,)
