"""A study runs each model once, records what fails, goes on where it stopped, and reads without its data."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
from peft import LoraConfig
from safetensors.torch import load_file

from codeshift.errors import ParameterError
from codeshift.files import content_digest
from codeshift.finetune import CheckpointError, Evaluator, Trainer, TrainingConfig, load_model, scale_adapter, wise_ft
from codeshift.finetune.tokenizing import Tokenizing
from codeshift.metrics import NegativeLogLikelihood
from codeshift.regions.elements import element_names
from codeshift.splitters import Scenario
from codeshift.study import RunKey, load_results
from codeshift.study.folder.store import StudyStore
from codeshift.study.planning.plan import Plan
from codeshift.study.running import run_models
from codeshift.study.running.prepare import forget_failures
from helpers.study_case import CONFIG, LONG, LOOPS, assert_same, rows, small_study


def evaluations(monkeypatch):
    """The sets that are evaluated from now on."""
    seen = []
    evaluate = Evaluator.evaluate

    def noted(self, model, splits, **options):
        seen.append(list(splits))
        return evaluate(self, model, splits, **options)

    monkeypatch.setattr(Evaluator, "evaluate", noted)
    return seen


def written(folder):
    """When each file was written, but for locks."""
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file() and "locks" not in p.parts}


def test_a_run_is_what_trainer_and_evaluator_give(straight, model):
    """The scores of a cell are those of a model trained by hand on the rows of the manifest's regime."""
    study, results = small_study(model), load_results(straight)
    key = RunKey(method="full", scenario="loops", ood_kept=0.0, train_seed=0)
    data = rows()
    train = data.select(study.splits.training(key)["train"])
    assert not any("while" in code for code in train["code"])
    trained = Trainer(str(model), str(model), study.spec.configs["full"], source="doc", target="code", progress=False)
    fitted = trained.fit({"train": train}).model
    test = data.select(study.splits.parts(0).positions["test"])
    evaluator = Evaluator([NegativeLogLikelihood()], source="doc", target="code", progress=False)
    found = evaluator.evaluate(fitted, test, tokenizer=str(model))["data"]
    got = results.scores(key)
    np.testing.assert_array_equal(
        got.statistics["negative_log_likelihood"], found.statistics["negative_log_likelihood"]
    )
    assert list(got.references) == test["code"][:]
    assert list(got.sources) == test["doc"][:]


def test_every_cell_of_a_study_is_there(full_study, full_folder):
    """Trainings, variants and the model without fine-tuning, on the test rows and on the general set."""
    results = load_results(full_folder)
    assert results.counts == {"done": 13, "failed": 0, "pending": 0}
    assert results.methods == ("none", "full", "lora")
    assert results.variants == (None, "wise_ft=0.5", "adapter=0.5")
    assert [record.key for record in results.records] == list(Plan.of(full_study.spec).keys)
    for record in results.records:
        assert len(results.scores(record.key, "test")) == len(full_study.splits.parts(0).positions["test"])
        assert list(results.scores(record.key, "general").references) == rows(6, start=100)["code"][:]
        assert record.seconds > 0
        trains = record.key.method != "none" and not record.key.variant
        assert record.steps == (3 if trains else None)
        assert record.versions["torch"]
    assert {name: split.audit.verdict.label for name, split in results.splits.items()} == {
        ("long", 0): "too few rows",
        ("loops", 0): "too few rows",
    }
    assert element_names(results.splits["loops", 0].masked) == ("while_statement",)
    assert results.splits["long", 0].distributions[0].name == "length in tokens"


def test_variants_are_made_of_the_trained_weights(full_study, full_folder, model):
    """Their scores are those of ``wise_ft`` and ``scale_adapter`` on the weights that the folder keeps."""
    results, files = load_results(full_folder), StudyStore(full_folder)
    test = rows().select(full_study.splits.parts(0).positions["test"])
    evaluator = Evaluator([NegativeLogLikelihood()], source="doc", target="code", progress=False)
    for method, variant in (("full", "wise_ft=0.5"), ("lora", "adapter=0.5")):
        [record] = results.find(method=method, scenario="long", ood_kept=0.0, variant=variant)
        trained = load_model(files.training(record.key.trained))
        made = wise_ft(str(model), trained, 0.5) if method == "full" else scale_adapter(trained, 0.5)
        found = evaluator.evaluate(made, test, tokenizer=str(model))["data"].statistics["negative_log_likelihood"]
        np.testing.assert_allclose(results.scores(record.key).statistics["negative_log_likelihood"], found, rtol=1e-6)


