"""Parts that go elsewhere and outputs that come back: what is exported, matched and scored."""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset, DatasetDict, load_dataset

from codeshift.cli import main
from codeshift.data import load_splits, save_splits
from codeshift.errors import DataError, ParameterError
from codeshift.finetune import Decoding, Evaluator, Trainer, TrainingConfig
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import (
    BLEU,
    Accuracy,
    ExactMatch,
    LogLoss,
    NegativeLogLikelihood,
    PassAtK,
    TokenAccuracy,
    metric_by_name,
)
from codeshift.metrics.execution import PythonRunner
from codeshift.predictions import PredictionsError, export_parts, row_identities, score_predictions
from codeshift.predictions.matching import read_predictions

NAMES = ["total", "first", "length", "name", "value", "index"]
COLUMNS = {"source": "Doc: {doc}", "target": "code"}


def rows(start: int, stop: int) -> Dataset:
    numbers = range(start, stop)
    return Dataset.from_dict(
        {
            "key": [f"k{i}" for i in numbers],
            "doc": [f"Return the {NAMES[i % 6]}." for i in numbers],
            "code": [f"return self.{NAMES[i % 6]}" + " + 1" * (i % 4) for i in numbers],
        }
    )


@pytest.fixture(scope="module")
def data() -> DatasetDict:
    """Among the rows of a part are equal ones."""
    twice = [0, 1, 2, 3, 4, 5, 0]
    return DatasetDict(train=rows(0, 24), test_id=rows(30, 38).select(twice), test_ood=rows(38, 46))


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer([" ".join(NAMES) + " Doc: Return the return self. + 1"] * 3)


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def answers(data: DatasetDict, tmp_path: Path, text=lambda part, i, row: row["completion"]) -> list[dict]:
    """A prediction for each row of the test parts, by the identities of an export."""
    files = export_parts(
        data, tmp_path / "answers", format="prompt-completion", parts=["test_id", "test_ood"], **COLUMNS
    )
    exported = {part: read(path) for part, path in files.items()}
    return [
        {"id": row["id"], "prediction": text(part, i, row)} for part, r in exported.items() for i, row in enumerate(r)
    ]


def test_messages_are_conversations_that_datasets_reads(data, tmp_path):
    files = export_parts(data, tmp_path, format="messages", system="Write.", shots=1, seed=2, **COLUMNS)
    assert list(files) == ["train", "test_id", "test_ood"]
    loaded = load_dataset("json", data_files=str(files["test_ood"]), split="train", cache_dir=str(tmp_path / "cache"))
    drawn = data["train"][int(np.random.default_rng(2).permutation(24)[0])]
    assert [list(turn.values()) for turn in loaded[3]["messages"]] == [
        ["system", "Write."],
        ["user", f"Doc: {drawn['doc']}"],
        ["assistant", drawn["code"]],
        ["user", f"Doc: {data['test_ood'][3]['doc']}"],
        ["assistant", data["test_ood"][3]["code"]],
    ]


