"""The verdict follows from the figures, and says so."""

from __future__ import annotations

import math

import numpy as np
import pytest
from datasets import DatasetDict

from audit_splits import functions, loops, split
from codeshift.audit import AuditReport, Thresholds, audit
from codeshift.properties import TokenCount

TRAIN, SAME, LOOPS = functions(120, seed=0), functions(60, seed=1), loops(60, seed=2)


def report(*, n_permutations: int = 39, **parts_and_arguments: object) -> AuditReport:
    parts = {name: value for name, value in parts_and_arguments.items() if isinstance(value, list)}
    arguments = {name: value for name, value in parts_and_arguments.items() if name not in parts}
    return audit(split(**parts), column="code", n_permutations=n_permutations, **arguments)


def test_shift_without_leak_is_sound():
    """A kind of program that training lacks, and no copy of anything."""
    found = report(train=TRAIN, test_ood=LOOPS, test_id=SAME)
    assert found.verdict.label == "sound"
    assert str(found.verdict).startswith("Sound: a classifier tells test_ood from train with AUC 1.000 (p = 0.025); ")
    assert "0.00% of test_id have a near-duplicate in train" in found.verdict.reasons
    assert found.strength[1].classifier.p_value > 0.05


def test_same_distribution_is_no_shift():
    """Programs of one kind on both sides: AUC about .5, a large p, and a verdict that says so."""
    found = [
        report(train=functions(120, seed=seed), test_ood=functions(60, seed=seed + 1), n_permutations=19)
        for seed in range(10, 26, 2)
    ]
    assert [one.verdict.label for one in found].count("no shift to speak of") >= 7
    assert np.mean([one.strength[0].classifier.statistic for one in found]) == pytest.approx(0.5, abs=0.06)
    assert np.mean([one.strength[0].classifier.p_value for one in found]) > 0.3
    assert np.mean([one.strength[0].mmd.p_value for one in found]) > 0.3
    assert "the property that moved farthest is" in str(found[0].verdict)


def test_leak_comes_before_shift():
    """A strong shift is no excuse for a leak."""
    found = report(train=TRAIN, test_ood=[*LOOPS, *TRAIN[:2]])
    assert found.verdict.label == "leaks"
    assert str(found.verdict) == ("Leaks: 2 of 62 rows of test_ood (3.23%) have an exact or near-duplicate in train.")


def test_leaking_reference_leaks():
    """A reference that training has seen inflates the score that the gap is measured from."""
    found = report(train=TRAIN, test_ood=LOOPS, test_id=[*SAME, *TRAIN[:2]])
    assert found.verdict.label == "leaks"
    assert "rows of test_id" in found.verdict.reasons[0]


def test_leaking_validation_is_a_caution():
    """Validation decides no test score."""
    found = report(train=TRAIN, test_ood=LOOPS, validation=TRAIN[:10])
    assert found.verdict.label == "sound"
    assert "10 of 10 rows of validation" in found.verdict.cautions[0]


def test_shared_groups_leak():
    """Where groups are named, none may stand on both sides."""
    rows = split(train=TRAIN, test_ood=LOOPS)
    shared = DatasetDict(
        {
            part: found.remove_columns("project").add_column("project", ["p"] * len(found))
            for part, found in rows.items()
        }
    )
    assert audit(shared, column="code", n_permutations=19).verdict.label == "sound"
    found = audit(shared, column="code", groups="project", n_permutations=19).verdict
    assert str(found) == "Leaks: 100.0% of the rows of test_ood are of groups that train holds too."


@pytest.mark.parametrize(("train", "test"), [(TRAIN, LOOPS[:5]), (TRAIN[:5], LOOPS), (TRAIN, []), ([], LOOPS)])
def test_few_rows_get_no_verdict(train, test):
    """Too few rows on either side are no evidence for or against a shift."""
    found = report(train=train, test_ood=test)
    assert found.verdict.label == "too few rows"
    assert f"train has {len(train)} and test_ood {len(test)} distinct rows" in str(found.verdict)
    assert math.isnan(found.strength[0].classifier.statistic)
    assert found.strength[0].classifier.n_second == len(test)


def test_copies_within_a_part_are_no_shift():
    """A part that holds one program many times is not told apart by it: the tests look at distinct rows."""
    found = report(train=TRAIN, test_ood=SAME + SAME[:1] * 200)
    assert found.strength[0].n <= 60
    assert found.verdict.label == "no shift to speak of"


def test_shift_of_a_property_that_no_token_tells():
    """A middle band of lengths has the words of all the others; the property that moved still makes it a shift."""
    lengths = [functions(40, seed=seed, statements=seed) for seed in range(2, 7)]
    train = [code for rows in (lengths[0], lengths[1], lengths[3], lengths[4]) for code in rows]
    found = report(train=train, test_ood=lengths[2], intended=(TokenCount("code"),))
    assert found.verdict.label == "sound"
    shift = next(prop for prop in found.strength[0].properties if prop.name == "TokenCount")
    assert abs(shift.effect) < 0.2
    assert shift.jensen_shannon > 0.8
    assert any(reason.startswith("TokenCount (Jensen-Shannon distance") for reason in found.verdict.reasons)


def test_cautions_name_what_else_to_know():
    """A shifted reference, properties that moved along and truncated rows are named, and change no label."""
    found = report(train=TRAIN, test_ood=LOOPS, test_id=LOOPS[:30], tokenizer=str.split, max_length=18)
    text = " ".join(found.verdict.cautions)
    assert "test_id, the in-distribution reference, has itself shifted from train (AUC 0.9" in text
    assert "other properties moved as well, in standard deviations:" in text
    assert "of the rows of test_ood are longer than the model's 18 tokens" in text
    assert found.verdict.label == "sound"


def test_thresholds_are_the_users():
    """The lines can be drawn elsewhere."""
    parts = {"train": TRAIN, "test_ood": [*LOOPS, *TRAIN[:2]]}
    assert report(**parts, thresholds=Thresholds(leaked_rows=0.05)).verdict.label == "sound"
    assert report(**parts, thresholds=Thresholds(leaked_rows=0.05, min_rows=100)).verdict.label == "too few rows"
