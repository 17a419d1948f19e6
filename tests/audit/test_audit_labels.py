"""Labels in an audit: their mix with a corrected test, conflicts of near-duplicates, labels that train lacks."""

from __future__ import annotations

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from scipy.stats import chi2_contingency

from codeshift.audit import Thresholds, audit
from codeshift.errors import DataError, ParameterError
from codeshift.properties.near_duplicates import NearDuplicates


def codes(count: int, start: int = 0) -> list[str]:
    """Functions that no two of which are near-duplicates."""
    rng = np.random.default_rng(start)
    names = [f"w{k}" for k in range(400)]
    return [f"def f{start + i:05}(a):\n    return {' + '.join(rng.choice(names, 12))}" for i in range(count)]


def split(train: list, test: list, *, reference: list | None = None, code: dict | None = None) -> DatasetDict:
    parts = {"train": train, "test_ood": test} | ({} if reference is None else {"test_id": reference})
    code = code or {}
    starts = {"train": 0, "test_ood": 1000, "test_id": 2000}
    return DatasetDict({
        name: Dataset.from_dict({"code": code.get(name, codes(len(labels), starts[name])), "label": labels})
        for name, labels in parts.items()
    })  # fmt: skip


def audited(splits: DatasetDict, **options):
    return audit(splits, column="code", label="label", n_permutations=39, progress=False, **options)


def test_a_mix_that_moved_is_told_with_its_remedies():
    """From halves to nine in ten: the share of rows that would need another label, a p-value, and what to do."""
    report = audited(split(["safe", "leak"] * 60, ["safe"] * 54 + ["leak"] * 6, reference=["safe", "leak"] * 30))
    moved, reference = report.labels
    assert (moved.part, moved.labels, moved.train_shares, moved.shares) == (
        "test_ood", ("leak", "safe"), (0.5, 0.5), (0.1, 0.9)
    )  # fmt: skip
    assert moved.total_variation == pytest.approx(0.4)
    assert moved.p_value < 0.01
    assert reference.total_variation == 0.0
    assert reference.p_value > 0.5
    (told,) = [caution for caution in report.verdict.cautions if "mix of labels" in caution]
    for words in (
        "40.0% of the rows of test_ood",
        "prior_shift",
        "stratify_by_column",
        'TimeSplitter(within="project")',
    ):
        assert words in told
    text = report.to_markdown()
    assert "## Labels" in text
    assert r"| test\_ood | 60 | 0 | 10.0% | 90.0% |" in text
    assert report.to_dict()["labels"][0]["conflicts_share"] == 0.0


def test_the_test_is_about_as_sure_as_chi_square():
    """The permutation p-value of two labels lies near that of the chi-square test of the table."""
    train, test = ["a"] * 70 + ["b"] * 50, ["a"] * 26 + ["b"] * 34
    found = audited(split(train, test)).labels[0].p_value
    expected = chi2_contingency([[70, 50], [26, 34]], correction=False).pvalue
    assert found == pytest.approx(expected, abs=0.04)


def test_a_mix_that_stays_is_no_caution():
    """Nor is one that moved by less than the threshold, however many rows show it."""
    same = audited(split(["a", "b"] * 60, ["a", "b"] * 30))
    assert not any("labels" in caution for caution in same.verdict.cautions)
    far = split(["a", "b"] * 60, ["a"] * 48 + ["b"] * 12)
    assert any("mix of labels" in caution for caution in audited(far).verdict.cautions)
    lenient = audited(far, thresholds=Thresholds(label_shift=0.4))
    assert not any("mix of labels" in caution for caution in lenient.verdict.cautions)


def test_the_test_is_corrected_with_the_others():
    """A p-value that is below .05 by itself is no caution beside three properties that count."""
    report = audited(split(["a"] * 60 + ["b"] * 60, ["a"] * 40 + ["b"] * 20))
    assert 0.007 < report.labels[0].p_value < 0.05
    assert sum(prop.in_verdict for prop in report.strength[0].properties) == 3
    assert not any("mix of labels" in caution for caution in report.verdict.cautions)


