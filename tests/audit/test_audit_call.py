"""What ``audit`` accepts and refuses, and that only the content of the rows affects its figures."""

from __future__ import annotations

import json
import os
import pickle
import random
import subprocess
import sys

import numpy as np
import pytest
from datasets import Dataset, DatasetDict, IterableDataset
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from codeshift.audit import AuditSettings, Thresholds, audit
from codeshift.errors import DataError, ParameterError, SizeWarning
from codeshift.properties import CharCount, NodeTypes, PropertyTable, TokenCount
from codeshift.properties.columns import Label
from codeshift.splitters import APIUsageSplitter, ASTNodeSplitter, ClusterSplitter, LengthSplitter, RandomSplitter
from helpers.audit_splits import functions, loops, split
from helpers.splitter_rows import count_digests
from helpers.strategies import datasets

SPLITS = split(train=functions(60, seed=0), test_ood=loops(30, seed=1), test_id=functions(30, seed=2))
QUICK = {"column": "code", "n_permutations": 19}


def _templates(count: int, unlike: str, shift: int = 0) -> list[str]:
    """Return programs of nine vocabularies that share nothing, so that the rank of their tokens is nine."""
    kinds = [(i * i + shift) % 9 if shift else i % 9 for i in range(count)]
    return [" ".join(f"t{kind}_{j}" for j in range(12)) + f" {unlike}{i}" for i, kind in enumerate(kinds)]


KERNEL_SPLITS = {
    "functions": SPLITS,
    # Many rows of equal tokens, so that the classifier's scores are ties.
    "ties": split(train=[f"x{i} = {i}" for i in range(60)], test_ood=[f"y{i} = {i} + {i}" for i in range(30)]),
    # Fewer directions than components, all of equal weight: rounding decides which of them the decomposition gives.
    "rank": split(train=_templates(90, "w"), test_ood=_templates(45, "v", shift=3)),
}


@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))  # shrinking takes minutes
@given(rows=datasets(min_rows=20, max_rows=40), seed=st.integers(0, 99))
def test_row_order_changes_nothing(rows, seed):
    """Shuffling the rows of every part gives an equal report, also with equal rows and rows of equal code."""
    parts = {"train": rows.select(range(0, len(rows), 2)), "test": rows.select(range(1, len(rows), 2))}
    shuffled = {name: part.shuffle(seed=seed) for name, part in parts.items()}
    properties = (TokenCount("code"), NodeTypes("code", "python"), Label("project"))
    arguments = {**QUICK, "properties": properties, "groups": "project", "sample": 20}
    original, reordered = (audit(DatasetDict(parts_in_order), **arguments) for parts_in_order in (parts, shuffled))
    assert original == reordered
    assert original.to_markdown() == reordered.to_markdown()


def test_rows_of_equal_code_are_sorted_too():
    """Among rows with equal code and different projects, the row that represents them does not depend on the order."""
    code = functions(30, seed=0)
    rows = Dataset.from_dict({"code": code + code, "project": ["a"] * 30 + ["b"] * 30})
    arguments = {**QUICK, "properties": (Label("project"),)}
    test = Dataset.from_dict({"code": loops(30, seed=1), "project": ["a"] * 30})  # as far as "b", or not at all
    original, reordered = (
        audit({"train": train, "test": test}, **arguments)
        for train in (rows, rows.select([*range(30, 60), *range(30)]))
    )
    assert original == reordered
    label = original.strength[0].properties[0]
    assert (label.name, label.n_train) == ("Label", 30)


def test_sampled_audit_ignores_row_order():
    """Rows are sorted before a sample is drawn."""
    shuffled = DatasetDict({name: rows.shuffle(seed=3) for name, rows in SPLITS.items()})
    assert audit(SPLITS, **QUICK, sample=25) == audit(shuffled, **QUICK, sample=25)


