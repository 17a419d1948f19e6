"""The splits of a study: rows once, test rows for all, what the splitters' own call would give, whatever the order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from datasets import DatasetDict, concatenate_datasets

from codeshift.errors import ParameterError, RegionError
from codeshift.properties import NodeTypes
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.splits.config import SplitConfig
from codeshift.splits.rows import SplitRows
from codeshift.splitters import ASTNodeSplitter, ClusterSplitter, Contains, LengthSplitter, Scenario
from codeshift.study import SplitFacts
from codeshift.study.splitting.scenario_split import baseline_rows, split_scenario
from codeshift.study.splitting.study_data import StudyData
from helpers.splitter_rows import python_rows

SCENARIOS = (
    Scenario("long", LengthSplitter(column="code", quantiles=(0.7, 1.0))),
    Scenario("if", ASTNodeSplitter(column="code", language="python", nodes=("if_statement",))),
    Scenario("cluster", ClusterSplitter(column="code", n_clusters=4, clusters=(0,))),
)
KEPT = (0.0, 0.25, 0.5)
BINDING = NearDuplicates()


def request(**changes) -> SplitConfig:
    return SplitConfig(**({"seed": 0, "near_duplicates": BINDING} | changes))


@pytest.fixture(scope="module")
def data() -> StudyData:
    """240 functions of the standard library and a dozen copies."""
    return StudyData.of(python_rows())


@pytest.fixture(scope="module")
def parts(data):
    return data.split(request(), "code", 0.2, 0)


def codes(data, rows):
    return sorted(data.select(rows)["code"])


def test_every_row_is_in_one_part_and_parts_have_their_sizes(data, parts):
    """Train, validation and test hold each row once, in the shares asked."""
    everything = np.concatenate(list(parts.positions.values()))
    assert sorted(everything.tolist()) == list(range(len(data.table)))
    assert {name: len(rows) for name, rows in parts.positions.items()} == {"train": 177, "validation": 25, "test": 50}


def test_nothing_alike_stands_in_two_parts(data, parts):
    """No near-duplicate of a test row is in train or validation; with groups, none of its project either."""
    labels = BINDING.components(data.table.texts("code")).labels
    part_of = np.empty(len(labels), dtype=int)
    for i, rows in enumerate(parts.positions.values()):
        part_of[rows] = i
    for label in np.unique(labels):
        assert len(set(part_of[labels == label])) == 1
    grouped = data.split(request(groups="project"), "code", 0.3, 0)
    projects = [set(data.table.data.select(rows)["project"]) for rows in grouped.positions.values()]
    assert sum(map(len, projects)) == len(set().union(*projects))


def test_the_order_of_rows_changes_nothing(data, parts):
    """Shuffled rows are split alike; another seed splits them otherwise."""
    shuffled = StudyData.of(python_rows().shuffle(seed=1))
    again = shuffled.split(request(), "code", 0.2, 0)
    other = data.split(request(), "code", 0.2, 1)
    for name, rows in parts.positions.items():
        assert codes(shuffled.table.data, again.positions[name]) == codes(data.table.data, rows)
        assert codes(data.table.data, other.positions[name]) != codes(data.table.data, rows)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_is_what_its_splitter_gives_for_official_splits(scenario, data, parts):
    """With the study's shared table, ``Splitter.assign`` deals the very rows that it deals of the parts themselves."""
    all_rows = data.table.data
    official = DatasetDict({name: all_rows.select(rows) for name, rows in parts.positions.items()})
    split = split_scenario(scenario, parts, request(), KEPT)
    for share in KEPT:
        alone = scenario.splitter.assign(official, ood_kept=share, validation_size=0)
        assert alone == split.assignments[share]
        splits = alone.to_dataset_dict(official)
        for part, rows in split.training(share).items():
            assert all_rows.select(rows)["code"][:] == splits[part]["code"][:]
        for part, rows in split.test.items():
            assert all_rows.select(parts.positions["test"][rows])["code"][:] == splits[part]["code"][:]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_regimes_are_nested_and_share_their_test_rows(scenario, parts):
    """More is kept of the same rows, up to the baseline; what is masked at 0 holds no row of the region."""
    split = split_scenario(scenario, parts, request(), KEPT)
    kept = [set(split.training(share)["train"].tolist()) for share in KEPT]
    kept.append(set(baseline_rows(parts, request(), "code")["train"].tolist()))
    assert all(less < more for less, more in pairwise(kept))
    table = parts.split_rows.all_rows.tables[0]
    inside = split.region.contains(table)
    assert not inside[list(kept[0])].any()
    assert not inside[split.training(0.5)["validation"]].any()
    members = split.facts("m").members
    test = parts.positions["test"]
    assert inside[test[members["test_ood"]]].all()
    assert not inside[test[members["test_id"]]].any()
    assert not (members["test_id"] & members["test_ood"]).any()


