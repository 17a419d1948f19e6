"""Every number of a report against a count by other means, where text is generated for some rows only.

Scenarios share their test rows, the 100% baselines and the model without fine-tuning: what was generated for the sake
of one part must not stand in the figures of another.
"""

from __future__ import annotations

import math
import re
from functools import cache

import numpy as np
import pytest
from scipy.stats import spearmanr

from codeshift.study import Report
from helpers.generated_study import (
    EXACT,
    GENERATED,
    METRICS,
    NLL,
    SCENARIOS,
    SEEDS,
    VALID,
    Number,
    Recount,
    generated_results,
    right,
)

KEPT = (0.0, 0.5, 1.0)
CELLS = [("none", None), *((method, kept) for method in ("full", "lora") for kept in KEPT)]
NAMES = {"none": "without fine-tuning", "full": "full fine-tuning", "lora": "LoRA"}
PARTS = ("test_ood", "test_id", "general")


@pytest.fixture(scope="module")
def recount():
    return Recount(generated_results())


@cache
def report():
    return Report(generated_results(), metric=EXACT, n_resamples=40)


def findings():
    return report().findings


def table(name):
    """A table of the report: one dictionary a line, of the texts by head; heads of the same text are numbered."""
    (made,) = [one for one in report().tables if one.name == name]
    heads = [column.title for column in made.columns]
    seen = dict.fromkeys(heads, 0)
    numbered = []
    for head in heads:
        seen[head] += 1
        numbered.append(head if seen[head] == 1 else f"{head} {seen[head]}")
    markdown = report().to_markdown().replace("\\", "")
    for row in made.rows:
        assert " | ".join(value.whole for value in row) in markdown
    return [dict(zip(numbered, [value.text for value in row], strict=True)) for row in made.rows]


def share_of(kept):
    return "–" if kept is None else f"{100 * kept:g}%"


def percent(value):
    return "–" if math.isnan(value) else f"{100 * value + 0:.1f}%"


def points(value):
    text = f"{100 * value:.1f}"
    return "0.0" if float(text) == 0 else f"+{text}" if value > 0 else text


def test_the_case_bites(recount):
    """Rows that were generated for another part's sake would change almost every figure."""
    changed = 0
    for scenario in SCENARIOS:
        (key, *_) = recount.keys(scenario, "full", 0.0)
        scores = recount.results.load(key, "test")
        for part in ("test_ood", "test_id"):
            members = recount.results.splits[scenario, key.split_seed].members[part]
            every = [i for i in np.flatnonzero(members) if scores.predictions[i] is not None]
            told = np.mean([right(scores.references[i], scores.predictions[i]) for i in every])
            changed += abs(told - recount.of_run(key, EXACT, part, scenario).value) > 0.005
    assert changed >= 5


def test_table_of_results(recount):
    """Each line of the tidy table: its value and its n, for metrics of text and for the likelihood."""
    lines = recount.results.table(n_resamples=20).to_pylist()
    shared = 2 * 4 + 2  # parts of four scenarios, and both sets
    runs = {
        scenario: sum(r.key.scenario == scenario for r in recount.results.records) for scenario in (None, *SCENARIOS)
    }
    assert len(lines) == len(METRICS) * (runs[None] * shared + sum(runs[s] for s in SCENARIOS) * 4)
    names = ("method", "scenario", "ood_kept", "variant", "split_seed", "train_seed")
    by_name = {tuple(r.key.to_dict()[name] for name in names): r.key for r in recount.results.records}
    for line in lines:
        shared_run = line["method"] == "none" or line["ood_kept"] == 1.0
        at = tuple(None if name == "scenario" and shared_run else line[name] for name in names)
        expected = recount.of_run(by_name[at], line["metric"], line["part"], line["scenario"])
        assert line["value"] == pytest.approx(expected.value, abs=1e-12), line
        assert line["n"] == expected.n, line
        whole = len(recount.rows(by_name[at], line["part"], line["scenario"], False))
        assert line["rows"] == whole
        assert line["n"] == (whole if line["metric"] == NLL else min(GENERATED, whole))


