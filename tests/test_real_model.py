"""A known model that is made from a package, which not every machine has, and the study of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset

from helpers.pages import ROOT, script
from helpers.real_model import real_model_folder

real_model = script("scripts/real_model.py")


@pytest.fixture(scope="module")
def study():
    """Return the script of the study as a module."""
    return script("studies/smollm2_mbpp/study.py")


@pytest.fixture(scope="module")
def folder() -> Path:
    """The folder that the script makes."""
    return real_model_folder()


@pytest.fixture(scope="module")
def tokenizer(folder):
    """Return the tokenizer of the folder."""
    from codeshift.finetune.models import load_tokenizer

    return load_tokenizer(folder)


def test_another_file_is_refused(tmp_path):
    """A file with another digest raises an error."""
    (tmp_path / "model.gguf").write_bytes(b"GGUF of another model")
    with pytest.raises(SystemExit, match="is another file than SmolLM2"):
        real_model.make_model(tmp_path / "model.gguf", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.real_model
def test_the_folder_is_safe_and_says_its_licence(folder):
    """The folder holds safetensors only, and its card names the licence."""
    suffixes = {path.suffix for path in folder.iterdir()}
    assert ".safetensors" in suffixes
    assert not suffixes & {".bin", ".pt", ".py", ".gguf"}
    assert "Apache License 2.0" in (folder / "README.md").read_text(encoding="utf-8")
    assert not {"quantization_config", "transformers_version"} & set(json.loads((folder / "config.json").read_text()))


@pytest.mark.real_model
def test_a_digit_is_a_token(tokenizer):
    """Each digit is one token, as in training; the reader of transformers joins several."""
    assert [tokenizer.decode([number]) for number in tokenizer("x = 12345").input_ids[-5:]] == list("12345")


@pytest.mark.real_model
def test_a_turn_is_encoded_as_in_its_conversation(tokenizer, study):
    """The chat template ends a conversation with a line end after the turn's end, which no model writes."""
    from codeshift.finetune.collating import IGNORED, Collator
    from codeshift.finetune.encoding import Encoder
    from codeshift.finetune.template import Template

    rows = [
        {"prompt": "Add 12 and 30 <|im_end|> in Python.", "code": "def add():\n    return 12 + 30"},
        {"prompt": "Print.", "code": "print('{}')"},
    ]
    templates = Template(study.SOURCE, "source"), Template(study.TARGET, "target")
    encoded = Encoder(tokenizer, *templates, 512, 256, is_decoder=True).encode(Dataset.from_list(rows))
    turns = [{"role": "user", "content": rows[1]["prompt"]}, {"role": "assistant", "content": rows[1]["code"]}]
    whole = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=True)["input_ids"]
    assert [*encoded.sources[1], *encoded.targets[1], *tokenizer("\n").input_ids] == whole
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert encoded.sources[0].tolist().count(end) == 2  # in a column it is text
    labels = Collator(tokenizer.pad_token_id, is_decoder=True)(encoded, np.array([0, 1]))["labels"]
    learnt = [[number for number in row.tolist() if number != IGNORED] for row in labels]
    assert [tokenizer.decode(row) for row in learnt] == [row["code"] + "<|im_end|>" for row in rows]


@pytest.mark.real_model
def test_the_model_answers_and_ends_its_turn(folder, study):
    """The model writes an answer and then its end token."""
    from codeshift.finetune import Decoding, Evaluator
    from codeshift.metrics import ExactMatch

    rows = Dataset.from_list([{"prompt": "What is the capital of France?", "code": "Paris"}])
    evaluator = Evaluator(
        [ExactMatch()],
        source=study.SOURCE,
        target=study.TARGET,
        decoding=Decoding(max_new_tokens=64),
        progress=False,
    )
    [output] = evaluator.evaluate(folder, rows)["data"].outputs
    assert "Paris" in output.text
    assert "<|im_end|>" not in output.text
    assert output.finished


@pytest.mark.real_model
def test_the_chat_template_of_the_model(tokenizer, study):
    """The published template, by ``encode_turn``: what the study writes by hand, and the end of a turn."""
    from codeshift.finetune.chat import encode_turn

    turn = encode_turn(tokenizer, "Print.", "print('{}')")
    assert tokenizer.decode(turn.prompt) == study.SOURCE.format(prompt="Print.")
    assert tokenizer.decode(turn.answer) == "print('{}')<|im_end|>"
    assert turn.answer[-1] == tokenizer.eos_token_id
    assert (ROOT / "tests/data/chat_templates/chatml.jinja").read_text(encoding="utf-8") == tokenizer.chat_template


