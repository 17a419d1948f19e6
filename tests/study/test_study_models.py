"""Several models in one study: they share splits, keep their settings, and extend the folder of a study of one."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from peft import LoraConfig

from codeshift.cli.main import main
from codeshift.errors import ParameterError
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.study import Findings, ModelsReport, Report, SettingsError, StudyModel, load_results, load_study
from codeshift.study.findings import Claim, claims_over_models
from codeshift.study.findings.quantity import nothing
from codeshift.study.settings.keys import RunKey
from helpers.study_case import CONFIG, LOOPS, rows, small_study
from helpers.study_results import study_results

CHAT = (
    "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
)


@pytest.fixture(scope="module")
def decoder():
    """A tiny decoder that chats, with a LoRA and a training config of its own."""
    tokenizer = tiny_tokenizer([*rows()["code"], *rows()["doc"], "user assistant"])
    tokenizer.chat_template = CHAT
    return StudyModel(
        model=tiny_model("llama", tokenizer),
        tokenizer=tokenizer,
        methods={"lora": LoraConfig(r=2, target_modules=["q_proj"])},
        config=replace(CONFIG, max_steps=2, max_source_length=64),
        chat=True,
    )


def _study(model, **changes):
    given = {"scenarios": (LOOPS,), "metrics": ["negative_log_likelihood"], "train_seeds": (0,)}
    return small_study(model, **(given | changes))


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    """The folder of a study of one model, run in one go."""
    out = tmp_path_factory.mktemp("one")
    _study(model).run(out, threads=1, progress=False)
    return out


@pytest.fixture(scope="module")
def extended(model, decoder, folder):
    """The results of the same study with a second model, in the same folder."""
    before = {path: path.read_bytes() for path in folder.glob("runs/*/*.parquet")}
    results = _study(model, models={"chat": decoder}).run(folder, threads=1, progress=False, extend=True)
    assert all(path.read_bytes() == content for path, content in before.items())
    return results


def test_keys_of_one_model_are_as_they_were(model):
    """Names of runs and settings say nothing of models where none is named, so that old folders are still theirs."""
    key = RunKey(method="lora", scenario="length_p97_p100", ood_kept=0.5, train_seed=1)
    assert key.name == "lora-length_p97_p100-kept0.5-split0-train1-d13c3b22"
    assert "model" not in key.to_dict()
    named = replace(key, model="t5")
    assert named.name.startswith("t5-lora-length")
    assert RunKey.from_dict(named.to_dict()) == named
    from codeshift.study.settings.fingerprint import fingerprint

    settings = fingerprint(_study(model).spec)
    assert "models" not in settings
    assert "watch" not in settings
    assert {"model", "tokenizer", "methods"} <= set(settings)


def test_a_folder_is_extended_by_a_model(extended, model, folder):
    """Runs of the first model stay, splits are shared, and each model is trained by its own settings."""
    assert extended.models == (None, "chat")
    assert extended.counts == {"done": 10, "failed": 0, "pending": 0}
    steps = {(r.key.model, r.key.method): r.steps for r in extended.records if r.steps}
    assert steps == {(None, "full"): 3, (None, "lora"): 3, ("chat", "full"): 2, ("chat", "lora"): 2}
    trained = {(r.key.model, r.key.method): r.training.trainable_parameters for r in extended.records if r.training}
    assert trained["chat", "lora"] < trained[None, "lora"]
    assert len(list(folder.glob("splits/*"))) == 1
    lora = next(r.key for r in extended.records if r.key.model == "chat" and r.key.method == "lora")
    record = json.loads((folder / "runs" / lora.name / "training" / "training.json").read_text(encoding="utf-8"))
    assert record["chat"] is True
    adapter = json.loads((folder / "runs" / lora.name / "training" / "adapter_config.json").read_text(encoding="utf-8"))
    assert adapter["target_modules"] == ["q_proj"]
    again = load_results(folder)
    assert [record.key for record in again.records] == [record.key for record in extended.records]
    with pytest.raises(ParameterError, match=r"models\.chat is absent"):
        _study(model).run(folder, threads=1, progress=False)


def test_the_table_names_models(extended):
    """Each line has its model, and a part is that of one."""
    table = extended.to_pandas(n_resamples=10)
    assert set(table["model"].fillna("")) == {"", "chat"}
    own = extended.of_model("chat")
    assert own.counts["done"] == 5
    assert {record.key.model for record in own.find(method="full")} == {"chat"}
    assert len(extended.find(method="full", model="chat")) == 2
    with pytest.raises(ParameterError, match="model must be one of the study"):
        extended.of_model("other")
    for report in (Report, lambda results: Findings(results=results)):
        with pytest.raises(ParameterError, match="results must be those of one model"):
            report(extended)


def test_the_report_has_a_page_of_each_model(extended, tmp_path):
    """One page is about all models and links to that of each."""
    report = ModelsReport(extended, n_resamples=50)
    page = report.save(tmp_path / "report.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.glob("*.html")) == [
        "report-1-the_first_model.html", "report-2-chat.html", "report.html",
    ]  # fmt: skip
    assert 'href="./report-2-chat.html"' in page
    for claim in report.claims:
        assert claim.claim in page
    assert "LoRA keeps more than full fine-tuning" in page
    assert report.to_latex().count("\\begin{") >= 2
    assert "chat" in report.to_markdown()


def test_the_command_line_knows_models(extended, folder, tmp_path, capsys):
    """Status lists runs of all models, the table has their names, and a report has the pages of each."""
    assert main(["study", "status", str(folder), "--table", str(tmp_path / "table.csv")]) == 0
    assert "10 runs: 10 done" in capsys.readouterr().out
    assert set(pd.read_csv(tmp_path / "table.csv")["model"].fillna("")) == {"", "chat"}
    assert main(["study", "report", str(folder), "--out", str(tmp_path / "page.html")]) == 0
    assert (tmp_path / "page-2-chat.html").exists()
    assert main(["study", "report", str(folder), "--out", str(tmp_path / "tables.tex")]) == 0
    assert "Claims by model" in (tmp_path / "tables.tex").read_text(encoding="utf-8")


def _several(**chances):
    """Results of models, each with chances of its own, as one study."""
    each = {
        name: study_results(train_seeds=(0, 1, 2), rows=120, chance=chance, general=0)
        for name, chance in chances.items()
    }
    first = next(iter(each.values()))
    records = tuple(
        replace(record, key=replace(record.key, model=name)) for name, own in each.items() for record in own.records
    )

    def load(key, part):
        return each[key.model].load(replace(key, model=None), part)

    return replace(first, records=records, load=load)


def _chance(lora, full):
    def chance(key, inside):
        if key.method == "none":
            return 0.3
        lost = (1.0 - (key.ood_kept or 0.0)) * (lora if key.method == "lora" else full) if inside else 0.0
        return 0.9 - lost

    return chance


def test_claims_over_models_are_means_of_models():
    """The number is the mean of the models'; LoRA keeps more in every model only where it does in each."""
    results = _several(a=_chance(0.1, 0.7), b=_chance(0.1, 0.6), c=_chance(0.5, 0.5))
    findings = {name: Findings(results=results.of_model(name), metric="exact_match", min_rows=5) for name in "abc"}
    name = "LoRA keeps more than full fine-tuning"
    for models, every in (("ab", "holds"), ("abc", "not shown"), ("c", "not shown")):
        by_model = {model: findings[model].claims for model in models}
        claim = next(claim for claim in claims_over_models(by_model) if claim.claim == name)
        values = [next(c for c in by_model[model] if c.claim == name).value for model in models]
        assert claim.value == pytest.approx(np.mean(values))
        assert claim.in_every == every
        assert list(claim.by_model) == list(models)
        assert claim.verdict == ("not shown" if models == "c" else "holds")


