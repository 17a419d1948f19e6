"""Audits leave out rows on which the parser gives up, and count them."""

import pytest
from datasets import Dataset, DatasetDict

from codeshift.audit import audit
from codeshift.errors import DataError, LeftOutWarning
from helpers.bad_texts import bad_text

SHORT = [f"int f{i}() {{ return {i}; }}" for i in range(40)]
LONG = [f"int g{i}() {{ while (a) {{ b({i}); c({i}); }} return {i}; }}" for i in range(40)]


def audited(train, test, language="java"):
    """Return the audit of a split into two lists of programs."""
    parts = {name: Dataset.from_dict({"code": code}) for name, code in (("train", train), ("test", test))}
    return audit(DatasetDict(parts), column="code", language=language, n_permutations=19, progress=False)


def test_unparsable_rows_are_left_out_and_counted():
    """The report counts them by part, and no figure includes them."""
    bad = [bad_text("x => "), bad_text("a < "), bad_text("case 1: ")]
    with pytest.warns(LeftOutWarning, match="2 of train, 1 of test"):
        whole = audited([*SHORT[:20], *bad[:2], *SHORT[20:]], [*LONG, bad[2]])
    alone = audited(SHORT, LONG)
    assert whole.unparsable == {"train": 2, "test": 1}
    assert "2 rows of train, 1 row of test" in whole.to_markdown()
    assert whole.to_dict() == alone.to_dict() | {"unparsable": {"train": 2, "test": 1}}
    assert "unparsable" not in alone.to_dict()
    assert "unparsable" not in alone.to_markdown()


def test_without_a_language_nothing_is_parsed_and_nothing_left_out():
    """Without a language, no row is parsed, so none is left out."""
    assert audited([*SHORT, bad_text("x => ")], LONG, language=None).sizes["train"] == 41


def test_a_part_without_a_row_that_can_be_parsed_is_an_error():
    """A part in which no row can be parsed raises an error."""
    with pytest.raises(DataError, match="rows that can be parsed"):
        audited(SHORT, [bad_text("x => ")])
