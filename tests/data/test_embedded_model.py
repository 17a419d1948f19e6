"""The model that comes with the library: its size and format, that it loads offline, and that it is pretrained."""

from __future__ import annotations

import json
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from codeshift.data import corpus, embedded, embedded_model_path, stdlib_functions
from codeshift.errors import DataError
from codeshift.finetune import Evaluator, Trainer, TrainingConfig, load_model
from codeshift.finetune.models import load_tokenizer
from codeshift.metrics import NegativeLogLikelihood
from tools.pretrain.card import card, loss_curve
from tools.pretrain.model import untrained_model


@pytest.fixture(scope="module")
def recipe():
    return json.loads((embedded_model_path() / "pretraining.json").read_text(encoding="utf-8"))


def test_it_loads_offline_and_writes_python():
    """The classes of transformers load it as float32 without a hub, and it writes a function."""
    assert huggingface_hub.constants.HF_HUB_OFFLINE
    tokenizer = AutoTokenizer.from_pretrained(embedded_model_path())
    model = AutoModelForSeq2SeqLM.from_pretrained(embedded_model_path())
    source = tokenizer("Return the name.\ndef get_name(self):", return_tensors="pt")
    written = tokenizer.decode(model.generate(**source, max_new_tokens=32)[0], skip_special_tokens=True)
    assert model.dtype == torch.float32
    assert written.startswith("def get_name(self")
    assert "return" in written


def test_it_is_small():
    """At most 12 MB in total, 2 to 8 million parameters, 4,096 to 8,192 tokens, tied embeddings, float16 on disk."""
    folder = embedded_model_path()
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= 12_000_000
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    assert 2_000_000 <= model.num_parameters() <= 8_000_000
    assert 4_096 <= len(tokenizer) == model.config.vocab_size <= 8_192
    assert model.config.model_type == "t5"
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight
    assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float16}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_nothing_is_pickled():
    """The folder holds safetensors, JSON, Markdown and a picture: nothing that could run when it is read."""
    suffixes = {path.suffix for path in embedded_model_path().iterdir()}
    assert suffixes == {".safetensors", ".json", ".md", ".svg"}


def test_any_text_is_tokenised_without_loss():
    """With byte-level BPE, characters that are not in the corpus are decoded unchanged."""
    tokenizer = load_tokenizer(embedded_model_path())
    text = "def größe(x):\n\treturn '名' + x  # ☂\n"
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_it_knows_held_out_functions_better_than_random_weights():
    """Its loss on documented functions of the standard library, which it never saw, is far below its initial loss."""
    folder = embedded_model_path()
    tokenizer = load_tokenizer(folder)
    functions = stdlib_functions()
    short = [i for i, row in enumerate(functions) if len(row["code"]) <= 300 and len(row["docstring"]) <= 300]
    rows = functions.select(short[::100])
    evaluator = Evaluator(
        [NegativeLogLikelihood()],
        source="{docstring}\n{signature}",
        target="code",
        max_source_length=192,
        progress=False,
    )
    values = [
        evaluator.evaluate(model, {"test": rows}, tokenizer=tokenizer)["test"]
        .estimates["negative_log_likelihood"]
        .value
        for model in (load_model(folder), untrained_model(tokenizer))
    ]
    assert values[0] < 0.5 * values[1]


def test_fine_tuning_lowers_its_loss():
    """A few steps lower the loss on the rows that it is fine-tuned on."""
    functions = stdlib_functions()
    short = [i for i, row in enumerate(functions) if len(row["code"]) <= 150 and len(row["docstring"]) <= 150]
    rows = functions.select(short[:48])
    config = TrainingConfig(learning_rate=5e-4, max_steps=12, weight_decay=0.0, eval_strategy="no")
    task = {"source": "{docstring}\n{signature}", "target": "code", "progress": False}
    path = str(embedded_model_path())
    result = Trainer(path, path, config, **task).fit(rows)
    evaluator = Evaluator([NegativeLogLikelihood()], **task)
    before, after = (
        evaluator.evaluate(model, {"test": rows}, tokenizer=path)["test"].estimates["negative_log_likelihood"].value
        for model in (path, result.model)
    )
    assert after < 0.9 * before


def test_the_card_agrees_with_the_recipe(recipe):
    """Card and picture are made from the recipe in the folder, and the documentation has the same picture."""
    folder = embedded_model_path()
    assert (folder / "README.md").read_text(encoding="utf-8") == card(recipe)
    assert (folder / "loss.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert loss_curve(recipe).count("<path") == (folder / "loss.svg").read_text(encoding="utf-8").count("<path")
    pages = Path(__file__).parents[2] / "docs"
    assert (pages / "assets/embedded-model-loss.svg").read_bytes() == (folder / "loss.svg").read_bytes()


def test_no_held_out_function_leaked(recipe):
    """The audit of the pretraining found no leak, and every source has a permissive licence."""
    assert recipe["held_out"]["leaked"] == 0
    assert recipe["held_out"]["test"] == len(stdlib_functions())
    assert recipe["versions"]["python"] == corpus.PYTHON  # of the held-out functions
    assert recipe["held_out"]["train"] == recipe["fragments"] == sum(source["kept"] for source in recipe["sources"])
    assert not [source for source in recipe["sources"] if "GPL" in source["licence"] or "MPL" in source["licence"]]


def test_an_installation_without_it(tmp_path, monkeypatch):
    """The error says where the model should be and how it is made."""
    monkeypatch.setattr(embedded, "_FOLDER", tmp_path)
    with pytest.raises(DataError, match=r"a folder with model\.safetensors, got .*python -m tools\.pretrain"):
        embedded_model_path()
