"""Classification: every family, full and LoRA, of texts and of pairs, in the one loop and by the one evaluator."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict
from peft import IA3Config, LoraConfig, PrefixTuningConfig, PromptTuningConfig, TaskType
from sklearn.metrics import accuracy_score, f1_score
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional
from transformers import AutoModelForSequenceClassification

from codeshift.errors import DataError, ParameterError
from codeshift.finetune import (
    EvaluationResult,
    Evaluator,
    Trainer,
    TrainingConfig,
    UnseenLabelWarning,
    load_model,
    lp_ft,
    scale_adapter,
    training_loop,
    wise_ft,
    with_adapter,
)
from codeshift.finetune.classifiers import head_of, is_classifier, labels_of, with_fresh_head
from codeshift.finetune.tasks import make_task
from codeshift.finetune.testing import FAMILIES, tiny_model, tiny_tokenizer
from codeshift.metrics import (
    AUROC,
    F1,
    Accuracy,
    ExactMatch,
    LogLoss,
    NegativeLogLikelihood,
    TrainFeatures,
    ood_detection,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::codeshift.finetune.AdapterWarning"),
    pytest.mark.filterwarnings("ignore:fan_in_fan_out"),
]
HEADED = ("roberta", "t5", "plbart", "llama", "qwen2", "starcoder2", "gpt2")
assert {*FAMILIES} - {*HEADED} == {"codegen"}
LABELS = ("minus", "plus", "times")
CONFIG = TrainingConfig(learning_rate=1e-2, max_steps=3, train_batch_size=6)
PAIR, ONE = ("query", "code"), "code"


def labelled(n: int, start: int = 0) -> Dataset:
    """``n`` rows of unequal lengths with three labels."""
    signs = ["-", "+", "*"]
    return Dataset.from_dict(
        {
            "query": [f"which sign {'is it ' * (i % 4)}?" for i in range(start, start + n)],
            "code": [f"return a{f' {signs[i % 3]} b' * (1 + i % 5)}" for i in range(start, start + n)],
            "label": [LABELS[i % 3] for i in range(start, start + n)],
        }
    )


@pytest.fixture(scope="module")
def tokenizer():
    """Return a tokenizer of the words of the rows."""
    return tiny_tokenizer([*labelled(20)["query"], *labelled(20)["code"]])


@pytest.fixture(scope="module")
def data() -> DatasetDict:
    """18 rows to train on."""
    return DatasetDict(train=labelled(18), validation=labelled(6, 18), test_id=labelled(9, 24))


def trainer(model, tokenizer, config=CONFIG, *, source=ONE, **options) -> Trainer:
    return Trainer(
        model, tokenizer, config, source=source, target="label", task="classification", progress=False, **options
    )


def evaluator(*metrics, source=ONE, **options) -> Evaluator:
    metrics = metrics or (Accuracy(),)
    return Evaluator(metrics, source=source, target="label", task="classification", progress=False, **options)


def by_transformers(model, tokenizer, rows, source) -> np.ndarray:
    """Logits of each row alone, as transformers gives them for the tokenizer's own encoding."""
    columns = [source] if isinstance(source, str) else source
    logits = []
    for texts in zip(*(rows[column] for column in columns), strict=True):
        encoded = tokenizer(*texts, return_tensors="pt").to(model.device)
        with torch.no_grad():
            logits.append(model(encoded["input_ids"], attention_mask=encoded["attention_mask"]).logits[0].numpy())
    return np.stack(logits)