def test_all_scores(recount):
    """Every score with the rows behind it; the likelihood rests on all rows of a part, text on those generated for."""
    lines = table("scores")
    assert len(lines) == len(SCENARIOS) * len(CELLS) * len(PARTS)
    by_place = {(line["scenario"], line["method"], line["kept"], line["part"]): line for line in lines}
    for scenario in SCENARIOS:
        for method, kept in CELLS:
            for part in PARTS:
                line = by_place[scenario, NAMES[method], share_of(kept), part]
                nll, exact, valid = (recount.score(scenario, method, kept, part, m) for m in (NLL, EXACT, VALID))
                assert (line["rows"], line["NLL a token (nats) ↓"]) == (str(nll.n), f"{nll.value:.3f}")
                assert line["rows 2"] == str(exact.n) == str(valid.n) == str(GENERATED)
                assert line["exact match"] == percent(exact.value)
                assert line["syntactic validity"] == percent(valid.value)
                seeds = len(SEEDS["split_seeds"]) * (1 if method == "none" else len(SEEDS["train_seeds"]))
                assert line["seeds"] == str(seeds)


def test_scores_gaps_and_relative_performance(recount):
    """The findings themselves, to the last digits."""
    assert len(findings().scores) == len(SCENARIOS) * len(CELLS) * len(PARTS) * len(METRICS)
    for one in findings().scores:
        cell = one.cell
        same(one, recount.score(cell.scenario, cell.method, cell.ood_kept, one.part, one.measure.metric))
    assert len(findings().gaps) == len(SCENARIOS) * len(CELLS) * len(METRICS)
    for one in findings().gaps:
        cell = (one.cell.scenario, one.cell.method, one.cell.ood_kept)
        inside, ood = (recount.score(*cell, part, one.measure.metric) for part in ("test_id", "test_ood"))
        same(one, inside - ood)
    assert len(findings().relative) == len(SCENARIOS) * 4 * len(METRICS)
    for one in findings().relative:
        same(one, recount.relative(one.cell.scenario, one.cell.method, one.cell.ood_kept, one.measure.metric))


def same(one, expected: Number):
    """The value, the rows behind it, and both in words."""
    assert one.value == pytest.approx(expected.value, abs=1e-12, nan_ok=True), one
    assert one.n == expected.n, one
    assert f"n = {expected.n}" in one.sentence


def test_heat_table(recount):
    """The table shows the share of the 100% baseline, on the same rows on both sides."""
    lines = table("relative")
    assert [line["scenario"] for line in lines] == list(SCENARIOS)
    for line in lines:
        assert line["rows"] == str(GENERATED)
        for method in ("full", "lora"):
            for kept in (0.0, 0.5):
                expected = recount.relative(line["scenario"], method, kept, EXACT)
                assert line[f"{NAMES[method]}, {100 * kept:g}% kept"] == percent(expected.value)


def test_comparisons(recount):
    """LoRA less full fine-tuning on the rows of each scenario's test_ood."""
    lines = table("comparisons")
    assert len(lines) == len(SCENARIOS) * len(KEPT)
    by_place = {(line["scenario"], line["kept"]): line for line in lines}
    for one in findings().comparisons:
        lora, full = (recount.score(one.scenario, m, one.ood_kept, "test_ood", EXACT) for m in ("lora", "full"))
        same(one, lora - full)
        line = by_place[one.scenario, share_of(one.ood_kept)]
        assert (line["exact match (points)"], line["rows"]) == (points((lora - full).value), str(GENERATED))


def test_disagreements_and_examples(recount):
    """The table counts the rows on which each model is right; the rows shown are among them."""
    by_place = {(line["scenario"], line["kept"]): line for line in table("disagreements")}
    for scenario in SCENARIOS:
        for kept in KEPT:
            counts = {(a, b): 0 for a in (True, False) for b in (True, False)}
            sides = [recount.keys(scenario, method, kept) for method in ("lora", "full")]
            for keys in zip(*sides, strict=True):
                told = [[right(r, text) for _, r, text in recount.outputs(key, "test_ood", scenario)] for key in keys]
                for pair in zip(*told, strict=True):
                    counts[pair] += 1
            line = by_place[scenario, share_of(kept)]
            expected = [counts[True, True], counts[True, False], counts[False, True], counts[False, False]]
            heads = ("both right", "only first", "only second", "neither")
            assert [int(line[head]) for head in heads] == expected
            assert int(line["outputs"]) == sum(expected) == GENERATED * 4
    examples = findings().examples(of_each=9)
    assert {example.scenario for example in examples} == set(SCENARIOS)
    for example in examples:
        (key, *_) = recount.keys(example.scenario, "full", 0.0)
        assert example.row in recount.rows(key, "test_ood", example.scenario, True)


