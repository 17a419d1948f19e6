"""``codeshift train`` and ``evaluate`` give the results of Trainer and Evaluator, from files and to files."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
from datasets import Dataset
from safetensors.torch import load_file

from codeshift.audit import overlap
from codeshift.cli import main
from codeshift.data import load_splits
from codeshift.finetune import Evaluator, Trainer, TrainingConfig, load_model
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import CodeBLEU, ExactMatch, NegativeLogLikelihood
from helpers.cli_rows import rows, write
from helpers.forked import start_forked
from helpers.tiny_models import save_tiny_t5
from helpers.training_steps import after_each_step

TASK = ["--source", "doc", "--target", "func"]
FEW = ["--max-steps", "3", "--train-batch-size", "4"]


class Place(NamedTuple):
    """Parts of a split, and a tiny model, each in a folder."""

    data: str
    model: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return folders with the parts of a split and with a tiny model."""
    folder = tmp_path_factory.mktemp("place")
    some, data, model = rows(40), folder / "parts", folder / "model"
    data.mkdir()
    for part, (start, stop) in {"train": (0, 24), "dev": (24, 28), "test_id": (28, 34), "test_ood": (34, 40)}.items():
        write(data / f"{part}.jsonl", some[start:stop])
    save_tiny_t5(model, [row["func"] for row in some])
    return Place(str(data), str(model))


def weights(folder: Path) -> dict[str, Any]:
    [file] = folder.glob("*.safetensors")
    return load_file(file)


def same(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return first.keys() == second.keys() and all(bool((first[key] == second[key]).all()) for key in first)


def test_full_fine_tuning_is_that_of_the_trainer(place: Place, tmp_path: Path, capsys) -> None:
    """The weights are the same, bit for bit; settings of options and of ``--set`` are used."""
    command = ["train", place.data, "--model", place.model, *TASK, *FEW, "--out", str(tmp_path / "a"), "--seed", "5"]
    assert main([*command, "--set", "lr_scheduler_type=cosine", "--set", "warmup_steps=0.1", "--set",
                 "bucket_by_length=no", "--set", "bf16=True", "--json"]) == 0  # fmt: skip
    output = json.loads(capsys.readouterr().out)
    config = TrainingConfig(max_steps=3, train_batch_size=4, seed=5, lr_scheduler_type="cosine", warmup_steps=0.1,
                            bucket_by_length=False, bf16=True)  # fmt: skip
    trainer = Trainer(place.model, place.model, config, source="doc", target="func", progress=False)
    result = trainer.fit(load_splits(place.data), tmp_path / "b")
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert output["losses"] == result.losses
    assert json.loads((tmp_path / "a" / "training.json").read_text(encoding="utf-8"))["config"] == config.to_dict()
    assert output["validation_losses"] == result.validation_losses
    assert (output["steps"], output["model"]) == (3, str(tmp_path / "a"))


def test_lora(place: Place, tmp_path: Path, capsys) -> None:
    """The adapter has the requested rank and modules, and loads with its base model."""
    lora = ["--method", "lora", "--lora-r", "2", "--lora-target-modules", "q"]
    assert main(["train", place.data, "--model", place.model, *TASK, *FEW, *lora, "--out", str(tmp_path)]) == 0
    settings = json.loads((tmp_path / "adapter_config.json").read_text(encoding="utf-8"))
    assert (settings["r"], settings["lora_alpha"], settings["target_modules"]) == (2, 4, ["q"])
    assert load_model(tmp_path).peft_config
    printed = capsys.readouterr().out
    assert re.match(r"3 steps in [\d.]+ s: [\d,]+ of [\d,]+ parameters \([\d.]+%\) trained\.\n", printed)
    assert printed.endswith(f"The model is in {tmp_path}.\n")


def test_a_loss_that_does_not_fall_gives_a_warning(place: Place, tmp_path: Path, capsys) -> None:
    """The warning names the learning rate; if the loss falls, there is none."""
    command = ["train", place.data, "--model", place.model, *TASK, "--max-steps", "10", "--train-batch-size", "4"]
    assert main([*command, "--learning-rate", "1e-9", "--out", str(tmp_path / "low")]) == 0
    assert "The loss hardly fell: try a higher --learning-rate (it was 1e-09)" in capsys.readouterr().out
    assert main([*command, "--learning-rate", "1e-2", "--out", str(tmp_path / "high")]) == 0
    assert "hardly" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("setting", "message"),
    [([], "nothing is kept"), (["--set", "save_strategy=steps", "--set", "save_steps=2"], "resume from")],
)
def test_an_interrupted_training(
    place: Place, tmp_path: Path, capsys, monkeypatch, setting: list[str], message: str
) -> None:
    """The exit code is 130, and the message says what is kept."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "fit", interrupted)
    assert main(["train", place.data, "--model", place.model, *TASK, *FEW, *setting, "--out", str(tmp_path)]) == 130
    captured = capsys.readouterr().err
    assert captured.startswith("codeshift: interrupted: ")
    assert message in captured


def _without_end(command: list[str]) -> None:
    """Run a command that cannot end before a signal comes, however fast the machine."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it

    def hold(run: Any) -> None:
        while run.state.step + 1 == 12:
            signal.pause()

    after_each_step(hold)
    raise SystemExit(main(command))