@pytest.mark.parametrize("source", [ONE, PAIR], ids=["single", "pair"])
@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("family", HEADED)
def test_logits_after_a_reload_are_those_before(family, method, source, data, tokenizer, tmp_path):
    """To the last bit, the fresh head included; and they are what transformers computes for each row alone."""
    tiny_model(family, tokenizer).save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    peft_config = LoraConfig(r=2) if method == "lora" else None
    training = trainer(str(tmp_path / "base"), tokenizer, source=source, peft_config=peft_config)
    start = training.starting_model(data)
    result = training.fit(data, tmp_path / "out")
    before = evaluator(source=source).evaluate(result.model, data, tokenizer=tokenizer)["test_id"]
    after = evaluator(source=source).evaluate(tmp_path / "out", data)["test_id"]
    assert (before.classes.logits == after.classes.logits).all()
    assert before.classes.labels == after.classes.labels == LABELS
    assert after.predictions == [LABELS[number] for number in after.classes.logits.argmax(axis=1)]

    loaded = load_model(tmp_path / "out")
    assert is_classifier(loaded)
    assert labels_of(loaded) == LABELS
    rows = data["test_id"]
    expected = by_transformers(loaded, tokenizer, rows, source)
    np.testing.assert_allclose(after.classes.logits, expected, rtol=1e-4, atol=1e-5)
    if method == "full":
        plain = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out")
        assert plain.config.label2id == {"minus": 0, "plus": 1, "times": 2}
        np.testing.assert_allclose(by_transformers(plain, tokenizer, rows, source), expected, rtol=1e-5, atol=1e-6)

    head = head_of(loaded)
    fresh = {name: p for name, p in start.named_parameters() if name.startswith(head)}
    moved = dict(loaded.merge_and_unload().named_parameters() if method == "lora" else loaded.named_parameters())
    assert any(not torch.equal(p, moved[name]) for name, p in fresh.items()), "the head was trained"


@pytest.mark.parametrize("accumulation", [1, 3])
@pytest.mark.parametrize("family", ["roberta", "llama"])
def test_the_loss_is_that_of_torch(family, accumulation, data, tokenizer):
    """Weighted and smoothed, of a whole step, however many batches it is computed in."""
    rows = labelled(17)  # 6 of two classes, 5 of the third
    weights = {"minus": 0.5, "times": 3.0}
    config = TrainingConfig(
        learning_rate=1e-2, max_steps=1, train_batch_size=17, gradient_accumulation_steps=accumulation,
        class_weight=weights, label_smoothing_factor=0.2,
    )  # fmt: skip
    settings = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0} if family == "roberta" else {}
    training = trainer(tiny_model(family, tokenizer, **settings), tokenizer, config)
    model = training.starting_model(rows)
    logits = torch.from_numpy(by_transformers(model.eval(), tokenizer, rows, ONE))
    labels = torch.tensor([LABELS.index(label) for label in rows["label"]])
    loss = torch.nn.CrossEntropyLoss(torch.tensor([0.5, 1.0, 3.0]), label_smoothing=0.2)(logits, labels)
    result = training.fit(rows)
    assert result.losses == pytest.approx([loss.item()], rel=1e-5)
    assert result.history[0]["weight"] == pytest.approx(6 * 0.5 + 6 * 1 + 5 * 3)


def test_balanced_weights_are_those_of_scikit_learn(tokenizer):
    """The loss of a step is weighted by them."""
    rows = labelled(18).filter(lambda row, i: row["label"] != "plus" or i < 6, with_indices=True)
    config = TrainingConfig(learning_rate=1e-3, max_steps=1, train_batch_size=len(rows), class_weight="balanced")
    result = trainer(tiny_model("llama", tokenizer), tokenizer, config).fit(rows)
    expected = compute_class_weight("balanced", classes=np.array(LABELS), y=np.array(rows["label"]))
    start = trainer(tiny_model("llama", tokenizer), tokenizer, config).starting_model(rows)
    logits = torch.from_numpy(by_transformers(start, tokenizer, rows, ONE))
    labels = torch.tensor([LABELS.index(label) for label in rows["label"]])
    loss = functional.cross_entropy(logits, labels, torch.tensor(expected, dtype=torch.float32))
    assert result.losses == pytest.approx([loss.item()], rel=1e-5)


def test_weights_of_unknown_labels_are_refused(data, tokenizer):
    """With the label that is close."""
    config = TrainingConfig(max_steps=1, class_weight={"pluss": 2.0})
    with pytest.raises(ParameterError, match=r"class_weight must be weights of labels of the rows, got 'pluss'.*plus"):
        trainer(tiny_model("llama", tokenizer), tokenizer, config).fit(data)
    for value in ("equal", {}, {"plus": 0.0}, 3, {1: 2.0, "1": 3.0}):
        with pytest.raises(ParameterError, match="class_weight must be"):
            TrainingConfig(class_weight=value)


def test_validation_loss_is_of_the_part(data, tokenizer):
    """The plain mean over its rows, of the model as it is then."""
    result = trainer(tiny_model("gpt2", tokenizer), tokenizer).fit(data)
    loss = evaluator(LogLoss()).evaluate(result.model, data, tokenizer=tokenizer, parts=["validation"])
    expected = loss["validation"].estimates["log_loss"].value
    assert result.validation_losses[-1] == pytest.approx(expected, rel=1e-5)


