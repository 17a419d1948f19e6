"""Leakage is found: planted copies, near-duplicates and groups, and their positions."""

from __future__ import annotations

import math
from contextlib import ExitStack

import pytest
from datasets import Dataset, DatasetDict

from codeshift.audit import Leakage, audit
from codeshift.data import stdlib_functions
from codeshift.errors import CodeshiftWarning, DataError
from codeshift.properties.lexer import lex
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.splitters import RandomSplitter
from helpers.audit_splits import functions, split
from helpers.nearly_alike import few_comparisons, nearly_alike
from helpers.renamer import renamed


def leakage_of(splits: DatasetDict, **arguments: object) -> Leakage:
    """Return the leakage of the first held-out part."""
    return audit(splits, column="code", n_permutations=19, **arguments).leakage[0]


TRAIN, TEST = functions(60, seed=0, statements=6), functions(40, seed=1, statements=6)
REFORMATTED = TRAIN[3].replace(" = ", "  =  ")
RENAMED = TRAIN[4].replace("first", "left", 1)


def test_clean_split_has_none():
    """Programs that share no text leak nothing, and the shares are then 0, not NaN."""
    leakage = leakage_of(split(train=TRAIN, test_ood=TEST))
    assert (leakage.n, leakage.exact, leakage.near, leakage.groups) == (40, 0, 0, None)
    assert leakage.exact_share == leakage.near_share == 0
    assert leakage.worst == leakage.rows == ()


def test_planted_copies_are_found_at_their_positions():
    """An exact copy counts as exact and near, a reformatted or renamed one as near; positions are given."""
    planted = [*TEST[:10], TRAIN[5], *TEST[10:20], REFORMATTED, RENAMED, *TEST[20:]]
    leakage = leakage_of(split(train=TRAIN, test_ood=planted))
    assert (leakage.n, leakage.exact, leakage.near) == (43, 1, 3)
    assert leakage.near_share == 3 / 43
    assert leakage.rows == (10, 21, 22)


def test_renamed_copies_are_counted_beside_near_duplicates():
    """A copy whose names and literals were all changed is no near-duplicate, and no reason for the verdict."""
    code = [text for text in stdlib_functions()["code"][::20] if text.isascii() and len(lex(text)) > 60]
    train, test = code[:40], code[40:60]
    disguised = renamed(train[7])
    splits = split(train=train, test_ood=[disguised, train[5], *test])
    report = audit(splits, column="code", n_permutations=19)
    leakage = report.leakage[0]
    assert (leakage.exact, leakage.near, leakage.renamed) == (1, 1, 2)
    assert leakage.renamed_share == 2 / 22
    assert [(pair.row, pair.train_row) for pair in leakage.worst_renamed] == [(disguised, train[7])]
    assert "renamed copy" in str(report)
    bound = RandomSplitter(column="code").split(
        Dataset.from_dict({"code": [disguised, *train, *test]}), seed=0, min_test_rows=0,
        near_duplicates=NearDuplicates(identifiers="ignored", literals="ignored"),
    )  # fmt: skip
    assert audit(bound, column="code", n_permutations=19).leakage[0].renamed == 0


def test_worst_pairs_are_shown_most_similar_first():
    """Pairs hold both codes, most similar first; exact copies, which show nothing new, come last."""
    leakage = leakage_of(split(train=TRAIN, test_ood=[TRAIN[5], RENAMED, REFORMATTED, REFORMATTED, *TEST]))
    shown = [(pair.row, pair.train_row) for pair in leakage.worst]
    assert shown == [(REFORMATTED, TRAIN[3]), (RENAMED, TRAIN[4]), (TRAIN[5], TRAIN[5])]
    assert leakage.worst[0].jaccard == 1 > leakage.worst[1].jaccard >= 0.7


def test_worst_limits_the_number_of_pairs():
    """``worst`` limits the pairs that are shown, not the counts."""
    leakage = leakage_of(split(train=TRAIN, test_ood=[*TRAIN[:8], *TEST]), worst=2)
    assert (len(leakage.worst), leakage.near) == (2, 8)


def test_the_threshold_can_be_set():
    """A configured search decides what is near; an exact copy leaks under any."""
    splits = split(train=TRAIN, test_ood=[RENAMED, TRAIN[0], *TEST])
    assert leakage_of(splits, near_duplicates=NearDuplicates(threshold=1.0)).near == 1
    assert leakage_of(splits, near_duplicates=NearDuplicates(threshold=0.7)).near == 2


def test_groups_on_both_sides_are_counted():
    """Rows of a group that is also in train are counted."""
    splits = split(train=TRAIN, test_ood=TEST)
    assert leakage_of(splits, groups="project").groups == 0
    both = DatasetDict(
        {
            part: rows.remove_columns("project").add_column("project", ["p"] * 10 + ["q"] * (len(rows) - 10))
            for part, rows in splits.items()
        }
    )
    both["train"] = both["train"].filter(lambda row: row["project"] == "p")
    assert leakage_of(both, groups="project").groups_share == 10 / 40


def test_missing_group_column_is_an_error():
    """The error for a misspelt column suggests close matches."""
    with pytest.raises(DataError, match=r"groups must be a column of all parts, got 'projct': did you mean project\?"):
        leakage_of(split(train=TRAIN, test_ood=TEST), groups="projct")


def test_every_held_out_part_is_compared():
    """Test, reference and validation are compared with train, and no other part is."""
    splits = split(train=TRAIN, test_ood=TEST, test_id=TRAIN[:4], validation=TRAIN[:3], train_control=TRAIN)
    copies = {leakage.part: leakage.exact for leakage in audit(splits, column="code", n_permutations=19).leakage}
    assert copies == {"test_ood": 0, "test_id": 4, "validation": 3}


@pytest.mark.parametrize("empty", ["train", "test_ood"])
def test_empty_part_is_nan(empty):
    """A part without rows has NaN shares and n=0; with an empty train nothing leaks."""
    parts = {"train": TRAIN, "test_ood": TEST} | {empty: []}
    found = leakage_of(split(**parts), groups="project")
    assert found.near == found.exact == found.groups == 0
    assert math.isnan(found.near_share) == math.isnan(found.groups_share) == (empty == "test_ood")
    assert math.isnan(found.near_share) == (found.n == 0)


def test_rows_that_were_not_compared_with_all_of_train_are_said():
    """Their number stands in the figures, the report and a caution of the verdict, which is that of a lower bound."""
    texts = nearly_alike(150)
    splits = split(train=texts[75:], test_ood=texts[:75])
    exact = leakage_of(splits)
    with ExitStack() as stack:
        for change in few_comparisons(100):
            stack.enter_context(change)
        with pytest.warns(CodeshiftWarning):
            report = audit(splits, column="code", n_permutations=19)
    bounded = report.leakage[0]
    assert exact.unsettled == 0
    assert bounded.near < exact.near <= bounded.near + bounded.unsettled
    told = f"{bounded.unsettled} of 75 rows of test_ood were not compared with all of train"
    assert any(told in caution for caution in report.verdict.cautions)
    assert f"too many rows are nearly near-duplicates: {bounded.unsettled} rows of test" in report.to_markdown()
