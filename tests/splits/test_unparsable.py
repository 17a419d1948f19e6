"""Rows on which the parser gives up stand in no part, and a split says so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from codeshift.errors import DataError, LeftOutWarning
from codeshift.properties import CharCount, Property, PropertyTable, TextProperty, TreeDepth
from codeshift.properties.parsing import CodeParser
from codeshift.properties.untied import Untied
from codeshift.splits.assignment import SplitAssignment
from codeshift.splits.manifest import SplitManifest
from codeshift.splitters import ASTNodeSplitter, Interval, LengthSplitter, Region, Splitter, StreamDealer
from helpers.bad_texts import bad_text

BAD = [bad_text("x => "), bad_text("case 1: "), bad_text("a < ")]
GOOD = [
    f"int f{i}() {{ {'while (a) b();' if i % 3 == 0 else 'c();'} int x{i} = {'+'.join(map(str, range(i)))}0; }}"
    for i in range(120)
]
ROWS = Dataset.from_dict({"code": [*GOOD[:40], BAD[0], *GOOD[40:90], BAD[1], BAD[0], *GOOD[90:], BAD[2]]})
POSITIONS = [40, 91, 92, 123]
WHILE = ASTNodeSplitter(column="code", language="java", nodes=("while_statement",))
SPLITTERS = [
    WHILE,
    LengthSplitter(column="code", language="java", quantiles=(0.8, 1.0)),
    LengthSplitter(column="code", language="java", quantiles=(0.5, 1.0)) & WHILE,
    ~(~WHILE),
]


def assigned(splitter, rows=ROWS, **options):
    with pytest.warns(LeftOutWarning, match="unparsable"):
        return splitter.assign(rows, seed=0, min_test_rows=0, near_duplicates=None, **options)


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_unparsable_rows_are_excluded_and_named(splitter):
    with pytest.warns(LeftOutWarning, match=r"4 rows are excluded as unparsable \(rows 40, 91, 92, 123\)"):
        assignment = splitter.assign(ROWS, seed=0, min_test_rows=0, near_duplicates=None)
    assert assignment.excluded["unparsable"] == 4
    parts = [set(assignment.indices(part).tolist()) for part in assignment.delivered]
    assert not set(POSITIONS) & set().union(*parts)
    assert "4 dropped: the parser gives up on them" in assignment.summary()
    assert "4 dropped: the parser gives up on them" in assignment.to_dataset_card()


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_all_other_rows_are_dealt_as_if_the_unparsable_ones_were_not_there(splitter):
    alone = Dataset.from_dict({"code": GOOD})
    options = {"train_control": True, "ood_kept": 0.5, "train_size": 20}
    whole = assigned(splitter, **options)
    rest = splitter.assign(alone, seed=0, min_test_rows=0, near_duplicates=None, **options)
    for part in rest.delivered:
        assert whole.to_dataset_dict()[part]["code"][:] == rest.to_dataset_dict()[part]["code"][:]
    assert whole.manifest.region == rest.manifest.region


@pytest.mark.parametrize("splitter", SPLITTERS[:2])
def test_a_split_with_unparsable_rows_is_the_same_in_another_order_and_from_its_manifest(splitter):
    first = assigned(splitter)
    order = np.random.default_rng(0).permutation(len(ROWS))
    shuffled = ROWS.select(order)
    second = assigned(splitter, shuffled)
    assert second.manifest == first.manifest
    manifest = SplitManifest.from_json(first.manifest.to_json())
    assert SplitAssignment.from_manifest(manifest, ROWS) == first
    assert SplitAssignment.from_manifest(manifest, shuffled).excluded == first.excluded
    assert len(manifest.digests["data"]["excluded:unparsable"]) == 4


def test_a_split_that_parses_nothing_excludes_no_row_whatever_was_parsed_before():
    table = PropertyTable(ROWS)
    assigned(SPLITTERS[0], table)
    splitter = LengthSplitter(column="code", unit="chars")
    options = {"seed": 0, "min_test_rows": 0, "near_duplicates": None, "tolerance": None}
    assert splitter.assign(table, **options) == splitter.assign(ROWS, **options)
    assert "unparsable" not in splitter.assign(table, **options).excluded


def test_official_splits_exclude_unparsable_rows_of_each():
    parts = DatasetDict(train=ROWS.select(range(91)), test=ROWS.select(range(91, len(ROWS))))
    with pytest.warns(LeftOutWarning, match=r"\(rows 40 of train, 0 of test, 1 of test, 32 of test\)"):
        assignment = SPLITTERS[0].assign(parts, seed=0, min_test_rows=0, near_duplicates=None)
    assert assignment.excluded["unparsable"] == 4


def test_near_duplicates_are_looked_for_among_the_other_rows():
    with pytest.warns(LeftOutWarning):
        assignment = WHILE.assign(ROWS, seed=0, min_test_rows=0, near_duplicates="drop", validation_size=0.0)
    found = assignment.manifest.near_duplicates
    assert assignment.excluded["unparsable"] == 4
    alone = WHILE.assign(
        Dataset.from_dict({"code": GOOD}), seed=0, min_test_rows=0, near_duplicates="drop", validation_size=0.0
    )
    assert found == alone.manifest.near_duplicates
    assert assignment.excluded["duplicate"] == alone.excluded["duplicate"] > 0


def test_rows_of_which_none_can_be_parsed_are_an_error():
    with pytest.raises(DataError, match="rows that can be parsed"), pytest.warns(LeftOutWarning):
        SPLITTERS[1].assign(Dataset.from_dict({"code": BAD}), seed=0)


def test_a_stream_excludes_unparsable_rows():
    region = Interval(TreeDepth("code", "java"), high=5)
    dealer = StreamDealer(region=~region, region_share=0.5)
    assert dealer.parts(ROWS)[POSITIONS].tolist() == ["excluded"] * 4
    by_chars = StreamDealer(region=Interval(CharCount("code"), low=200), region_share=0.5)
    assert by_chars.parts(ROWS).tolist().count("excluded") < len(ROWS)


@dataclass(frozen=True)
class CommentLength(TextProperty):
    """Characters of comments in a natural language: a ``language`` that no parser has."""

    language: str = "en"

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([len(text.partition("#")[2]) for text in texts])


@dataclass(frozen=True)
class Statements(TextProperty):
    """Statements at the top of a program, by a parse of the property's own."""

    language: str = "python"

    @property
    def parsed(self) -> tuple[tuple[str, str], ...]:
        """Pair of its column and language."""
        return ((self.column, self.language),)

    def compute(self, texts: Sequence[str]) -> np.ndarray:
        parse = CodeParser(self.language).parse
        return np.array([sum(root.named_child_count for root in parse(text).roots) for text in texts])


