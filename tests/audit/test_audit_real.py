"""Audits of real programs: the embedded corpus, and Java and C# of the benchmark data."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from codeshift.audit import audit
from codeshift.data import stdlib_functions
from codeshift.errors import SizeWarning
from codeshift.splitters import ASTNodeSplitter, GroupSplitter, LengthSplitter, RandomSplitter, Splitter
from helpers.shared_data import shared_rows
from helpers.splitter_rows import c_sharp_rows, java_rows

QUICK = {"column": "code", "n_permutations": 39, "sample": 500}


@cache
def python_functions(count: int = 3_000) -> Dataset:
    return stdlib_functions().shuffle(seed=0).select(range(count)).select_columns(["code", "project"])


def halves(rows: Dataset, share: float = 0.8) -> DatasetDict:
    order = np.random.default_rng(0).permutation(len(rows))
    cut = int(share * len(rows))
    return DatasetDict({"train": rows.select(order[:cut]), "test": rows.select(order[cut:])})


def assigned(splitter: Splitter, rows: Dataset, **arguments: object) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SizeWarning)
        return splitter.assign(rows, seed=0, **arguments)


def test_random_rows_leak_unless_near_duplicates_stay_together():
    """A random split of real functions leaks; with whole components it does not, and there is no shift either way."""
    rows = python_functions()
    dealt = audit(halves(rows), **QUICK)
    bound = audit(assigned(RandomSplitter(column="code"), rows, test_ood_size=0.9), rows, **QUICK)
    assert dealt.verdict.label == "leaks"
    assert 0.01 < dealt.leakage[0].near_share < 0.2
    assert [leakage.near for leakage in bound.leakage] == [0, 0, 0]
    assert bound.verdict.label == "no shift to speak of"
    for report in (dealt, bound):
        assert abs(report.strength[0].classifier.statistic - 0.5) < 0.08


def test_longest_functions_are_a_shift():
    """The longest fifth differs in content as well as in length, and the in-distribution reference does not."""
    rows = python_functions()
    report = audit(assigned(LengthSplitter(column="code"), rows), rows, language="python", **QUICK)
    assert report.verdict.label == "sound"
    ood, reference = report.strength
    assert ood.classifier.statistic > 0.75 > 0.6 > reference.classifier.statistic
    assert ood.mmd.p_value == 1 / 40 < reference.mmd.p_value + 0.1
    assert ood.nearest.median < reference.nearest.median
    length = next(prop for prop in ood.properties if prop.name == "TokenCount")
    assert length.intended
    assert length.effect > 1
    assert {elements.kind for elements in report.unseen_elements} == {"NodeTypes", "APINames", "TokenTypes"}


def test_shared_packages_are_counted():
    """A split by rows shares nearly every package, a split by groups shares none."""
    rows = python_functions()
    assert audit(halves(rows), groups="project", **QUICK).leakage[0].groups_share > 0.9
    packages = assigned(GroupSplitter(column="code", by="project"), rows)
    report = audit(packages, rows, groups="project", **QUICK)
    assert report.leakage[0].groups_share == 0 < report.leakage[1].groups_share
    assert report.verdict.label == "sound"
    assert any("of test_id are of groups that train holds too" in caution for caution in report.verdict.cautions)
    assert [prop.name for prop in report.strength[0].properties if prop.intended] == ["Label"]


@pytest.mark.parametrize(
    ("rows", "language", "node"), [(java_rows, "java", "if_statement"), (c_sharp_rows, "c_sharp", "if_statement")]
)
def test_other_languages(rows, language, node):
    """Bare methods of Java and C# are parsed with their own grammars."""
    data = rows(300)
    splitter = ASTNodeSplitter(column="code", language=language, nodes=(node,))
    report = audit(assigned(splitter, data), data, language=language, **QUICK)
    assert report.verdict.label == "sound"
    assert [leakage.near for leakage in report.leakage] == [0, 0, 0]
    (intended,) = [prop for prop in report.strength[0].properties if prop.intended]
    assert (intended.name, intended.mean_train, intended.mean) == (f"NodeTypes: {node}", 0, 1)
    assert report.strength[0].nearest.n == report.strength[0].n


def test_official_splits_of_a_benchmark():
    """The official splits of CodeTrans can be audited as they are."""
    parts = DatasetDict({part: shared_rows(f"code_to_code_trans/{part}.jsonl") for part in ("train", "test")})
    report = audit(parts, column="java", language="java", n_permutations=39, sample=500)
    assert report.leakage[0].n == 1_000
    assert report.leakage[0].near_share >= report.leakage[0].exact_share
    assert len(report.leakage[0].rows) == report.leakage[0].near
