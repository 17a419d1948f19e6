"""Detection of the shift in studies: what a run keeps of its model, for both tasks, and the numbers of the report."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import Dataset
from peft import LoraConfig
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import NearestNeighbors

from codeshift.finetune import Evaluator, load_model
from codeshift.finetune.models import load_tokenizer
from codeshift.metrics import Accuracy, ExactMatch, NegativeLogLikelihood
from codeshift.study import Report, Study, StudyResults
from codeshift.study.findings import Findings
from codeshift.study.folder.store import StudyStore
from helpers.study_case import CONFIG, LONG, rows, save_model
from helpers.study_results import study_results

TOKENS = ("mean_log_probability", "min_log_probability", "sequence_log_probability", "margin")
OF_TOKENS = ("mean token log-probability", "minimum token log-probability", "sequence log-probability", "margin")
OF_LOGITS = ("maximum softmax probability", "entropy", "energy")
DISTANCES = ("Mahalanobis distance", "nearest-neighbour distance")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("model"))


def study_of(model, **changes) -> Study:
    given = {
        "dataset": rows(), "scenarios": (LONG,), "source": "doc", "target": "code", "model": str(model),
        "ood_kept": (0.0,), "config": dataclasses.replace(CONFIG, max_target_length=8), "metrics": ["exact_match"],
        "near_duplicates": None, "audit": False,
    }  # fmt: skip
    return Study(**(given | changes))


def stored(folder, record):
    """The rows of a run as its Parquet file has them, and the positions of the training rows and of the test rows."""
    store = StudyStore(folder)
    train = store.read_training(record.key.scenario, record.key.split_seed, record.key.ood_kept)["train"]
    whole = Dataset.from_file(str(store.rows_file))
    table = pq.read_table(store.scores(record.key, "test")).to_pandas()
    return table, whole.select(train), whole.select(store.read_test(record.key.split_seed))


def nearest(features, train):
    """The distance from the tenth nearest training row, features scaled to length 1, by scikit-learn."""
    given, known = (values / np.linalg.norm(values, axis=1, keepdims=True) for values in (features, train))
    return NearestNeighbors(n_neighbors=10).fit(known).kneighbors(given)[0][:, -1]


@pytest.mark.filterwarnings("ignore::codeshift.finetune.TruncationWarning")  # of targets, beside which none is measured
def test_a_run_that_writes_keeps_confidences_and_distances(model, tmp_path):
    """Those of the stored weights, evaluated by hand; the model without fine-tuning has no training rows."""
    results = study_of(model).run(tmp_path, threads=1, progress=False)
    none, full = results.records
    table, train, test = stored(tmp_path, full)
    tokenizer = load_tokenizer(str(model))
    evaluator = Evaluator(
        [ExactMatch()], source="doc", target="code", confidence=True, features=True, progress=False,
        max_target_length=8,
    )  # fmt: skip
    weights = load_model(StudyStore(tmp_path).training(full.key), tokenizer)
    part = evaluator.evaluate(weights, test, tokenizer=tokenizer)["data"]
    for name, field in zip(OF_TOKENS, TOKENS, strict=True):
        expected = [-getattr(output.confidence, field) for output in part.outputs]
        np.testing.assert_allclose(table[f"ood:{name}"], expected, rtol=1e-4)
    forced = Evaluator([NegativeLogLikelihood()], source="doc", target="code", features=True, progress=False)
    known = forced.evaluate(weights, train, tokenizer=tokenizer)["data"].features
    np.testing.assert_allclose(table[f"ood:{DISTANCES[1]}"], nearest(part.features, known), rtol=1e-3, atol=1e-5)
    assert (table[f"ood:{DISTANCES[0]}"] > 0).all()
    assert list(results.scores(none.key).ood) == list(OF_TOKENS)
    page = Report(results, n_resamples=10).to_markdown()
    assert all(f"| {name} |" in page for name in (*OF_TOKENS, *DISTANCES))


def test_a_study_without_detection_keeps_neither(model, tmp_path):
    """Nothing is computed for it, and the page says that it was not measured."""
    results = study_of(model, detection=False).run(tmp_path, threads=1, progress=False)
    assert all(not results.scores(record.key).ood for record in results.records)
    assert "those of a study with detection=False" in Report(results, n_resamples=10).to_html()


def test_a_classifier_keeps_distances_from_training_rows_of_its_classes(model, tmp_path):
    """From the features that its head is given; with an adapter as well."""
    data = rows().map(lambda row: {"kind": "loop" if "while" in row["code"] else "other"})
    study = study_of(
        model, dataset=data, target="kind", task="classification", metrics=["accuracy"], column="code",
        methods={"lora": LoraConfig(r=2, target_modules="all-linear", task_type="SEQ_CLS")},
    )  # fmt: skip
    (record,) = study.run(tmp_path, threads=1, progress=False).records
    table, train, test = stored(tmp_path, record)
    assert [name.removeprefix("ood:") for name in table if name.startswith("ood:")] == [*OF_LOGITS, *DISTANCES]
    tokenizer = load_tokenizer(str(model))
    columns = {"source": "doc", "target": "kind", "task": "classification", "features": True, "progress": False}
    evaluator = Evaluator([Accuracy()], **columns)
    weights = str(StudyStore(tmp_path).training(record.key))
    known, given = (evaluator.evaluate(weights, some, tokenizer=tokenizer)["data"].classes for some in (train, test))
    np.testing.assert_allclose(
        table[f"ood:{DISTANCES[1]}"], nearest(given.features, known.features), rtol=1e-3, atol=1e-5
    )
    labels = np.array(train["kind"])
    centred = np.concatenate([known.features[labels == k] - known.features[labels == k].mean(0) for k in set(labels)])
    assert np.linalg.matrix_rank(centred) > 1  # so that the distances below are more than a constant
    assert table[f"ood:{DISTANCES[0]}"].nunique() > 1
    shares = table[[name for name in table if name.startswith("probability")]].to_numpy()
    np.testing.assert_allclose(table["ood:maximum softmax probability"], 1 - shares.max(axis=1))


def test_without_written_text_features_alone_are_kept(model, tmp_path):
    """A study of likelihoods has distances, and says nothing of confidence."""
    results = study_of(model, metrics=["negative_log_likelihood"]).run(tmp_path, threads=1, progress=False)
    none, full = results.records
    assert list(results.scores(full.key).ood) == list(DISTANCES)
    assert results.scores(none.key).ood == {}


DRAWN, SEED = 12, 7


def sample(members: np.ndarray) -> np.ndarray:
    """The rows of a part that text is written for: the first in one fixed order of all rows."""
    taken = [row for row in np.random.default_rng(SEED).permutation(len(members)) if members[row]][:DRAWN]
    return np.isin(np.arange(len(members)), taken)


def sure_results() -> StudyResults:
    """Results of text whose runs are less sure of rows of the masked region; text is written for 12 rows of a part."""
    results = study_results(methods=("full",), ood_kept=(0.0, 1.0), rows=80, general=0, train_seeds=(0, 1))

    @cache
    def load(key, part):
        rng = np.random.default_rng(int.from_bytes(f"{key.name} sure".encode(), "big") % 2**63)
        values = rng.normal(size=80)
        values[-1] = np.nan
        if key.scenario:
            values += 3 * results.members("test_ood", key.scenario, key.split_seed)
        return dataclasses.replace(results.load(key, part), ood={OF_TOKENS[0]: values})

    settings = dataclasses.replace(results.settings, generate_rows=DRAWN, evaluation_seed=SEED)
    return dataclasses.replace(results, load=load, settings=settings)


def test_figures_of_text_rest_on_the_rows_drawn_for_each_part():
    """Recomputed by scikit-learn from the rows that text was written for on behalf of each part."""
    results = sure_results()
    found = Findings(results=results, n_resamples=20, min_rows=5)
    masked = []
    for detection in found.detections:
        cell, pairs = detection.cell, []
        for record in found.cells.records(cell):
            parts = [results.members(part, cell.scenario, record.key.split_seed) for part in ("test_ood", "test_id")]
            outside, inside = (sample(members) for members in parts)
            assert outside.sum() == inside.sum() == DRAWN
            strange = results.scores(record.key).ood[OF_TOKENS[0]]
            known = (outside | inside) & ~np.isnan(strange)
            pairs.append((roc_auc_score(outside[known], strange[known]),
                          average_precision_score(outside[known], strange[known])))  # fmt: skip
        auroc, aupr = np.mean(pairs, axis=0)
        assert detection.value == pytest.approx(auroc)
        assert detection.average_precision.value == pytest.approx(aupr)
        if cell.ood_kept == 0:
            masked.append(auroc)
    assert len(found.detections) == 6
    claim = next(one for one in found.claims if one.claim.startswith("The model's confidence"))
    assert claim.value == pytest.approx(np.mean(masked))
    assert claim.verdict == "holds"
    assert "mean token log-probability" in claim.evidence
