"""The demo, at a small size: an ordinary study whose results are printed for a person."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections import Counter

import numpy as np
import pytest

from codeshift.cli import main
from codeshift.data import embedded_model_path
from codeshift.demo import DEMO_TRAINING, SCENARIOS, SOURCE, demo_rows, demo_scores, demo_study, run_demo
from codeshift.documents import text
from codeshift.errors import ParameterError
from codeshift.finetune.models import load_tokenizer
from codeshift.splitters import SplitManifest
from codeshift.study import load_results

SMALL = {"rows": 120, "seed": 3}
LENGTHS = DEMO_TRAINING["max_source_length"], DEMO_TRAINING["max_target_length"]


@pytest.fixture(scope="module", autouse=True)
def short_trainings():
    """Train two steps on short sources, also in other processes, which read the settings in the study's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DEMO_TRAINING, "max_steps", 2)
        patch.setitem(DEMO_TRAINING, "max_source_length", 32)
        yield


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Return a small demo: its folder, its results and what it printed."""
    folder, said = tmp_path_factory.mktemp("demo"), []
    results = run_demo(folder, **SMALL, workers=1, say=said.append, progress=False)
    return folder, results, "\n".join(said)


@pytest.mark.slow
def test_each_score_is_printed(first):
    """The demo prints a line for each scenario and model, with the scores of the table of results."""
    _, results, said = first
    assert results.counts == {"done": 7, "failed": 0, "pending": 0}
    printed = said[re.search(r"scenario +model ", said).start() :]
    table = results.to_pandas()
    for scenario in SCENARIOS:
        block = printed[printed.index(f"\n  {scenario.name} ") + 1 :]
        parts = table[table.scenario.eq(scenario.name) & table.metric.eq("exact_match")].groupby("part").n.unique()
        assert [line.split("  ")[1].strip() for line in block.splitlines()[1:3]] == [
            f"in: n={parts['test_id'].item()}",
            f"out: n={parts['test_ood'].item()}",
        ]
        lines = [" ".join(line.split()) for line in block.splitlines()[:5]]
        models = [("none", None), ("full", 0.0), ("full", 1.0), ("lora", 0.0), ("lora", 1.0)]
        for line, (method, kept) in zip(lines, models, strict=True):
            rows = table[table.scenario.eq(scenario.name) & table.method.eq(method)]
            rows = rows[rows.ood_kept.isna() if kept is None else rows.ood_kept.eq(kept)]
            values = rows.set_index(["metric", "part"]).value
            numbers = [
                *(f"{100 * values['exact_match', part]:.1f}%" for part in ("test_id", "test_ood")),
                *(f"{values['negative_log_likelihood', part]:.3f}" for part in ("test_id", "test_ood")),
            ]
            places = [line.find(number) for number in numbers]
            assert -1 not in places, (line, numbers)
            assert places == sorted(places)
            assert ("with them" in line, "without them" in line) == (kept == 1, kept == 0)
    assert max(map(len, printed.splitlines()[:-1])) <= 100, "no line of the table is too wide for a terminal"
    assert "test functions the model read 0 in pretraining as they are" in " ".join(printed.split())


@pytest.mark.slow
def test_its_folder_is_that_of_a_study(first, capsys, tmp_path):
    """``codeshift study`` can read the folder, and writes the same report as the demo."""
    folder, results, _ = first
    assert main(["study", "report", str(folder), "--out", str(tmp_path / "report.html")]) == 0
    assert (tmp_path / "report.html").read_bytes() == (folder / "report.html").read_bytes()
    assert load_results(folder).counts == results.counts
    assert "7 runs: 7 done" in capsys.readouterr().out


@pytest.mark.slow
def test_a_finished_demo_is_not_repeated(first):
    """In the same folder, the demo prints the same and trains nothing; with other rows, the error says what differs."""
    folder, _, said = first
    before = {path: path.stat().st_mtime_ns for path in folder.glob("runs/*/*")}
    again: list[str] = []
    run_demo(folder, **SMALL, workers=1, say=again.append, progress=False)
    assert "\n".join(again) == said
    assert {path: path.stat().st_mtime_ns for path in folder.glob("runs/*/*")} == before
    with pytest.raises(ParameterError, match="130 rows"):
        run_demo(folder, rows=130, seed=3, workers=1, say=again.append, progress=False)


@pytest.mark.slow
def test_unfinished_scores_are_pending(first, tmp_path):
    """Scores of an unfinished study are shown as pending, not as 0."""
    folder, results, _ = first
    shutil.copytree(folder, tmp_path / "copy")
    [record] = (tmp_path / "copy").glob("runs/lora-loops-*/run.json")
    record.unlink()
    lines = text.render(demo_scores(load_results(tmp_path / "copy"))).splitlines()
    whole = text.render(demo_scores(results)).splitlines()
    [changed] = [line.split() for line in lines if "pending" in line]
    assert changed == ["LoRA,", "without", "them", *["pending"] * 4]
    assert len(lines) == len(whole)


@pytest.mark.slow
def test_two_workers_give_the_same_figures(first, tmp_path):
    """Two processes that do four runs again give the same table as one, to the last digit."""
    folder, results, said = first
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    done = sorted(tmp_path.glob("runs/*/run.json"))
    assert len(done) == 7
    for record in done[:4]:
        shutil.rmtree(record.parent)
    again: list[str] = []
    other = run_demo(tmp_path, **SMALL, workers=2, say=again.append, progress=False)
    assert other.to_pandas().drop(columns="seconds").equals(results.to_pandas().drop(columns="seconds"))
    assert "\n".join(again).replace(str(tmp_path), "") == said.replace(str(folder), "")


@pytest.mark.slow
def test_the_manifest_holds_the_region(first):
    """The region of a saved manifest separates the functions with a loop from the others."""
    folder, results, _ = first
    facts = results.splits["loops", 3]
    rows = demo_rows(120, seed=3)
    study = demo_study(**SMALL)
    test = rows.select(study.splits.parts(3).positions["test"])
    assert len(test) == 36
    held_out = np.array(test["code"][:])[facts.members["test_ood"]]
    assert len(held_out) > 2
    assert all("for " in code or "while " in code for code in held_out)
    assert SplitManifest.load(folder / facts.manifest).sizes["test_ood"].actual == len(held_out)


def test_the_rows_are_the_same_on_every_python():
    """The digest of the rows and of the names left out is fixed, and no row contains its answer."""
    rows = demo_rows()
    texts = json.dumps([rows[name][:] for name in ("id", "prefix", "name", "suffix")])
    assert (len(rows), hashlib.sha256(texts.encode()).hexdigest()[:16]) == (2200, "8d1a4766b2a32378")
    assert demo_rows(seed=1)["name"][:] != rows["name"][:]
    _, often = Counter(rows["name"][:]).most_common(1)[0]
    assert often < 0.03 * len(rows)


def test_the_functions_fit_the_model():
    """Hardly any source or name is truncated at the lengths of ``DEMO_TRAINING``, which all of its trainings have."""
    for config in demo_study(200).spec.configs.values():
        assert config.max_source_length == DEMO_TRAINING["max_source_length"] < LENGTHS[0]
        assert config.max_target_length == DEMO_TRAINING["max_target_length"] == LENGTHS[1]
    rows, tokenizer = demo_rows(), load_tokenizer(embedded_model_path())
    sources = [SOURCE.format(prefix=a, suffix=b) for a, b in zip(rows["prefix"][:], rows["suffix"][:], strict=True)]
    lengths = np.array([len(ids) for ids in tokenizer(sources)["input_ids"]])
    assert (lengths > LENGTHS[0]).mean() < 0.01
    lengths = np.array([len(ids) for ids in tokenizer(rows["name"][:])["input_ids"]])
    assert (lengths > LENGTHS[1]).mean() < 0.002


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rows": 5}, "rows must be at least 100, got 5: fewer leave a scenario without test rows"),
        ({"seed": -1}, "seed must be 0 or larger, got -1: leave it out to take 0"),
    ],
)
def test_bad_settings_are_refused(settings, message, tmp_path):
    """Bad settings raise an error before any work, which says what to do."""
    with pytest.raises(ParameterError, match=message):
        run_demo(tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()