def test_text_is_generated_for_a_fair_sample_of_each_part(full_folder):
    """Each part has its own ``generate_rows`` rows; those drawn for another scenario's sake do not count."""
    results = load_results(full_folder)
    [none] = results.find(method="none")
    written = np.array([text is not None for text in results.scores(none.key).predictions])
    for scenario in results.scenarios:
        for part in ("test_id", "test_ood"):
            members = results.members(part, scenario, 0)
            scored = ~np.isnan(results.statistics(none.key, "exact_match", part, scenario)).any(axis=1)
            assert scored.sum() == min(4, members.sum())
            assert not (scored & ~written[members]).any()
            assert not np.isnan(results.statistics(none.key, "negative_log_likelihood", part, scenario)).any()
    assert (~np.isnan(results.statistics(none.key, "exact_match", "test")).any(axis=1)).sum() == 4
    assert 4 <= written.sum() <= 16


def test_what_is_done_is_not_done_again(straight, model, monkeypatch):
    """A second call evaluates nothing and changes no file."""
    seen = evaluations(monkeypatch)
    before = written(straight)
    results = small_study(model).run(straight, threads=1, progress=False)
    assert seen == []
    assert written(straight) == before
    assert_same(results, load_results(straight))


def test_shared_work_is_done_once(model, tmp_path, monkeypatch):
    """Two scenarios, one baseline a method, one evaluation a model: 6 trainings, each with features, 7 evaluations."""
    seen, trained = evaluations(monkeypatch), []
    fit = Trainer.fit
    monkeypatch.setattr(Trainer, "fit", lambda self, *args, **kw: trained.append(1) or fit(self, *args, **kw))
    small_study(model).run(tmp_path / "once", threads=1, progress=False)
    assert [parts for parts in seen if parts != ["training_rows"]] == [["test"]] * 7
    assert len(seen) == 7 + 6
    assert len(trained) == 6


def test_each_text_is_tokenised_once_a_process(model, tmp_path, monkeypatch):
    """However many runs train on a row and are evaluated on it."""
    tokenised = []
    tokenize = Tokenizing._tokenized
    monkeypatch.setattr(
        Tokenizing, "_tokenized", lambda self, texts, *args: tokenised.extend(texts) or tokenize(self, texts, *args)
    )
    run_models._tokenizer.cache_clear()
    small_study(model, methods={"full": None}).run(tmp_path / "tokens", threads=1, progress=False)
    data = rows()
    assert sorted(tokenised) == sorted([*data["doc"], *data["code"]])


def test_a_cell_that_fails_is_recorded_and_done_again_when_asked(model, straight, tmp_path, monkeypatch):
    """Its error stands in its record, the other cells are done; a plain second call leaves it, ``retry`` does it."""
    fit = Trainer.fit

    def failing(self, data, *args, **options):
        if self.peft_config is not None and len(data["train"]) < 40:
            raise MemoryError("no room for these weights")
        return fit(self, data, *args, **options)

    monkeypatch.setattr(Trainer, "fit", failing)
    study, told = small_study(model), []
    results = study.run(tmp_path / "f", threads=1, progress=told.append)
    failed = [record for record in results.records if record.status == "failed"]
    assert {(record.key.method, record.key.ood_kept) for record in failed} == {("lora", 0.0)}
    assert {record.error for record in failed} == {"MemoryError: no room for these weights"}
    assert results.counts == {"done": 5, "failed": 2, "pending": 0}
    assert [record.key for record in told] == [record.key for record in results.records]
    table = results.to_pandas(n_resamples=20)
    assert table[table.status == "failed"].value.isna().all()
    assert study.run(tmp_path / "f", threads=1, progress=False).counts["failed"] == 2
    monkeypatch.setattr(Trainer, "fit", fit)
    assert_same(study.run(tmp_path / "f", threads=1, progress=False, retry=True), load_results(straight))


def test_a_broken_checkpoint_is_removed_before_another_try(model, straight, tmp_path, monkeypatch):
    """It would stand in the way again; the record says so, whatever the message, and other failures keep theirs."""
    fit = Trainer.fit

    def failing(self, data, *args, **options):
        if len(data["train"]) < 40:
            raise CheckpointError("not whole") if self.peft_config else MemoryError("CheckpointError: no room")
        return fit(self, data, *args, **options)

    monkeypatch.setattr(Trainer, "fit", failing)
    study, store = small_study(model), StudyStore(tmp_path / "f")
    results = study.run(tmp_path / "f", threads=1, progress=False)
    ended = [record for record in results.records if record.status == "failed" and not record.key.variant]
    failed = {record.key.method: record for record in ended}
    assert {method: record.blocked for method, record in failed.items()} == {"lora": True, "full": False}
    for record in failed.values():
        (store.training(record.key) / "checkpoints" / "left").mkdir(parents=True)
    forget_failures(Plan.of(study.spec), store)
    kept = {m: (store.training(r.key) / "checkpoints" / "left").exists() for m, r in failed.items()}
    assert kept == {"lora": False, "full": True}
    assert all(store.read_record(record.key) is None for record in failed.values())


