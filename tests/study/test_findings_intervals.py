"""Rows and seeds that a study's claims rest on, and the words of a claim if they are few."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from codeshift.metrics import ExactMatch, bootstrap_ci, hierarchical_bootstrap
from codeshift.metrics.aggregates.copies import copies
from codeshift.study.findings import Cell, Findings
from codeshift.study.findings.cell_values import CellValue, RunValue
from codeshift.study.findings.cells import Cells
from codeshift.study.findings.quantity import Quantity, mean_of
from codeshift.study.folder.run_scores import RunScores
from helpers.study_results import METRICS, study_results

LENGTH, SYNTAX = "length_p97_p100", "syntax_for_statement"


def findings(results, **options):
    return Findings(results=results, **{"metric": "exact_match", "n_resamples": 100, **options})


def with_members(results, scenario, count):
    """The same results with only the first ``count`` rows of a scenario's ``test_ood``."""
    splits = dict(results.splits)
    for at, facts in results.splits.items():
        if at[0] == scenario:
            inside = facts.members["test_ood"].copy()
            inside[np.flatnonzero(inside)[count:]] = False
            splits[at] = dataclasses.replace(facts, members=dict(facts.members) | {"test_ood": inside})
    return dataclasses.replace(results, splits=splits)


def with_texts(results, text_of):
    """The same results with other references: ``text_of(row)``."""

    def load(key, part, before=results.load):
        scores = before(key, part)
        return RunScores([text_of(i) for i in range(len(scores))], scores.predictions, scores.statistics)

    return dataclasses.replace(results, load=load)


def test_a_rate_at_its_bound_has_no_interval_beyond_it():
    """Both runs have the rate 1, and rows that could change it: the interval ends at 1."""

    def upper_end(bounds):
        runs = [
            RunValue(
                split_seed=0, train_seed=seed, value=1.0, bounds=bounds, df=3.0, rows="rows", of_set=4, n=4, hits=None,
                groups=np.arange(4), influences=np.array([0.1, -0.1, 0.05, -0.05]), over_rows=bootstrap_ci,
            )
            for seed in (0, 1)
        ]  # fmt: skip
        cell = CellValue(tuple(runs))
        estimate = Quantity(value=cell.value, weights={cell: 1.0}, n=cell.n, seeds=2).estimate()
        assert estimate.low < 0.9
        return estimate.high

    assert upper_end((0.0, 1.0)) == 1.0
    assert upper_end(None) > 1.1


# --- scenarios of few rows ---------------------------------------------------------------------------------------


def test_claims_leave_out_small_scenarios_and_say_so():
    """Twelve rows of test_ood are no evidence: claims are those of the study without that scenario."""
    whole = study_results(rows=240)
    small = with_members(whole, LENGTH, 12)
    alone = dataclasses.replace(whole, settings=dataclasses.replace(whole.settings, scenarios=(SYNTAX,)))
    found, expected = ({c.claim: c for c in findings(r).claims} for r in (small, alone))
    told = f"Left out, with fewer than 30 distinct rows of test_ood: {LENGTH} (12)."
    shared = [name for name in expected if "forgets" not in name and "Shifts" not in name]
    assert len(shared) >= 6
    for name in shared:
        assert found[name].estimate == expected[name].estimate, name
        assert found[name].evidence.endswith(told)
    assert "Left out" not in found["Fine-tuning forgets: models do worse on the general set than without it"].evidence
    assert "Left out" not in " ".join(c.evidence for c in findings(whole).claims)
    assert any(f"{LENGTH} (12)" in line for line in findings(small).summary())


def test_where_no_scenario_is_large_enough_nothing_is_claimed():
    """Every claim on test_ood is not shown and says that nothing is large enough."""
    found = findings(study_results(rows=40, general=200)).claims
    assert len(found) == len(findings(study_results(rows=240, general=200)).claims)
    for claim in found:
        if "forgets" in claim.claim:
            assert claim.verdict == "holds" or claim.value == claim.value
            continue
        assert claim.verdict == "not shown"
        assert np.isnan(claim.value)
        assert claim.evidence.startswith("No scenario has 30 distinct rows of test_ood.")
    assert any(claim.value == claim.value for claim in findings(study_results(rows=40), min_rows=10).claims)