def test_an_export_replaces_all_parts_that_were_there_or_none(data, tmp_path, monkeypatch):
    """Parts of another format or export do not stay beside it; if one cannot be written, all stay as they were."""
    save_splits(data, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    options = {"format": "prompt-completion", "overwrite": True, **COLUMNS}
    monkeypatch.setattr("codeshift.predictions.export._exported", lambda part, *_: 1 / 0 if part == "test_ood" else [])
    with pytest.raises(ZeroDivisionError):
        export_parts(data, tmp_path, **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "notes.txt", "test_id.parquet", "test_ood.parquet", "train.parquet"
    ]  # fmt: skip
    monkeypatch.undo()
    export_parts(data, tmp_path, parts=["train", "test_ood"], **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "test_ood.jsonl", "train.jsonl"]
    assert load_splits(tmp_path)["train"]["completion"][:] == data["train"]["code"][:]


def test_requests_hold_no_answer(data, tmp_path):
    body = {"model": "m", "max_tokens": 9}
    files = export_parts(data, tmp_path / "chat", format="requests", body=body, **COLUMNS)
    assert list(files) == ["test_id", "test_ood"]
    row = read(files["test_id"])[1]
    assert row["body"] == body | {"messages": [{"role": "user", "content": f"Doc: {data['test_id'][1]['doc']}"}]}
    assert (row["method"], row["url"]) == ("POST", "/v1/chat/completions")
    files = export_parts(data, tmp_path / "text", format="requests", endpoint="completions", **COLUMNS)
    row = read(files["test_id"])[1]
    assert (row["url"], row["body"]) == ("/v1/completions", {"prompt": f"Doc: {data['test_id'][1]['doc']}"})
    assert "return self" not in files["test_id"].read_text(encoding="utf-8")


def test_an_identity_is_that_of_one_row_wherever_it_stands(data):
    """Equal rows differ, parts differ, and the order of other rows changes nothing."""
    sources, targets = ["a", "b", "a"], ["x", "x", "x"]
    one, two, three = row_identities("test", sources, targets)
    assert len({one, two, three} | set(row_identities("test_id", sources, targets))) == 6
    assert row_identities("test", ["b", "a", "a"], targets) == [two, one, three]


def test_scores_are_those_of_the_evaluator_to_the_byte(data, tokenizer, tmp_path):
    """Outputs of a model that has learned a little, scored here and by the evaluator: the same files of rows."""
    config = TrainingConfig(learning_rate=1e-2, num_train_epochs=20, train_batch_size=8, eval_strategy="no")
    trained = Trainer(tiny_model("t5", tokenizer), tokenizer, config, progress=False, **COLUMNS).fit(data).model
    metrics = [ExactMatch(), BLEU()]
    evaluator = Evaluator(metrics, progress=False, decoding=Decoding(max_new_tokens=8), seed=3, **COLUMNS)
    native = evaluator.evaluate(trained, data, tokenizer=tokenizer, output_dir=tmp_path / "native")
    outputs = {part: native[part].outputs for part in native}
    given = answers(data, tmp_path, lambda part, i, row: outputs[part][i].text)
    finished = [output.finished for part in native for output in outputs[part]]
    given = [row | {"finished": end} for row, end in zip(given, finished, strict=True)]
    assert 0 < native["test_id"].scores("exact_match").mean() < 1
    assert not all(finished)
    score_predictions(data, given[::-1], metrics, seed=3, output_dir=tmp_path / "given", model="t5", **COLUMNS)
    for part in native:
        assert (tmp_path / f"native/{part}.parquet").read_bytes() == (tmp_path / f"given/{part}.parquet").read_bytes()
    summaries = [json.loads((tmp_path / name / "evaluation.json").read_text()) for name in ("native", "given")]
    assert summaries[0]["aggregates"] == summaries[1]["aggregates"]
    assert summaries[0]["metadata"]["data"] == summaries[1]["metadata"]["data"]
    assert [part["unfinished"] for part in summaries[0]["parts"].values()] == [
        part["unfinished"] for part in summaries[1]["parts"].values()
    ]
    assert summaries[1]["metadata"]["model"] == {"name": "t5"}


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".csv.gz"])
def test_cells_of_csv_are_the_texts_that_were_written(tmp_path, ending):
    """Answers that are numbers, empty or look like None stay texts; ``finished`` is read, not taken for true."""
    separator = "\t" if ".tsv" in ending else ","
    lines = ["id|prediction|finished", "007|7|False", "008|007|true", "009||no", "010|None|", '011|"x\ny"|1']
    content = "\n".join(lines).replace("|", separator)
    path = tmp_path / f"answers{ending}"
    path.write_bytes(gzip.compress(content.encode()) if ending.endswith("gz") else content.encode())
    outputs = read_predictions(path, identity_column=None, prediction_column="prediction")
    assert [(name, output.text, output.finished) for name, output in outputs] == [
        ("007", "7", False),
        ("008", "007", True),
        ("009", "", False),
        ("010", "None", True),
        ("011", "x\ny", True),
    ]