def test_a_loss_that_is_no_number_is_a_failure(model, tmp_path):
    """A method that diverges is recorded so; its variants say that the training failed."""
    config = TrainingConfig(learning_rate=1e30, max_steps=4, train_batch_size=4, eval_strategy="no", max_grad_norm=None)
    study = small_study(
        model, methods={"wild": None}, config={"wild": config}, scenarios=(LONG,), ood_kept=(0.0,), wise_ft=(0.5,)
    )
    results = study.run(tmp_path / "wild", threads=1, progress=False)
    errors = {record.key.variant: record.error for record in results.records if record.status == "failed"}
    assert errors[None].startswith("DivergenceError: the loss of step ")
    assert errors["wise_ft=0.5"].startswith("RuntimeError: the training failed (DivergenceError: ")
    assert results.counts["done"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": replace(CONFIG, learning_rate=0.5)}, "methods.full.config.learning_rate is 0.5, there it is 0.01;"),
        ({"methods": {"full": None, "lora": LoraConfig(r=4)}}, "methods.lora.peft.r is 4, there it is 2;"),
        ({"methods": {"full": None}}, "methods.lora is absent, there it is {"),
        ({"source": "{doc}!"}, "source is '{doc}!', there it is 'doc';"),
        ({"dataset": rows(61)}, "data.data is '61 rows, "),
        ({"scenarios": (Scenario("long", LOOPS.splitter), LOOPS)}, 'scenarios.long is "ASTNodeSplitter('),
        ({"test_size": 0.3}, "test_size is 0.3, there it is 0.2;"),
        ({"metrics": ["negative_log_likelihood"]}, "metrics.token_accuracy is absent, there it is None;"),
        ({"ood_kept": (0.0,)}, "ood_kept is [0.0], there it is [0.0, 1.0]; give another folder"),
        (
            {"train_seeds": (0, 1)},
            "train_seeds is [0, 1], there it is [0]; pass extend=True (on the command line --extend) to add",
        ),
    ],
)
def test_a_changed_study_in_an_old_folder_is_told(change, message, model, straight):
    """The error names each setting that differs, and the remedy."""
    with pytest.raises(ParameterError, match="folder must be of the same study") as told:
        small_study(model, **change).run(straight, progress=False)
    assert message in str(told.value)


def test_what_changes_no_result_may_change(straight, model):
    """Another title, or steps between two checkpoints, are no other study."""
    study = small_study(
        model, title="another", config=replace(CONFIG, save_strategy="no", save_steps=None, logging_steps=1)
    )
    assert study.run(straight, threads=1, progress=False).counts["done"] == 7


def test_a_study_can_be_extended(model, straight, tmp_path, monkeypatch):
    """More seeds and variants are added to what is done: weights that are there are not trained again."""
    folder = tmp_path / "extended"
    shutil.copytree(straight, folder)
    trained = []
    fit = Trainer.fit
    monkeypatch.setattr(
        Trainer, "fit", lambda self, *args, **kw: trained.append(self.config.seed) or fit(self, *args, **kw)
    )
    study = small_study(model, scenarios=(LONG, LOOPS), train_seeds=(0, 3), wise_ft=(0.5,), adapter_scales=(2.0,))
    results = study.run(folder, threads=1, progress=False, extend=True)
    assert trained == [3] * 6
    assert results.counts == {"done": 25, "failed": 0, "pending": 0}
    whole = study.run(tmp_path / "whole", threads=1, progress=False)
    assert trained[6:] == [0] * 6 + [3] * 6
    assert_same(results, whole)


def test_what_scenarios_share_is_generated_for_new_ones_too(model, tmp_path, monkeypatch):
    """The baseline and the model without fine-tuning are evaluated on the rows of a scenario that comes later."""
    given = {"methods": {"full": None}, "metrics": ["exact_match"], "language": "python"}
    given |= {"generate_rows": 2, "wise_ft": (0.5,)}
    small_study(model, scenarios=(LONG,), **given).run(tmp_path / "grown", threads=1, progress=False)
    trained = []
    fit = Trainer.fit
    monkeypatch.setattr(Trainer, "fit", lambda self, *args, **kw: trained.append(1) or fit(self, *args, **kw))
    study = small_study(model, scenarios=(LONG, LOOPS), **given)
    results = study.run(tmp_path / "grown", threads=1, progress=False, extend=True)
    assert len(trained) == 1  # the new scenario's own
    whole = study.run(tmp_path / "whole", threads=1, progress=False)
    for record in results.records:
        for scenario in (LONG.name, LOOPS.name):
            if record.key.scenario in (None, scenario):
                assert record.steps == (None if record.key.method == "none" or record.key.variant else 3)
                pair = [one.statistics(record.key, "exact_match", "test_ood", scenario) for one in (results, whole)]
                np.testing.assert_array_equal(*pair)
                assert int((~np.isnan(pair[0][:, 0])).sum()) == 2
    assert _values(results) == _values(whole)


