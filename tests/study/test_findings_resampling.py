"""Laws of the intervals that all findings share: they are the library's own, paired, and blind to the order of rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from codeshift.errors import ParameterError
from codeshift.metrics import bootstrap_ci, hierarchical_bootstrap, relative_performance
from codeshift.study.findings import Cell, Findings
from codeshift.study.findings.cells import Cells
from codeshift.study.findings.quantity import Quantity, mean_of, nothing
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.settings.keys import RunKey
from helpers.study_results import METRICS, study_results

FULL = Cell(scenario="length_p97_p100", method="full", ood_kept=0.0)
PARTS = ("test_ood", "test_id", "general")


def found(results, cell=FULL, metric="exact_match", part="test_ood", **options):
    return Cells(results=results, **options).quantity(cell, metric, part).estimate()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("part", PARTS)
def test_one_seed_is_the_bootstrap_over_rows(metric, part):
    """With one run the estimate is that of ``bootstrap_ci``, and that of the results' table."""
    results = study_results(rows=300, general=150)
    key = results.find(method="full", scenario=FULL.scenario, ood_kept=0.0)[0].key
    rows = results.statistics(key, metric, part, FULL.scenario)
    expected = bootstrap_ci(rows, metric=METRICS[metric], nan_policy="omit", n_resamples=400)
    assert found(results, metric=metric, part=part, n_resamples=400) == expected
    table = results.to_pandas(n_resamples=400)
    scenario = table.scenario.isna() if part == "general" else table.scenario == FULL.scenario
    of = (table.method == "full") & (table.ood_kept == 0) & (table.part == part) & (table.metric == metric)
    line = table[of if part == "general" else of & scenario].iloc[0]
    if part != "general":
        assert (line.value, line.low, line.high, line.n) == (expected.value, expected.low, expected.high, expected.n)


@pytest.mark.parametrize("seeds", [{"train_seeds": (0, 1, 2)}, {"split_seeds": (0, 1, 2)}])
def test_several_seeds_are_the_hierarchical_bootstrap(seeds):
    """Training seeds are crossed with rows and split seeds nest them, just as ``hierarchical_bootstrap`` has it."""

    def luck(key, inside):
        return 0.2 + 0.3 * ((key.train_seed or 0) + key.split_seed)

    nested = "split_seeds" in seeds
    results = study_results(rows=240, chance=luck, **seeds)
    if nested:
        results = own_rows_a_split(results)
    keys = [r.key for r in results.find(method="full", scenario=FULL.scenario, ood_kept=0.0)]
    rows = [results.statistics(key, "exact_match", "test_ood", FULL.scenario) for key in keys]
    rows = [block[~np.isnan(block).any(axis=1)] for block in rows]
    expected = hierarchical_bootstrap(rows, rows="nested" if nested else "crossed", metric=METRICS["exact_match"])
    ours = found(results)
    assert expected.has_interval
    assert (ours.value, ours.low, ours.high) == pytest.approx((expected.value, expected.low, expected.high), rel=1e-9)
    assert ours.method == expected.method


def own_rows_a_split(results):
    """The same results, with other references for each split seed."""

    def load(key, part, before=results.load):
        scores = before(key, part)
        return RunScores(
            [f"{text} # {key.split_seed}" for text in scores.references], scores.predictions, scores.statistics
        )

    return dataclasses.replace(results, load=load)


def test_comparisons_are_paired():
    """A model differs from itself by exactly nothing, and is exactly all of itself."""
    cells = Cells(results=study_results())
    full = cells.quantity(FULL, "negative_log_likelihood", "test_ood")
    assert (full - full).estimate().high == 0.0
    assert (full / full).estimate().low == 1.0
    again = cells.quantity(FULL, "negative_log_likelihood", "test_ood")
    assert full.weights == again.weights


def test_ratios_are_as_narrow_as_the_paired_bootstrap_makes_them():
    """Relative performance keeps each row's two scores together: its interval is Fieller's of pairs."""
    results = study_results(rows=300)
    key = results.find(method="full", scenario=FULL.scenario, ood_kept=0.0)[0].key
    base = results.find(method="full", scenario=FULL.scenario, ood_kept=1.0)[0].key
    sides = [results.statistics(k, "exact_match", "test_ood", FULL.scenario) for k in (key, base)]
    expected = relative_performance(*sides, metric=METRICS["exact_match"], nan_policy="omit", method="Fieller")
    ours = Cells(results=results).relative(FULL, "exact_match").estimate()
    assert (ours.value, ours.low, ours.high) == pytest.approx((expected.value, expected.low, expected.high), rel=1e-9)


