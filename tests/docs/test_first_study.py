"""The page of Study 1 is that of the results that the repository holds."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from helpers.pages import ROOT
from studies.first import answers, compact, manifests, page

COMMITTED = json.loads(answers.ANSWERS.read_text(encoding="utf-8"))
FOLDERS = sorted(path.parent for path in compact.RESULTS.glob("*/study.json"))


def test_the_page_is_rebuilt_to_the_byte() -> None:
    """The answers give the page and all its pictures."""
    assert page.PAGE.read_text(encoding="utf-8") == page.page(COMMITTED)
    for name, drawn in page.drawings(COMMITTED["studies"]).items():
        assert (ROOT / "docs" / "assets" / name).read_text(encoding="utf-8") == drawn, name
    for path, home in page.FIRST.items():
        text = path.read_text(encoding="utf-8")
        assert text == page.shown_first(COMMITTED["studies"], text, home=home)
        assert page.finding(COMMITTED["studies"]).split(":")[0] in " ".join(text.split())


@pytest.mark.parametrize("corpus", answers.CORPORA)
def test_the_answers_are_those_of_the_results(corpus: str) -> None:
    """The compact form of the results gives the first figures, with their intervals, and the counts."""
    results = compact.unpack(compact.RESULTS / corpus)
    of = answers.Answers(results, compact.EXACT.name)
    again = {
        "gap": answers.plain(of.mean(of.mean_gap)),
        "cost": answers.plain(of.mean(of.mean_cost)),
        "facts": answers.facts_of(results),
    }
    committed = COMMITTED["studies"][corpus]
    figures = committed["metrics"][compact.EXACT.name]["figures"]
    assert json.loads(answers.text_of(again)) == {
        "gap": figures["gap"],
        "cost": figures["cost"],
        "facts": committed["facts"],
    }


@pytest.mark.parametrize("corpus", answers.CORPORA)
def test_the_headline_by_other_means(corpus: str) -> None:
    """Plain sums over the rows of the Parquet files give the gap and the cost, by both metrics."""
    counted = _means(corpus)
    for metric, sign in ((compact.EXACT.name, 1.0), (compact.LOSS.name, -1.0)):
        figures = COMMITTED["studies"][corpus]["metrics"][metric]["figures"]
        measured = [line["scenario"] for line in COMMITTED["studies"][corpus]["metrics"][metric]["scenarios"]]
        gaps, costs = [], []
        for scenario in measured:
            if scenario == answers.CONTROL:
                continue
            inside, outside, kept = (
                _over_seeds(counted, metric, scenario, share, part)
                for share, part in ((0.0, "test_id"), (0.0, "test_ood"), (1.0, "test_ood"))
            )
            gaps.append(sign * (inside - outside))
            costs.append(sign * (kept - outside))
        assert figures["gap"]["value"] == pytest.approx(np.mean(gaps), abs=1e-6)
        assert figures["cost"]["value"] == pytest.approx(np.mean(costs), abs=1e-6)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_manifests_are_held_to_the_byte(folder: Any) -> None:
    """A manifest is put together again with the digest that it was saved with; another content would be refused."""
    facts = json.loads(pq.read_table(folder / "scenarios.parquet")["facts"][0].as_py())
    name = (
        f"{compact.split_name(facts['scenario'], 0)} {facts['manifest'].split('/')[-1].removesuffix('.manifest.json')}"
    )
    manifest = manifests.load_manifest(folder, name)
    assert manifest.splitter == facts["splitter"]


Means = dict[tuple[str, str, float, int], dict[str, dict[str, float]]]


def _means(corpus: str) -> Means:
    """Return the scores of each run on each part, by method, scenario, share kept and seed, and by metric."""
    folder = compact.RESULTS / corpus
    rows, outputs, splits, runs = (
        pq.read_table(folder / f"{name}.parquet").to_pandas() for name in ("rows", "outputs", "scenarios", "runs")
    )
    keys = [json.loads(key) for key in runs["key"]]
    parts = {
        (json.loads(split.facts)["scenario"], split.split_seed): {
            "test_id": np.array(split.test_id),
            "test_ood": np.array(split.test_ood),
        }
        for split in splits.itertuples()
    }
    of_seed = dict(iter(rows.groupby("split_seed")))
    means: Means = {}
    for number, of_run in outputs.groupby("run"):
        key = keys[number]
        if key["variant"] or key["method"] == "none":
            continue
        names = of_seed[key["split_seed"]]
        right = (of_run["prediction"].to_numpy() == names["name"].to_numpy()).astype(float)
        losses, tokens = of_run["loss"].to_numpy() / 100, names["tokens"].to_numpy()
        for (scenario, seed), masks in parts.items():
            if seed == key["split_seed"] and key["scenario"] in (None, scenario):
                at = (key["method"], scenario, key["ood_kept"], seed)
                means[at] = {
                    part: {
                        compact.EXACT.name: right[mask].mean(),
                        compact.LOSS.name: losses[mask].sum() / tokens[mask].sum(),
                    }
                    for part, mask in masks.items()
                }
    return means


def _over_seeds(means: Means, metric: str, scenario: str, share: float, part: str) -> float:
    """Return the mean over methods and over the seeds for which all four trainings are done."""
    seeds = [
        seed
        for seed in range(3)
        if all((method, scenario, kept, seed) in means for method in answers.METHODS for kept in (0.0, 1.0))
    ]
    return float(
        np.mean([means[method, scenario, share, seed][part][metric] for method in answers.METHODS for seed in seeds])
    )