def test_near_duplicates_with_other_labels_are_conflicts():
    """Across train and test, and within a part; equal labels are none."""
    train, test = codes(40), codes(30, 1000)
    test[0], test[1], test[2] = train[0], train[1] + "  # again", train[2]
    test[11] = test[10]
    labels = {"train": ["a", "b"] * 20, "test": ["a", "b"] * 15}
    labels["test"][0] = "b"  # train[0] is a
    labels["test"][10], labels["test"][11] = "a", "b"
    splits = split(labels["train"], labels["test"], code={"train": train, "test_ood": test})
    report = audited(splits, thresholds=Thresholds(leaked_rows=0.5))
    (found,) = report.labels
    assert (found.conflicts, found.conflicts_within) == (1, 2)
    assert found.conflicts_share == pytest.approx(1 / 30)
    told = " ".join(report.verdict.cautions)
    assert "1 of 30 labelled rows of test_ood (3.3%) have a near-duplicate in train with another label" in told
    assert "2 of 30 labelled rows of test_ood (6.7%) have a near-duplicate in it with another label" in told


def test_a_chain_of_near_duplicates_is_no_conflict_of_its_ends():
    """A row conflicts with a near-duplicate of its own, not with that one's near-duplicate; pairs counted by hand."""
    words = [f"w{k}" for k in range(40)]
    first, middle, last = (" ".join(words[start : start + 30]) for start in (0, 4, 8))
    search = NearDuplicates(threshold=0.7, ngram=1)  # 26 of 34 tokens shared by neighbours, 22 of 38 by the ends
    assert [search.nearest([first], [other]).index[0] >= 0 for other in (middle, last)] == [True, False]
    train, test = [*codes(40), middle, last], [*codes(30, 1000), first]
    labels = {"train": ["a", "b"] * 20 + ["a", "b"], "test": ["a", "b"] * 15 + ["a"]}
    splits = split(labels["train"], labels["test"], code={"train": train, "test_ood": test})
    options = {"near_duplicates": search, "thresholds": Thresholds(leaked_rows=0.5)}
    (shift,) = audited(splits, **options).labels
    assert (shift.conflicts, shift.conflicts_within) == (0, 0)
    labels["train"][-2] = "b"
    splits = split(labels["train"], labels["test"], code={"train": train, "test_ood": test})
    (shift,) = audited(splits, **options).labels
    assert (shift.conflicts, shift.conflicts_within) == (1, 0)
    test, labels["test"] = [*codes(30, 1000), first, middle, last], ["a", "b"] * 15 + ["a", "a", "b"]
    splits = split(["a", "b"] * 20, labels["test"], code={"train": codes(40), "test_ood": test})
    (shift,) = audited(splits, **options).labels
    assert (shift.conflicts, shift.conflicts_within) == (0, 2)


def test_labels_that_train_lacks_and_rows_without_one_are_counted():
    """Rows without a label have no share; a label that training never shows has."""
    report = audited(split(["a", "b", None] * 40, ["a", "b", "c", "c", None, None] * 5))
    (found,) = report.labels
    assert (found.n_train, found.n, found.unlabelled, found.unseen) == (80, 20, 10, 10)
    assert (found.labels, found.shares) == (("a", "b", "c"), (0.25, 0.25, 0.5))
    assert any("10 rows of test_ood have a label that no row of train has" in c for c in report.verdict.cautions)


def test_copies_do_not_make_a_test_sure():
    """Ten copies of each row are one to the test: the mix of distinct rows is what differs, or does not."""
    train = codes(60)
    distinct = codes(12, 1000)
    labels = ["a"] * 9 + ["b"] * 3
    splits = split(["a", "b"] * 30, labels * 10, code={"train": train, "test_ood": distinct * 10})
    alone = split(["a", "b"] * 30, labels, code={"train": train, "test_ood": distinct})
    assert audited(splits).labels[0].p_value == audited(alone).labels[0].p_value


