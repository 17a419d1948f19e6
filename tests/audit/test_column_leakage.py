"""Leakage by column: exact copies and near-duplicates of prompts and of code, each and together."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from datasets import Dataset, DatasetDict

from codeshift.audit import AuditReport, audit
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.splitters import RandomSplitter
from helpers.audit_splits import functions

BOTH = NearDuplicates(columns=("doc", "code"))
TRAIN, TEST = functions(30, seed=0, statements=6), functions(30, seed=1, statements=6)
PROMPT = "write a function number {0} of the kind {0} that reads {0} values and returns the value {0}"


@pytest.fixture(scope="module")
def report() -> AuditReport:
    """Of 30 test rows, 5 have a prompt of train, one of them with its code; one a prompt with a word more; 2 none."""
    train = {"doc": [PROMPT.format(i) for i in range(30)], "code": TRAIN}
    doc = [PROMPT.format(i if i < 5 else i + 100) for i in range(27)] + [PROMPT.format(9) + " now", "", " "]
    test = {"doc": doc, "code": [TRAIN[0], *TEST[1:]]}
    splits = DatasetDict(train=Dataset.from_dict(train), test=Dataset.from_dict(test))
    return audit(splits, near_duplicates=BOTH, n_permutations=39)


def _counts(report: AuditReport) -> Mapping[tuple[str, ...], tuple[int, int, int]]:
    return {leak.columns: (leak.n, leak.exact, leak.near) for leak in report.column_leakage}


def test_copies_are_counted_by_column(report: AuditReport) -> None:
    """Rows without a prompt do not count in its column; the whole row is a copy once."""
    assert _counts(report) == {("doc",): (28, 5, 6), ("code",): (30, 1, 1), ("doc", "code"): (30, 1, 1)}
    worst = report.column_leakage[0].worst[0]
    assert (worst.row, worst.train_row) == (PROMPT.format(9) + " now", PROMPT.format(9))


def test_the_report_says_it(report: AuditReport) -> None:
    """A table, a caution for the prompts, none for the code, which the verdict is about; and the plain values."""
    assert "Leakage by column" in str(report)
    [caution] = [words for words in report.verdict.cautions if "by doc;" in words]
    assert caution.startswith("6 of 28 rows of test (21.43%) have an exact or near-duplicate in train")
    assert not any("by code;" in words for words in report.verdict.cautions)
    assert [leak["near"] for leak in report.to_dict()["column_leakage"]] == [6, 1, 1]


def test_without_columns_nothing_is_said() -> None:
    """The code alone is compared, as before."""
    rows = Dataset.from_dict({"code": TRAIN})
    plain = audit(DatasetDict(train=rows, test=Dataset.from_dict({"code": TEST})), n_permutations=19)
    assert plain.column_leakage == ()
    assert "column_leakage" not in plain.to_dict()


def test_an_audit_looks_where_the_split_was_bound() -> None:
    """The columns come from the manifest; rows kept together leak by none of them."""
    rows = Dataset.from_dict({"doc": [PROMPT.format(i % 30) for i in range(60)], "code": TRAIN + TEST})
    bound, loose = (
        RandomSplitter("code").assign(rows, near_duplicates=search, min_test_rows=0) for search in (BOTH, "bind")
    )
    found = audit(bound, n_permutations=19)
    assert found.settings.near_duplicates == BOTH
    assert {leak.near for leak in found.column_leakage} == {0}
    leaks = audit(loose, near_duplicates=BOTH, n_permutations=19).column_leakage
    assert max(leak.near for leak in leaks if leak.columns == ("doc",)) > 0