def test_a_run_resumes_bitwise(data, tokenizer, tmp_path, monkeypatch):
    """Stopped in the middle of an epoch, with dropout, a fresh head and weights of classes."""
    config = TrainingConfig(
        learning_rate=1e-2, num_train_epochs=2, train_batch_size=6, save_strategy="steps", save_steps=2,
        class_weight="balanced",
    )  # fmt: skip
    model = tiny_model("roberta", tokenizer)
    straight = trainer(model, tokenizer, config, peft_config=LoraConfig(r=2)).fit(data)
    step = training_loop.TrainingRun._step

    def stopping(run, rows):
        if run.state.step == 5:
            raise KeyboardInterrupt
        step(run, rows)

    monkeypatch.setattr(training_loop.TrainingRun, "_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        trainer(model, tokenizer, config, peft_config=LoraConfig(r=2)).fit(data, tmp_path)
    monkeypatch.setattr(training_loop.TrainingRun, "_step", step)
    again = trainer(model, tokenizer, config, peft_config=LoraConfig(r=2)).fit(data, tmp_path)
    assert again.history == straight.history
    weights = dict(again.model.named_parameters())
    assert all(torch.equal(p, weights[name]) for name, p in straight.model.named_parameters())


def test_early_stopping_by_a_metric(data, tokenizer):
    """The metric of the evaluator chooses, here one that is better if higher."""
    config = TrainingConfig(
        learning_rate=1e-2, num_train_epochs=12, train_batch_size=6, early_stopping_patience=2,
        load_best_model_at_end=True,
    )  # fmt: skip
    chosen = evaluator(F1(average="macro"))
    result = trainer(tiny_model("t5", tokenizer), tokenizer, config, evaluator=chosen).fit(data)
    name = "validation_f1[average=macro]"
    values = {row["step"]: row[name] for row in result.history if name in row}
    assert result.best_step == max(values, key=lambda step: (values[step], -step))
    kept = chosen.evaluate(result.model, data, tokenizer=tokenizer, parts=["validation"])
    assert kept["validation"].estimates["f1[average=macro]"].value == values[result.best_step]


def test_an_evaluator_of_another_task_is_refused(tokenizer):
    """Its metrics would be of text."""
    other = Evaluator([NegativeLogLikelihood()], source="code", target="label", progress=False)
    with pytest.raises(ParameterError, match="evaluator must be one of classification, got 'generation'"):
        trainer(tiny_model("t5", tokenizer), tokenizer, evaluator=other)


def test_linear_probing_first(data, tokenizer):
    """The first stage moves the head alone, the second starts from it and moves everything."""
    model = tiny_model("roberta", tokenizer)
    columns = {"source": PAIR, "target": "label", "task": "classification", "progress": False}
    probed, tuned = lp_ft(model, tokenizer, CONFIG, data, probe=CONFIG, **columns)
    before = dict(model.named_parameters())
    for name, parameter in probed.model.base_model.named_parameters():
        assert torch.equal(parameter, before[name]), "the backbone waits"
    assert probed.parameters.trainable > 0
    head = {name: p for name, p in probed.model.named_parameters() if name.startswith("classifier.")}
    start = trainer(probed.model, tokenizer, CONFIG, source=PAIR).starting_model(data)
    assert all(torch.equal(p, start.get_parameter(name)) for name, p in head.items()), "the probed head is kept"
    assert tuned.parameters.share == 1


def test_interpolation_with_heads(data, tokenizer, tmp_path):
    """Between two classifiers all weights; from a model without a head, only the backbone's."""
    base = tiny_model("t5", tokenizer)
    base.save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    tuned = trainer(base, tokenizer).fit(data).model
    for pretrained in (base, tmp_path / "base"):
        half = wise_ft(pretrained, tuned, 0.5)
        for name, weights in half.named_parameters():
            end = tuned.get_parameter(name)
            middle = end if name.startswith("classification_head") else None
            if middle is None:
                middle = (end + base.get_parameter(name.removeprefix("transformer."))) / 2
            torch.testing.assert_close(weights, middle)
    start = trainer(base, tokenizer).starting_model(data)
    half = wise_ft(start, tuned, 0.5)
    torch.testing.assert_close(
        half.classification_head.out_proj.weight,
        (start.classification_head.out_proj.weight + tuned.classification_head.out_proj.weight) / 2,
    )


def test_the_scale_of_an_adapter_leaves_the_head(data, tokenizer):
    """At 0 the backbone is that of the base model, under the trained head."""
    base = tiny_model("llama", tokenizer)
    result = trainer(base, tokenizer, peft_config=LoraConfig(r=2)).fit(data)
    plain = scale_adapter(result.model, 0).merge_and_unload()
    assert torch.equal(plain.score.weight, result.model.base_model.model.score.modules_to_save["default"].weight)
    name = "layers.0.self_attn.q_proj.weight"
    torch.testing.assert_close(plain.model.get_parameter(name), base.model.get_parameter(name))


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_a_decoder_without_a_padding_token(family, data, tokenizer, tmp_path):
    """The end token pads, as for generation; what stands in a batch beside a row changes nothing."""
    model = tiny_model(family, tokenizer, pad_token_id=None)
    unpadded = tiny_tokenizer([*data["train"]["code"]])
    unpadded.pad_token = None
    result = trainer(model, unpadded).fit(data, tmp_path)
    assert model.config.pad_token_id is None, "the model given is not changed"
    logits = [
        evaluator(batch_size=size).evaluate(tmp_path, data)["test_id"].classes.logits for size in (1, 9)
    ]  # fmt: skip
    np.testing.assert_allclose(logits[0], logits[1], rtol=1e-4, atol=1e-6)
    result.model.config.pad_token_id = None
    given = evaluator().evaluate(result.model, data, tokenizer=unpadded)["test_id"].classes.logits
    assert (given == logits[1]).all()
    assert result.model.config.pad_token_id is None


@pytest.mark.parametrize("family", HEADED)
def test_features_are_what_the_head_is_given(family, data, tokenizer):
    """The logits follow from them by the head alone."""
    model = trainer(tiny_model(family, tokenizer), tokenizer).fit(data).model
    scores = evaluator(features=True).evaluate(model, data, tokenizer=tokenizer)["test_id"].classes
    head = model.get_submodule(head_of(model)[0])
    features = torch.from_numpy(scores.features).float()
    with torch.no_grad():
        logits = head(features[:, None] if family == "roberta" else features)
    np.testing.assert_allclose(logits.numpy(), scores.logits, rtol=1e-4, atol=1e-5)
    assert evaluator().evaluate(model, data, tokenizer=tokenizer)["test_id"].classes.features is None


def test_scores_and_files(data, tokenizer, tmp_path):
    """Metrics equal scikit-learn's; the Parquet file holds reference, prediction, probabilities and logits."""
    model = trainer(tiny_model("qwen2", tokenizer), tokenizer).fit(data).model
    measured = evaluator(Accuracy(), F1(average="macro"), F1(positive="plus"), features=True)
    result = measured.evaluate(model, data, tokenizer=tokenizer, output_dir=tmp_path)
    part, truth = result["test_id"], data["test_id"]["label"]
    assert part.estimates["accuracy"].value == accuracy_score(truth, part.predictions)
    macro = f1_score(truth, part.predictions, average="macro", zero_division=0.0)
    assert part.estimates["f1[average=macro]"].value == pytest.approx(macro)
    plus = f1_score(truth, part.predictions, labels=["plus"], average="macro", zero_division=0.0)
    assert part.estimates["f1[positive=plus]"].value == pytest.approx(plus)
    assert part.scores("accuracy").tolist() == [float(p == t) for p, t in zip(part.predictions, truth, strict=True)]

    table = pq.read_table(tmp_path / "test_id.parquet").to_pydict()
    assert table["reference"] == truth
    assert table["prediction"] == part.predictions
    shares = np.column_stack([table[f"probability[{label}]"] for label in LABELS])
    np.testing.assert_allclose(shares, torch.softmax(torch.tensor(table["logits"]), dim=1).numpy(), rtol=1e-6)
    assert np.shape(table["features"]) == (9, 32)
    summary = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert summary["metadata"]["labels"] == list(LABELS)
    assert summary["metadata"]["task"] == "classification"


def test_an_evaluation_resumes(data, tokenizer, tmp_path, monkeypatch):
    """Rows that are in the log are not computed again, and give the same to the last bit."""
    model = trainer(tiny_model("roberta", tokenizer), tokenizer, source=PAIR).fit(data).model
    settings = {"source": PAIR, "batch_size": 2, "features": True}
    expected = evaluator(**settings).evaluate(model, data, tokenizer=tokenizer, output_dir=tmp_path)
    log = tmp_path / "test_id.scores.jsonl"
    log.write_text("".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[:5]), encoding="utf-8")
    calls = []
    forward = type(model).forward
    monkeypatch.setattr(type(model), "forward", lambda *a, **kw: calls.append(kw["input_ids"]) or forward(*a, **kw))
    again = evaluator(**settings).evaluate(model, data, tokenizer=tokenizer, output_dir=tmp_path)
    assert sum(map(len, calls)) == 9 - 4
    assert (again["test_id"].classes.logits == expected["test_id"].classes.logits).all()
    assert (again["test_id"].classes.features == expected["test_id"].classes.features).all()