def test_copies_are_no_distinct_rows():
    """Sixty rows of test_ood that are five texts are five rows."""
    results = with_texts(study_results(rows=120, general=0), lambda i: f"return value_{i % 10} + other")
    told = " ".join(claim.evidence for claim in findings(results).claims)
    assert f"{SYNTAX} (5)" in told


def test_near_duplicates_are_no_distinct_rows():
    """Sixty different texts of test_ood that are nearly five are five rows, as for the intervals and in a plan."""

    def text(i: int) -> str:
        body = "".join(f"    value_{i % 10}_{k} = call_{i % 10}({k}, other)\n" for k in range(12))
        return f"def f():\n{body}    return {i}\n"

    results = with_texts(study_results(rows=120, general=0), text)
    told = " ".join(claim.evidence for claim in findings(results).claims)
    assert f"{SYNTAX} (5)" in told


def test_min_rows_is_checked():
    """At least one."""
    with pytest.raises(ValueError, match="min_rows must be a whole number from 1 up, got 0"):
        findings(study_results(), min_rows=0)


# --- seeds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seeds", "told"), [((0,), "these trained models alone"), ((0, 1), "Two seeds"), ((0, 1, 2), None)]
)
def test_claims_say_how_far_they_speak(seeds, told):
    """With one seed of these models alone, with two that they are two; the model without fine-tuning has no seed."""
    found = findings(study_results(rows=240, general=200, train_seeds=seeds)).claims
    measured = [claim for claim in found if claim.value == claim.value and "stronger" not in claim.claim]
    assert len(measured) >= 6
    for claim in measured:
        assert ("seed" in claim.evidence.lower()) == (told is not None), claim
        assert told is None or told in claim.evidence
        assert (claim.estimate.note == "two seeds") == (len(seeds) == 2)


def test_a_share_of_few_hits_has_no_interval_over_seeds():
    """In the cell, and in the text that is shown for it."""
    results = study_results(rows=240, general=0, train_seeds=(0, 1, 2), chance=lambda key, inside: 0.0)
    score = next(s for s in findings(results).scores if s.cell.method == "full" and s.measure.metric == "exact_match")
    assert score.estimate.note == "fewer than 5 hits"
    assert "(fewer than 5 hits)" in score.text


def test_a_share_at_its_bound_of_one_seed_is_told_by_wilson():
    """If none of 80 rows is right, the interval is Wilson's, and the text says so."""
    results = study_results(rows=240, general=0, chance=lambda key, inside: 0.0)
    score = next(s for s in findings(results).scores if s.cell.method == "full" and s.measure.metric == "exact_match")
    assert score.estimate.method == "Wilson"
    assert score.high > 0.01
    assert score.text.endswith("(Wilson)")


@pytest.mark.parametrize("train_seeds", [(0,), (0, 1, 2)])
def test_p_values_and_intervals_agree(train_seeds):
    """A comparison's p-value lies below .05 just where its interval leaves 0 out, whatever test it comes from."""
    results = study_results(
        rows=150, general=0, train_seeds=train_seeds, scenarios=tuple(f"length_{i}" for i in range(8)),
        chance=lambda key, inside: 0.3 if key.method == "lora" else 0.45,
    )  # fmt: skip
    found = findings(results).comparisons
    assert len({one.p_value < 0.05 for one in found}) == 2
    for one in found:
        assert one.estimate.has_interval
        assert (one.p_value < 0.05) == (not one.low <= 0 <= one.high), one


def test_few_discordant_rows_are_not_sure():
    """Four rows that differ, all one way, are no evidence (p = .125), though a t test of 60 rows finds p < .05."""
    right = {"full": lambda i: i % 2 == 0, "lora": lambda i: i % 2 == 0 or i in (1, 21, 41, 61)}
    results = study_results(rows=80, general=0, scenarios=("length_a",), ood_kept=(0.0, 1.0))
    everything = {
        at: dataclasses.replace(f, members={"test_ood": np.ones(80, bool), "test_id": np.zeros(80, bool)})
        for at, f in results.splits.items()
    }

    def load(key, part, before=results.load):
        scores = before(key, part)
        hits = [right.get(key.method, right["full"])(i) for i in range(len(scores))]
        exact = np.column_stack([np.ones(len(scores)), np.array(hits, dtype=float)])
        return RunScores(scores.references, scores.references, dict(scores.statistics) | {"exact_match": exact})

    one = next(
        c for c in findings(dataclasses.replace(results, load=load, splits=everything)).comparisons if c.ood_kept == 0.0
    )
    assert one.p_value == 0.125
    assert one.low < 0 < one.value