@pytest.mark.parametrize("twice", [False, True])
def test_row_order_changes_nothing(twice):
    """Rows in another order give the same estimates to the last bit, rows of one reference among them."""
    texts = [f"x = {i // 2 if twice else i}" for i in range(40)]
    results = study_results(references=texts)
    order = np.random.default_rng(5).permutation(40)

    def load(key, part, before=results.load):
        scores, chosen = before(key, part), order if part == "test" else order[order < 20]
        return RunScores(
            [scores.references[i] for i in chosen],
            [scores.predictions[i] for i in chosen],
            {name: rows[chosen] for name, rows in scores.statistics.items()},
        )

    splits = {
        at: dataclasses.replace(facts, members={part: mask[order] for part, mask in facts.members.items()})
        for at, facts in results.splits.items()
    }
    shuffled = dataclasses.replace(results, load=load, splits=splits)
    for part in PARTS:
        assert found(shuffled, part=part) == found(results, part=part)


def test_rows_that_were_not_scored_count_for_nothing():
    """The last row is not generated for: it is not among the rows of exact match, and is among those of likelihood."""
    results = study_results(rows=40)
    assert results.members("test_ood", FULL.scenario, 0)[-1]
    assert found(results, metric="negative_log_likelihood").n == 14
    assert found(results, metric="exact_match").n == 13


def test_what_failed_is_nothing_and_never_zero():
    """A cell of failed runs has no value and no rows; one seed that failed leaves the mean of the others."""
    seeds = (0, 1)
    keys = [RunKey(method="full", scenario=FULL.scenario, ood_kept=0.0, train_seed=seed) for seed in seeds]
    gone = found(study_results(train_seeds=seeds, failed=keys))
    assert np.isnan([gone.value, gone.low, gone.high]).all()
    assert gone.n == 0
    partly = Cells(results=study_results(train_seeds=seeds, failed=keys[:1]))
    alone = study_results(train_seeds=seeds).statistics(keys[1], "exact_match", "test_ood")
    alone = alone[~np.isnan(alone).any(axis=1)]
    quantity = partly.quantity(FULL, "exact_match", "test_ood")
    assert quantity.value == alone[:, 1].mean()
    assert quantity.seeds == 1
    assert (partly.state(FULL).status, partly.state(FULL).done, partly.state(FULL).planned) == ("partly", 1, 2)


def test_means_leave_out_what_has_no_value():
    """The mean over scenarios is of those that were measured; of none it is nothing."""
    one = Cells(results=study_results()).quantity(FULL, "negative_log_likelihood", "test_ood")
    assert mean_of([one, nothing()]) is one
    assert mean_of([nothing()]).n == 0
    assert np.isnan((one / nothing()).value)
    zero = Quantity(value=0.0, n=4, seeds=1)
    assert np.isnan((one / zero).value)
    assert not (one / zero).estimate().has_interval


def test_seeds_of_the_intervals():
    """The same seed gives the same interval, another seed another one."""
    results = study_results()
    assert found(results, seed=1) == found(results, seed=1)
    other = {"part": "test_id", "metric": "negative_log_likelihood"}
    assert found(results, seed=1, **other) != found(results, seed=2, **other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "exact_mach"}, "metric must be one of the study, got 'exact_mach': did you mean exact_match?"),
        ({"n_resamples": 0}, "n_resamples must be a whole number from 1 up, got 0: leave it out to take 1000"),
        ({"seed": -1}, "seed must be a whole number from 0 up, got -1: leave it out to take 0"),
        ({"confidence": 95}, "confidence must be a number above 0 and below 1, got 95: 0.95 is a 95% interval"),
    ],
)
def test_bad_options(options, message):
    """Each says what to do instead."""
    with pytest.raises(ParameterError) as error:
        Findings(results=study_results(), **options)
    assert str(error.value) == message
