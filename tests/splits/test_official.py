"""Datasets that bring their own train, validation and test."""

from __future__ import annotations

import pytest
from datasets import Dataset, DatasetDict, concatenate_datasets

from codeshift.errors import DataError, ManifestError, ParameterError
from codeshift.splitters import ASTNodeSplitter, LengthSplitter, SplitAssignment
from helpers.shared_data import shared_data
from helpers.splitter_rows import count_digests

LONG = LengthSplitter(column="code", unit="chars", bounds=(60, None))


def _rows(name: str, n: int) -> Dataset:
    return Dataset.from_dict({"code": [f"{name}{i}".ljust(60 if i % 4 == 0 else 20, "x") for i in range(n)]})


@pytest.fixture
def official() -> DatasetDict:
    """A quarter of each split lies inside of the region; nothing is shared between splits."""
    return DatasetDict(train=_rows("a", 200), validation=_rows("b", 40), test=_rows("c", 80))


def test_no_row_moves_between_train_and_test(official: DatasetDict) -> None:
    """Train and validation are masked, test is divided along the region, and nothing is drawn."""
    assignment = LONG.assign(official)
    assert assignment.sizes == {"train": 150, "validation": 30, "test_id": 60, "test_ood": 20, "excluded": 60}
    splits = assignment.to_dataset_dict(official)
    assert set(splits["train"]["code"]) <= set(official["train"]["code"])
    assert set(splits["test_id"]["code"]) | set(splits["test_ood"]["code"]) == set(official["test"]["code"])
    assert assignment.indices("test_ood").tolist() == list(range(0, 80, 4))


def test_the_pool_is_the_regions_part_of_train(official: DatasetDict) -> None:
    """``ood_kept`` keeps that share of it, nested, with the same test rows."""
    half, full = LONG.assign(official, seed=1, ood_kept=0.5), LONG.assign(official, seed=1, ood_kept=1.0)
    assert (half.sizes["train"], full.sizes["train"]) == (175, 200)
    assert set(half.indices("train")) < set(full.indices("train"))
    assert half.indices("test_ood").tolist() == full.indices("test_ood").tolist()


def test_the_region_is_fitted_on_train_alone() -> None:
    """A quantile is that of the training rows, whatever stands in test."""
    data = DatasetDict(
        train=Dataset.from_dict({"code": ["x" * n for n in range(1, 101)]}),
        test=Dataset.from_dict({"code": ["y" * n for n in range(81, 281)]}),
    )
    assignment = LengthSplitter(column="code", unit="chars", quantiles=(0.9, 1.0)).assign(data, seed=0)
    assert assignment.manifest.region["low"] == 91
    assert assignment.sizes["test_id"] == 10


def test_a_training_row_equal_to_a_test_row_is_bound(official: DatasetDict) -> None:
    """The copy in train or validation is excluded, the test row stays, and both are counted."""
    leaky = DatasetDict(official)
    leaky["train"] = Dataset.from_dict({"code": [*official["train"]["code"], official["test"][1]["code"]]})
    leaky["validation"] = Dataset.from_dict({"code": [*official["validation"]["code"], official["test"][2]["code"]]})
    assignment = LONG.assign(leaky)
    assert assignment.excluded == {"masked": 60, "bound": 2}
    assert assignment.sizes["test_id"] == 60


def test_validation_is_drawn_where_there_is_none(official: DatasetDict) -> None:
    """Without an official validation a share of train becomes it, from outside of the region."""
    del official["validation"]
    assignment = LONG.assign(official, seed=0)
    assert assignment.sizes["validation"] == 20
    assert assignment.sizes["train"] == 130


def test_the_rows_of_all_splits_may_be_one_dataset(official: DatasetDict) -> None:
    """So the manifests of a study apply to the dataset that it divides; rows of two splits must be told apart."""
    assignment = LONG.assign(official, seed=3, ood_kept=0.5, train_control=True)
    whole = concatenate_datasets(list(official.values())).shuffle(seed=1)
    splits, again = assignment.to_dataset_dict(), assignment.manifest.apply(whole)
    assert {part: sorted(of["code"]) for part, of in again.items()} == {
        part: sorted(of["code"]) for part, of in splits.items()
    }
    assert SplitAssignment.from_manifest(assignment.manifest, whole).sizes == assignment.sizes
    with pytest.raises(ManifestError, match=r"the data has \['test', 'train'\]: pass the same splits"):
        assignment.manifest.apply(DatasetDict(train=official["train"], test=official["test"]))
    leaky = DatasetDict(official, train=concatenate_datasets([official["train"], official["test"].select([1])]))
    with pytest.raises(ManifestError, match="several hold the same 1 row, and the data is one dataset"):
        LONG.assign(leaky).manifest.apply(concatenate_datasets(list(leaky.values())))


