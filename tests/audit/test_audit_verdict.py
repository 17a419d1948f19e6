"""The verdict follows from the figures, and states the reasons."""

from __future__ import annotations

import math

import numpy as np
import pytest
from datasets import DatasetDict

from codeshift.audit import AuditReport, Copies, Thresholds, audit
from codeshift.audit.correction import corrected, least_permutations, property_permutations, reaches
from codeshift.errors import ParameterError
from codeshift.properties import TokenCount
from helpers.audit_splits import functions, loops, split

TRAIN, SAME, LOOPS = functions(120, seed=0), functions(60, seed=1), loops(60, seed=2)


def report(*, n_permutations: int = 39, **parts_and_arguments: object) -> AuditReport:
    parts = {name: value for name, value in parts_and_arguments.items() if isinstance(value, list)}
    arguments = {name: value for name, value in parts_and_arguments.items() if name not in parts}
    return audit(split(**parts), column="code", n_permutations=n_permutations, **arguments)


def test_shift_without_leak_is_sound():
    """The test part holds a kind of program that training lacks, and no copies."""
    audited = report(train=TRAIN, test_ood=LOOPS, test_id=SAME)
    assert audited.verdict.label == "sound"
    assert str(audited.verdict).startswith(
        "Sound: a classifier tells test_ood from train with AUC 1.000 (corrected p = 0.0496); "
    )
    assert "0.00% of test_id have a near-duplicate in train" in audited.verdict.reasons
    assert audited.strength[1].classifier.p_value > 0.05


def test_same_distribution_is_no_shift():
    """For programs of one kind on both sides, the AUC is about .5, p is large, and the verdict says so."""
    reports = [
        report(train=functions(120, seed=seed), test_ood=functions(60, seed=seed + 1)) for seed in range(10, 26, 2)
    ]
    assert [audited.verdict.label for audited in reports].count("no shift to speak of") >= 7
    assert np.mean([audited.strength[0].classifier.statistic for audited in reports]) == pytest.approx(0.5, abs=0.06)
    assert np.mean([audited.strength[0].classifier.p_value for audited in reports]) > 0.3
    assert np.mean([audited.strength[0].mmd.p_value for audited in reports]) > 0.3
    assert "the property that moved farthest is" in str(reports[0].verdict)


def test_leak_comes_before_shift():
    """A split that leaks is not sound, however strong its shift is."""
    audited = report(train=TRAIN, test_ood=[*LOOPS, *TRAIN[:2]])
    assert audited.verdict.label == "leaks"
    assert str(audited.verdict) == ("Leaks: 2 of 62 rows of test_ood (3.23%) have an exact or near-duplicate in train.")


def test_leaking_reference_leaks():
    """A reference with rows of training inflates the score that the gap is measured from."""
    audited = report(train=TRAIN, test_ood=LOOPS, test_id=[*SAME, *TRAIN[:2]])
    assert audited.verdict.label == "leaks"
    assert "rows of test_id" in audited.verdict.reasons[0]


def test_leaking_validation_is_a_caution():
    """Validation does not affect a test score, so its leaks are only a caution."""
    audited = report(train=TRAIN, test_ood=LOOPS, validation=TRAIN[:10])
    assert audited.verdict.label == "sound"
    assert "10 of 10 rows of validation" in audited.verdict.cautions[0]


def test_shared_groups_leak():
    """If groups are named, no group may be on both sides."""
    rows = split(train=TRAIN, test_ood=LOOPS)
    shared = DatasetDict(
        {
            part: found.remove_columns("project").add_column("project", ["p"] * len(found))
            for part, found in rows.items()
        }
    )
    assert audit(shared, column="code", n_permutations=39).verdict.label == "sound"
    found = audit(shared, column="code", groups="project", n_permutations=19).verdict
    assert str(found) == "Leaks: 100.0% of the rows of test_ood are of groups that train holds too."


@pytest.mark.parametrize(("train", "test"), [(TRAIN, LOOPS[:5]), (TRAIN[:5], LOOPS), (TRAIN, []), ([], LOOPS)])
def test_few_rows_get_no_verdict(train, test):
    """With too few rows on either side, there is no evidence for or against a shift."""
    audited = report(train=train, test_ood=test)
    assert audited.verdict.label == "too few rows"
    assert f"train has {len(train)} and test_ood {len(test)} distinct rows" in str(audited.verdict)
    assert math.isnan(audited.strength[0].classifier.statistic)
    assert audited.strength[0].classifier.n_second == len(test)