def test_the_interval_over_models_resamples_their_seeds():
    """Its variance is that of the models' means over seeds of one number, recomputed from the runs' values."""
    results = _several(a=_chance(0.3, 0.7), b=_chance(0.3, 0.6))
    both = {name: Findings(results=results.of_model(name), metric="exact_match", min_rows=5) for name in "ab"}
    cells = {name: findings.cells for name, findings in both.items()}
    claim = claims_over_models({name: findings.claims for name, findings in both.items()})[0]
    assert claim.estimate.has_interval
    singles = [next(iter(findings.claims)).quantity for findings in both.values()]
    weights = {cell for quantity in singles for cell in quantity.weights}
    assert len(weights) == len(singles[0].weights) + len(singles[1].weights)
    assert cells["a"] is not cells["b"]
    halves = [(q.estimate().high - q.estimate().low) / 2 for q in singles]
    half = (claim.high - claim.low) / 2
    assert half < max(halves)  # a mean of two is surer than the less sure of them
    assert half > 0.4 * math.hypot(*halves) / 2


def test_studies_of_named_models_alone(model, decoder):
    """Without ``model`` all models have names; a key needs one, and the plan says what each costs."""
    study = _study(None, models={"t5": str(model), "chat": decoder})
    plan = study.plan()
    assert str(plan).splitlines()[1].startswith("model  method")
    assert {run.key.model for run in plan.runs} == {"t5", "chat"}
    assert [run.steps for run in plan.trainings] == [3, 3, 3, 3, 2, 2, 2, 2]
    assert study.key(method="none", model="chat") in plan.keys
    assert study.key(method="none").model == "t5"