@pytest.mark.parametrize("kind", ["int", "bool", "class"])
def test_labels_of_any_kind(kind):
    """Numbers, truth values and the names of a ClassLabel; 1 is not "1"."""
    labels = [1, 0] * 30
    features = Features({"code": Value("string"), "label": ClassLabel(names=["safe", "leak"])})
    shown = {"int": ("0", "1"), "bool": ("False", "True"), "class": ("leak", "safe")}[kind]
    splits = DatasetDict({
        name: Dataset.from_dict(
            {"code": codes(60, start), "label": [bool(x) for x in labels] if kind == "bool" else labels},
            features=features if kind == "class" else None,
        )
        for name, start in (("train", 0), ("test_ood", 1000))
    })  # fmt: skip
    assert audited(splits).labels[0].labels == shown


def test_an_audit_without_labels_has_none():
    """Neither in the report nor in its figures."""
    report = audit(split(["a", "b"] * 20, ["a", "b"] * 10), column="code", n_permutations=19, progress=False)
    assert report.labels == ()
    assert "labels" not in report.to_dict()
    assert "## Labels" not in report.to_markdown()


def test_columns_that_hold_no_labels_are_told():
    """A column that is missing, and one of numbers that are no labels."""
    with pytest.raises(ParameterError, match=r"label must be the name of a column, got \['label'\]: such as \"label\""):
        audit(split(["a"] * 20, ["a"] * 20), column="code", label=["label"], n_permutations=19, progress=False)
    with pytest.raises(DataError, match="label must be a column of all parts, got 'lable': did you mean label"):
        audit(split(["a"] * 20, ["a"] * 20), column="code", label="lable", n_permutations=19, progress=False)
    with pytest.raises(
        DataError, match=r"label must be a column of labels: text, whole numbers or truth values, got 0.5 in row 0"
    ):
        audited(split([0.5] * 20, [0.5] * 20))


def of_length(terms: int, count: int, start: int) -> list[str]:
    rng = np.random.default_rng(start)
    names = [f"w{k}" for k in range(400)]
    return [f"f{start + i:05} = {' + '.join(rng.choice(names, terms + i % 3))}" for i in range(count)]


@pytest.mark.parametrize(("terms", "explained"), [((12, 30), True), ((30, 48), False)])
def test_a_shift_of_the_labels_mix_is_told_from_one_of_programs(terms: tuple[int, int], explained: bool):
    """Rows of another mix and of the same lengths in each label; and rows of the same mix and of other lengths."""
    train = {"code": of_length(12, 60, 0) + of_length(30, 60, 1000), "label": ["short"] * 60 + ["long"] * 60}
    counts = (6, 54) if explained else (30, 30)
    test = {
        "code": [
            text for n, k, start in zip(counts, terms, (2000, 3000), strict=True) for text in of_length(k, n, start)
        ],
        "label": ["short"] * counts[0] + ["long"] * counts[1],
    }
    test["code"].append("unseen = 1")
    test["label"].append("other")
    report = audited(DatasetDict(train=Dataset.from_dict(train), test_ood=Dataset.from_dict(test)))
    shift = {shift.name: shift for shift in report.label_mix}["CharCount"]
    before, after = (np.array([len(code) for code in rows["code"]], float) for rows in (train, test))
    after, (short, long) = after[:-1], np.array(counts) / sum(counts)
    scale = np.sqrt((before.var() + after.var()) / 2)
    assert (shift.part, shift.n_train, shift.n) == ("test_ood", 120, 60)
    assert shift.mean_of_mix == pytest.approx(short * before[:60].mean() + long * before[60:].mean())
    assert shift.effect == pytest.approx((after.mean() - before.mean()) / scale)
    assert shift.effect_of_mix == pytest.approx((shift.mean_of_mix - before.mean()) / scale)
    assert shift.effect > 0.5
    assert shift.effect_of_mix == pytest.approx(shift.effect if explained else 0.0, abs=0.02)
    assert "| test\\_ood | CharCount |" in report.to_markdown()
    assert len(report.to_dict()["label_mix"]) == 3
