"""Each claim in a study where it holds, in one where it does not, and in one that cannot tell."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from codeshift.study.findings import Findings
from codeshift.study.settings.keys import RunKey
from helpers.study_results import study_results

SCENARIOS = ("length_p97_p100", "length_p0_p3", "syntax_for_statement", "semantics_cluster_0", "semantics_cluster_1")
COSTS, DIMENSIONS, BACK = "Masking a region", "Shifts of syntax", "A few rows"
KEEPS, STRONGER, FORGETS, WORSE = "LoRA keeps more", "A stronger shift", "Fine-tuning forgets", "Fine-tuning with"
ONE_SEED = "One seed: this is said of these trained models alone, not of the method."
UNSEEN, GAP = "Models write", "Fine-tuned models do worse"


def claims(chance, min_rows=30, **changes):
    results = study_results(**{"scenarios": SCENARIOS, "rows": 240, "general": 200, "chance": chance, **changes})
    return {
        claim.claim: claim
        for claim in Findings(results=results, metric="exact_match", n_resamples=300, min_rows=min_rows).claims
    }


def claim(found, start):
    (one,) = [claim for name, claim in found.items() if name.startswith(start)]
    return one


def lost(key, inside, *, full=0.5, lora=0.2, few=0.8, simple=0.5):
    """How likely a row is right: methods lose so much; ``few`` of the loss is won back by half of the rows."""
    if key.method == "none":
        return 0.5
    if not inside or key.ood_kept == 1 or key.scenario is None:
        return 0.8
    loss = full if key.method == "full" else lora
    loss *= simple if key.scenario.startswith("length") else 1.0
    return 0.8 - loss * (1 - few if key.ood_kept else 1.0)


def test_a_study_where_all_hold():
    """With the losses of the paper each claim holds, and says by how much."""
    found = claims(lost)
    for start in (GAP, COSTS, DIMENSIONS, BACK, KEEPS, UNSEEN):
        assert claim(found, start).verdict == "holds", claim(found, start)
        assert claim(found, start).low > (0.5 if start == BACK else 0)
    assert "Of 10 cells" in claim(found, COSTS).evidence
    assert "50% of the region's rows win back" in claim(found, BACK).evidence
    assert claim(found, COSTS).sentence.startswith("Masking a region from training costs performance on it: holds. ")


def test_a_study_where_none_hold():
    """With losses turned round none of them holds, and that is another thing than not being shown."""
    found = claims(lambda key, inside: lost(key, inside, full=0.15, lora=0.7, few=0.0, simple=1.6))
    for start in (KEEPS, BACK, DIMENSIONS):
        assert claim(found, start).verdict == "does not hold", claim(found, start)
    assert claim(found, GAP).verdict == "holds"
    turned = claims(lambda key, inside: 0.8 if inside else 0.4)
    assert claim(turned, GAP).verdict == "does not hold"
    assert "full fine-tuning +4" in claim(turned, GAP).evidence
    gain = claims(lambda key, inside: lost(key, inside, full=-0.2, lora=-0.2))
    assert claim(gain, COSTS).verdict == "does not hold"
    assert claim(gain, BACK).verdict == "not shown"
    assert "The loss itself is not shown" in claim(gain, BACK).evidence


def test_a_study_that_cannot_tell():
    """Without any difference nothing is shown, either way."""
    found = claims(lambda key, inside: 0.5, rows=60, general=40, min_rows=1)
    assert {claim(found, start).verdict for start in (COSTS, DIMENSIONS, KEEPS, BACK)} == {"not shown"}


def test_forgetting_names_the_method_that_forgets_least():
    """On the general set, and on the region itself against no fine-tuning at all."""
    found = claims(lambda key, inside: {"none": 0.9, "full": 0.3, "lora": 0.6}[key.method])
    assert claim(found, FORGETS).verdict == claim(found, WORSE).verdict == "holds"
    assert " LoRA forgets least." in claim(found, FORGETS).evidence
    alike = claims(lambda key, inside: 0.9 if key.method == "none" else 0.5)
    assert "forgets least, though the difference is not shown." in claim(alike, FORGETS).evidence
    assert claim(claims(lambda key, inside: 0.2 if key.method == "none" else 0.8), FORGETS).verdict == "does not hold"


@pytest.mark.parametrize(("lora", "expected"), [(0.7, "LoRA gains most."), (0.56, "LoRA comes out best.")])
def test_a_gain_is_named_where_one_is_shown(lora, expected):
    """One method loses; the other gains much, or so little that no gain is shown and nothing is called one."""
    found = claims(lambda key, inside: {"none": 0.5, "full": 0.2, "lora": lora}[key.method])
    assert f" {expected}" in claim(found, WORSE).evidence


@pytest.mark.parametrize(("sign", "expected"), [(1, "holds"), (-1, "does not hold")])
def test_strength(sign, expected):
    """The audit's AUC rises from scenario to scenario, and the loss with it or against it."""
    names = tuple(f"length_{i}" for i in range(9))

    def chance(key, inside):
        if not inside or key.scenario is None or key.method == "none":
            return 0.95
        return 0.5 - sign * 0.11 * (names.index(key.scenario) - 4)

    found = claims(chance, scenarios=names, rows=1500, general=0, ood_kept=(0.0, 1.0))
    assert claim(found, STRONGER).verdict == expected
    assert "over 9 scenarios" in claim(found, STRONGER).evidence