def test_covariances_are_kept():
    """The mean over scenarios of the same model on the same rows is no surer than one of them; of other rows it is."""
    results = study_results(rows=240, general=0, scenarios=("length_a", "length_b"), train_seeds=(0, 1, 2))
    same = {at: results.splits["length_a", at[1]] for at in results.splits}
    cells = Cells(results=dataclasses.replace(results, splits=same))
    baseline = [Cell(scenario=name, method="full", ood_kept=1.0) for name in results.scenarios]
    alone, other = (cells.quantity(cell, "negative_log_likelihood", "test_ood") for cell in baseline)
    one, mean = alone.estimate(), mean_of([alone, other]).estimate()
    assert (mean.low, mean.high) == pytest.approx((one.low, one.high), rel=1e-9)


# --- rows that are nearly the same -------------------------------------------------------------------------------

BODY = "int main() { test(); return 0; }"


def test_near_duplicates_are_the_groups():
    """Equal targets of some length are copies for any sources; labels and a shared instruction are not."""
    rows = [f"int g{i}(int a) {{ return a + {i} * size_{i}; }}" for i in range(5)]
    assert copies([f"say {i}" for i in range(7)], [*rows, BODY, BODY]).tolist() == [0, 1, 2, 3, 4, 5, 5]
    assert copies([f"look at row{i} and var{i} of x{i}" for i in range(6)], ["bug"] * 6).tolist() == list(range(6))
    frame = "Write a function that does what the text below says and nothing else than that, please: {} . Answer:"
    tasks = [f"add{i} sub{i} mul{i}" for i in range(5)]
    assert copies([frame.format(task) for task in tasks], [f"y{i}" for i in range(5)]).tolist() == list(range(5))
    assert copies([], []).tolist() == []


def copied(results):
    """Every second row is the same function; the others differ."""
    return with_texts(results, lambda i: BODY if i % 2 else f"int g{i}(int a) {{ return a + {i} * size_{i}; }}")


def test_a_study_takes_copies_for_one():
    """Table, scores of one seed, and scores of several rest on groups of rows, and say how many they are."""
    results = copied(study_results(rows=120, general=0))
    key = results.find(method="full", scenario=LENGTH, ood_kept=0.0)[0].key
    rows = results.statistics(key, "exact_match", "test_ood", LENGTH)
    labels = results.copies(key)[results.members("test_ood", LENGTH, 0)]
    assert len(set(labels)) == 21
    expected = bootstrap_ci(rows, metric=ExactMatch(), groups=labels, n_resamples=100, nan_policy="omit")
    assert (expected.n, expected.groups) == (40, 21)
    score = next(
        s for s in findings(results).scores
        if s.cell == Cell(scenario=LENGTH, method="full", ood_kept=0.0)
        and (s.part, s.measure.metric) == ("test_ood", "exact_match")
    )  # fmt: skip
    assert score.estimate == expected
    table = results.to_pandas(n_resamples=100)
    line = table[(table.part == "test_ood") & (table.metric == "exact_match") & (table.scenario == LENGTH)]
    line = line[(line.method == "full") & (line.ood_kept == 0)].iloc[0]
    assert (line.low, line.high, line.n, line.groups) == (expected.low, expected.high, 40, 21)
    assert line.interval == "percentile"


def test_seeds_over_copies_are_the_hierarchical_interval():
    """Over three seeds the estimate is that of ``hierarchical_bootstrap`` with these groups."""
    results = copied(study_results(rows=120, general=0, train_seeds=(0, 1, 2)))
    cell = Cell(scenario=LENGTH, method="full", ood_kept=0.0)
    name = "negative_log_likelihood"
    keys = [record.key for record in results.find(method="full", scenario=LENGTH, ood_kept=0.0)]
    rows = [results.statistics(key, name, "test_ood", LENGTH) for key in keys]
    labels = results.copies(keys[0])[results.members("test_ood", LENGTH, 0)]
    expected = hierarchical_bootstrap(rows, metric=METRICS[name], groups=labels)
    ours = Cells(results=results).quantity(cell, name, "test_ood").estimate()
    assert (ours.value, ours.low, ours.high) == pytest.approx((expected.value, expected.low, expected.high), rel=1e-9)
    assert (ours.n, ours.groups) == (expected.n, expected.groups) == (40, 21)