def test_fresh_process_gives_the_same(tmp_path):
    """Other processes with another hash seed and other BLAS kernels give the same figures.

    If NumPy's BLAS is not OpenBLAS, or the processor supports only one kernel, only the process differs.
    """
    here = {name: audit(parts, **QUICK, language="python") for name, parts in KERNEL_SPLITS.items()}
    expected = {name: [json.loads(json.dumps(report.to_dict())), report.to_html()] for name, report in here.items()}
    script = (
        "import json; from test_audit_call import *\n"
        "found = {name: audit(parts, **QUICK, language='python') for name, parts in KERNEL_SPLITS.items()}\n"
        "print(json.dumps({name: [one.to_dict(), one.to_html()] for name, one in found.items()}))"
    )
    folder = os.path.dirname(__file__)
    for kernel in ("Haswell", "Nehalem"):
        env = {"PYTHONHASHSEED": "77", "PYTHONPATH": ":".join([folder, *sys.path]), "HOME": str(tmp_path)}
        env |= {"OPENBLAS_CORETYPE": kernel, "OMP_NUM_THREADS": "1"}
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=True)  # noqa: S603
        assert json.loads(run.stdout) == expected


def test_seed_changes_only_what_is_drawn():
    """Another seed draws other permutations; counts stay the same."""
    first, second = audit(SPLITS, **QUICK, seed=0), audit(SPLITS, **QUICK, seed=1)
    assert first != second
    assert (first.leakage, first.unseen_elements, first.confounds) == (
        second.leakage,
        second.unseen_elements,
        second.confounds,
    )


def test_reference_changes_no_figure_of_test():
    """The figures of the test part do not depend on whether there is a reference."""
    alone = DatasetDict({name: SPLITS[name] for name in ("train", "test_ood")})
    assert str(audit(alone, **QUICK).strength[0]) == str(audit(SPLITS, **QUICK).strength[0])


def test_validation_that_stands_for_train_does_not_leak_into_itself():
    """Some benchmarks are at hand without their train part."""
    splits = DatasetDict(validation=SPLITS["train"], test=SPLITS["test_ood"])
    report = audit(splits, train="validation", **QUICK)
    assert [leak.part for leak in report.leakage] == [of.part for of in report.copies] == ["test"]
    assert report.leakage[0].near == 0
    assert not any("validation" in caution for caution in report.verdict.cautions)


def test_any_dataset_dict_is_accepted():
    """Parts may have any name, and columns that the others lack; "test" is found by default."""
    foreign = DatasetDict(
        {
            "train": SPLITS["train"].add_column("stars", list(range(60))),
            "test": SPLITS["test_ood"].remove_columns("project"),
        }
    )
    report = audit(foreign, **QUICK)
    assert (report.test, report.reference) == ("test", None)
    named = audit({"fit": SPLITS["train"], "evil": SPLITS["test_ood"]}, **QUICK, train="fit", test="evil")
    assert named.strength[0].classifier == report.strength[0].classifier


def test_assignment_gives_the_figures_of_its_splits():
    """Auditing an assignment gives the figures of auditing its parts, with the intended property known."""
    rows = Dataset.from_dict({"code": functions(150, seed=4) + loops(50, seed=5)})
    splitter = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",))
    assignment = splitter.assign(rows, seed=0)
    informed, plain = audit(assignment, rows, **QUICK), audit(assignment.to_dataset_dict(rows), **QUICK)
    assert informed.leakage == plain.leakage
    assert informed.strength[0].classifier == plain.strength[0].classifier
    intended = [prop for prop in informed.strength[0].properties if prop.intended]
    assert [(prop.name, prop.mean_train, prop.mean) for prop in intended] == [("NodeTypes: while_statement", 0, 1)]
    assert not any("while_statement" in confound.name for confound in informed.confounds)
    assert any(confound.name == "NodeTypes: break_statement" for confound in informed.confounds)


def test_audits_share_what_a_table_knows(monkeypatch: pytest.MonkeyPatch):
    """With the table that the rows were split by, a second audit has the figures of before and parses nothing."""
    rows = Dataset.from_dict({"code": functions(150, seed=4) + loops(50, seed=5)})
    table = PropertyTable(rows)
    loop, lengths = ASTNodeSplitter("code", language="python", nodes=("while_statement",)), LengthSplitter("code")
    first, second = (splitter.assign(table, seed=0, train_size=60) for splitter in (loop, lengths))
    alone = audit(second, language="python", **QUICK)
    assert audit(first, table, **QUICK) == audit(first, rows, **QUICK)
    monkeypatch.setattr("codeshift.properties.table.scan_batch", None)
    monkeypatch.setattr("codeshift.audit.tokens.lex", None)
    assert audit(second, table, language="python", **QUICK) == alone
    with pytest.raises(ParameterError, match="num_proc must be left out for a PropertyTable, got 2"):
        audit(second, table, num_proc=2, **QUICK)