def test_claims_need_their_runs():
    """There is no claim without planned runs; a pending claim is not shown and states the reason."""
    assert claims(lost, methods=("full",), scenarios=("length_a",), general=0).keys() == {
        "Fine-tuned models do worse out of distribution than in distribution",
        "Masking a region from training costs performance on it",
        "A few rows of the region win most of the loss back",
        "Fine-tuning with the region masked is worse on it than no fine-tuning at all",
    }
    assert claims(lost, ood_kept=(1.0,)) == {}
    pending = [RunKey(method="full", scenario="length_a", ood_kept=k, train_seed=0) for k in (0.0, 0.5)]
    found = claims(lost, methods=("full",), scenarios=("length_a",), general=0, pending=pending)
    assert {one.verdict for one in found.values()} == {"not shown"}
    assert claim(found, COSTS).evidence.startswith("It was not measured")
    assert np.isnan(claim(found, COSTS).value)


def test_a_baseline_of_nothing_is_not_a_loss_of_all():
    """If no row of the baseline is right, there is no share to lose."""
    found = claims(lambda key, inside: 0.0)
    assert claim(found, COSTS).verdict == "not shown"
    assert np.isnan(claim(found, COSTS).value)


def test_likelihoods_lose_by_growing():
    """A metric that counts down loses where it grows over the baseline's."""
    results = study_results(scenarios=SCENARIOS, rows=240, chance=lost)
    found = {c.claim: c for c in Findings(results=results, metric="negative_log_likelihood", n_resamples=300).claims}
    assert claim(found, COSTS).verdict == claim(found, KEEPS).verdict == "holds"


def test_summary_says_all_in_words():
    """It begins with how far the study is, has each claim, and ends with how outputs fail."""
    results = study_results()
    found = Findings(results=results, metric="exact_match", n_resamples=100)
    summary = found.summary()
    assert summary[0] == "Of 11 runs 11 done."
    assert [c.sentence for c in found.claims] == summary[1 : 1 + len(found.claims)]
    assert [line.split(" on ")[0] for line in summary[-3:]] == [
        "Outputs of the model without fine-tuning", "Outputs of full fine-tuning", "Outputs of LoRA"
    ]  # fmt: skip
    empty = dataclasses.replace(
        results, records=tuple(dataclasses.replace(r, status="pending") for r in results.records)
    )
    assert Findings(results=empty).summary()[0] == "Of 11 runs 11 pending."