def test_an_end_that_is_no_truth_value_and_a_file_that_is_not_there(tmp_path):
    given = [{"id": "a", "prediction": "x", "finished": "perhaps"}]
    with pytest.raises(DataError, match=r"predictions\[0\]\['finished'\] must be whether the text is finished"):
        read_predictions(given, identity_column=None, prediction_column="prediction")
    [(_, output)] = read_predictions([{"id": "a", "response": "x"}], identity_column=None, prediction_column="response")
    assert output.text == "x"
    with pytest.raises(DataError, match="there is no such file"):
        read_predictions(tmp_path / "none.csv", identity_column=None, prediction_column="prediction")


def test_answers_of_a_batch(data, tmp_path):
    """As OpenAI-like servers write them; what the limit of length cut counts as unfinished."""
    given = []
    for i, row in enumerate(answers(data, tmp_path)):
        choice = {"message": {"role": "assistant", "content": row["prediction"]}}
        choice["finish_reason"] = "length" if i == 0 else "stop"
        if i == 1:
            choice = {"text": row["prediction"], "finish_reason": "stop"}  # of the endpoint for plain completions
        body = {"choices": [choice]}
        given.append({"custom_id": row["id"], "response": {"status_code": 200, "body": body}, "error": None})
    file = tmp_path / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    result = score_predictions(data, file, [ExactMatch()], **COLUMNS)
    assert result["test_id"].scores("exact_match").tolist() == [1.0] * 7
    assert [result[part].unfinished for part in result] == [1, 0]
    given[4]["response"] = {"status_code": 500, "body": {"message": "busy"}}
    with pytest.raises(DataError, match=r"predictions\[4\] must be an answer of the model"):
        score_predictions(data, given, [ExactMatch()], **COLUMNS)


@pytest.mark.parametrize("choice", ["stop", ["text"], {"message": None}, {"message": {"role": "assistant"}}, {}, 3])
def test_an_answer_in_another_form_is_told(choice):
    """As a server writes it that failed, or that is not like OpenAI's."""
    row = {"custom_id": "a", "response": {"body": {"choices": [choice]}}}
    with pytest.raises(DataError, match=r"predictions\[0\] must be an answer of the model"):
        read_predictions([row], identity_column=None, prediction_column="prediction")


def test_lines_end_at_line_feeds_alone(tmp_path):
    """Other characters at which Python splits lines may stand in a text as they are."""
    text = "a = 'x\u2028y\x85z'\x0c\n"
    file = tmp_path / "predictions.jsonl"
    file.write_text(json.dumps({"id": "a", "prediction": text}, ensure_ascii=False) + "\n\n", encoding="utf-8")
    [(_, output)] = read_predictions(file, identity_column=None, prediction_column="prediction")
    assert output.text == text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"id": "a", "prediction": "x"}\n{"id": "b", "predic', "line 2: "),
        (b'{"id": "a", "prediction": ' + b"[" * 100_000, "line 1: objects and lists are nested more than 500 deep"),
        (b'{"id": "a", "id": "b", "prediction": "x"}', "line 1: 'id' is named twice"),
        (b'{"id": "a", "prediction": "\xff"}', "line 1: 'utf-8' codec can't decode byte 0xff"),
        (b'{"id": "a", "prediction": "\\ud800"}', "'\\\\ud800' at character 1 is half a surrogate pair"),
        (b'{"id": "a", "prediction": "x"}\n7\n', "line 2 holds 7"),
    ],
)
def test_files_that_are_no_predictions(tmp_path, content, message):
    """Told with their line, and no prediction is taken from them."""
    file = tmp_path / "predictions.jsonl"
    file.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_predictions(file, identity_column=None, prediction_column="prediction")