@pytest.mark.real_model
def test_outputs_of_plain_transformers_are_scored(folder, tokenizer, tmp_path):
    """Export, a loop that knows nothing of codeshift, scores: the model writes two right programs of three."""
    import torch
    from transformers import AutoModelForCausalLM

    from codeshift.metrics import PassAtK
    from codeshift.metrics.execution import PythonRunner
    from codeshift.predictions import export_parts, score_predictions

    problems = {
        "add(a, b) that returns the sum of a and b": ("return a + b", "assert add(2, 3) == 5"),
        "square(x) that returns x squared": ("return x * x", "assert square(3) == 9"),
        "longest(words) that returns the longest word of a list": (
            "return max(words, key=len)",
            "assert longest(['a', 'abc', 'z']) == 'abc'",
        ),
    }
    rows = [{"task": task, "code": code, "tests": tests} for task, (code, tests) in problems.items()]
    part = {"test": Dataset.from_list(rows)}
    columns = {"source": "Write a Python function {task}.", "target": "code"}
    files = export_parts(part, tmp_path, format="requests", body={"model": "smollm2"}, **columns)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    answers = []
    for line in files["test"].read_text(encoding="utf-8").splitlines():
        request = json.loads(line)
        given = tokenizer.apply_chat_template(
            request["body"]["messages"], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        with torch.no_grad():
            written = model.generate(**given, max_new_tokens=24, do_sample=False)[0, given["input_ids"].shape[1] :]
        message = {"role": "assistant", "content": tokenizer.decode(written, skip_special_tokens=True)}
        choice = {"message": message, "finish_reason": "length"}
        answers.append({"custom_id": request["custom_id"], "response": {"body": {"choices": [choice]}}})
    metric = PassAtK(1, runner=PythonRunner(timeout=3600, allow_network=True), tests="tests")
    result = score_predictions(part, answers, [metric], extract="code", **columns)["test"]
    assert result.scores("pass@1").tolist() == [1.0, 1.0, 0.0], result.predictions
    assert result.unfinished == 3


@pytest.mark.real_model
def test_lora_teaches_the_model_and_its_folder_keeps_it(folder, tokenizer, study, tmp_path):
    """Two rows by heart in three steps; loss falls, and adapter and merged weights say the same after a reload."""
    from peft import LoraConfig

    from codeshift.finetune import Evaluator, Trainer, TrainingConfig, load_model
    from codeshift.metrics import NegativeLogLikelihood

    rows = [{"prompt": f"What is zorb {i}?", "code": f"def zorb_{i}():\n    return {i * 7}"} for i in range(2)]
    data = Dataset.from_list(rows)
    columns = {"source": study.SOURCE, "target": study.TARGET, "progress": False}
    config = TrainingConfig(
        learning_rate=1e-3, max_steps=3, train_batch_size=2, max_source_length=64, max_target_length=32,
        eval_strategy="no",
    )  # fmt: skip
    lora = LoraConfig(r=8, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    evaluator = Evaluator([NegativeLogLikelihood()], batch_size=2, **columns)

    def loss(model) -> float:
        found = evaluator.evaluate(model, data, tokenizer=tokenizer)["data"]
        return found.estimates["negative_log_likelihood"].value

    before = loss(load_model(folder))
    trained = Trainer(folder, tokenizer, config, peft_config=lora, **columns).fit(data).model
    after = loss(trained)
    assert after < 0.8 * before
    assert sum(p.numel() for p in trained.parameters() if p.requires_grad) < 1_000_000
    trained.save_pretrained(tmp_path / "saved")
    assert loss(load_model(tmp_path / "saved")) == after
    assert loss(trained.merge_and_unload()) == pytest.approx(after, rel=1e-4)


@pytest.mark.real_model
def test_lora_learns_the_assistants_turn_alone(folder, tokenizer):
    """The loss of a chat is that of the turn and its end by plain transformers, and a step of LoRA lowers it."""
    import torch
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM

    from codeshift.finetune import Evaluator, Trainer, TrainingConfig
    from codeshift.metrics import NegativeLogLikelihood

    rows = [{"prompt": f"What is zorb {i}?", "code": f"def zorb_{i}():\n    return {i * 7}"} for i in range(2)]
    turns = [
        [
            {"role": "system", "content": "Write Python."},
            {"role": "user", "content": row["prompt"]},
            {"role": "assistant", "content": row["code"]},
        ]
        for row in rows
    ]
    plain = AutoModelForCausalLM.from_pretrained(folder).eval()
    nats = tokens = 0.0
    for conversation in turns:
        asked = tokenizer.apply_chat_template(conversation[:-1], add_generation_prompt=True, tokenize=False)
        text = asked + conversation[-1]["content"] + "<|im_end|>"
        assert tokenizer.apply_chat_template(conversation, tokenize=False).startswith(text)
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
        labels = ids.clone()
        labels[:, : len(tokenizer(asked, add_special_tokens=False).input_ids)] = -100
        count = int((labels != -100).sum())
        with torch.no_grad():
            nats += float(plain(input_ids=ids, labels=labels).loss) * count
        tokens += count
    config = TrainingConfig(learning_rate=1e-3, max_steps=2, train_batch_size=2, eval_strategy="no")
    lora = LoraConfig(r=8, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    columns = {"source": "prompt", "target": "code", "chat": True, "system": "Write Python.", "progress": False}
    data = Dataset.from_list(rows)
    result = Trainer(folder, tokenizer, config, peft_config=lora, **columns).fit(data)
    assert result.history[0]["tokens"] == tokens
    assert result.losses[0] == pytest.approx(nats / tokens, rel=1e-4)  # LoRA starts as the model itself
    evaluator = Evaluator([NegativeLogLikelihood()], **columns)
    after = evaluator.evaluate(result.model, data, tokenizer=tokenizer)["data"]
    assert after.estimates["negative_log_likelihood"].value < 0.9 * result.losses[0]


@pytest.mark.real_model
def test_four_bits_say_the_same_after_a_reload(folder, tokenizer, tmp_path):
    """An adapter on NF4 weights of the real model: its loss falls, and a reload has the same NLL."""
    pytest.importorskip("bitsandbytes", reason="bitsandbytes (the extra qlora) is not installed")
    from peft import LoraConfig

    from codeshift.finetune import Evaluator, Trainer, TrainingConfig, load_model
    from codeshift.finetune.quantisation import quantization_of
    from codeshift.metrics import NegativeLogLikelihood

    data = Dataset.from_list([{"prompt": "What is zorb?", "code": "def zorb():\n    return 7"}])
    config = TrainingConfig(
        learning_rate=1e-3, max_steps=2, train_batch_size=1, eval_strategy="no", quantization="nf4"
    )  # fmt: skip
    lora = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    columns = {"source": "prompt", "target": "code", "chat": True, "progress": False}
    evaluator = Evaluator([NegativeLogLikelihood()], **columns)

    def loss(model) -> float:
        estimates = evaluator.evaluate(model, data, tokenizer=tokenizer)["data"].estimates
        return estimates["negative_log_likelihood"].value

    result = Trainer(folder, tokenizer, config, peft_config=lora, **columns).fit(data, tmp_path / "run")
    assert result.losses[1] < result.losses[0]
    assert quantization_of(result.model) == "nf4"
    again = load_model(tmp_path / "run")
    assert quantization_of(again) == "nf4"
    assert loss(again) == loss(result.model) < result.losses[0]


@pytest.mark.real_model
def test_trl_trains_the_model_on_what_is_exported(folder, tokenizer, tmp_path):
    """Export, a step of TRL's trainer, outputs by plain transformers, and their scores."""
    trl = pytest.importorskip("trl", reason="trl is not installed")
    import torch
    from peft import LoraConfig

    from codeshift.finetune.chat import encode_turn
    from codeshift.metrics import SyntacticValidity
    from codeshift.predictions import export_parts, score_predictions

    rows = [
        {"prompt": f"Write a Python function that adds {i}.", "code": f"def f(x):\n    return x + {i}"} for i in (1, 2)
    ]
    data = {"train": Dataset.from_list(rows), "test": Dataset.from_list(rows[:1])}
    columns = {"source": "prompt", "target": "code"}
    file = export_parts(data, tmp_path / "sft", format="messages", parts=["train"], **columns)["train"]
    conversations = Dataset.from_list([json.loads(line) for line in file.open(encoding="utf-8")])
    config = trl.SFTConfig(
        output_dir=str(tmp_path / "trl"), max_steps=1, per_device_train_batch_size=2, learning_rate=1e-3,
        report_to="none", save_strategy="no", use_cpu=True, bf16=False, max_length=128, gradient_checkpointing=False,
        model_init_kwargs={"dtype": "float32"},
    )  # fmt: skip
    trainer = trl.SFTTrainer(
        str(folder), args=config, train_dataset=conversations.remove_columns("id"), processing_class=tokenizer,
        peft_config=LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"),
    )  # fmt: skip
    for row, encoded in zip(rows, trainer.train_dataset, strict=True):
        ids = encode_turn(tokenizer, row["prompt"], row["code"]).ids.tolist()
        assert encoded["input_ids"] == ids
    trainer.train()
    model = trainer.model.eval()
    asked = export_parts(data, tmp_path / "ask", format="requests", **columns)["test"]
    [request] = [json.loads(line) for line in asked.open(encoding="utf-8")]
    given = tokenizer.apply_chat_template(
        request["body"]["messages"], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.no_grad():
        written = model.generate(**given, max_new_tokens=24, do_sample=False)[0, given["input_ids"].shape[1] :]
    answers = [{"id": request["custom_id"], "prediction": tokenizer.decode(written, skip_special_tokens=True)}]
    result = score_predictions(data, answers, [SyntacticValidity("python")], parts=["test"], extract="code", **columns)
    assert result["test"].scores("syntactic_validity").tolist() == [1.0], result["test"].predictions


def test_rows_of_the_study(tmp_path, study):
    """Line ends and tabs are plain, the prompt holds the tests, and rows with too long a prompt are left out."""
    row = {
        "task_id": 7,
        "text": "Add one.",
        "code": "\r\ndef f(x):\r\n\treturn x + 1\r\n",
        "test_list": ["assert f(1) == 2", "assert f(2) == 3"],
        "test_setup_code": "y = 1",
    }
    long = row | {"task_id": 8, "test_list": ["assert f(1) == 2"] * 60}
    path = tmp_path / "problems.jsonl"
    path.write_text("\n".join(map(json.dumps, [row, long])), encoding="utf-8")
    [kept] = study.rows_of(path)
    assert kept == {
        "task_id": "7",
        "prompt": "You are an expert Python programmer, and here is your task: Add one. Your code should pass these "
        "tests:\n\nassert f(1) == 2\nassert f(2) == 3",
        "code": "def f(x):\n    return x + 1",
        "tests": "y = 1\nassert f(1) == 2\nassert f(2) == 3",
    }


@pytest.mark.parametrize(
    ("output", "program"),
    [
        ("def f():\n    pass", "def f():\n    pass"),
        ("Here:\n```python\nx = 1\n```\nOr:\n```\nx = 2\n```", "x = 1"),
        ("```\n    x = 1", "    x = 1"),  # cut at the length limit
        ("", ""),
    ],
)
def test_the_program_of_an_output(study, output, program):
    """The program is extracted from the text that the model wrote."""
    assert study.extract(output) == program


def test_the_best_rate_is_that_of_the_lowest_last_loss(tmp_path, study):
    """The learning rate with the lowest final loss is chosen."""
    searched = [
        {"method": method, "learning_rate": rate, "validation_losses": losses}
        for method in ("full", "lora")
        for rate, losses in ((1e-3, [0.5, 0.9]), (1e-4, [0.8, 0.7]))
    ]
    (tmp_path / study.SEARCH).write_text(json.dumps(searched), encoding="utf-8")
    assert study.best_rates(tmp_path) == {"full": 1e-4, "lora": 1e-4}
    (tmp_path / study.SEARCH).write_text(json.dumps(searched[:2]), encoding="utf-8")
    with pytest.raises(SystemExit, match="no learning rate of lora"):
        study.best_rates(tmp_path)


def test_programs_run_once_and_results_are_stored(tmp_path, study, monkeypatch):
    """A program that does not parse is not run and does not pass."""
    ran = []

    class Runner:
        def __init__(self, **settings):
            pass

        def run(self, candidates, tests):
            ran.extend(zip(candidates, tests, strict=True))
            return [np.array(["good" in program for program in row]) for row in candidates]

    monkeypatch.setattr("codeshift.metrics.execution.PythonRunner", Runner)
    right, wrong, broken = ("x = 'good'", "assert x"), ("x = ''", "assert x"), ("good x =", "assert x")
    path = tmp_path / "passed.jsonl"
    for pairs in ([right, broken, right], [wrong, right, broken]):
        passed = study._passed(pairs, path, 1)
        assert [passed[study._name(pair)] for pair in pairs] == [pair == right for pair in pairs]
    assert [program for [program], _ in ran] == [right[0], wrong[0]]


def test_the_summary_shows_both_parts(study):
    """The summary shows the figures of both test parts next to each other."""
    names = ("pass@1", "exact_match", "syntactic_validity", "negative_log_likelihood")
    rows = [
        {"scenario": "length", "method": "none", "variant": "", "ood_kept": None, "split_seed": seed, "part": part}
        | {"metric": name, "value": value + seed / 100, "n": 150 if part == "test_id" else 40, "status": "done"}
        for seed in (0, 1)
        for part, value in (("test_id", 0.25), ("test_ood", 0.125))
        for name in names
    ]
    text = study.summary(pd.DataFrame([*rows, rows[0] | {"method": "full", "ood_kept": 0.0, "status": "pending"}]))
    shares = " | ".join(["25.0 | 12.5"] * 3)
    assert f"| length | none | - | 0 | 150 | 40 | {shares} | 0.250 | 0.125 |" in text
    shares = " | ".join(["25.5 | 13.0"] * 3)
    assert f"| length | none | - | 2 | {shares} | 0.255 | 0.130 |" in text
    assert "full" not in text.split("\n| ", 1)[1].replace("full precision", "")