def test_ctrl_c(place: Place, tmp_path: Path, capsys) -> None:
    """SIGINT gives code 130 and one line, and the same command continues from what is kept."""
    command = ["train", place.data, "--model", place.model, *TASK, "--max-steps", "12", "--train-batch-size", "4"]
    command += ["--set", "save_strategy=steps", "--set", "save_steps=2", "--out", str(tmp_path)]
    log = tmp_path / "log"
    process = start_forked(log, _without_end, command)
    while not list(tmp_path.glob("checkpoints/step-*")):
        assert process.is_alive()
        time.sleep(0.05)
    os.kill(process.pid or 0, signal.SIGINT)
    process.join()
    errors = log.read_text(encoding="utf-8")
    log.unlink()
    assert process.exitcode == 130, errors
    assert "codeshift: interrupted: run the same command again to resume from the last checkpoint" in errors
    assert "Traceback" not in errors
    kept = max(tmp_path.glob("checkpoints/step-*"))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoints"]
    state = json.loads((kept / "state.json").read_text(encoding="utf-8"))["state"]
    assert main([*command, "--json"]) == 0
    losses = json.loads(capsys.readouterr().out)["losses"]
    assert len(losses) == 12
    before = [row["loss"] for row in state["history"] if "loss" in row]
    assert losses[: len(before)] == before