def test_a_task_is_taken_as_it_is(data, tokenizer):
    """A trainer and an evaluator of a task have its columns and its classes, also those that no row has."""
    named = labelled(3).cast_column("label", ClassLabel(names=[*LABELS, "power"]))
    task = make_task("classification", ONE, "label").fitted(named)
    with pytest.warns(UnseenLabelWarning, match="the model cannot learn 1 of 4 classes"):
        trained = Trainer(tiny_model("llama", tokenizer), tokenizer, CONFIG, task=task, progress=False).fit(data)
    assert labels_of(trained.model) == (*LABELS, "power")
    of_task = Evaluator([Accuracy()], task=task, progress=False).evaluate(trained.model, data, tokenizer=tokenizer)
    assert of_task.aggregates() == evaluator().evaluate(trained.model, data, tokenizer=tokenizer).aggregates()
    with pytest.raises(ParameterError, match="source must be left out beside a Task, got 'code'"):
        Evaluator([Accuracy()], source=ONE, task=task)
    with pytest.raises(ParameterError, match="target must be given with the name of a task, got None"):
        Evaluator([Accuracy()], source=ONE, task="classification")


def test_labels_that_training_never_showed(data, tokenizer):
    """At evaluation they are counted, told and wrong; at training a class of a ClassLabel without rows is told."""
    model = trainer(tiny_model("llama", tokenizer), tokenizer).fit(data).model
    rows = Dataset.from_dict({"code": data["test_id"]["code"], "label": ["plus"] * 6 + ["power"] * 2 + ["root"]})
    with pytest.warns(UnseenLabelWarning, match=r"data: 3 of 9 rows have a label .*: power \(2\), root \(1\)"):
        part = evaluator(Accuracy(), LogLoss(), AUROC()).evaluate(model, rows, tokenizer=tokenizer)["data"]
    assert part.classes.unknown == {"power": 2, "root": 1}
    assert part.references == rows["label"]
    assert part.scores("accuracy")[6:].tolist() == [0, 0, 0]
    assert part.classes.references.tolist() == [1] * 6 + [-1] * 3
    result = EvaluationResult({"data": part}, {})
    note = "3 of 9 rows have a label that is none of the classes: counted as wrong"
    assert all(note in row["note"] for row in result.aggregates())
    assert result.notes()[0] == f"data, accuracy, log_loss, auroc: {note}."  # once for all of them
    assert "data, auroc: the mean over 1 of 3 classes." in result.notes()
    assert str(result).endswith("\n".join(result.notes()))
    assert str(result).count("none of the classes") == 1

    named = labelled(6).cast_column("label", ClassLabel(names=[*LABELS, "power"]))
    with pytest.warns(UnseenLabelWarning, match="no row has the label power: the model cannot learn 1 of 4 classes"):
        result = trainer(tiny_model("llama", tokenizer), tokenizer).fit(named)
    assert labels_of(result.model) == (*LABELS, "power")


