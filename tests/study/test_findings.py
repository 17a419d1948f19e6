"""Findings against counts by hand and against the functions of ``codeshift.metrics``."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import spearmanr

from codeshift.metrics import holm, paired_difference
from codeshift.properties import APINames
from codeshift.properties.node_pairs import NodePairs
from codeshift.splitters import Contains, Matches
from codeshift.study.findings import Findings
from codeshift.study.folder.run_scores import RunScores
from codeshift.study.report.study_tables import unseen_table
from codeshift.study.settings.keys import RunKey
from helpers.study_results import METRICS, study_results

LENGTH, SYNTAX = "length_p97_p100", "syntax_for_statement"
FEW = 300  # resamples are enough where the interval itself is not looked at


def findings(results=None, **options):
    return Findings(results=results or study_results(), **{"metric": "exact_match", "n_resamples": FEW, **options})


def only(found, **wanted):
    """The one finding with these attributes, of itself or of its cell."""

    def has(one, name, value):
        holder = one if hasattr(one, name) else one.cell
        return getattr(holder, name) == value

    (one,) = [one for one in found if all(has(one, name, value) for name, value in wanted.items())]
    return one


def with_outputs(results, outputs):
    """The same results with other outputs: ``outputs(key, i, reference)``."""

    def load(key, part, before=results.load):
        scores = before(key, part)
        written = [outputs(key, i, text) for i, text in enumerate(scores.references)]
        exact = METRICS["exact_match"].statistics(written, scores.references)
        return RunScores(scores.references, written, dict(scores.statistics) | {"exact_match": exact})

    return dataclasses.replace(results, load=load)


def test_scores_of_every_cell():
    """Each scenario has the model without fine-tuning and, by method and share, the trained ones, on three parts."""
    found = findings().scores
    assert len(found) == len(METRICS) * 2 * (1 + 2 * 3) * 3
    wanted = (LENGTH, "lora", 0.5, "test_ood", "exact_match")
    (one,) = (s for s in found if (*dataclasses.astuple(s.cell)[:3], s.part, s.measure.metric) == (*wanted,))
    results = study_results()
    key = results.find(method="lora", scenario=LENGTH, ood_kept=0.5)[0].key
    rows = results.statistics(key, "exact_match", "test_ood")
    assert one.value == np.nanmean(rows[:, 1])
    assert one.n == 13
    assert one.sentence.startswith(f"{LENGTH}, LoRA, 50% of the region kept: exact match on test_ood {one.value:.1%} [")


def test_failed_and_pending_cells_say_so():
    """A cell that failed is "failed" in every finding that it stands in, and a pending one "pending"."""
    failed = RunKey(method="full", scenario=LENGTH, ood_kept=0.0, train_seed=0)
    pending = RunKey(method="lora", scenario=LENGTH, ood_kept=0.0, train_seed=0)
    found = findings(study_results(failed=[failed], pending=[pending]))
    for kind in (found.relative, found.gaps, found.unseen, found.scores):
        texts = {
            (one.cell.method, one.text) for one in kind if one.cell.scenario == LENGTH and one.cell.ood_kept == 0.0
        }
        assert texts <= {("full", "failed"), ("lora", "pending")}
    assert [one.value for one in found.comparisons if one.scenario == LENGTH and one.ood_kept == 0.0] == [
        pytest.approx(np.nan, nan_ok=True)
    ]
    assert found.summary()[0] == "Of 11 runs 9 done, 1 failed, 1 pending."
    baseline = RunKey(method="full", ood_kept=1.0, train_seed=0)
    lost = findings(study_results(failed=[baseline])).relative
    assert {one.text for one in lost if one.cell.method == "full"} == {"baseline failed"}


def test_partly_done_cells_say_how_far():
    """The sentence of a cell that lacks a seed tells how many it stands on."""
    failed = RunKey(method="full", scenario=LENGTH, ood_kept=0.0, train_seed=0)
    found = findings(study_results(train_seeds=(0, 1), failed=[failed])).relative
    assert only(found, scenario=LENGTH, method="full", ood_kept=0.0, measure=findings().measure).sentence.endswith(
        "(1 of 2 runs are done)."
    )


def test_comparison_of_one_seed_is_the_permutation_test():
    """The p-value is that of ``paired_difference``, and Holm's correction goes over the scenarios."""
    results = study_results(rows=120)
    found = findings(results).comparisons
    family = [one for one in found if one.ood_kept == 0.0]
    for one in family:
        keys = [results.find(method=m, scenario=one.scenario, ood_kept=0.0)[0].key for m in ("lora", "full")]
        rows = [results.statistics(key, "exact_match", "test_ood") for key in keys]
        expected = paired_difference(*rows, metric=METRICS["exact_match"], nan_policy="omit")
        assert one.value == pytest.approx(expected.value)
        assert one.p_value == pytest.approx(expected.p_value, abs=0.03)
    assert [one.p_holm for one in family] == holm([one.p_value for one in family]).tolist()
    assert all(one.value == 0 and one.p_value == 1 for one in findings(same_outputs(results)).comparisons)