def test_evaluation_is_that_of_the_evaluator(place: Place, tmp_path: Path, capsys) -> None:
    """Metrics are given by name, for the parts that begin with test; files hold the scores of every row."""
    command = ["evaluate", place.data, "--model", place.model, *TASK, "--language", "python", "--max-new-tokens", "8"]
    command += ["--metrics", "codebleu", "exact_match[normalize_whitespace=True]", "--out", str(tmp_path)]
    assert main([*command, "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    from codeshift.finetune import Decoding

    evaluator = Evaluator(
        [CodeBLEU("python"), ExactMatch(normalize_whitespace=True)],
        source="doc",
        target="func",
        decoding=Decoding(max_new_tokens=8),
        progress=False,
    )
    expected = evaluator.evaluate(place.model, load_splits(place.data))
    assert output["scores"] == expected.aggregates()
    written = pq.read_table(tmp_path / "test_ood.parquet").to_pylist()
    assert [row["prediction"] for row in written] == expected["test_ood"].predictions
    assert main(command) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["part", "metric", "value", "95%", "interval", "scored", "groups", "rows"]
    assert {line.split()[0] for line in table[1:5]} == {"test_id", "test_ood"}


def test_tasks_by_name(place: Place, tmp_path: Path, capsys) -> None:
    """With a task, columns and language need not be given."""
    write(tmp_path / "test.jsonl", [{"id": 0, "buggy": "int f() { }", "fixed": "int f() { return 1; }"}])
    command = ["evaluate", str(tmp_path / "test.jsonl"), "--model", place.model, "--task", "code-refinement"]
    assert main([*command, "--metrics", "codebleu", "--max-new-tokens", "4", "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert (output["metadata"]["source"], output["metadata"]["target"]) == ("buggy", "fixed")
    assert [score["part"] for score in output["scores"]] == ["data"]


BAD_TRAINING = {
    ("--method", "lorra"): "--method must be full or lora, got 'lorra': did you mean lora?",
    ("--lora-r", "4"): "--lora-r must be left out for full fine-tuning, got 4: give --method lora",
    ("--set", "lr_schedule=cosine"): "a setting of TrainingConfig, got 'lr_schedule': did you mean lr_scheduler_type?",
    ("--set", "schedule=cosine"): "a setting of TrainingConfig, got 'schedule': it is lr_scheduler_type now",
    ("--set", "lr_scheduler_type=cosin"): "did you mean cosine",
    ("--set", "bf16=perhaps"): "bf16 must be true or false, got 'perhaps'",
    ("--seed", "1", "--set", "seed=2"): "--set must be a setting that is given once, got 'seed'",
    ("--train-batch-size", "0"): "train_batch_size must be a whole number from 1 up, got 0",
    ("--target", "fnc"): "target must be made of columns of the data, got 'fnc': did you mean func?",
    ("--task", "code-refinment"): "--task must be a task, got 'code-refinment': did you mean code-refinement?",
    ("--model", "PLACE/modl"): "or a name of the hub, got 'PLACE/modl': did you mean model?",
}


@pytest.mark.parametrize("arguments", BAD_TRAINING, ids=" ".join)
def test_bad_training(arguments: tuple[str, ...], place: Place, tmp_path: Path, capsys) -> None:
    """Bad input gives exit code 2 and one line, and nothing is trained."""
    parent = str(Path(place.model).parent)
    command = ["train", place.data, "--model", place.model, *TASK, *FEW, "--out", str(tmp_path / "out")]
    assert main([*command, *(text.replace("PLACE", parent) for text in arguments)]) == 2
    captured = capsys.readouterr()
    assert BAD_TRAINING[arguments].replace("PLACE", parent) in captured.err
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


BAD_EVALUATION = {
    ("--metrics", "exactmatch"): "metric must be the name of a metric, got 'exactmatch': did you mean exact_match?",
    ("--metrics", "codebleu"): "language must be given for codebleu, got None: name the language of the rows",
    ("--metrics", "codebleu", "--language", "phyton"): "did you mean python?",
    ("--parts", "test_odd"): "got 'test_odd': did you mean test_ood or test_id?",
    ("--num-beams", "0"): "num_beams must be a whole number from 1 up",
    ("--target", "dok"): "did you mean doc?",
}


@pytest.mark.parametrize("arguments", BAD_EVALUATION, ids=" ".join)
def test_bad_evaluation(arguments: tuple[str, ...], place: Place, capsys) -> None:
    """Bad input gives exit code 2 and one line."""
    assert main(["evaluate", place.data, "--model", place.model, *TASK, *arguments]) == 2
    captured = capsys.readouterr()
    assert BAD_EVALUATION[arguments] in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.filterwarnings("always::codeshift.errors.CodeshiftWarning")
def test_settings_of_training_are_the_defaults_of_evaluation(place: Place, tmp_path: Path, capsys) -> None:
    """Templates and limits come from the folder; other values give a warning of one line."""
    lengths = ["--max-source-length", "30", "--max-target-length", "20"]
    options = ["--model", str(tmp_path)]
    assert main(["train", place.data, "--model", place.model, *TASK, *FEW, *lengths, "--out", str(tmp_path)]) == 0
    capsys.readouterr()
    command = ["evaluate", place.data, *options, "--metrics", "negative_log_likelihood", "--json"]
    assert main(command) == 0
    captured = capsys.readouterr()
    metadata = json.loads(captured.out)["metadata"]
    assert (metadata["source"], metadata["target"]) == ("doc", "func")
    assert (metadata["max_source_length"], metadata["max_target_length"]) == (30, 20)
    assert "otherwise" not in captured.err
    assert main([*command, "--max-target-length", "512", "--source", "func"]) == 0
    captured = capsys.readouterr()
    words = "is not evaluated as it was trained: max_target_length is 512, not 20 and source is 'func', not 'doc'"
    assert next(line for line in captured.err.splitlines() if words in line).startswith("codeshift: warning: ")
    assert json.loads(captured.out)["metadata"]["max_target_length"] == 512


def test_from_model_uses_the_generation_config(place: Place, tmp_path: Path, capsys) -> None:
    """Without ``--from-model``, the beams of the model's generation config are ignored."""
    shutil.copytree(place.model, tmp_path / "model")
    path = tmp_path / "model" / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_beams": 3, "repetition_penalty": 1.5}))
    command = ["evaluate", place.data, "--model", str(tmp_path / "model"), *TASK, "--metrics", "exact_match", "--json"]
    metadata = []
    for option in ([], ["--from-model"]):
        assert main([*command, "--max-new-tokens", "3", *option]) == 0
        metadata.append(json.loads(capsys.readouterr().out)["metadata"])
    assert [output["decoding"]["from_model"] for output in metadata] == [False, True]
    assert "repetition_penalty" not in metadata[0]["generation_config"]
    config = metadata[1]["generation_config"]
    assert (config["num_beams"], config["repetition_penalty"]) == (3, 1.5)
    assert main([*command, "--from-model", "--num-beams", "2"]) == 2
    assert "num_beams must be left out with from_model, got 2" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["train", "evaluate"])
@pytest.mark.parametrize("fault", ["vocabulary", "positions"])
def test_a_model_without_room(place: Place, tmp_path: Path, capsys, verb: str, fault: str) -> None:
    """Too few embeddings or positions give exit code 2 and a remedy, before any work."""
    tokenizer = tiny_tokenizer([row["func"] for row in rows(40)])
    tiny_model("gpt2", tokenizer, **({"n_positions": 8} if fault == "positions" else {})).save_pretrained(
        tmp_path / "m"
    )
    if fault == "vocabulary":
        tokenizer.add_tokens(["<new>"])
    tokenizer.save_pretrained(tmp_path / "m")
    more = [*FEW, "--out", str(tmp_path / "out")] if verb == "train" else ["--metrics", "token_accuracy"]
    assert main([verb, place.data, "--model", str(tmp_path / "m"), *TASK, *more]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    expected = {
        "vocabulary": r"tokenizer must be within the model's embedding of \d+ tokens, got one of .*'<new>'.*resize",
        "positions": r"model must be given no more than its 8 positions, got a row of \d+ tokens .*max_source_length",
    }
    assert re.match(f"codeshift: error: {expected[fault]}", error)
    assert not (tmp_path / "out").exists()


def test_columns_must_be_named(place: Place, capsys) -> None:
    """Without columns or a task, the error asks for them."""
    assert main(["train", place.data, "--source", "doc", "--out", "out"]) == 2
    assert "--target must be given unless --task has it, got None" in capsys.readouterr().err


def test_a_misspelt_column_is_reported_at_once(place: Place, tmp_path: Path) -> None:
    """Also in a template, and before torch is loaded, which takes seconds."""
    script = "import sys; from codeshift.cli import main; print(main(sys.argv[1:]), 'torch' in sys.modules)"
    command = ["train", place.data, "--source", "{dok}: {func}", "--target", "func", "--out", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "2 False\n"
    assert "source must be made of columns of the data, got 'dok': did you mean doc?" in done.stderr


def test_a_classifier_from_the_command_line(place: Place, tmp_path: Path, capsys) -> None:
    """Trained as by ``Trainer``; evaluated with what its folder says of task, pair and labels."""
    data = tmp_path / "parts"
    data.mkdir()
    for part in ("train", "test_id"):
        lines = (Path(place.data) / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
        some = [json.loads(line) | {"long": len(line) > len(lines[0])} for line in lines]
        some[0]["long"] = not some[1]["long"]
        write(data / f"{part}.jsonl", some)
    pair = ["--source", "doc", "--source", "func", "--target", "long"]
    command = ["train", str(data), "--model", place.model, "--task", "classification", *pair, *FEW, "--json"]
    assert main([*command, "--out", str(tmp_path / "out"), "--set", "class_weight=balanced"]) == 0
    losses = json.loads(capsys.readouterr().out)["losses"]
    config = TrainingConfig(max_steps=3, train_batch_size=4, class_weight="balanced")
    columns = {"source": ("doc", "func"), "target": "long", "task": "classification"}
    trainer = Trainer(place.model, place.model, config, progress=False, **columns)
    assert trainer.fit(load_splits(data)).losses == losses

    assert (
        main(
            [
                "evaluate",
                str(data),
                "--model",
                str(tmp_path / "out"),
                "--json",
                "--features",
                "--out",
                str(tmp_path / "e"),
            ]
        )
        == 0
    )
    result = json.loads(capsys.readouterr().out)
    assert result["metadata"]["labels"] == ["False", "True"]
    assert result["metadata"]["source"] == ["doc", "func"]
    assert [row["metric"] for row in result["scores"]] == ["accuracy", "f1[average=macro]", "log_loss"]
    assert "features" in pq.read_table(tmp_path / "e" / "test_id.parquet").column_names

    of_text = ["--task", "generation", "--source", "doc", "--target", "func"]
    assert main(["evaluate", str(data), "--model", str(tmp_path / "out"), *of_text]) == 2
    fault = f"task must be 'classification', as which the model in {tmp_path / 'out'} was trained, got 'generation'"
    assert fault in capsys.readouterr().err


def test_a_pair_is_not_written_from(place: Place, capsys) -> None:
    """A generation has one source."""
    command = ["train", place.data, "--source", "doc", "--source", "func", "--target", "func", "--out", "x"]
    assert main(command) == 2
    assert "--source must be given once for a text to write" in capsys.readouterr().err


def test_conversations_from_the_command_line(place: Place, tmp_path: Path, capsys) -> None:
    """The options are those of the trainer and the evaluator, which reads from the folder how it was trained."""
    some = [row["func"] for row in rows(40)]
    tokenizer = tiny_tokenizer([*some, "system user assistant Write"])
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] + ' ' + m['content'] + eos_token }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'assistant ' }}{% endif %}"
    )
    model = tmp_path / "model"
    tiny_model("llama", tokenizer).save_pretrained(model)
    tokenizer.save_pretrained(model)
    trained = str(tmp_path / "trained")
    command = ["train", place.data, *TASK, "--model", str(model), "--out", trained, *FEW]
    assert main([*command, "--chat", "--system", "Write"]) == 0
    kept = json.loads((tmp_path / "trained" / "training.json").read_text(encoding="utf-8"))
    assert (kept["chat"], kept["system"]) == (True, "Write")
    capsys.readouterr()
    command = ["evaluate", place.data, *TASK, "--model", trained, "--parts", "test_id", "--generate-rows", "2"]
    command += ["--metrics", "exact_match", "--max-new-tokens", "3", "--json"]
    assert main([*command, "--samples", "2", "--shots", "1", "--extract", "code"]) == 0
    metadata = json.loads(capsys.readouterr().out)["metadata"]
    assert (metadata["chat"], metadata["system"], metadata["extract"]) == (True, "Write", "code")
    assert (metadata["decoding"]["n"], metadata["decoding"]["do_sample"]) == (2, True)
    assert main([*command, "--system", "Write"]) == 2
    assert "system must be left out without chat=True" in capsys.readouterr().err
    turns = [{"role": "system", "content": "Write"}, {"role": "user", "content": "Write {doc}"}]
    (tmp_path / "turns.json").write_text(json.dumps(turns), encoding="utf-8")
    by_turns = ["train", place.data, "--messages", str(tmp_path / "turns.json"), "--target", "func", "--chat"]
    by_turns += ["--model", str(model), "--out", str(tmp_path / "by_turns"), *FEW]
    assert main(by_turns) == 0
    kept = json.loads((tmp_path / "by_turns" / "training.json").read_text(encoding="utf-8"))
    assert (kept["source"], kept["chat"]) == (turns, True)
    assert main([*by_turns, "--source", "doc"]) == 2
    assert "--messages must be left out with --source" in capsys.readouterr().err


def test_scores_of_rows_that_a_corpus_holds(place: Place, tmp_path: Path, capsys) -> None:
    """With ``--against`` the scores of rows seen and unseen stand below the others; the target is looked for."""
    web = write(tmp_path / "web.jsonl", rows(40)[32:36])
    command = ["evaluate", place.data, "--model", place.model, *TASK, "--metrics", "negative_log_likelihood"]
    assert main([*command, "--against", f"web={web}", "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)["seen"]
    parts = {part: data for part, data in load_splits(place.data).items() if part.startswith("test")}
    marks = overlap(parts, {"web": Dataset.from_json(web)}, column="func").marks
    evaluator = Evaluator([NegativeLogLikelihood()], source="doc", target="func", progress=False)
    expected = evaluator.evaluate(place.model, load_splits(place.data), marks=marks)
    assert [row for row in seen if row["n"]] == [row for row in expected.seen_aggregates() if row["n"]]
    assert main([*command, "--against", f"web={web}"]) == 0
    assert "in a corpus" in capsys.readouterr().out
    assert main([*command, "--against", f"web={web}", "--column", "dog"]) == 2
    assert "dog" in capsys.readouterr().err