def test_a_validation_row_of_an_unknown_label_counts_for_nothing(data, tokenizer):
    """The loss is that of the other rows."""
    odd = Dataset.from_dict({"code": ["return a"], "label": ["power"]})
    validation = [data["validation"].to_dict(), odd.to_dict()]
    both = Dataset.from_dict({name: [v for d in validation for v in d[name]] for name in ("code", "label")})
    training = trainer(tiny_model("llama", tokenizer), tokenizer)
    expected = training.fit({"train": data["train"], "validation": data["validation"]}).validation_losses
    with pytest.warns(UnseenLabelWarning, match="validation: 1 of 7 rows"):
        result = training.fit({"train": data["train"], "validation": both})
    assert result.validation_losses == pytest.approx(expected, rel=1e-6)


def test_a_model_without_a_head_is_not_evaluated(data, tokenizer, tmp_path):
    """Its classes are unknown and its head would be random."""
    model = tiny_model("t5", tokenizer)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    for given in (model, tmp_path):
        with pytest.raises(ParameterError, match=r"model must be a classifier, got .*: train it first with Trainer"):
            evaluator().evaluate(given, data, tokenizer=tokenizer)
    with pytest.raises(ParameterError, match="model must be a classifier"):
        load_model(tmp_path, task="classification")