def test_rows_that_do_not_match_are_listed(data, tmp_path):
    given = answers(data, tmp_path)
    broken = [*given[2:], given[-1], {"id": "unknown", "prediction": "x"}]
    with pytest.raises(PredictionsError) as caught:
        score_predictions(data, broken, [ExactMatch()], **COLUMNS)
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - ours
    assert (error.missing, error.surplus) == ([row["id"] for row in given[:2]], ["unknown"])
    assert error.doubled == [given[-1]["id"]]
    for words in ("2 rows without a prediction", "row 0 of test_id", "1 row with several", "row 7 of test_ood"):
        assert words in str(error)
    with pytest.raises(PredictionsError, match="8 predictions without a row"):
        score_predictions(data, given, [ExactMatch()], parts=["test_id"], **COLUMNS)


def test_rows_are_matched_by_a_column_of_the_data(data):
    part = {"test_ood": data["test_ood"]}
    given = [{"key": row["key"], "text": row["code"] if i % 2 else ""} for i, row in enumerate(part["test_ood"])]
    options = {"id_column": "key", "prediction_column": "text"}
    result = score_predictions(part, given[::-1], [ExactMatch()], **options, **COLUMNS)
    assert result["test_ood"].scores("exact_match").tolist() == [0.0, 1.0] * 4
    as_dict = {row["key"]: row["text"] for row in given}
    other = score_predictions(part, as_dict, [ExactMatch()], id_column="key", **COLUMNS)
    assert other["test_ood"].rows() == result["test_ood"].rows()
    with pytest.raises(DataError, match="id_column must be different in every row"):
        score_predictions(data, given, [ExactMatch()], **options, **COLUMNS)  # test_id holds one row twice


def test_programs_are_extracted_and_run():
    data = Dataset.from_dict(
        {"doc": ["Set x.", "Set y."], "code": ["x = 1", "y = 2"], "test": ["assert x", "assert y"]}
    )
    given = ["Here:\n```python\nx = 1\n```\nDone.", "y = 0"]
    identities = row_identities("data", data["doc"][:], data["code"][:])
    metric = PassAtK(1, runner=PythonRunner(timeout=3600, allow_network=True), tests="test")
    options = {"source": "doc", "target": "code"}
    scored = score_predictions(data, dict(zip(identities, given, strict=True)), [metric], extract="code", **options)
    assert scored["data"].scores("pass@1").tolist() == [1.0, 0.0]
    assert scored["data"].predictions == ["x = 1", "y = 0"]
    assert scored.metadata["predictions"]["extract"] == "code"
    plain = score_predictions(data, dict(zip(identities, given, strict=True)), [metric], **options)
    assert plain["data"].scores("pass@1").tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": [NegativeLogLikelihood()]}, "metrics must be metrics of texts, got 'negative_log_likelihood'"),
        ({"metrics": [ExactMatch(), TokenAccuracy()]}, "metrics must be metrics of texts, got 'token_accuracy'"),
        ({"metrics": [Accuracy()]}, "metrics must be metrics of texts, got 'accuracy'"),
        ({"metrics": [ExactMatch(), LogLoss()]}, "metrics must be metrics of texts, got 'log_loss'"),
        ({"metrics": []}, "metrics must be at least one"),
        ({"predictions": [{"id": "a"}]}, r"predictions\[0\] must be of a column 'prediction'"),
        ({"predictions": [{"id": "a", "prediction": None}]}, r"predictions\[0\] must be a text, got None"),
        ({"predictions": [{"prediction": "x"}]}, r"predictions\[0\] must be of a row's identity"),
        ({"predictions": 3}, "predictions must be a file, a dataset or rows"),
        ({"predictions": "nowhere.jsonl"}, "predictions must be a file that can be read"),
        ({"id_column": "kee"}, "id_column must be a column of the dataset, got 'kee': did you mean key?"),
        ({"extract": "fence"}, "extract must be one of code"),
        ({"parts": ["test"]}, "parts must be names of parts"),
    ],
)
def test_what_cannot_be_scored(data, change, message):
    arguments = {"predictions": [], "metrics": [ExactMatch()], **COLUMNS} | change
    with pytest.raises(ParameterError, match=message):
        score_predictions(data, **arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "message"}, "format must be one of messages, .* did you mean messages?"),
        ({"format": "prompt-completion", "system": "x"}, "system must be left out of the format prompt-completion"),
        (
            {"format": "requests", "endpoint": "completions", "shots": 2},
            "shots must be left out of the format requests",
        ),
        ({"format": "messages", "body": {"n": 1}}, "body must be left out of the format messages"),
        ({"format": "messages", "shots": 25}, "train must be of at least k=25 rows, got 24 rows"),
    ],
)
def test_what_cannot_be_exported(data, tmp_path, change, message):
    with pytest.raises(ParameterError, match=message):
        export_parts(data, tmp_path / "out", **COLUMNS | change)
    assert not (tmp_path / "out").exists()