@dataclass(frozen=True, kw_only=True)
class AtLeast(Splitter):
    """Programs whose number of a property is at least ``low``."""

    number: Property
    low: float

    def fit(self, table: PropertyTable) -> Region:
        return Interval(self.number, low=self.low)


def test_a_property_whose_language_is_not_of_code_is_not_parsed() -> None:
    """A field of that name says nothing of a parser: rows are dealt, and no grammar is recorded."""
    rows = Dataset.from_dict({"code": [f"x = {i}  # {'note ' * (i % 10)}" for i in range(60)]})
    number = CommentLength("code")
    manifest = AtLeast(column="code", number=number, low=35).assign(rows, seed=0, min_test_rows=0).manifest
    assert number.parsed == ()
    assert manifest.grammars == {}
    assert manifest.language is None
    manifest.check_region(rows)


def test_a_property_that_parses_says_so_to_the_regions_that_use_it() -> None:
    """The languages that a user's property parses are recorded, through other properties and compositions."""
    rows = Dataset.from_dict({"code": [f"x = {i}\n" * (i % 5 + 1) for i in range(60)]})
    splitter = AtLeast(column="code", number=Untied("code", Statements("code")), low=4) - LengthSplitter(
        column="code", language="java", bounds=(1_000, None)
    )
    assignment = splitter.assign(rows, seed=0, min_test_rows=0)
    assert assignment.region.parsed() == (("code", "python"), ("code", "java"))
    assert [*assignment.manifest.grammars] == ["java", "python"]