def test_parts_with_a_manifest_give_the_same():
    """Parts that were written to files with their manifest are audited like the assignment."""
    code = functions(150, seed=4) + loops(50, seed=5)
    rows = Dataset.from_dict({"code": code, "project": [str(i) for i in range(200)]})
    splitter = ASTNodeSplitter(column="code", language="python", nodes=("while_statement",))
    assignment = splitter.assign(rows, seed=0, groups="project")
    parts = assignment.to_dataset_dict(rows)
    assert audit(parts, manifest=assignment.manifest, **QUICK) == audit(assignment, rows, **QUICK)
    with pytest.raises(ParameterError, match="manifest must be left out for an assignment"):
        audit(assignment, rows, manifest=assignment.manifest, **QUICK)


def test_property_of_the_region_is_no_confound():
    """A property that the split was meant to move is marked as intended, in any composition."""
    rows = Dataset.from_dict({"code": functions(80, seed=4) + functions(80, seed=5, statements=6)})
    splitter = LengthSplitter(column="code", bounds=(50, None)) - LengthSplitter(
        column="code", unit="lines", bounds=(20, None)
    )
    report = audit(splitter.assign(rows, seed=0), rows, **QUICK)
    assert {prop.name for prop in report.strength[0].properties if prop.intended} == {"TokenCount", "LineCount"}
    assert "CharCount" in {confound.name for confound in report.confounds}
    assert not {"TokenCount", "LineCount"} & {confound.name for confound in report.confounds}


def test_what_a_split_shifts_is_intended_however_ties_are_treated():
    """Lengths that the content's hash unties are the same lengths; a region by chance alone means to shift nothing."""
    rows = Dataset.from_dict({"code": functions(80, seed=4) + functions(80, seed=5, statements=6)})
    for ties in ("together", "split"):
        splitter = LengthSplitter(column="code", quantiles=(0.6, 1.0), ties=ties)
        report = audit(splitter.assign(rows, seed=0), rows, **QUICK)
        assert {prop.name for prop in report.strength[0].properties if prop.intended} == {"TokenCount"}
        names = [prop.name for prop in report.strength[0].properties]
        assert names == ["CharCount", "LineCount", "TokenCount", "TokenTypes"]
        assert "TokenCount" not in {confound.name for confound in report.confounds}
    report = audit(RandomSplitter(column="code", share=0.5).assign(rows, seed=0), rows, **QUICK)
    assert [prop.name for prop in report.strength[0].properties] == names


def test_names_that_match_the_region_are_no_confounds():
    """A region defined by API names excludes every name that it matches from the confounds."""
    rows = Dataset.from_dict({"code": [f"os.path.join({a}, x)" for a in range(60)] + functions(140, seed=4)})
    splitter = APIUsageSplitter(column="code", language="python", apis=("os.path",))
    report = audit(splitter.assign(rows, seed=0, near_duplicates=None), rows, language="python", **QUICK)
    intended = [prop for prop in report.strength[0].properties if prop.intended]
    assert [(prop.name, prop.mean_train, prop.mean) for prop in intended] == [("APINames: os.path", 0, 1)]
    assert not any(confound.name.startswith("APINames: os.path") for confound in report.confounds)


def test_vectors_of_the_region_are_left_to_the_two_sample_tests():
    """A region of clusters has no property with a distribution, and can be audited nevertheless."""
    rows = Dataset.from_dict({"code": functions(140, seed=4) + loops(60, seed=5)})
    splitter = ClusterSplitter(column="code", n_clusters=4, share=0.47)
    report = audit(splitter.assign(rows, seed=0), rows, **QUICK)
    assert not any(prop.intended for prop in report.strength[0].properties)
    assert report.strength[0].classifier.n_second > 10