def test_files_are_not_replaced_unasked(data, tmp_path):
    export_parts(data, tmp_path, format="messages", **COLUMNS)
    with pytest.raises(ParameterError, match="already there"):
        export_parts(data, tmp_path, format="messages", **COLUMNS)
    Dataset.from_dict({"code": ["old"]}).to_parquet(tmp_path / "train.parquet")
    files = export_parts(data, tmp_path, format="messages", overwrite=True, **COLUMNS)
    assert sorted(tmp_path.iterdir()) == sorted(files.values())  # a part in another format is replaced, too


def test_the_command_line_gives_the_same(data, tmp_path, capsys):
    """Export, outputs, scores: what the functions give, printed and saved."""
    for part, some in data.items():
        some.to_json(tmp_path / "parts" / f"{part}.jsonl") if (tmp_path / "parts").mkdir(
            exist_ok=True
        ) is None else None
    task = ["--source", COLUMNS["source"], "--target", COLUMNS["target"]]
    words = ["--format", "requests", "--model", "m", "--body", '{"n": 1}', "--out", str(tmp_path / "requests")]
    assert main(["export", str(tmp_path / "parts"), *task, *words]) == 0
    exported = {part: read(tmp_path / f"requests/{part}.jsonl") for part in ("test_id", "test_ood")}
    assert exported["test_id"][0]["body"]["model"] == "m"
    file = tmp_path / "predictions.jsonl"
    given = [
        {"id": request["custom_id"], "prediction": data[part][i]["code"] if i % 2 else "x"}
        for part, requests in exported.items()
        for i, request in enumerate(requests)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    capsys.readouterr()
    out = ["--metrics", "exact_match", "--out", str(tmp_path / "scores"), "--json"]
    assert main(["score", str(tmp_path / "parts"), str(file), *task, *out]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["scores"] == score_predictions(data, given, [ExactMatch()], **COLUMNS).aggregates()
    assert (tmp_path / "scores" / "test_ood.parquet").exists()
    file.write_text(json.dumps(given[0]) + "\n", encoding="utf-8")
    assert main(["score", str(tmp_path / "parts"), str(file), *task]) == 2
    assert "14 rows without a prediction" in capsys.readouterr().err


def test_the_command_line_offers_metrics_of_texts_alone(data, capsys):
    with pytest.raises(SystemExit):
        main(["score", "--help"])
    listed = " ".join(capsys.readouterr().out.split()).partition("--metrics NAME [NAME ...] of ")[2]
    names = listed.partition(" [exact_match]")[0].split(", ")
    assert len(names) == 9
    assert {metric_by_name(name, language="python").takes for name in names} == {"text"}


def test_labels_are_not_scored_on_the_command_line(data, tmp_path, capsys):
    data["test_ood"].to_json(tmp_path / "rows.jsonl")
    given = [str(tmp_path / "rows.jsonl"), str(tmp_path / "none.jsonl"), "--source", "doc", "--target", "code"]
    assert main(["score", *given, "--task", "classification"]) == 2
    assert "--task must be one whose target is a text to write, got 'classification'" in capsys.readouterr().err
    assert main(["score", *given, "--task", "defect-detection"]) == 2
    assert "--task must be one whose target is a text to write, got 'defect-detection'" in capsys.readouterr().err