def test_a_head_for_other_classes_is_refused(data, tokenizer):
    """It is neither thrown away nor given other names in silence; a head without names is named."""
    other = with_fresh_head(tiny_model("llama", tokenizer), ("good", "bad", "ugly"))
    with pytest.raises(ParameterError, match=r"model must be a classifier that has \['minus', 'plus', 'times'\]"):
        trainer(other, tokenizer).fit(data)
    unnamed = with_fresh_head(tiny_model("llama", tokenizer), ("LABEL_0", "LABEL_1", "LABEL_2"))
    assert labels_of(trainer(unnamed, tokenizer).fit(data).model) == LABELS
    wider = with_fresh_head(tiny_model("llama", tokenizer), ("power", *LABELS))
    with pytest.warns(UnseenLabelWarning, match="power"):
        assert labels_of(trainer(wider, tokenizer).fit(data).model) == ("power", *LABELS)


def test_numbers_are_classes_of_a_model_without_names(data, tokenizer):
    """1 is LABEL_1 of a model that was trained elsewhere, also as a truth value or a ClassLabel."""
    model = with_fresh_head(tiny_model("llama", tokenizer), ("LABEL_0", "LABEL_1"))
    texts = data["test_id"]["code"][:2]
    names = Dataset.from_dict({"code": texts, "label": ["no", "yes"]})
    columns = [
        Dataset.from_dict({"code": texts, "label": [0, 1]}),
        Dataset.from_dict({"code": texts, "label": [False, True]}),
        names.cast_column("label", ClassLabel(names=["no", "yes"])),
    ]
    for rows in columns:
        assert evaluator().evaluate(model, rows, tokenizer=tokenizer)["data"].classes.references.tolist() == [0, 1]
    with pytest.warns(UnseenLabelWarning, match="no"):
        assert evaluator().evaluate(model, names, tokenizer=tokenizer)["data"].classes.references.tolist() == [-1, -1]


def test_an_integer_target_of_generation_stays_text(data, tokenizer):
    """The task is never guessed from the type of a column."""
    rows = Dataset.from_dict({"code": ["a", "b"], "label": [0, 1]})
    generation = Trainer(tiny_model("t5", tokenizer), tokenizer, CONFIG, source="code", target="label", progress=False)
    with pytest.raises(DataError, match="target must be made of columns of text"):
        generation.fit(rows)


def test_metrics_of_the_other_task_are_refused():
    """Both ways, with what to do."""
    with pytest.raises(
        ParameterError, match=r"metrics must be metrics of class probabilities, got ExactMatch.*not for a classifier"
    ):
        evaluator(ExactMatch())
    with pytest.raises(ParameterError, match='give task="classification"'):
        Evaluator([Accuracy()], source="code", target="label")
    with pytest.raises(ParameterError, match="task must be one of generation, classification, got 'classify'"):
        Evaluator([Accuracy()], source="code", target="label", task="classify")


@pytest.mark.parametrize("family", ["roberta", "t5"])
def test_a_classifier_does_not_write(family, data, tokenizer):
    """Its head is not thrown away for a fresh decoder in silence."""
    model = with_fresh_head(tiny_model(family, tokenizer), LABELS)
    columns = {"source": "query", "target": "code", "progress": False}
    with pytest.raises(ParameterError, match=r"model must be one that writes, got a \w+ForSequenceClassification"):
        Trainer(model, tokenizer, CONFIG, **columns).fit(data)
    with pytest.raises(ParameterError, match=r"model must be one that writes.*: give task=\"classification\""):
        Evaluator([ExactMatch()], **columns).evaluate(model, data, tokenizer=tokenizer)