def test_forgetting(recount):
    """Each method against the model without fine-tuning, of each scenario and in the mean."""
    lines = table("forgetting")
    found = [one for one in findings().forgetting if not math.isnan(one.value)]
    assert len(lines) == len(found) == 2 * 2 * len(KEPT) * (1 + len(SCENARIOS))
    for line, one in zip(lines, found, strict=True):
        names = SCENARIOS if one.scenario is None else (one.scenario,)
        changes = [
            recount.score(name, one.method, one.ood_kept, one.part, EXACT)
            - recount.score(name, "none", None, one.part, EXACT)
            for name in names
        ]
        mean = np.mean([change.value for change in changes])
        same(one, Number(-mean, min(change.n for change in changes)))
        assert line["scenario"] == (one.scenario or "mean")
        assert (line["change of exact match (points)"], line["rows"]) == (points(mean), str(one.n))


def test_unseen_elements(recount):
    """Every share of the table of masked elements with its own rows."""
    lines = table("unseen")
    assert len(lines) == len(CELLS)
    for line, (method, kept) in zip(lines, CELLS, strict=True):
        scenario = SCENARIOS[0]
        recall, references, outputs = (
            recount.holding(scenario, method, kept, kind, "test_ood") for kind in ("recall", "references", "outputs")
        )
        elsewhere = recount.holding(scenario, method, kept, "outputs", "test_id")
        assert (line["method"], line["kept"]) == (NAMES[method], share_of(kept))
        assert (line["rows"], line["references with it"]) == (str(references.n), percent(references.value))
        assert (line["rows"], line["outputs with it"]) == (str(outputs.n), percent(outputs.value))
        assert (line["rows that hold it"], line["recall"]) == (str(recall.n), percent(recall.value))
        assert line["rows of test_id"] == str(elsewhere.n)
        assert line["outputs of test_id with it"] == percent(elsewhere.value)


def test_failure_modes(recount):
    """Outputs by what is wrong with them, in the table and in the summary."""
    lines = table("failures")
    pooled: dict[tuple[str, str], dict[str, int]] = {}
    at = {(line["scenario"], line["method"], line["part"]): line for line in lines}
    assert len(at) == len(lines) == len(SCENARIOS) * 3 * 2
    for scenario in SCENARIOS:
        for method, kept in (("none", None), ("full", 0.0), ("lora", 0.0)):
            for part in ("test_ood", "test_id"):
                counts = recount.modes(scenario, method, kept, part)
                line = at[scenario, NAMES[method], part]
                assert int(line["outputs"]) == sum(counts.values())
                for mode, count in counts.items():
                    assert line[mode] == f"{100 * count / sum(counts.values()):.0f}%"
                    pooled.setdefault((method, part), {}).setdefault(mode, 0)
                    pooled[method, part][mode] += count
    for method, told in zip(("none", "full", "lora"), findings().failing(), strict=True):
        ood, inside = pooled[method, "test_ood"], pooled[method, "test_id"]
        assert f"(n = {sum(ood.values()):,}; test_id n = {sum(inside.values()):,})" in told
        for mode, count in ood.items():
            shares = [100 * counts.get(mode, 0) / sum(counts.values()) for counts in (ood, inside)]
            assert count == 0 or f"{mode} {shares[0]:.0f}% (test_id {shares[1]:.0f}%)" in told


def test_curves(recount):
    """Over the share kept and along WiSE-FT: each point, of each scenario and in the mean."""
    assert {curve.scenario for curve in findings().curves} == {None, *SCENARIOS}
    for curve in findings().curves:
        names = SCENARIOS if curve.scenario is None else (curve.scenario,)
        for point in curve.points:
            scores = [recount.score(name, curve.method, point.x, curve.part, EXACT) for name in names]
            assert point.estimate.value == pytest.approx(np.mean([score.value for score in scores]), abs=1e-12)
            assert (point.estimate.n, point.scenarios) == (min(score.n for score in scores), len(names))
            assert f"{point.x:g}: {percent(point.estimate.value)}" in curve.sentence
            assert f"n = {point.estimate.n}" in curve.sentence
    assert findings().variants
    for curve in findings().variants:
        for point in curve.points:
            cell = {0.0: ("none", None, None), 0.5: (curve.method, 0.0, "wise_ft=0.5"), 1.0: (curve.method, 0.0, None)}
            method, kept, variant = cell[point.x]
            scores = [recount.score(name, method, kept, curve.part, EXACT, variant) for name in SCENARIOS]
            assert point.estimate.value == pytest.approx(np.mean([score.value for score in scores]), abs=1e-12)