def _values(results):
    """The tidy table without what differs from run to run."""
    return [
        {name: str(value) for name, value in line.items() if name != "seconds"}
        for line in results.table(n_resamples=20).to_pylist()
    ]


def test_results_are_read_while_a_study_runs(model, tmp_path):
    """After each run the folder can be read: what is done has scores, the rest is pending."""
    folder, seen = tmp_path / "running", []
    study = small_study(model, scenarios=(LONG,), methods={"full": None}, ood_kept=(0.0,))

    def look(record):
        results = load_results(folder)
        assert not np.isnan(results.scores(record.key).statistics["token_accuracy"]).any()
        assert results.table(n_resamples=20).num_rows == 12
        seen.append(results.counts)

    study.run(folder, threads=1, progress=look)
    assert seen == [{"done": 1, "failed": 0, "pending": 1}, {"done": 2, "failed": 0, "pending": 0}]


def test_weights_stay_as_safetensors_or_go(model, straight, tmp_path):
    """Each training leaves its model, or its adapter alone, and no checkpoint; with ``keep_weights=False`` neither."""
    files, results = StudyStore(straight), load_results(straight)
    for record in results.records:
        if record.key.method != "none":
            [weights] = files.training(record.key).glob("*.safetensors")
            assert weights.name == ("adapter_model" if record.key.method == "lora" else "model") + ".safetensors"
            assert all("lora_" in name for name in load_file(weights)) == (record.key.method == "lora")
    study = small_study(model, scenarios=(LONG,), methods={"full": None}, ood_kept=(0.0,), keep_weights=False)
    study.run(tmp_path / "without", threads=1, progress=False)
    for folder in (straight, tmp_path / "without"):
        assert not list(folder.rglob("step-*"))
        assert not list(folder.rglob(".*"))  # nothing half-written
    assert not list((tmp_path / "without" / "runs").rglob("*.safetensors"))


def test_models_may_be_objects(model, straight, tmp_path):
    """A model and a tokenizer at hand are saved for the workers, and give what their folder gives."""
    from transformers import AutoTokenizer

    study = small_study(load_model(model), tokenizer=AutoTokenizer.from_pretrained(model))
    results = study.run(tmp_path / "objects", threads=1, progress=False)
    assert_same(results, load_results(straight))


def test_a_folder_that_is_no_study(model, tmp_path):
    """Files of something else are left alone; results of nothing are an error."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "settings.json").write_text("{}")
    with pytest.raises(ParameterError, match="folder must be empty, or that of a study"):
        small_study(model).run(tmp_path / "other", progress=False)
    with pytest.raises(ParameterError, match="folder must be one that a study was run in"):
        load_results(tmp_path)
    (tmp_path / "study.json").write_text(json.dumps({"format": "codeshift-study/99"}))
    with pytest.raises(ParameterError, match="has the format 'codeshift-study/99'"):
        load_results(tmp_path)


def test_a_metric_of_ones_own_is_asked_for(straight, tmp_path):
    """A metric that no name leads back to must be given to read the results; the error says how."""
    folder = tmp_path / "own"
    shutil.copytree(straight, folder)
    content = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    content["settings"]["metrics"]["my_metric"] = None
    (folder / "study.json").write_text(json.dumps(content | {"sha256": content_digest(content)}))
    with pytest.raises(ParameterError, match="metrics must be given for 'my_metric'"):
        load_results(folder)


@pytest.fixture
def bars_on():
    """The bars of datasets, which other tests may have turned off."""
    off = are_progress_bars_disabled()
    enable_progress_bars()
    yield
    if off:
        disable_progress_bars()


@pytest.mark.usefixtures("bars_on")
def test_progress_says_what_is_being_done(model, tmp_path, capsys, monkeypatch):
    """The bar names the task at hand and counts audits; a training here shows its own bar, one in a worker does not."""
    monkeypatch.setattr("codeshift.finetune.progress.watched", lambda: True)
    study = small_study(model, scenarios=(LONG,), methods={"full": None}, ood_kept=(0.0,), audit={"n_permutations": 19})
    study.run(tmp_path / "here", threads=1)
    told = capsys.readouterr().err
    assert all(words in told for words in ("study: ", "audits left=1", "now=long", "now=full-long", "fine-tune: "))
    assert "2/2" in told
    with ThreadPoolExecutor(1) as executor:
        study.run(tmp_path / "there", executor=executor, threads=1)
    told = capsys.readouterr().err
    assert "now=full-long" in told
    assert "fine-tune" not in told
    study.run(tmp_path / "quiet", threads=1, progress=False)
    assert capsys.readouterr().err == ""