def test_each_model_has_a_throughput(model, decoder):
    """By model, and by method within it; what is not named takes an unknown time."""
    study = _study(None, models={"t5": str(model), "chat": decoder})
    given = {"t5": 100, "chat": {"lora": 50}}
    for run in study.plan(tokens_per_second=given).trainings:
        speed = {("t5", "full"): 100, ("t5", "lora"): 100, ("chat", "lora"): 50}.get((run.key.model, run.key.method))
        assert run.seconds == pytest.approx(math.nan if speed is None else run.target_tokens / speed, nan_ok=True)
    for wrong, words in (({"t6": 1}, "of names of models, got 't6'"), ({"t5": {"lira": 1}}, "of names of methods")):
        with pytest.raises(ParameterError, match=f"tokens_per_second must be {words}"):
            study.plan(tokens_per_second=wrong)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"models": {}}, "models must be models by name"),
        ({"models": {"": "a/b"}}, "models must be models by names of text"),
        (
            {"models": {"b": StudyModel(model="a/b", methods={"lira": None})}},
            r"models\['b'\]: methods must be of names",
        ),
        ({"models": {"b": StudyModel(model="a/b", methods={"full": LoraConfig(r=1)})}}, "as in the study"),
        ({"models": {"b": StudyModel(model="a/b", system="x")}}, r"models\['b'\]: system must be left out without"),
    ],
)
def test_models_that_cannot_work(model, change, words):
    """The message names the model and the setting."""
    with pytest.raises(ParameterError, match=words):
        _study(model, **change)


def test_a_tokenizer_without_its_model_is_refused():
    """Where models are named alone, no model of the study's own has the tokenizer."""
    with pytest.raises(ParameterError, match="tokenizer must be left out where models are named"):
        _study(None, tokenizer="a/b", models={"b": "a/b"})


def test_models_of_a_study_file(tmp_path):
    """A model has its own settings and takes the rest from the file."""
    lines = "".join(json.dumps(row) + "\n" for row in rows())
    (tmp_path / "rows.jsonl").write_text(lines, encoding="utf-8")
    text = """
data: rows.jsonl
source: doc
target: code
scenarios: [length_p90_p100]
methods: [full, lora]
training: {max_steps: 5, learning_rate: 0.001}
models:
  t5: some/t5
  smollm2:
    model: some/chat
    revision: v1
    chat: true
    methods: {lora: {r: 4}}
    training: {learning_rate: 0.0001}
"""
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    spec = load_study(tmp_path / "study.yaml").spec
    assert list(spec.models) == ["t5", "smollm2"]
    t5, chat = spec.models.values()
    assert (t5.task.to_dict()["chat"], chat.task.to_dict()["chat"], chat.revision) == (False, True, "v1")
    assert (t5.methods["lora"].r, chat.methods["lora"].r) == (8, 4)
    rates = [(m.configs["lora"].learning_rate, m.configs["lora"].max_steps) for m in (t5, chat)]
    assert rates == [(0.001, 5), (0.0001, 5)]
    (tmp_path / "study.yaml").write_text(text.replace("revision: v1", "revison: v1"), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"line 12.*revison.*revision"):
        load_study(tmp_path / "study.yaml")


def test_a_claim_without_a_number_says_why():
    """The reasons of the models, each once."""
    none = nothing()
    claim = Claim(
        claim="LoRA keeps more", verdict="not shown", evidence="No scenario has 30 distinct rows.",
        estimate=none.estimate(), seeds=none.seeds,
    )  # fmt: skip
    [over] = claims_over_models({"t5": [claim], "llama": [claim]})
    assert over.evidence == "No model has a number. No scenario has 30 distinct rows."
