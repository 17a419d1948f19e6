"""``near_duplicates="drop"``: one row of each component is kept, and test parts of few distinct rows are told."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from codeshift.errors import ParameterError, RegionError, SmallPartWarning
from codeshift.hashing import digest
from codeshift.properties.near_duplicates import DropNearDuplicates, NearDuplicates
from codeshift.splitters import GroupSplitter, LengthSplitter, SplitAssignment, SplitManifest
from helpers.functions_of_lines import function_of_lines, functions_of_lines

LONG = LengthSplitter(column="code", unit="lines", bounds=(12, None))


@pytest.fixture(scope="module")
def rows() -> Dataset:
    """Eighty long functions, two hundred short ones, forty exact copies of one, ten near-copies across the region."""
    code = functions_of_lines("long", range(80), 14) + functions_of_lines("short", range(200), 6)
    code += functions_of_lines("long", [0] * 40, 14) + functions_of_lines("long", range(1, 11), 11, "return 1")
    return Dataset.from_dict({"code": code, "label": [f"l{i % 4}" for i in range(len(code))]})


def _components(rows: Dataset) -> np.ndarray:
    return NearDuplicates().components(rows["code"][:]).labels


def test_the_row_of_the_least_digest_is_kept(rows: Dataset) -> None:
    """Recomputed by hand: of each component the least digest, on whatever side of the region it lies."""
    assignment = LONG.assign(rows, seed=0, near_duplicates="drop")
    labels, digests = _components(rows), [digest([code]) for code in rows["code"]]
    kept = [row for row, reason in enumerate(assignment.reasons.tolist()) if reason != 5]
    least = {label: min(d for d, other in zip(digests, labels, strict=True) if other == label) for label in labels}
    assert {labels[row]: digests[row] for row in kept} == least
    assert len(kept) == len(least) == 280
    assert assignment.excluded["duplicate"] == 50
    lines = [code.count("\n") for code in rows["code"]]
    sides = {lines[row] for row in kept if labels[row] in labels[320:]}
    assert sides == {11, 14}  # some are kept inside of the region, others outside


def test_no_part_holds_a_program_twice(rows: Dataset) -> None:
    """No two rows of all parts together are near-duplicates, and the copies no longer crowd the test part."""
    splits = LONG.split(rows, seed=0, near_duplicates="drop", ood_kept=0.5)
    together = [code for part in splits.values() for code in part["code"]]
    assert NearDuplicates().components(together).sizes.max() == 1


def test_dropping_is_ignoring_on_the_rows_that_are_kept(rows: Dataset) -> None:
    """Dropped rows have no effect: the others are assigned as if they were all rows."""
    assignment = LONG.assign(
        rows, seed=3, near_duplicates="drop", stratify_by_column="label", train_size=60, train_control=True
    )
    kept = np.flatnonzero(assignment.reasons != 5)
    alone = LONG.assign(
        rows.select(kept), seed=3, near_duplicates=None, stratify_by_column="label", train_size=60, train_control=True
    )
    assert np.array_equal(assignment.parts[kept], alone.parts)
    assert assignment.control is not None
    assert np.array_equal(assignment.control[kept], alone.control)
    assert not assignment.control.sum() > assignment.control[kept].sum()


def test_which_copy_is_kept_does_not_depend_on_order(rows: Dataset) -> None:
    """Among exact copies the whole row decides; rows in another order give the same manifest."""
    assignment = LONG.assign(rows, seed=0, near_duplicates="drop")
    order = np.random.default_rng(0).permutation(len(rows))
    shuffled = LONG.assign(rows.select(order), seed=0, near_duplicates="drop")
    assert shuffled.manifest == assignment.manifest
    labels = [[rows["label"][row] for row in np.flatnonzero(found.reasons == 5)] for found in (assignment,)]
    again = [rows["label"][order[row]] for row in np.flatnonzero(shuffled.reasons == 5)]
    assert sorted(labels[0]) == sorted(again)


def test_the_manifest_says_it_and_builds_it_again(rows: Dataset, tmp_path) -> None:
    """Saved, loaded and applied to shuffled rows, the split is the same; summary, request and card tell it."""
    assignment = LONG.assign(rows, seed=0, near_duplicates="drop")
    assignment.manifest.save(tmp_path / "m.json")
    manifest = SplitManifest.load(tmp_path / "m.json")
    assert manifest == assignment.manifest
    assert SplitAssignment.from_manifest(manifest, rows) == assignment
    parts = manifest.apply(rows.shuffle(seed=1))
    for part, expected in assignment.to_dataset_dict(rows).items():
        assert sorted(map(repr, parts[part])) == sorted(map(repr, expected))
    assert manifest.config.near_duplicates == DropNearDuplicates(NearDuplicates(threshold=0.7, ngram=5))
    assert "50 dropped: near-duplicates of a row that is kept" in manifest.summary()
    assert "of which one each is assigned" in " ".join(manifest.summary().split())
    assert "one of each component is kept" in assignment.to_dataset_card()


def test_a_line_of_ones_own(rows: Dataset) -> None:
    """At a threshold of 1 only copies that differ in layout alone are dropped."""
    found = LONG.assign(rows, seed=0, near_duplicates=DropNearDuplicates(NearDuplicates(threshold=1.0)))
    assert found.excluded["duplicate"] == 40
    assert found.manifest.config.search.threshold == 1.0


def test_official_splits_keep_one_each(rows: Dataset) -> None:
    """Within each split one row of a component stays; what stands in train too leaves train, and test keeps its row."""
    order = np.random.default_rng(5).permutation(len(rows))
    data = DatasetDict(train=rows.select(order[:220]), test=rows.select(order[220:]))
    assignment = LONG.assign(data, seed=0, near_duplicates="drop", ood_kept=0.5)
    splits = assignment.to_dataset_dict(data)
    together = [code for part in splits.values() for code in part["code"]]
    assert NearDuplicates().components(together).sizes.max() == 1
    tested = len(splits["test_id"]) + len(splits["test_ood"])
    assert tested == len(np.unique(_components(data["test"])))
    assert SplitAssignment.from_manifest(assignment.manifest, data) == assignment


@pytest.mark.filterwarnings("ignore::codeshift.errors.SizeWarning")
def test_groups_are_kept_whole_beside_it(rows: Dataset) -> None:
    """Groups still stand on one side."""
    grouped = rows.add_column("project", [f"p{digest([code])[0]}" for code in rows["code"]])
    splits = LONG.split(
        grouped, seed=0, near_duplicates="drop", groups="project", test_id_size=0, validation_size=0, ood_kept=1
    )
    assert not set(splits["train"]["project"]) & set(splits["test_ood"]["project"])


def test_a_region_of_copies_alone_is_an_error() -> None:
    """If all rows of the region are near-copies of rows kept outside, nothing is left to test."""
    short = functions_of_lines("f", range(60), 11, "return 1")
    long = functions_of_lines("f", range(60), 12, "return 1")
    larger = next(i for i in range(60) if digest([long[i]]) > digest([short[i]]))
    data = Dataset.from_dict({"code": [*short, long[larger]]})
    with pytest.raises(RegionError, match="got 0 of 60 rows that are kept of near-duplicates"):
        LONG.assign(data, seed=0, near_duplicates="drop")
    assert LONG.assign(data, seed=0, near_duplicates="bind").sizes["test_ood"] == 1


def test_few_distinct_rows_are_told() -> None:
    """Six rows in test_ood give a warning with the number; the parameter sets the limit."""
    kinds = ["rare" if i < 12 else "usual" for i in range(400)]
    data = Dataset.from_dict({"code": [f"x{i} = {i} * {i}" + " + y" * (i % 7) for i in range(400)], "kind": kinds})
    splitter = GroupSplitter(column="code", by="kind", values=("rare",))
    ignoring = {"seed": 0, "near_duplicates": None, "test_id_size": 60}
    with pytest.warns(SmallPartWarning, match="^test_ood has 6 distinct rows: a score on fewer than 30 is little"):
        splitter.assign(data, **ignoring)
    with pytest.warns(SmallPartWarning, match="^test_ood has 6 distinct rows, test_id has 6 distinct rows: "):
        splitter.split(data, seed=0, near_duplicates=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SmallPartWarning)
        splitter.assign(data, **ignoring, min_test_rows=6)
        splitter.assign(data, seed=0, near_duplicates=None, min_test_rows=0)
        splitter.assign(data, seed=0, near_duplicates=None, min_test_rows=6, test_id_size=0)
    with pytest.warns(SmallPartWarning, match="test_ood has 6 distinct rows"):
        splitter.assign(data, **ignoring, min_test_rows=7)
    with pytest.raises(
        ParameterError,
        match="min_test_rows must be a whole number from 0 up, got -1: leave it out to be warned below 30",
    ):
        splitter.assign(data, seed=0, min_test_rows=-1)


def test_copies_are_no_distinct_rows(rows: Dataset) -> None:
    """A part of many rows that are one program is a part of few: exact copies always, near-copies unless ignored."""
    code = functions_of_lines("f", range(200), 6) + ["int main() { test(); return 0; }"] * 80
    data = Dataset.from_dict({"code": code, "kind": ["usual"] * 200 + ["rare"] * 80})
    splitter = GroupSplitter(column="code", by="kind", values=("rare",))
    with pytest.warns(SmallPartWarning, match=r"test_ood has 1 distinct row \(80 with copies\)"):
        splitter.assign(data, seed=0, near_duplicates=None, test_ood_size=1.0, test_id_size=40)
    near = Dataset.from_dict({"code": [*code[:200], *(function_of_lines("g", 40, f"return {i}") for i in range(80))],
                              "kind": data["kind"][:]})  # fmt: skip
    with pytest.warns(SmallPartWarning, match=r"test_ood has 1 distinct row \(80 with copies\)"):
        splitter.assign(near, seed=0, test_ood_size=1.0, test_id_size=40)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SmallPartWarning)
        splitter.assign(near, seed=0, test_ood_size=1.0, test_id_size=40, near_duplicates=None)


def test_manifests_hold_no_line_of_a_warning(rows: Dataset) -> None:
    """The line changes no row's part, so it stands in no manifest."""
    one, other = (LONG.assign(rows, seed=0, min_test_rows=n).manifest for n in (0, 25))
    assert one == other
    assert "min_test_rows" not in one.to_json()


def test_what_is_dropped_is_what_a_search_finds() -> None:
    """The handling holds a search, and is none."""
    with pytest.raises(ParameterError, match=r"search must be a NearDuplicates, got 0.8"):
        DropNearDuplicates(0.8)
