"""A study of rows with copies: what is dropped is in no part, and the plan tells what test parts rest on."""

from __future__ import annotations

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from codeshift.errors import SmallPartWarning
from codeshift.finetune import TrainingConfig
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.splitters import length_bands
from codeshift.study import Study


def _function(name: str, lines: int) -> str:
    return f"def {name}():\n" + "".join(f"    {name}_{i} = {name}({i}, {name}_{i * 7})\n" for i in range(lines))


@pytest.fixture(scope="module")
def rows() -> Dataset:
    """Two hundred programs of 3 to 12 lines; one of them sixty times more, and its name in a docstring."""
    code = [_function(f"f{i}", 3 + i % 10) for i in range(200)] + [_function("f9", 12)] * 60
    return Dataset.from_dict({"doc": [f"Give {i}." for i in range(260)], "code": code})


def _study(dataset: Dataset | DatasetDict, **arguments: object) -> Study:
    tokenizer = tiny_tokenizer(["return 1"])
    return Study(
        dataset=dataset,
        scenarios=length_bands("code", bands=((0.7, 1),)),
        source="doc",
        target="code",
        model=tiny_model("t5", tokenizer),
        tokenizer=tokenizer,
        ood_kept=(0, 0.5, 1),
        config=TrainingConfig(max_steps=2, train_batch_size=4, max_source_length=16, max_target_length=16),
        **arguments,
    )


@pytest.mark.parametrize("official", [False, True])
def test_no_program_stands_twice_in_a_study(rows, official):
    """Train, validation and test hold one row of each component, in every regime; each excluded row has its reason."""
    order = np.random.default_rng(0).permutation(len(rows))
    data = DatasetDict(train=rows.select(order[:180]), test=rows.select(order[180:])) if official else rows
    study = _study(data, near_duplicates="drop")
    (scenario,) = study.spec.scenarios
    dealt = study.splits.scenario(scenario.name, 0)
    code = study.splits.all_rows["code"][:]
    test = np.concatenate([dealt.parts.positions["test"][members] for members in dealt.test.values()])
    for kept in (0.0, 0.5):
        used = np.concatenate([*dealt.training(kept).values(), test])
        assert NearDuplicates().components([code[i] for i in used]).sizes.max() == 1
    everything = np.concatenate([*study.splits.baseline(0).values(), test])
    assert NearDuplicates().components([code[i] for i in everything]).sizes.max() == 1
    if not official:
        assert len(everything) == len(set(code)) == 200
        assert dealt.assignments[0.0].excluded["duplicate"] == 60
        assert len(test) == 40  # a fifth of the rows that are kept


def test_a_plan_lists_the_rows_that_are_tested(rows):
    """For each scenario the rows of both test parts, and how many of them are distinct; copies are seen through."""
    study = _study(rows, near_duplicates="bind", split_seeds=(0, 1, 2, 3), test_size=0.5)
    plan = study.plan()
    assert [(test.scenario, test.split_seed) for test in plan.tests] == [("length_p70_p100", n) for n in range(4)]
    code = study.splits.all_rows["code"][:]
    for test in plan.tests:
        dealt = study.splits.scenario(test.scenario, test.split_seed)
        for part, got, distinct in (
            ("test_ood", test.test_ood, test.distinct_ood),
            ("test_id", test.test_id, test.distinct_id),
        ):
            texts = [code[i] for i in dealt.parts.positions["test"][dealt.test[part]]]
            assert (got, distinct) == (len(texts), len(set(texts)))
    assert any(test.distinct_ood + test.distinct_id < test.test_ood + test.test_id for test in plan.tests)
    head, line = str(plan).splitlines()[-2:]
    assert head.split() == ["test", "rows", "of", "test_ood", "distinct", "test_id", "distinct"]
    assert line.split()[0] == "length_p70_p100"


def test_a_scenario_of_few_rows_is_told_by_the_plan(rows):
    """The warning names the scenario and its seed, before anything is trained, and comes once."""
    with pytest.warns(
        SmallPartWarning, match="scenario 'length_p70_p100' with split seed 0: test_ood has .* distinct"
    ) as told:
        _study(rows, near_duplicates="drop").plan()
    assert len(told) == 1