def test_groups_of_the_assignment_are_checked():
    """If an assignment kept groups together, the audit checks that it did."""
    rows = Dataset.from_dict({"code": functions(200, seed=4), "project": [f"p{i % 40}" for i in range(200)]})
    with pytest.warns(SizeWarning):
        assignment = LengthSplitter(column="code", unit="chars").assign(rows, seed=0, groups="project")
    assert audit(assignment, rows, **QUICK).leakage[0].groups == 0


def test_properties_are_the_users():
    """``properties`` replaces the defaults, ``intended`` adds to them; labels have a distance and no mean."""
    report = audit(
        SPLITS,
        **QUICK,
        properties=(CharCount("code"), CharCount("project"), Label("project")),
        intended=(TokenCount("code"),),
    )
    names = [prop.name for prop in report.strength[0].properties]
    assert names == [
        "CharCount(column='code')",
        "CharCount(column='project')",
        "Label",
        "TokenCount",
        "TokenTypes",
    ]
    label = report.strength[0].properties[2]
    assert label.jensen_shannon == pytest.approx(1)
    assert label.effect != label.effect
    assert not label.in_verdict


SHUFFLED = random.Random(0).sample(SPLITS["train"]["code"][:], 60)


@pytest.mark.parametrize(
    ("splits", "arguments", "message"),
    [
        (SPLITS, {"test": "test_od"}, r"test must be a part of the splits, got 'test_od': did you mean test_ood"),
        (
            SPLITS,
            {"train": "fit"},
            "train must be a part of the splits, got 'fit': choose one of test_id, test_ood, tr",
        ),
        (SPLITS, {"reference": "dev"}, "reference must be a part of the splits, got 'dev': choose one of"),
        (SPLITS, {"test": "train"}, r"train, test and reference must be different parts, got \('train', 'train',"),
        (split(train=SHUFFLED), {}, "test must be a part of the splits, got 'test_ood': choose one of train"),
        ([1], {}, "splits must be a DatasetDict or a SplitAssignment, got 'list': pass what Splitter.split"),
        ({"train": [1]}, {}, "splits must be a DatasetDict, got 'train: list'"),
        (SPLITS, {"data": SPLITS["train"]}, "data must be left out where splits are given, got 'Dataset'"),
        (SPLITS, {"language": "pyton"}, r"language must be a known language, got 'pyton': did you mean python\?"),
        (SPLITS, {"n_permutations": 10}, "n_permutations must be a whole number from 19 up, got 10"),
        (SPLITS, {"seed": 0.5}, "seed must be a whole number, got 0.5: any will do"),
        (SPLITS, {"sample": 5}, "sample must be a whole number from 20 up, got 5"),
        (SPLITS, {"worst": -1}, "worst must be a whole number from 0 up, got -1"),
        (SPLITS, {"near_duplicates": "bind"}, "near_duplicates must be a NearDuplicates, got 'bind': such as Near"),
        (SPLITS, {"near_duplicates": None}, "near_duplicates must be a NearDuplicates, got None: such as Near"),
        (SPLITS, {"thresholds": 0.5}, r"thresholds must be a Thresholds, got 0.5: such as Thresholds\(leaked_rows"),
        (SPLITS, {"properties": CharCount("code")}, "properties must be a sequence of properties, got CharCount"),
        (SPLITS, {"properties": ["length"]}, "properties must be a sequence of properties, got 'length': such as"),
        (SPLITS, {"intended": "length"}, "intended must be a sequence of properties, got 'length'"),
        (SPLITS, {"max_length": 10}, "tokenizer must be given where max_length is, got None"),
        (SPLITS, {"tokenizer": str.split}, "max_length must be a whole number from 1 up, got None: this tokeniz"),
        (SPLITS, {"tokenizer": 3, "max_length": 3}, "tokenizer must be a tokenizer, its name, or a function of a text"),
    ],
)
def test_bad_arguments_are_refused(splits, arguments, message):
    """Each argument that cannot work raises an error that names it, what it must be, and what to do."""
    with pytest.raises(ParameterError, match=f"^{message}"):
        audit(splits, **{**QUICK, **arguments})


