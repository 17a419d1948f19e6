"""Splitters from top to bottom: recipes for what is out of distribution."""

from __future__ import annotations

from dataclasses import dataclass

from datasets import Dataset

from codeshift.properties import LineCount, PropertyTable
from codeshift.splitters import (
    ASTNodeSplitter,
    GroupSplitter,
    Interval,
    LengthSplitter,
    Region,
    Scenario,
    Splitter,
    parse_splitter,
    scenarios_by_name,
)

# 60 programs, each one sum longer than the one before; each third has a loop.
CODE = [("while x: " if i % 3 == 0 else "") + f"x{i} = 1" + " + 1" * i for i in range(60)]
ROWS = Dataset.from_dict({"code": CODE, "project": [f"project{i % 4}" for i in range(60)]})


@dataclass(frozen=True, kw_only=True)
class OneLiners(Splitter):
    """A splitter of one's own fills in ``fit``."""

    def fit(self, table: PropertyTable) -> Region:
        """Programs of one line."""
        return Interval(LineCount(self.column), high=2)


def test_the_story_of_splitters() -> None:
    """A splitter is fitted to rows, which gives a region; it deals the rows by that region."""
    table = PropertyTable(ROWS)
    loops = ASTNodeSplitter("code", language="python", nodes=("while_statement",))
    longest = LengthSplitter("code", quantiles=(0.9, 1.0))
    project = GroupSplitter("code", by="project", values=("project1",))

    # Fitted, each has learnt which rows are out of distribution: a third, a tenth, a quarter.
    assert [int(splitter.fit(table).contains(table).sum()) for splitter in (loops, longest, project)] == [20, 6, 15]

    # They compose: 2 of the 6 longest have a loop. A text gives a splitter, as a repr does.
    assert (longest & loops).fit(table).contains(table).nonzero()[0].tolist() == [54, 57]
    assert parse_splitter(repr(longest - loops)) == longest - loops

    # A scenario is a splitter with a name. Many are known by theirs: this one parts rows of one length, too.
    known = Scenario("length_p90_p100", LengthSplitter("code", quantiles=(0.9, 1.0), ties="split"))
    assert scenarios_by_name("length_p90_p100") == (known,)

    # Splitting deals the rows: what is tested lies inside, and training saw none of it.
    splits = loops.split(ROWS, seed=0, near_duplicates=None, min_test_rows=0, progress=False)
    assert [(part, len(rows)) for part, rows in splits.items()] == [
        ("train", 24), ("validation", 6), ("test_id", 10), ("test_ood", 10)
    ]  # fmt: skip
    assert all("while" in code for code in splits["test_ood"]["code"])
    assert not any("while" in code for code in splits["train"]["code"])

    # One of one's own does all of that too.
    lines = Dataset.from_dict({"code": ["a", "b\nc", "d"]})
    assert OneLiners("code").fit(PropertyTable(lines)).contains(PropertyTable(lines)).tolist() == [True, False, True]