def test_manifest_round_trip_over_official_splits(official: DatasetDict) -> None:
    """Each split may be shuffled by itself."""
    assignment = LONG.assign(official, seed=3, ood_kept=0.5)
    shuffled = DatasetDict({name: rows.shuffle(seed=7) for name, rows in official.items()})
    again = assignment.manifest.apply(shuffled)
    for part, rows in assignment.to_dataset_dict(official).items():
        assert sorted(rows["code"]) == sorted(again[part]["code"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"test_ood_size": 0.2}, r"test_ood_size must be left out for official splits, got 0.2"),
        ({"test_id_size": 10}, r"test_id_size must be left out for official splits, got 10"),
        ({"validation_size": 0.2}, r"validation_size must be left out for official splits, got 0.2"),
    ],
)
def test_arguments_without_effect_are_errors(official: DatasetDict, arguments: dict, message: str) -> None:
    """Arguments that official splits determine are refused."""
    with pytest.raises(ParameterError, match=message):
        LONG.assign(official, **arguments)


def test_where_nothing_is_drawn_any_seed_gives_the_split(official: DatasetDict) -> None:
    """And the summary and the card say so; where something is drawn they do not."""
    one, other = LONG.assign(official), LONG.assign(official, seed=7)
    assert (one.parts == other.parts).all()
    for text in (one.summary(), one.to_dataset_card()):
        assert "othing was drawn: any seed gives this split" in text
    half, without = LONG.assign(official, ood_kept=0.5), DatasetDict(official)
    del without["validation"]
    for drawn in (half, LONG.assign(without), LONG.assign(official, train_control=True)):
        assert "nothing was drawn" not in drawn.summary()
    assert (LONG.assign(official, seed=7, ood_kept=0.5).parts != half.parts).any()


def test_each_row_of_official_splits_is_digested_once(official: DatasetDict, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though several splits share no table."""
    digested = count_digests(monkeypatch)
    assert LONG.assign(official).to_dataset_dict()["train"].num_rows == 150
    assert len(digested) == 320


def test_other_names_of_splits_are_an_error(official: DatasetDict) -> None:
    """A DatasetDict needs train and test, and knows no other names than validation beside them."""
    with pytest.raises(DataError, match=r"\['train', 'valid'\]"):
        LONG.assign(DatasetDict(train=official["train"], valid=official["validation"]), seed=0)


def test_indices_of_excluded_rows_need_a_split(official: DatasetDict) -> None:
    """Excluded rows stand in several splits: which one must be named."""
    assignment = LONG.assign(official)
    assert len(assignment.indices("excluded", split="validation")) == 10
    with pytest.raises(ParameterError, match="split must be one of"):
        assignment.indices("excluded")


@pytest.mark.parametrize(
    ("column", "language", "nodes"),
    [("java", "java", ("for_statement", "enhanced_for_statement")), ("cs", "c_sharp", "for_statement")],
)
def test_real_java_and_c_sharp(column: str, language: str, nodes: tuple[str, ...]) -> None:
    """CodeTrans, with its own splits, along a loop: all test rows are kept and divided."""
    from datasets import load_dataset

    names = ("train", "validation", "test")
    files = {name: str(shared_data("code_to_code_trans", f"{name}.jsonl")) for name in names}
    data = load_dataset("json", data_files=files)
    assignment = ASTNodeSplitter(column=column, language=language, nodes=nodes).assign(data)
    assert assignment.sizes["test_id"] + assignment.sizes["test_ood"] == 1000
    assert assignment.sizes["test_ood"] > 30
    splits = assignment.to_dataset_dict(data)
    assert not set(splits["train"][column]) & set(splits["test_ood"][column])
    assert not any("for (" in code or "for(" in code for code in splits["train"][column])
