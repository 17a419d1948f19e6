"""The plan says which difference a study can show; the study's own interval shows it that often."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pytest

from codeshift.errors import ParameterError
from codeshift.metrics import Estimate
from codeshift.metrics.aggregates.intervals import influences
from codeshift.metrics.aggregates.sample import as_sample
from codeshift.study import PowerSettings
from codeshift.study.findings.cell_values import CellValue, RunValue
from codeshift.study.findings.quantity import Quantity
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.planning.pilot import pilot_spreads
from codeshift.study.planning.power import Design, Spreads
from codeshift.study.planning.power.simulation import fewest_seeds, power_of, smallest_difference
from codeshift.study.results.study_results import StudyResults
from helpers.study_case import small_study
from helpers.study_results import study_results

SPREADS = Spreads(rows=1.0, seeds=0.1, correlation=0.5, seed_correlation=0.75)


def scores_of(design: Design, difference: float, rng: np.random.Generator) -> dict[tuple[int, int, int], np.ndarray]:
    """Draw scores of two models by split seed, training seed and side, with the spreads of ``SPREADS``."""
    found = {}
    own, models = rng.normal(size=design.rows) * 0.5**0.5, rng.normal(size=(2, design.rows)) * 0.5
    for split in range(design.splits):
        if design.own_rows:
            own, models = rng.normal(size=design.rows) * 0.5**0.5, rng.normal(size=(2, design.rows)) * 0.5
        for training in range(design.trainings):
            for side in (0, 1):
                residual = rng.normal(size=design.rows) * 0.5
                value = SPREADS.seeds * rng.normal() + difference * (1 - side)
                found[split, training, side] = own + models[side] + residual + value
    return found


def quantity_of(design: Design, scores: dict[tuple[int, int, int], np.ndarray], side: int) -> Quantity:
    """Return the value of one model as a study has it."""
    runs = []
    for (split, training, of), values in scores.items():
        if of == side:
            sample = as_sample(values)
            runs.append(
                RunValue(
                    split_seed=split, train_seed=training, value=sample.value, bounds=None, df=sample.df,
                    rows=f"rows {split if design.own_rows else 0}", of_set=sample.n, n=sample.n, hits=None,
                    groups=np.arange(sample.n), influences=influences(sample), over_rows=partial(Estimate, 0, 0, 0),
                )
            )  # fmt: skip
    cell = CellValue(tuple(runs))
    return Quantity(value=cell.value, weights={cell: 1.0}, n=cell.n, seeds=len(runs))


@pytest.mark.parametrize(
    "design",
    [
        Design(rows=20, trainings=3),
        Design(rows=20, splits=3, own_rows=True),
        Design(rows=20, splits=2, trainings=2),
        Design(rows=20, splits=2, trainings=3, own_rows=True),
    ],
    ids=str,
)
def test_the_study_shows_the_smallest_difference_in_four_of_five_cases(design):
    """Rows are drawn one by one and judged by the study's interval: no part of the plan's own simulation."""
    rng = np.random.default_rng(5)
    smallest = smallest_difference(design, SPREADS.of_difference(), power=0.8, confidence=0.95)
    shown = []
    for _ in range(150):
        scores = scores_of(design, smallest, rng)
        shown.append((quantity_of(design, scores, 0) - quantity_of(design, scores, 1)).estimate().low > 0)
    assert 0.68 <= np.mean(shown) <= 0.92


def test_many_rows_and_seeds_have_the_power_of_the_textbook():
    """With known variances it is (z of .975 + z of .8) standard errors."""
    design = Design(rows=4000, trainings=1000)
    variances = Spreads(rows=1.0, seeds=0.0, correlation=0.4, seed_correlation=1.0).of_difference()
    smallest = smallest_difference(design, variances, power=0.8, confidence=0.95)
    assert smallest == pytest.approx((1.95996 + 0.84162) * (2 * 0.6 / 4000) ** 0.5, rel=0.01)
    assert power_of(design, variances, smallest, confidence=0.95) == pytest.approx(0.8, abs=1e-3)


def test_more_rows_and_seeds_show_less_and_a_stricter_test_more():
    """The smallest difference falls with rows and seeds, and rises with what is asked."""
    find = partial(smallest_difference, variances=SPREADS.of_difference(), power=0.8, confidence=0.95)
    by_rows = [find(Design(rows=n, trainings=3)) for n in (30, 100, 1000)]
    by_seeds = [find(Design(rows=100, trainings=n)) for n in (2, 3, 5, 20)]
    assert by_rows == sorted(by_rows, reverse=True)
    assert by_seeds == sorted(by_seeds, reverse=True)
    assert find(Design(rows=100, trainings=3), confidence=0.99) > by_rows[1]
    assert find(Design(rows=100, trainings=3), power=0.95) > by_rows[1]
    assert np.isnan(find(Design(rows=1, trainings=3)))


def test_the_seeds_that_a_difference_takes_are_the_first_that_show_it():
    """One seed fewer has less power than asked for; where rows are the limit no number does."""
    variances = SPREADS.of_difference()
    shows = [power_of(Design(rows=100, trainings=n), variances, 0.3, confidence=0.95) >= 0.8 for n in range(2, 40)]
    found = fewest_seeds(lambda n: power_of(Design(rows=100, trainings=n), variances, 0.3, confidence=0.95) >= 0.8)
    assert found == shows.index(True) + 2
    assert (
        fewest_seeds(lambda n: power_of(Design(rows=9, trainings=n), variances, 0.01, confidence=0.95) >= 0.8) is None
    )


def test_a_plan_says_what_it_can_show(model):
    """Spreads are measured on the model without fine-tuning unless they are stated."""
    study = small_study(model, power={"seed_spread": 0.02}, train_seeds=(0, 1))
    plan = study.plan()
    assert plan.power is not None
    assert [one.scenario for one in plan.power.scenarios] == ["long", "loops"]
    for one, counted in zip(plan.power.scenarios, plan.tests, strict=True):
        assert one.design == Design(rows=counted.distinct_ood, trainings=2, own_rows=True)
        assert one.spreads.source == "without fine-tuning"
        assert 0 < one.smallest < one.corrected
    assert "smallest difference in NLL" in str(plan)
    stated = study.plan(power={"seed_spread": 0.02, "row_spread": 2.0, "difference": 9.0}).power
    assert [one.spreads.rows for one in stated.scenarios] == [2.0, 2.0]
    assert all(one.split_seeds is not None and one.split_seeds > 1 for one in stated.scenarios)
    assert stated.to_pandas().shape[0] == 2


def test_without_assumptions_a_plan_says_nothing_of_power(model):
    """No model is loaded for a plan that does not ask."""
    assert small_study(model).plan().power is None


def test_bad_settings_are_refused():
    """Each message says what to give."""
    with pytest.raises(ParameterError, match=r"state it, such as 0\.02"):
        PowerSettings()
    with pytest.raises(ParameterError, match="did you mean seed_spread"):
        PowerSettings.of({"seed_spred": 0.1})
    with pytest.raises(ParameterError, match="power must be"):
        PowerSettings(seed_spread=0.1, power=80)
    with pytest.raises(ParameterError, match="at least as alike"):
        PowerSettings(seed_spread=0.1, correlation=0.6, seed_correlation=0.5)


def drawn_pilot() -> StudyResults:
    """A study of 300 rows and 12 training seeds whose scores have the spreads of ``SPREADS``."""
    results = study_results(scenarios=("long",), ood_kept=(1.0,), train_seeds=range(12), rows=600)
    scores = scores_of(Design(rows=600, trainings=12), 0.0, np.random.default_rng(3))

    def load(key, part):
        values = scores[0, key.train_seed, 0 if key.method == "full" else 1]
        rows = np.column_stack([np.ones(600), values, np.ones(600)])
        return RunScores([""] * 600, [None] * 600, {"negative_log_likelihood": rows})

    kept = tuple(record for record in results.records if record.key.method != "none")
    return dataclasses.replace(results, records=kept, load=load)


def test_a_pilot_gives_back_the_spreads_that_its_scores_were_drawn_with():
    """Of 12 seeds a spread is known to a fifth or so."""
    found = pilot_spreads(drawn_pilot(), "negative_log_likelihood", "long")
    assert found.rows == pytest.approx(1.0, rel=0.1)
    assert found.seeds == pytest.approx(0.1, rel=0.4)
    assert found.correlation == pytest.approx(0.5, abs=0.07)
    assert found.seed_correlation == pytest.approx(0.75, abs=0.07)


def test_a_pilot_of_one_seed_is_refused():
    """The message says what a pilot needs."""
    with pytest.raises(ParameterError, match="two training seeds of a model"):
        pilot_spreads(study_results(train_seeds=(0,)), "exact_match", "length_p97_p100")
    with pytest.raises(ParameterError, match="measured bleu"):
        pilot_spreads(study_results(), "bleu", "length_p97_p100")
