"""A plan says all that will be done, and what is shared is planned once."""

from __future__ import annotations

import math

import pytest
from peft import LoraConfig

from codeshift.errors import ParameterError
from codeshift.finetune import TrainingConfig
from codeshift.splitters import simscood_scenarios
from codeshift.study import Plan
from codeshift.study.folder.store import StudyStore
from helpers.splitter_rows import python_rows
from helpers.study_case import CONFIG, LONG, LOOPS, rows, small_study


@pytest.fixture(scope="module")
def simscood(model):
    """Fifteen scenarios, three regimes and two methods over 240 functions."""
    return small_study(
        model,
        dataset=python_rows().map(lambda row: {"doc": row["code"][:20]}),
        scenarios=simscood_scenarios("code", language="python"),
        ood_kept=(0.0, 0.5, 1.0),
        methods={"full": None, "lora": LoraConfig(r=2)},
        test_size=0.5,
        generate_rows=5,
        metrics=["negative_log_likelihood", "exact_match"],
    )


def test_fifteen_scenarios_three_regimes_two_methods_are_62_trainings(simscood):
    """30 with the region masked, 30 with half of it, and one baseline a method: not 90."""
    plan = simscood.plan()
    assert len(plan.trainings) == 62
    by_share = [run.key.ood_kept for run in plan.trainings]
    assert (by_share.count(0.0), by_share.count(0.5), by_share.count(1.0)) == (30, 30, 2)
    assert {run.key.scenario for run in plan.trainings if run.key.ood_kept == 1.0} == {None}
    assert len(plan) == 63
    assert plan.runs[0].key.method == "none"
    assert len({run.key.name for run in plan.runs}) == 63
    assert str(plan).startswith("62 trainings, 0 variants, 63 evaluations: 186 steps over ")


def test_costs_are_those_of_the_rows(simscood):
    """Rows are those that are dealt, steps those of the config; a masked region makes a run shorter."""
    plan = simscood.plan()
    for run in plan.trainings:
        parts = simscood.splits.training(run.key)
        assert (run.train_rows, run.validation_rows) == (len(parts["train"]), len(parts["validation"]))
        assert run.steps == 3
        assert run.scored_rows == len(simscood.splits.parts(0).positions["test"])
        assert 5 <= run.generated_rows <= run.scored_rows
        assert math.isnan(run.seconds)
    by_epochs = small_study(simscood.model, config=TrainingConfig(num_train_epochs=2, train_batch_size=4)).plan()
    for run in by_epochs.trainings:
        assert run.steps == 2 * math.ceil(run.train_rows / 4)
    masked, whole = (next(r for r in by_epochs.trainings if r.key.ood_kept == kept) for kept in (0.0, 1.0))
    assert masked.target_tokens < whole.target_tokens


def test_a_general_set_as_large_as_the_test_set_is_no_test_set(model):
    """Of each scenario's parts some rows are generated for, of a general set so many in all, whatever its size."""
    alone = small_study(model, metrics=["exact_match"], generate_rows=2)
    test = len(alone.splits.parts(0).positions["test"])
    drawn = alone.plan().runs[0].generated_rows
    assert drawn > 2
    for size in (test, test + 1):
        beside = small_study(model, metrics=["exact_match"], generate_rows=2, general=rows(size, start=500))
        assert beside.plan().runs[0].generated_rows == drawn + 2


def test_seconds_follow_from_a_throughput_or_a_probe(model):
    """A throughput for all methods or by name, or a few steps that are measured, gives seconds."""
    study = small_study(model, scenarios=(LONG,))
    for throughput in (100.0, {"full": 100.0, "lora": 50.0}):
        plan = study.plan(tokens_per_second=throughput)
        full, lora = plan.trainings[:2]
        assert full.seconds == pytest.approx(full.target_tokens / 100)
        assert lora.seconds == pytest.approx(lora.target_tokens / (100 if throughput == 100.0 else 50))
    probed = study.plan(probe_steps=1)
    assert all(run.seconds > 0 for run in probed.runs)
    assert probed.seconds == pytest.approx(sum(run.seconds for run in probed.runs))
    assert "on one worker" in str(probed)
    with pytest.raises(
        ParameterError, match="tokens_per_second must be of names of methods, got 'lorra': did you mean"
    ):
        study.plan(tokens_per_second={"lorra": 1.0})
    with pytest.raises(ParameterError, match="probe_steps must be 0 where tokens_per_second is given"):
        study.plan(tokens_per_second=1.0, probe_steps=1)


def test_a_curve_is_a_study_like_any_other(model, tmp_path):
    """Seven shares kept: six trainings a scenario and one baseline; the curve can be read off the table."""
    shares = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
    study = small_study(model, ood_kept=shares)
    plan = study.plan()
    assert len(plan.trainings) == 2 * (6 * 2 + 1)
    counts = [r.train_rows for r in plan.trainings if r.key.scenario in ("loops", None) and r.key.method == "full"]
    assert sorted(counts) == [*counts[1:], counts[0]]
    curve = small_study(model, scenarios=(LOOPS,), methods={"full": None}, ood_kept=(0.0, 0.1, 0.5, 1.0))
    table = curve.run(tmp_path / "curve", threads=1, progress=False).to_pandas(n_resamples=20)
    line = table[
        (table.scenario == "loops")
        & (table.part == "test_ood")
        & (table.metric == "token_accuracy")
        & (table.method == "full")
    ]
    assert sorted(line.ood_kept) == [0.0, 0.1, 0.5, 1.0]
    assert line.value.notna().all()


def test_numbers_that_are_nearly_equal_stay_apart(model, tmp_path):
    """Each weight is used as it was given, and each share has files of its own."""
    study = small_study(model, wise_ft=(1 / 3, 0.33333335), ood_kept=(0, 1 / 3, 0.33333335))
    variants = {key.variant for key in Plan.of(study.spec).keys} - {None}
    assert {(variant.kind, variant.value) for variant in variants} == {("wise_ft", 1 / 3), ("wise_ft", 0.33333335)}
    store = StudyStore(tmp_path)
    assert store.manifest("s", 0, 1 / 3) != store.manifest("s", 0, 0.33333335)


def test_variants_and_seeds_are_planned(model):
    """Each training has its variants behind it; seeds multiply all but what depends on none."""
    study = small_study(model, wise_ft=(0.25, 0.75), adapter_scales=(0.5,), split_seeds=(0, 1), train_seeds=(3, 4, 5))
    plan = study.plan()
    assert len(plan.trainings) == 2 * 3 * 6
    assert len(plan.variants) == 2 * 3 * 3 * (2 + 1)
    assert [run.key.split_seed for run in plan.runs if run.key.method == "none"] == [0, 1]
    assert all(run.steps == run.train_rows == 0 for run in plan.variants)
    frame = plan.to_pandas()
    assert frame.groupby("kind").size().to_dict() == {"evaluation": 2, "training": 36, "variant": 54}
    assert isinstance(plan, Plan)
    assert study.spec.configs["full"] == CONFIG
