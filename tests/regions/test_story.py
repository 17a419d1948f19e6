"""What regions are, from top to bottom: sets of programs that any dataset can be asked about."""

from __future__ import annotations

from datasets import Dataset

from codeshift.properties import CharCount, NodeTypes, PropertyTable
from codeshift.splitters import Contains, Interval

ROWS = Dataset.from_dict({"code": ["x = 1", "while x: pass", "total = 1 + 2", "while y: z = 1 + 2"]})


def test_the_story_of_regions() -> None:
    """A region says which rows lie inside, composes as sets do, and is a value."""
    table = PropertyTable(ROWS)

    # A number in an interval, and programs that hold an element.
    long = Interval(CharCount("code"), low=10)
    loops = Contains(NodeTypes("code", "python"), ("while_statement",))
    assert long.contains(table).tolist() == [False, True, True, True]
    assert loops.contains(table).tolist() == [False, True, False, True]

    # Regions compose: long and without a loop; neither long nor with one.
    assert (long - loops).contains(table).tolist() == [False, False, True, False]
    assert (~(long | loops)).contains(table).tolist() == [True, False, False, False]
    assert (long & loops).leaves == (long, loops)

    # A region tells of itself: in words, and the columns that it reads.
    assert loops.describe() == "that hold while_statement"
    assert (long & loops).columns() == ("code",)

    # It is a value: equal to another that says the same, whose repr builds it again.
    assert long == Interval(CharCount("code"), low=10)
    assert eval(repr(long - loops)) == long - loops  # noqa: S307 - our own repr

    # So tomorrow's programs can be asked about too.
    tomorrow = PropertyTable(Dataset.from_dict({"code": ["while True: print('still here')", "y"]}))
    assert loops.contains(tomorrow).tolist() == [True, False]