def test_strength(recount):
    """Spearman's correlation of the audit's AUC with what is lost."""
    auc = [0.8, 0.9, 1.0, 1.1]  # of the results that the test makes
    for one in findings().strength:
        lost = [-recount.relative(name, one.method, 0.0, EXACT).value for name in SCENARIOS]
        assert one.value == pytest.approx(spearmanr(auc, lost).statistic)
        assert [estimate.n for _, estimate in one.points.values()] == [GENERATED] * len(SCENARIOS)


def test_claims(recount):
    """The number of each claim, and every number in words that a table has too."""
    by_claim = {claim.claim: claim for claim in findings().claims}

    def lost(method, name):
        return 1 - recount.relative(name, method, 0.0, EXACT).value

    def change(method, name, part):
        return (
            recount.score(name, method, 0.0, part, EXACT).value - recount.score(name, "none", None, part, EXACT).value
        )

    methods = ("full", "lora")
    costs = by_claim["Masking a region from training costs performance on it"]
    assert costs.value == pytest.approx(np.mean([lost(m, name) for m in methods for name in SCENARIOS]))
    for method in methods:
        assert f"{NAMES[method]} {percent(np.mean([lost(method, name) for name in SCENARIOS]))}" in costs.evidence
    gap = by_claim["Fine-tuned models do worse out of distribution than in distribution"]
    gaps = {
        method: np.mean([
            recount.score(name, method, None if method == "none" else 0.0, "test_ood", EXACT).value
            - recount.score(name, method, None if method == "none" else 0.0, "test_id", EXACT).value
            for name in SCENARIOS
        ])
        for method in ("none", *methods)
    }  # fmt: skip
    assert gap.value == pytest.approx(-np.mean([gaps[method] for method in methods]))
    for method, value in gaps.items():
        assert f"{NAMES[method]} {points(value)} points" in gap.evidence
    keeps = by_claim["LoRA keeps more than full fine-tuning"]
    assert keeps.value == pytest.approx(np.mean([lost("full", name) - lost("lora", name) for name in SCENARIOS]))
    for part, claim in (
        ("general", "Fine-tuning forgets: models do worse on the general set than without it"),
        ("test_ood", "Fine-tuning with the region masked is worse on it than no fine-tuning at all"),
    ):
        found = {method: np.mean([change(method, name, part) for name in SCENARIOS]) for method in methods}
        assert by_claim[claim].value == pytest.approx(-np.mean(list(found.values())))
        for method, value in found.items():
            assert f"{NAMES[method]} {points(value)} points" in by_claim[claim].evidence
    unseen = by_claim["Models write an element less often where fine-tuning masked it"]
    recalls = {
        (method, kept): recount.holding(SCENARIOS[0], method, kept, "recall", "test_ood").value
        for method in methods for kept in (0.0, 1.0)
    }  # fmt: skip
    assert unseen.value == pytest.approx(np.mean([recalls[m, 1.0] - recalls[m, 0.0] for m in methods]))
    for value in recalls.values():
        assert percent(value) in unseen.evidence


def test_units_lead_from_the_report_to_the_table(recount):
    """The report shows values times 100, the table holds shares of 1, and each states its unit."""
    (scores,) = [one for one in report().tables if one.name == "scores"]
    assert "shares of 1" in scores.note
    line = next(line for line in recount.results.table(n_resamples=20).to_pylist() if line["metric"] == EXACT)
    assert 0 <= line["value"] <= 1


def test_no_number_is_written_as_less_than_nothing():
    """No table and no sentence has a negative zero."""
    text = report().to_markdown() + report().to_latex()
    assert not re.search(r"-0(\.0+)?(?![\d.])", text)
    assert not re.search(r"\b(nan|inf)\b", text)
