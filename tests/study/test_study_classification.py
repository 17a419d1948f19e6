"""Studies of classifiers: runs, stored probabilities, what is read back, and the study file."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from codeshift.errors import DataError, ParameterError
from codeshift.metrics import AUROC, F1, Accuracy
from codeshift.splitters import GroupSplitter, Scenario
from codeshift.study import Study, load_results, load_study
from helpers.study_case import CONFIG, LONG, assert_same, rows, save_model

KINDS = ("assignment", "loop", "path")


def kind_of(code: str) -> str:
    return "loop" if "while" in code else "path" if "path" in code or "name" in code else "assignment"


def labelled(count: int = 60) -> Dataset:
    data = rows(count)
    return data.add_column("kind", [kind_of(code) for code in data["code"]])


def classifying(model, **changes) -> Study:
    given = {
        "dataset": labelled(), "scenarios": (LONG,), "source": ("doc", "code"), "target": "kind", "column": "code",
        "task": "classification", "model": str(model), "ood_kept": (0.0, 1.0), "config": CONFIG,
        "metrics": [F1(average="macro"), Accuracy(), AUROC(), F1(positive="loop")],
        "near_duplicates": None, "audit": False,
    }  # fmt: skip
    return Study(**(given | changes))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    from peft import LoraConfig

    folder = tmp_path_factory.mktemp("study")
    methods = {"full": None, "lora": LoraConfig(r=2, target_modules="all-linear", task_type="SEQ_CLS")}
    classifying(model, methods=methods).run(folder, threads=1, progress=False)
    return folder


def test_runs_have_probabilities_that_are_scored_again(folder):
    """scikit-learn gives the run's values from its Parquet file."""
    results = load_results(folder)
    assert results.classes == KINDS
    assert results.counts == {"done": 4, "failed": 0, "pending": 0}
    assert results.methods == ("full", "lora")
    table = results.to_pandas(n_resamples=20)
    for record in results.records:
        (path,) = folder.glob(f"runs/{record.key.name}/test.parquet")
        stored = pq.read_table(path).to_pandas()
        shares = stored[[f"probability[{kind}]" for kind in KINDS]].to_numpy()
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        assert stored["reference"].tolist() == [kind_of(source) for source in stored["source"]]
        told = [KINDS[i] for i in shares.argmax(axis=1)]
        assert stored["prediction"].tolist() == told
        for part in ("test_id", "test_ood"):
            inside = results.members(part, "long", 0)
            true, said = stored["reference"].to_numpy()[inside], np.array(told)[inside]
            of_run = table[(table["part"] == part) & (table["method"] == record.key.method)]
            kept = of_run[of_run["ood_kept"] == record.key.ood_kept].set_index("metric")["value"]
            present = sorted({*true, *said})
            assert kept["accuracy"] == pytest.approx(accuracy_score(true, said))
            assert kept["f1[average=macro]"] == pytest.approx(f1_score(true, said, average="macro", labels=present))
            assert kept["f1[positive=loop]"] == pytest.approx(
                f1_score(true == "loop", said == "loop", zero_division=0), nan_ok=True
            )
            if len(set(true)) == len(KINDS):
                auroc = roc_auc_score(true, shares[inside], multi_class="ovr", labels=list(KINDS))
                assert kept["auroc"] == pytest.approx(auroc)


def test_a_study_that_lost_a_record_ends_with_the_same_results(model, folder, tmp_path):
    study = classifying(model)
    first = study.run(tmp_path, threads=1, progress=False)
    record = next(iter(tmp_path.glob("runs/*/run.json")))
    record.unlink()
    assert study.results(tmp_path).counts["pending"] == 1
    assert_same(study.run(tmp_path, threads=1, progress=False), first)


def test_every_model_has_all_classes_of_the_data(model, tmp_path):
    """A class that is masked from training is a class of the model all the same."""
    loops = Scenario("loops", GroupSplitter(column="code", by="kind", values=("loop",)))
    study = classifying(model, scenarios=(loops,), ood_kept=(0.0,), metrics=None, min_test_rows=0, validation_size=0)
    results = study.run(tmp_path, threads=1, progress=False)
    assert list(results.metrics) == ["f1[average=macro]", "accuracy"]
    (record,) = results.records
    assert record.training.unseen_labels == ["loop"]
    scores = results.scores(record.key)
    assert tuple(scores.labels) == KINDS
    assert {scores.references[i] for i in np.flatnonzero(results.members("test_ood", "loops", 0))} == {"loop"}


def test_a_class_label_and_integers_are_labels(model, tmp_path):
    named = labelled().cast_column("kind", ClassLabel(names=["path", "loop", "assignment"]))
    assert classifying(model, dataset=named).spec.task.class_names == ("path", "loop", "assignment")
    numbered = labelled().map(lambda row: {"kind": KINDS.index(row["kind"])})
    study = classifying(model, dataset=numbered, metrics=None, ood_kept=(0.0,))
    results = study.run(tmp_path, threads=1, progress=False)
    assert results.counts["done"] == 1
    assert set(results.scores(results.records[0].key).references) <= {"0", "1", "2"}


def test_plan_counts_a_label_as_one_target(model):
    plan = classifying(model).plan()
    assert " labels; " in str(plan)  # not target tokens
    assert len(plan) == 2
    assert [run.generated_rows for run in plan.runs] == [0, 0]
    assert all(run.target_tokens == run.steps * CONFIG.train_batch_size for run in plan.runs)
    assert classifying(model).plan(probe_steps=1).seconds > 0


def test_wise_ft_keeps_the_head(model, tmp_path):
    results = classifying(model, wise_ft=(0.25, 0.5), ood_kept=(1.0,)).run(tmp_path, threads=1, progress=False)
    assert results.counts == {"done": 3, "failed": 0, "pending": 0}


def test_what_cannot_work_is_refused(model):
    with pytest.raises(DataError, match="1 such row"):
        classifying(model, dataset=Dataset.from_list([{**labelled()[0], "kind": None}, *labelled()]))
    with pytest.raises(ParameterError, match="metrics must be metrics of class probabilities"):
        classifying(model, metrics=["exact_match"])
    with pytest.raises(ParameterError, match="task must be"):
        classifying(model, task="regression")
    with pytest.raises(ParameterError, match="source must be a column, a template or a pair"):
        classifying(model, source=("doc", "code", "kind"))


def test_study_file(model, tmp_path):
    labelled().to_json(tmp_path / "rows.jsonl")
    (tmp_path / "study.yaml").write_text(
        f"data: rows.jsonl\ncolumn: code\nsource: [doc, code]\ntarget: kind\ntask: classification\nmodel: {model}\n"
        "scenarios: [length_p70_p100]\naudit: false\nnear_duplicates: null\nood_kept: [0.0]\n"
        "training: {max_steps: 1, eval_strategy: 'no', train_batch_size: 4}\n"
    )
    study = load_study(tmp_path / "study.yaml")
    assert study.spec.task.to_dict() == {"task": "classification", "source": ["doc", "code"], "target": "kind"}
    results = study.run(tmp_path / "out", threads=1, progress=False)
    settings = json.loads((tmp_path / "out" / "study.json").read_text())["settings"]
    assert settings["classes"] == list(KINDS)
    assert results.counts["done"] == 1
