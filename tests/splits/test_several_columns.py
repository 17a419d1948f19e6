"""Near-duplicates over several columns: rows alike in any of them stay on one side, whatever the order of rows."""

from __future__ import annotations

import pytest
from datasets import Dataset, DatasetDict

from codeshift.errors import DataError, ParameterError
from codeshift.properties.near_duplicates import DropNearDuplicates, NearDuplicates, components_over
from codeshift.splitters import RandomSplitter, SplitManifest

BOTH = NearDuplicates(columns=("doc", "code"))


@pytest.fixture(scope="module")
def rows() -> Dataset:
    """Eighty programs that differ, under twenty prompts of four rows each; four more rows have no prompt."""
    prompt = "write a function that does thing number {0} with care and precision for client {0}"
    doc = [prompt.format(i % 20) for i in range(80)] + ["", " ", "\n", ""]
    code = [f"def f{i}(x{i}): return x{i} + {i} * y{i} - z{i} if q{i} else w{i}" for i in range(84)]
    return Dataset.from_dict({"doc": doc, "code": code})


def _shared(splits: DatasetDict, column: str) -> set[str]:
    """Texts of a column that stand in train and in another part."""
    train = set(splits["train"][column])
    return {text for part in splits if part != "train" for text in splits[part][column] if text.strip()} & train


def test_no_prompt_is_on_both_sides(rows: Dataset) -> None:
    """Bound by the code alone, prompts of test rows are in train; bound over both columns, none is."""
    splits = {name: RandomSplitter("code").split(rows, near_duplicates=name) for name in ("bind", BOTH)}
    assert _shared(splits["bind"], "doc")
    assert not _shared(splits[BOTH], "doc")


def test_rows_that_are_alike_in_one_column_each_chain() -> None:
    """Row 1 has the prompt of row 0 and the code of row 2, so the three are one component; a diameter says how far."""
    words = "sort the given list of names by length and then by the alphabet"
    code = "def order(names): return sorted(names, key=lambda name: (len(name), name))"
    docs = [words, words, "something else", "a third thing"]
    found = components_over([docs, ["a = 1", code, code, "b = 2"]], NearDuplicates())
    assert found.labels.tolist() == [0, 0, 0, 1]
    assert found.pairs.tolist() == [[0, 1], [1, 2]]
    assert found.diameters.tolist() == [2, 0]


def test_blank_texts_are_like_no_other(rows: Dataset) -> None:
    """Rows without a prompt are not kept together."""
    found = components_over([rows["doc"][:], rows["code"][:]], NearDuplicates())
    assert sorted(found.sizes.tolist()) == [1] * 4 + [4] * 20
    assert found.sizes[found.labels[80:]].tolist() == [1, 1, 1, 1]


def test_one_column_is_the_search_of_its_texts(rows: Dataset) -> None:
    """Over the code alone, the components are those of a search of the code."""
    code = ["x = 1", "x  = 1", "y = 2", *rows["code"][:10]]
    assert (
        components_over([code], NearDuplicates()).labels.tolist() == NearDuplicates().components(code).labels.tolist()
    )


@pytest.mark.parametrize("search", [BOTH, DropNearDuplicates(BOTH)])
def test_the_manifest_rebuilds_the_split(rows: Dataset, search: NearDuplicates | DropNearDuplicates) -> None:
    """It records the columns, and the rows in another order get the same parts."""
    assignment = RandomSplitter("code").assign(rows, near_duplicates=search, min_test_rows=0)
    manifest = SplitManifest.from_json(assignment.manifest.to_json())
    assert manifest == assignment.manifest
    assert (manifest.config.near_duplicates, manifest.also_reads) == (search, ("doc",))
    splits, again = assignment.to_dataset_dict(), manifest.apply(rows.shuffle(seed=5))
    for part in splits:
        assert sorted(again[part]["code"]) == sorted(splits[part]["code"])
    anew = RandomSplitter("code").split(rows.shuffle(seed=7), near_duplicates=search, min_test_rows=0)
    assert {part: sorted(of["code"]) for part, of in anew.items()} == {
        part: sorted(of["code"]) for part, of in splits.items()
    }


def test_plain_arguments_say_the_same(rows: Dataset) -> None:
    """A mapping, as in a study's file, is the search itself."""
    by_mapping = RandomSplitter("code").assign(rows, near_duplicates={"columns": ["doc", "code"]})
    assert by_mapping == RandomSplitter("code").assign(rows, near_duplicates=BOTH)
    assert eval(repr(BOTH)) == BOTH  # noqa: S307 - the repr is the specification


def test_bad_columns(rows: Dataset) -> None:
    """A text alone, no column, an unknown argument and an unknown column are told, with what to write instead."""
    with pytest.raises(ParameterError, match=r'columns must be several columns, got .doc.: write it as \("docstring"'):
        NearDuplicates(columns="doc")
    with pytest.raises(ParameterError, match="at least one column"):
        NearDuplicates(columns=())
    with pytest.raises(ParameterError, match="got 'colums': did you mean columns"):
        RandomSplitter("code").assign(rows, near_duplicates={"colums": ["doc"]})
    with pytest.raises(
        DataError, match="near_duplicates must be a column of the dataset, got 'docs': did you mean doc"
    ):
        RandomSplitter("code").assign(rows, near_duplicates=NearDuplicates(columns=("docs", "code")))