def test_an_assignment_needs_no_more_arguments(monkeypatch: pytest.MonkeyPatch):
    """It holds rows, region, column and language; no row is digested and no region fitted again."""
    rows = Dataset.from_dict({"body": functions(100, seed=4) + loops(60, seed=5)})
    fitted = []
    fit = ASTNodeSplitter.fit
    monkeypatch.setattr(ASTNodeSplitter, "fit", lambda self, table: fitted.append(self) or fit(self, table))
    digested = count_digests(monkeypatch)
    splitter = ASTNodeSplitter("body", language="python", nodes=("while_statement",))
    assignment = splitter.assign(rows, near_duplicates=None)
    report = audit(assignment, n_permutations=19)
    assert (len(fitted), len(digested)) == (1, 160)
    assert (report.settings.column, report.settings.language) == ("body", "python")
    explicit = audit(assignment.to_dataset_dict(), manifest=assignment.manifest, column="body", language="python",
                  n_permutations=19)  # fmt: skip
    assert report == explicit
    assert audit(assignment.to_dataset_dict(), manifest=assignment.manifest, n_permutations=19) == explicit
    pickled = pickle.loads(pickle.dumps(assignment))  # noqa: S301 - own bytes
    with pytest.raises(ParameterError, match="data must be the rows that were assigned, got None: an assignment that"):
        audit(pickled, n_permutations=19)
    assert audit(pickled, rows, n_permutations=19) == report


def test_a_split_of_several_columns_needs_a_column():
    """None of the columns is chosen silently."""
    rows = Dataset.from_dict({"a": functions(60, seed=4) + loops(60, seed=5), "b": functions(120, seed=6)})
    splitter = ASTNodeSplitter("a", language="python", nodes=("while_statement",)) & RandomSplitter("b", share=0.5)
    assignment = splitter.assign(rows, min_test_rows=0)
    with pytest.raises(ParameterError, match=r"column must be given where the split reads several, got \('a', 'b'\)"):
        audit(assignment)


def test_unfit_columns_are_named_with_their_part():
    """The error names a part that lacks the column or holds None in it."""
    with pytest.raises(
        DataError, match=r"^column of train must be a column of the dataset, got 'cod': did you mean code"
    ):
        audit(SPLITS, column="cod")
    holed = DatasetDict({**SPLITS, "test_id": Dataset.from_dict({"code": ["x", None], "project": ["a", "b"]})})
    with pytest.raises(DataError, match=r"^column of test_id must be a column without None, got 'code': 1 of 2 rows"):
        audit(holed, **QUICK)


def test_streams_are_refused():
    """A stream raises an error, because it has no parts to compare."""
    stream = IterableDataset.from_generator(lambda: iter([{"code": "x"}]))
    with pytest.raises(ParameterError, match=r"^splits must be a DatasetDict, got 'train: IterableDataset'"):
        audit({"train": stream, "test": stream}, **QUICK)


@pytest.mark.parametrize("name", ["leaked_rows", "auc", "jensen_shannon", "alpha", "confound", "min_rows"])
def test_thresholds_are_checked(name):
    """A threshold out of range raises an error that names the default."""
    with pytest.raises(ParameterError, match=f"^{name} must be .*, got -1: leave it out to take"):
        Thresholds(**{name: -1})


def test_properties_may_be_empty():
    """Without any property, the two-sample tests alone decide."""
    report = audit(SPLITS, **QUICK, properties=())
    assert [prop.name for prop in report.strength[0].properties] == ["TokenTypes"]
    assert report.verdict.label == "sound"


def test_node_types_of_another_column_are_compared():
    """A property may read another column than the code."""
    report = audit(SPLITS, **QUICK, properties=(NodeTypes("project", "python"),))
    assert {elements.kind for elements in report.unseen_elements} == {"NodeTypes", "TokenTypes"}


def test_numbers_of_numpy_settle_to_those_of_python() -> None:
    """So that a report can be written as JSON."""
    thresholds = Thresholds(auc=np.float32(0.5), confound=np.int64(1), min_rows=np.int64(10))
    numbers = {"seed": np.int64(1), "n_permutations": np.int64(39), "sample": np.int32(50), "worst": np.int8(2)}
    settled = AuditSettings(column="code", thresholds=thresholds, **numbers)
    assert json.loads(json.dumps({name: getattr(settled, name) for name in numbers})) == numbers
    assert json.loads(json.dumps(vars(thresholds)))["min_rows"] == 10
