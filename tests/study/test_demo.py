"""The demo, at a small size: real splits, real training, and the same table from the same seed."""

from __future__ import annotations

import json

import pytest
from datasets import Dataset

from codeshift.data import embedded_model_path, stdlib_functions
from codeshift.errors import ParameterError
from codeshift.finetune.models import load_tokenizer
from codeshift.splitters import SplitManifest
from codeshift.study import demo
from codeshift.study.demo import PARTS, SCENARIOS, DemoConfig, run_demo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::codeshift.errors.SizeWarning"),  # few rows cannot be dealt exactly
]
CONFIG = DemoConfig(rows=120, seed=3)


@pytest.fixture(scope="module")
def corpus():
    return stdlib_functions()


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    said: list[str] = []
    folder = tmp_path_factory.mktemp("demo")
    cells = run_demo(folder, CONFIG, say=said.append)
    return folder, cells, "\n".join(said)


def test_it_writes_what_it_promises(first):
    """Report, results and manifests stand in the folder that was named, and nothing half-written beside them."""
    folder, _, said = first
    assert sorted(p.name for p in folder.iterdir()) == ["manifests", "report.html", "results.jsonl"]
    assert sorted(p.name for p in (folder / "manifests").iterdir()) == ["length.json", "loops.json"]
    for promised in (
        "[1/3]",
        "[3/3]",
        "The embedded model",
        "train ",
        "masked from training",
        "NLL a token",
        "report.html",
    ):
        assert promised in said


def test_a_row_for_each_scenario_method_and_part(first):
    """The results hold every cell once, each metric with its interval and the rows behind it."""
    folder, cells, _ = first
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(r["scenario"], r["method"], r["part"]) for r in rows] == [
        (s.name, method, part) for s in SCENARIOS for method in ("none", "full", "lora") for part in PARTS
    ]
    assert [cell.to_dict() for cell in cells] == rows
    for row in rows:
        nll = row["negative_log_likelihood"]
        assert row["n"] == nll["n"] > 0
        assert 0 < nll["low"] <= nll["value"] <= nll["high"] < 12
        assert 0 <= row["token_accuracy"]["value"] <= 1
        assert 0 < row["exact_match"]["n"] <= row["n"]


def test_each_method_is_a_model_of_its_own(first):
    """Without fine-tuning, after full fine-tuning and after LoRA the same rows have three likelihoods."""
    _, cells, _ = first
    nll = {(c.scenario, c.method): c.estimates["negative_log_likelihood"].value for c in cells if c.part == "test_id"}
    for scenario in SCENARIOS:
        assert len({nll[scenario.name, method] for method in ("none", "full", "lora")}) == 3


def test_a_second_run_gives_the_same_table(first, tmp_path):
    """From scratch in another folder, the same seed gives the same results, report and manifests, byte for byte."""
    folder, _, _ = first
    run_demo(tmp_path, CONFIG)
    for name in ("results.jsonl", "report.html", "manifests/length.json", "manifests/loops.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_manifest_gives_the_split_again(first, corpus):
    """A manifest of the demo, applied to the corpus, gives parts that the region tells apart."""
    folder, cells, _ = first
    manifest = SplitManifest.load(folder / "manifests" / "loops.json")
    wanted = {json.dumps(row) for row in _drawn(corpus)}
    rows = Dataset.from_list([row for row in corpus if json.dumps(row) in wanted])
    splits = manifest.apply(rows)
    sizes = {cell.part: cell.rows for cell in cells if cell.scenario == "loops"}
    assert {part: len(splits[part]) for part in PARTS} == sizes
    assert all("for " in code or "while " in code for code in splits["test_ood"]["code"])


def _drawn(corpus):
    rows = [r for r in corpus if len(r["code"]) <= demo.LONGEST_CODE]
    return [rows[i * len(rows) // CONFIG.rows] for i in range(CONFIG.rows)]


def test_the_functions_fit_the_model(corpus, tmp_path):
    """What is split is documented, and short enough that hardly a reference is cut."""
    functions = demo._Demo(tmp_path, DemoConfig(), lambda _: None, False)._corpus()
    assert len(functions) == 4786
    assert all(functions["docstring"])
    lengths = [len(ids) for ids in load_tokenizer(embedded_model_path())(functions["code"][:])["input_ids"]]
    assert sum(length > demo._TARGET_TOKENS for length in lengths) < 0.01 * len(lengths)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rows": 5}, "rows must be at least 100, got 5: fewer leave a scenario without test rows"),
        ({"seed": -1}, "seed must be 0 or larger, got -1: leave it out to take 0"),
    ],
)
def test_bad_settings(settings, message):
    """Each is refused before any work, with what to do."""
    with pytest.raises(ParameterError, match=message):
        DemoConfig(**settings)