def same_outputs(results):
    return with_outputs(results, lambda key, i, text: text if i % 4 else "pass")


def test_comparison_over_seeds_is_not_surer_than_its_seeds():
    """If seeds differ more than methods do, the p-value shows it, although rows alone would be certain."""

    def luck(key, inside):
        return {0: 0.9, 1: 0.1}[key.train_seed] if key.method == "lora" else 0.3

    results = study_results(
        rows=400, general=0, train_seeds=(0, 1), chance=lambda k, i: 0.2 if k.method == "none" else luck(k, i)
    )
    one = next(c for c in findings(results, n_resamples=1000).comparisons if c.scenario == LENGTH and c.ood_kept == 0.0)
    assert one.value > 0.1
    assert one.low < 0 < one.high
    assert one.p_value > 0.05
    assert not one.significant


def test_forgetting_is_above_zero_where_it_got_worse():
    """This holds for either direction of a metric; the model without fine-tuning is right on a fifth of the rows."""
    worse = study_results(rows=200, general=200, chance=lambda key, inside: 0.6 if key.method == "none" else 0.2)
    for metric in METRICS:
        found = findings(worse, metric=metric).forgetting
        assert {one.part for one in found} == {"general", "test_ood"}
        assert all(one.low > 0 for one in found)
        assert all("worse" in one.sentence for one in found)
    better = findings(study_results(rows=200, general=200)).forgetting
    assert all(one.value < 0 for one in better if one.part == "general")
    without = study_results()
    trained = tuple(r for r in without.records if r.key.method != "none")
    assert findings(dataclasses.replace(without, records=trained)).forgetting == ()


def test_unseen_elements_counted_by_hand():
    """Full fine-tuning writes a loop in every fourth of the region's 20 rows, LoRA in every second."""
    texts = [f"for i in range({i}):\n    print(i)" if i % 2 == 0 else f"print({i})" for i in range(40)]

    def outputs(key, i, reference):
        every = {"none": 40, "full": 4, "lora": 2}[key.method]
        return f"for j in x{i}: pass" if i % every == 0 else f"x = {i}"

    found = findings(with_outputs(study_results(references=texts), outputs)).unseen
    assert {one.cell.scenario for one in found} == {SYNTAX}
    for method, recall in (("none", 0.05), ("full", 0.5), ("lora", 1.0)):
        one = next(u for u in found if u.cell.method == method and u.cell.ood_kept in (None, 0.0))
        assert one.in_references.value == 1.0
        assert one.value == one.in_outputs.value == recall
        assert one.elsewhere.value == 0.0
        assert one.n == 20
    assert "writes for_statement in 100.0%" in next(u for u in found if u.cell.method == "lora").sentence


def test_unseen_apis_are_patterns():
    """A masked family is found by the names under it."""
    results = study_results(scenarios=("api_os",), references=[f"os.path.join(a, {i})" for i in range(40)])
    facts = {
        at: dataclasses.replace(f, masked=Matches(APINames("code", "python"), ("os",)))
        for at, f in results.splits.items()
    }
    results = with_outputs(
        dataclasses.replace(results, splits=facts), lambda key, i, text: "os.getcwd()" if i < 20 else "x"
    )
    found = findings(results).unseen
    assert {one.value for one in found} == {0.5}
    assert found[0].in_references.value == 1.0