def test_copies_within_a_part_are_no_shift():
    """The tests use distinct rows, so many copies of one program in a part are not a shift."""
    audited = report(train=TRAIN, test_ood=SAME + SAME[:1] * 200)
    assert audited.strength[0].n <= 60
    assert audited.verdict.label == "no shift to speak of"


def test_shift_of_a_property_that_tokens_do_not_show():
    """A middle band of lengths uses the same words as all others; the property that moved makes it a shift."""
    lengths = [functions(40, seed=seed, statements=seed) for seed in range(2, 7)]
    train = [code for rows in (lengths[0], lengths[1], lengths[3], lengths[4]) for code in rows]
    audited = report(train=train, test_ood=lengths[2], intended=(TokenCount("code"),))
    assert audited.verdict.label == "sound"
    shift = next(prop for prop in audited.strength[0].properties if prop.name == "TokenCount")
    assert abs(shift.effect) < 0.2
    assert shift.jensen_shannon > 0.8
    assert any(reason.startswith("TokenCount (Jensen-Shannon distance") for reason in audited.verdict.reasons)


def test_cautions_do_not_change_the_label():
    """A shifted reference, other properties that moved and truncated rows are named, and the label stays."""
    audited = report(train=TRAIN, test_ood=LOOPS, test_id=LOOPS[:30], tokenizer=str.split, max_length=18)
    text = " ".join(audited.verdict.cautions)
    assert (
        "test_id, the in-distribution reference, has itself shifted from train: a classifier tells test_id from train"
        in text
    )
    assert "other properties moved as well, in standard deviations:" in text
    assert "of the rows of test_ood are longer than the model's 18 tokens" in text
    assert audited.verdict.label == "sound"


def test_thresholds_can_be_set():
    """Other thresholds give another verdict."""
    parts = {"train": TRAIN, "test_ood": [*LOOPS, *TRAIN[:2]]}
    assert report(**parts, thresholds=Thresholds(leaked_rows=0.05)).verdict.label == "sound"
    assert report(**parts, thresholds=Thresholds(leaked_rows=0.05, min_rows=100)).verdict.label == "too few rows"


def test_too_few_permutations_for_a_verdict():
    """19 permutations cannot give a corrected p-value of .05, and neither can one fewer than necessary."""
    audited = report(train=TRAIN, test_ood=LOOPS, n_permutations=19)
    assert audited.verdict.label == "too few permutations"
    assert "it takes n_permutations=39 at least" in str(audited.verdict)
    assert report(train=TRAIN, test_ood=LOOPS, n_permutations=38).verdict.label == "too few permutations"
    assert report(train=TRAIN, test_ood=LOOPS, n_permutations=39).verdict.label == "sound"
    assert report(train=TRAIN, test_ood=SAME, n_permutations=19).verdict.label == "too few permutations"
    assert report(train=TRAIN, test_ood=[*LOOPS, *TRAIN[:2]], n_permutations=19).verdict.label == "leaks"
    assert report(train=TRAIN, test_ood=LOOPS[:9], n_permutations=19).verdict.label == "too few rows"


@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.02])
def test_the_named_number_of_permutations_is_the_smallest(alpha):
    """For any level, this number of permutations is enough, and one fewer is not."""
    least = least_permutations(3, alpha)
    thresholds = Thresholds(alpha=alpha)
    labels = [
        report(train=TRAIN, test_ood=LOOPS, n_permutations=n, thresholds=thresholds).verdict.label
        for n in (least - 1, least)
        if n >= 19
    ]
    assert labels[-1] == "sound"
    assert labels[:-1] in ([], ["too few permutations"])
    reached, _ = corrected(1 / (least + 1), [1 / (property_permutations(least, 3) + 1)] * 3)
    assert reaches(reached, alpha)


def test_one_test_alone_needs_no_correction():
    """If no property counts, the classifier has the whole level."""
    verdict = report(train=TRAIN, test_ood=LOOPS, properties=(), n_permutations=19).verdict
    assert verdict.label == "sound"
    assert "(corrected p = 0.05)" in str(verdict)


