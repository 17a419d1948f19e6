"""Languages named row by row: each row is read as in a dataset of its language alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from datasets import Dataset

from codeshift.audit import audit
from codeshift.errors import DataError, ManifestError, ParameterError
from codeshift.properties import APINames, ElementCounts, NodeTypes, PropertyTable, TreeDepth
from codeshift.properties.complexity import CyclomaticComplexity, NestingDepth
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.properties.selection import Selection
from codeshift.splitters import (
    APIUsageSplitter,
    ASTNodeSplitter,
    ComplexitySplitter,
    LengthSplitter,
    SplitManifest,
    Splitter,
    StreamDealer,
    parse_splitter,
)
from codeshift.splitters.testing import check_splitter

BY_ROW = "column:lang"
LOOPS = ASTNodeSplitter("code", language=BY_ROW, nodes=("while_statement",))


def _python(i: int) -> str:
    return f"def f{i}(x):\n    while x > {i}:\n        x = len(x)\n" if i % 5 == 0 else f"def g{i}(x): return x + {i}"


def _java(i: int) -> str:
    loop = f"int h{i}(int x) {{ while (x > {i}) {{ x = Math.abs(x); }} return x; }}"
    return loop if i % 5 == 0 else f"int k{i}(int x) {{ return x * {i}; }}"


@pytest.fixture(scope="module")
def rows() -> Dataset:
    """Sixty rows of Python and sixty of Java in turn; a fifth of either has a loop."""
    code = [text for i in range(60) for text in (_python(i), _java(i))]
    return Dataset.from_dict({"code": code, "lang": ["python", "java"] * 60})


@pytest.mark.parametrize("prop", [NodeTypes, TreeDepth, APINames, CyclomaticComplexity, NestingDepth])
@pytest.mark.parametrize("make", [PropertyTable, lambda rows: Selection(PropertyTable(rows), np.arange(119, -1, -1))])
def test_values_are_those_of_each_language_alone(rows: Dataset, prop: Callable, make: Callable) -> None:
    """In a table of all rows, and in a selection of them in another order."""
    table = make(rows)
    values = table.values(prop("code", BY_ROW))
    for language in ("python", "java"):
        of_language = np.flatnonzero(np.array(table.data["lang"]) == language)
        alone = PropertyTable(table.data.select(of_language)).values(prop("code", language))
        if isinstance(values, ElementCounts):
            some = values.of_rows(of_language)
            assert some.vocabulary == alone.vocabulary
            assert (some.counts != alone.counts).nnz == 0
        else:
            np.testing.assert_array_equal(values[of_language], alone)


def test_a_region_of_loops_takes_those_of_both_languages(rows: Dataset) -> None:
    """The manifest holds both grammars and the column, and rebuilds the split and its region from other orders."""
    assignment = LOOPS.assign(rows, min_test_rows=0)
    manifest = SplitManifest.from_json(assignment.manifest.to_json())
    assert manifest.region_rows == 24
    assert (sorted(manifest.grammars), manifest.also_reads, manifest.language) == (
        ["java", "python"],
        ("lang",),
        BY_ROW,
    )
    splits, again = assignment.to_dataset_dict(), manifest.apply(rows.shuffle(seed=1), verify_region=True)
    for part in splits:
        assert sorted(again[part]["code"]) == sorted(splits[part]["code"])
    assert set(splits["test_ood"]["lang"]) == {"python", "java"}


def test_the_language_of_a_row_is_part_of_its_identity(rows: Dataset) -> None:
    """A manifest is not applied to rows that name other languages."""
    assignment = LOOPS.assign(rows, min_test_rows=0)
    swapped = rows.map(lambda row: {"lang": "java"})
    with pytest.raises(ManifestError, match="60 rows are not in the manifest"):
        assignment.manifest.apply(swapped)


@pytest.mark.parametrize(
    "splitter",
    [
        LengthSplitter("code", language=BY_ROW),
        ComplexitySplitter("code", language=BY_ROW, bounds=(2, None)),
        APIUsageSplitter("code", language=BY_ROW, apis=("Math", "builtins.len")),
        ASTNodeSplitter("code", language=BY_ROW, rarest=2),
    ],
)
def test_splitters_keep_the_laws(rows: Dataset, splitter: Splitter) -> None:
    """The repr gives the splitter again, from text too, and the order of rows changes nothing."""
    assert parse_splitter(repr(splitter)) == splitter
    order = np.random.default_rng(0).permutation(len(rows))
    one, other = (splitter.assign(data, min_test_rows=0) for data in (rows, rows.select(order)))
    assert one.parts[order].tolist() == other.parts.tolist()


def test_loops_keep_all_laws(rows: Dataset) -> None:
    """The whole battery of laws, on rows of two languages."""
    check_splitter(LOOPS, rows)


def test_a_stream_is_dealt_by_the_languages_of_its_rows(rows: Dataset) -> None:
    """The region of a split divides batches of other rows, whose languages their column names.

    Equal code may lie on both sides of it, in another language, so that some rows outside are excluded too.
    """
    dealer = StreamDealer(region=LOOPS.fit(PropertyTable(rows)), region_share=0.2)
    labelled = list(dealer.label(rows.to_iterable_dataset()))
    loops = {row["part"] for row in labelled if "while" in row["code"]}
    others = {row["part"] for row in labelled if "while" not in row["code"]}
    assert loops == {"test_ood", "excluded"}
    assert others == {"train", "validation", "test_id", "excluded"}
    assert {row["lang"] for row in labelled if row["part"] == "test_ood"} == {"python", "java"}


def test_an_audit_compares_trees_and_apis_of_both_languages(rows: Dataset) -> None:
    """The language comes from the manifest; API names are left out where a language has none."""
    report = audit(LOOPS.assign(rows, min_test_rows=0), n_permutations=19)
    assert report.settings.language == BY_ROW
    names = [prop.name for prop in report.strength[0].properties]
    assert {"TreeDepth", "APINames", "NodeTypes: while_statement"} <= set(names)
    with_c = rows.map(lambda row, i: {"lang": "c" if row["lang"] == "java" else "python"}, with_indices=True)
    of_c = audit(LOOPS.assign(with_c, min_test_rows=0), n_permutations=19)
    assert "APINames" not in [prop.name for prop in of_c.strength[0].properties]


def test_near_duplicates_are_found_across_languages() -> None:
    """Their tokens are those of every language: the same statement in a file of C and of C++ is a copy."""
    code = "for (int i = 0; i < n; i++) { total += values[i] * weights[i]; }"
    assert NearDuplicates().components([code, code]).sizes.tolist() == [2]


def _renamed(names: dict[str, str]) -> Callable[[Dataset], Dataset]:
    return lambda rows: rows.map(lambda row: {"lang": names.get(row["lang"], row["lang"])})


@pytest.mark.parametrize(
    ("splitter", "change", "message"),
    [
        (LOOPS, _renamed({"java": "Java", "python": "perl"}), r"120 of 120 rows name others: 'perl' \(60 rows"),
        (LOOPS, _renamed({"java": "C#"}), r"60 of 120 rows name others: 'C#' \(60 rows, did you mean c_sharp\?\)"),
        (LOOPS, lambda rows: rows.rename_column("lang", "lng"), "got 'lang': did you mean lng"),
        (APIUsageSplitter("code", language=BY_ROW), _renamed({"java": "c"}), r"got 'c': 60 rows name it in 'lang'"),
        (LOOPS, lambda rows: rows.map(lambda row: {"lang": [row["lang"]]}), "120 of 120 rows name others"),
        (ComplexitySplitter("code", language="column:x"), lambda rows: rows.add_column("x", [None] * 120), "are None"),
    ],
)
def test_bad_languages(rows: Dataset, splitter: Splitter, change: Callable, message: str) -> None:
    """Unknown languages, those that something cannot read, and columns that are missing or hold None are counted."""
    with pytest.raises(DataError, match=message):
        splitter.assign(change(rows), min_test_rows=0)


def test_bad_arguments(rows: Dataset) -> None:
    """A column without a name, and node types that no grammar of the rows has."""
    with pytest.raises(ParameterError, match="a language or a column of them"):
        TreeDepth("code", "column:")
    with pytest.raises(ParameterError, match="node types of the java or python grammar, got 'while_statment'"):
        ASTNodeSplitter("code", language=BY_ROW, nodes=("while_statment",)).assign(rows)