def test_settings_of_the_other_task_are_refused(tokenizer):
    """Weights of classes mean nothing for text."""
    with pytest.raises(ParameterError, match="class_weight must be None for text"):
        Trainer("t5", tokenizer, TrainingConfig(class_weight="balanced"), source="code", target="label")


def test_no_head_in_transformers(data, tokenizer, tmp_path):
    """An error that names the model, by object and by path."""
    model = tiny_model("codegen", tokenizer)
    with pytest.raises(ParameterError, match="of a family with a head for classification, got a codegen"):
        trainer(model, tokenizer).fit(data)
    model.save_pretrained(tmp_path)
    with pytest.raises(ParameterError, match="model must be a folder or hub name that transformers loads"):
        trainer(str(tmp_path), tokenizer).fit(data)


@pytest.mark.parametrize("family", ["roberta", "t5", "llama"])
def test_other_methods_of_peft(family, data, tokenizer, tmp_path):
    """The head is trained and saved beside each; a method that hides a row's tokens from the head is refused."""
    tiny_model(family, tokenizer).save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    methods = {"ia3": IA3Config(), "everywhere": LoraConfig(r=2, target_modules="all-linear")}
    if family != "t5":
        methods["prefix"] = PrefixTuningConfig(num_virtual_tokens=2)
    for name, peft_config in methods.items():
        result = trainer(str(tmp_path / "base"), tokenizer, peft_config=peft_config).fit(data, tmp_path / name)
        before = evaluator().evaluate(result.model, data, tokenizer=tokenizer)["test_id"].classes.logits
        assert (evaluator().evaluate(tmp_path / name, data)["test_id"].classes.logits == before).all()
        assert result.losses[-1] != result.losses[0]
    if family != "roberta":
        with pytest.raises(ParameterError, match="peft_config must be of a method that a classifier can have"):
            with_adapter(
                with_fresh_head(tiny_model(family, tokenizer), LABELS),
                PromptTuningConfig(num_virtual_tokens=2),
            )
    config = LoraConfig(task_type=TaskType.CAUSAL_LM)
    with pytest.raises(ParameterError, match="of the task of the model, SEQ_CLS, got task_type=CAUSAL_LM"):
        with_adapter(with_fresh_head(tiny_model(family, tokenizer), LABELS), config)


def test_label_smoothing_of_generation(tokenizer):
    """The loss of text is smoothed as well, over all tokens."""
    rows = Dataset.from_dict({"doc": ["a"], "code": ["return a"]})
    model = tiny_model("llama", tokenizer)
    ids = tokenizer("a", add_special_tokens=False)["input_ids"], tokenizer("return a")["input_ids"]
    with torch.no_grad():
        logits = model(torch.tensor([[*ids[0], *ids[1]]])).logits[0, len(ids[0]) - 1 : -1]
    expected = functional.cross_entropy(logits, torch.tensor(ids[1]), label_smoothing=0.3)
    config = TrainingConfig(max_steps=1, label_smoothing_factor=0.3)
    result = Trainer(model, tokenizer, config, source="doc", target="code", progress=False).fit(rows)
    assert result.losses == pytest.approx([expected.item()], rel=1e-5)


def test_what_is_kept_tells_the_shift(data, tokenizer):
    """Logits, features and errors go into ``ood_detection`` as they are."""
    model = trainer(tiny_model("roberta", tokenizer), tokenizer).fit(data).model
    keeping = evaluator(features=True)
    parts = keeping.evaluate(model, data, tokenizer=tokenizer, parts=["train", "validation", "test_id"])
    outputs = {name: part.model_outputs() for name, part in parts.parts.items()}
    wrong = [a != b for a, b in zip(parts["test_id"].predictions, parts["test_id"].references, strict=True)]
    assert outputs["test_id"].errors.tolist() == wrong
    assert outputs["test_id"].errors.tolist() == parts["test_id"].model_outputs(error="accuracy").errors.tolist()
    train = TrainFeatures(features=outputs["train"].features, labels=data["train"]["label"], neighbors=2)
    detection = ood_detection(outputs["test_id"], outputs["validation"], train=train)
    assert (detection.rows_id, detection.rows_ood) == (9, 6)
    assert {"energy", "entropy"} < set(detection.detectors)
    with pytest.raises(ParameterError, match="confidence must be False for a classification"):
        evaluator(confidence=True)