def test_near_duplicates_are_searched_once(data, monkeypatch):
    """Three scenarios, three regimes and two split seeds search the rows once, and find what a search would."""
    searched = []
    fresh = StudyData.of(python_rows())
    find = NearDuplicates.components
    monkeypatch.setattr(NearDuplicates, "components", lambda *args, **kw: searched.append(1) or find(*args, **kw))
    for split_seed in (0, 1):
        parts = fresh.split(request(), "code", 0.2, split_seed)
        for scenario in SCENARIOS:
            split_scenario(scenario, parts, request(), KEPT)
    assert len(searched) == 1
    columns = ("code",)
    found = parts.split_rows.near_duplicates(columns, BINDING)
    alone = SplitRows.near_duplicates(SplitRows(parts.split_rows.names, parts.split_rows.tables), columns, BINDING)
    np.testing.assert_array_equal(found.labels, alone.labels)
    assert sorted(found.diameters.tolist()) == sorted(alone.diameters.tolist())
    assert sorted(found.sizes.tolist()) == sorted(alone.sizes.tolist())


def test_train_size_is_that_of_every_run(parts):
    """With ``train_size`` each regime of each scenario and the baseline train on exactly so many rows."""
    asked = request(train_size=60)
    for scenario in SCENARIOS:
        split = split_scenario(scenario, parts, asked, KEPT)
        assert {len(split.training(share)["train"]) for share in KEPT} == {60}
    assert len(baseline_rows(parts, asked, "code")["train"]) == 60


def test_official_splits_stay(data):
    """The test rows are those given; validation is the one given, or drawn from train; leaking rows leave train."""
    all_rows = data.table.data
    first, middle, last = (all_rows.select(range(*span)) for span in ((0, 150), (150, 190), (190, 252)))
    official = StudyData.of(DatasetDict(train=first, validation=middle, test=last))
    parts = official.split(request(), "code", 0.2, 0)
    assert {name: (rows[0], rows[-1]) for name, rows in parts.positions.items()} == {
        "train": (0, 149), "validation": (150, 189), "test": (190, 251),
    }  # fmt: skip
    drawn = StudyData.of(DatasetDict(train=first, test=last)).split(request(), "code", 0.2, 0)
    assert len(drawn.positions["validation"]) == 15
    assert drawn.positions["validation"].max() < 150
    train = baseline_rows(parts, request(), "code")["train"]
    labels = BINDING.components(all_rows["code"][:]).labels
    assert not set(labels[train]) & set(labels[150:])
    assert len(train) < 150
    joined = concatenate_datasets([first, last, middle])
    assert codes(official.table.data, np.arange(252)) == codes(joined, np.arange(252))


def test_what_a_split_is_in_words_and_numbers(parts, tmp_path):
    """The facts name the elements, or hold the property's values by part, and come back from disk."""
    facts = [split_scenario(scenario, parts, request(), KEPT).facts("m.json") for scenario in SCENARIOS]
    assert facts[0].meaning.startswith("Programs whose length in tokens is at least ")
    assert [one.masked for one in facts] == [None, Contains(NodeTypes("code", "python"), ("if_statement",)), None]
    assert [one.dimension for one in facts] == ["complexity", "syntax", "semantics"]
    assert facts[1].meaning == "Programs that hold if_statement are out of distribution."
    assert facts[2].meaning == "Programs of cluster 0 of 4 are out of distribution."
    lengths = facts[0].distributions[0].values
    assert lengths["test_ood"].min() >= lengths["train"].max()
    assert set(lengths) == {"train", "test_id", "test_ood"}
    facts[0].save(tmp_path / "facts.json")
    back = SplitFacts.load(tmp_path / "facts.json")
    assert (back.sizes, back.meaning) == (facts[0].sizes, facts[0].meaning)
    assert back.distributions[0].name == "length in tokens"
    np.testing.assert_array_equal(back.distributions[0].values["train"], lengths["train"])


def test_a_scenario_that_cannot_be_split_is_named(data, parts):
    """The error says which scenario, and what to change; a part without rows says which sizes."""
    empty = Scenario("endless", LengthSplitter(column="code", bounds=(10**6, None)))
    with pytest.raises(RegionError, match="scenario 'endless': the region must be some of the rows"):
        split_scenario(empty, parts, request(), KEPT)
    with pytest.raises(ParameterError, match="test_size and validation_size must be such that train has rows"):
        data.split(request(validation_size=0.6), "code", 0.6, 0)