def test_of_many_masked_elements_a_few_are_named():
    """A region of pairs of node types has hundreds: a sentence and a table name the first, and how many more."""
    calls = [f"f(g({i}))" for i in range(40)]
    results = study_results(scenarios=(SYNTAX,), methods=("full",), general=0, references=calls)
    names = tuple(f"call>{kind}" for kind in ("identifier", "attribute", "call", "string", "integer", "list"))
    masked = Contains(NodePairs("code", "python"), names)
    splits = {at: dataclasses.replace(facts, masked=masked) for at, facts in results.splits.items()}
    found = findings(dataclasses.replace(results, splits=splits))
    assert found.unseen[0].elements == names
    assert "writes call>identifier, call>attribute, call>call, call>string or 2 more in" in found.unseen[0].sentence
    text = "call>identifier, call>attribute, call>call, call>string and 2 more"
    assert {row[1].text for row in unseen_table(found).rows} == {text}


def test_strength_is_spearmans_correlation():
    """Over scenarios, of the audit's AUC with what is lost; fewer than four scenarios have none."""
    names = ("length_a", "length_b", "length_c", "length_d", "length_e")
    results = study_results(scenarios=names, rows=300)
    found = findings(results)
    one = only(found.strength, method="full")
    relative = [
        r.value for r in found.relative
        if (r.cell.method, r.cell.ood_kept, r.measure.metric) == ("full", 0.0, "exact_match")
    ]  # fmt: skip
    strengths = [auc for auc, _ in one.points.values()]
    assert strengths == pytest.approx([0.8, 0.9, 1.0, 1.1, 1.2])
    assert one.value == pytest.approx(spearmanr(strengths, [-value for value in relative]).statistic)
    assert one.n == 5
    assert one.low <= one.value <= one.high
    few = findings(study_results()).strength
    assert np.isnan(few[0].value)
    assert few[0].n == 0


def test_disagreements_by_hand():
    """Rows are counted as both, one alone, and neither; examples of each kind are drawn."""
    right = {"none": lambda i: False, "full": lambda i: i % 6 < 4, "lora": lambda i: i % 12 != 0}

    def outputs(key, i, reference):
        return reference + "\n" if right[key.method](i) else "pass"

    found = findings(with_outputs(study_results(scenarios=(SYNTAX,), rows=48), outputs))
    one = only(found.disagreements, ood_kept=0.0)
    assert (one.both, one.only, one.neither, one.n) == (12, {"lora": 8, "full": 4}, 0, 24)
    assert "LoRA alone is right on 8" in one.sentence
    rows = found.examples(of_each=3)
    kinds = [row.kind for row in rows]
    assert kinds == ["LoRA is right, full fine-tuning is wrong"] * 3 + ["full fine-tuning is right, LoRA is wrong"] * 3
    assert all(row.row % 2 == 0 and row.row % 6 == 4 for row in rows[:3])
    assert all(row.row % 12 == 0 for row in rows[3:])
    assert set(rows[0].outputs) == {"none", "full", "lora"}


def test_curves_bend_for_no_other_reason():
    """A scenario that failed at one share is left out of the whole mean, and a pending share has no point."""
    failed = RunKey(method="full", scenario=LENGTH, ood_kept=0.5, train_seed=0)
    results = study_results(failed=[failed])
    found = findings(results).curves
    mean = only(found, method="full", scenario=None, part="test_ood")
    alone = only(found, method="full", scenario=SYNTAX, part="test_ood")
    assert [p.estimate for p in mean.points] == [p.estimate for p in alone.points]
    assert [p.scenarios for p in mean.points] == [1, 1, 1]
    gap = only(found, method="full", scenario=LENGTH, part="test_ood").points[1]
    assert (np.isnan(gap.estimate.value), gap.estimate.n, gap.scenarios) == (True, 0, 0)
    assert "over ood_kept 0: " in mean.sentence


def test_variants_run_from_no_fine_tuning_to_all_of_it():
    """At 0 stands the model without fine-tuning, at 1 the trained one, in between the variants."""
    found = findings(study_results(variants=("wise_ft=0.25", "wise_ft=0.5")))
    one = only(found.variants, method="full", part="test_ood")
    assert (one.over, [point.x for point in one.points]) == ("wise_ft", [0.0, 0.25, 0.5, 1.0])
    masked = only(found.curves, method="full", scenario=None, part="test_ood").points[0]
    assert one.points[-1].estimate == masked.estimate
    assert findings().variants == ()


def test_dimensions_keep_the_order_of_scenarios():
    """Every scenario is in one of them."""
    assert findings().results.dimensions == {"syntax": (SYNTAX,), "complexity": (LENGTH,)}