def test_correction_equals_a_calculation_by_hand():
    """The classifier has half of the level, two properties a quarter each; a failed test takes no share."""
    first, others = corrected(0.02, [0.001, 0.9])
    assert (first, others) == (0.03, [0.004, 0.9])  # .001 / .25; .02 / .5 * .75; .9 / .25 * .25
    assert corrected(0.02, [math.nan, 0.5]) == (0.04, [pytest.approx(math.nan, nan_ok=True), 0.5])
    assert corrected(math.nan, [0.01, 0.02])[1] == [0.02, 0.02]


def test_values_at_a_threshold_count():
    """A p-value, an AUC and a share of copies that equal their threshold count."""
    assert reaches(corrected(1 / 40, [0.9])[0], 0.05)
    assert all(reaches(n * (1 / (20 * n)), 0.05) for n in range(1, 400))
    assert not reaches(0.0500001, 0.05)
    assert not reaches(math.nan, 0.05)


def test_copies_within_a_part_are_named():
    """From 5% on the verdict says how many rows repeat another, in any held-out part; below it, nothing."""
    repeated = report(train=TRAIN, test_ood=[*LOOPS[:38], *LOOPS[:2]], validation=[*SAME[:9], SAME[0]])
    assert repeated.copies[0] == Copies(part="test_ood", n=40, distinct=38, largest=2)
    assert any(
        text.startswith("2 of 40 rows of test_ood (5.0%) repeat another row") for text in repeated.verdict.cautions
    )
    assert any(text.startswith("1 of 10 rows of validation (10.0%) repeat") for text in repeated.verdict.cautions)
    assert "38 of the 40 rows of test_ood are distinct" in str(repeated.verdict)
    fewer = report(train=TRAIN, test_ood=[*LOOPS[:39], LOOPS[0]])
    assert not any("repeat another" in text for text in fewer.verdict.cautions)
    assert "distinct" not in str(fewer.verdict)


def test_groups_of_near_duplicates_are_copies():
    """Near-duplicates count as copies, also in the reference."""
    near = [f"{code}\n    # {i}" for i, code in enumerate(functions(1, seed=9, statements=20) * 20)]
    audited = report(train=TRAIN, test_ood=LOOPS, test_id=[*SAME[:40], *near])
    assert audited.copies[1] == Copies(part="test_id", n=60, distinct=41, largest=20)
    assert any("19 of 60 rows of test_id" in caution and "20 times" in caution for caution in audited.verdict.cautions)


def test_a_reference_of_few_rows_is_a_caution():
    """Figures of test cannot be compared with those of five rows, or of none."""
    few = report(train=TRAIN, test_ood=LOOPS, test_id=SAME[:5]).verdict
    assert "test_id, the in-distribution reference, has 5 distinct rows: too few to read test beside it" in few.cautions
    none = report(train=TRAIN, test_ood=LOOPS, test_id=[]).verdict
    assert any("has 0 distinct rows" in caution for caution in none.cautions)
    assert "nan" not in str(none)


def test_small_samples_are_no_evidence_whatever_the_thresholds():
    """With fewer than ten rows a side there is no classifier, so no verdict is based on one."""
    verdict = report(train=TRAIN, test_ood=LOOPS[:8], thresholds=Thresholds(min_rows=2)).verdict
    assert verdict.label == "too few rows"
    assert "needs at least 10 of each" in str(verdict)
    with pytest.raises(ParameterError, match="sample must be a whole number from 10 up, got 5"):
        report(train=TRAIN, test_ood=LOOPS, sample=5, thresholds=Thresholds(min_rows=2))


def test_elements_that_moved_by_chance_are_no_confounds():
    """Tokens differ by chance between twenty rows of one kind; only larger differences are named."""
    for seed in range(3):
        audited = report(train=functions(25, seed=10 + seed), test_ood=functions(20, seed=20 + seed))
        assert max(abs(item.effect) for item in audited.confounds) >= 0.5
        assert not any("other properties moved" in item for item in audited.verdict.cautions)
    moved = report(train=TRAIN, test_ood=LOOPS)
    tokens = {item.name: item.p_value for item in moved.confounds}
    assert tokens["TokenTypes: while"] < 1e-20
