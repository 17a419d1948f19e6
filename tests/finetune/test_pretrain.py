"""Pretraining: one seed gives one model, made once, in transformers' own format, whole or not at all."""

from __future__ import annotations

import json
import math

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from codeshift.errors import DataError, ParameterError
from codeshift.finetune import Trainer
from codeshift.finetune.pretrain import denoising_rows, pretrained_t5, tiny_t5

CODE = [f"def f{i}(a, b):\n    total = a + {i}\n    return total * b\n" for i in range(40)]
SMALL = {"steps": 8, "vocabulary": 400}


def weights(folder):
    return AutoModelForSeq2SeqLM.from_pretrained(folder).state_dict()


def test_the_same_texts_and_seed_give_the_same_weights(tmp_path):
    """Neither the cache's folder nor the order of the texts changes a number or the folder's name."""
    one, two = pretrained_t5(CODE, tmp_path / "a", **SMALL), pretrained_t5(CODE[::-1], tmp_path / "b", **SMALL)
    assert one.name == two.name
    assert all(torch.equal(tensor, weights(two)[name]) for name, tensor in weights(one).items())


def test_the_second_call_reads_the_cache(tmp_path, monkeypatch):
    """What is made once is not made again, and all that determines it makes another folder."""
    folder = pretrained_t5(CODE, tmp_path, **SMALL)
    others = [
        pretrained_t5(CODE, tmp_path, **SMALL, seed=1),
        pretrained_t5(CODE[1:], tmp_path, **SMALL),
        pretrained_t5(CODE, tmp_path, steps=2, vocabulary=400),
        pretrained_t5(CODE, tmp_path, steps=8, vocabulary=390),
    ]
    assert len({folder, *others}) == 5
    monkeypatch.setattr(Trainer, "fit", None)
    assert pretrained_t5(CODE, tmp_path, **SMALL) == folder


def test_it_learns_and_says_how(tmp_path):
    """The loss falls, and the card holds the recipe and every step."""
    folder = pretrained_t5(CODE, tmp_path, steps=30, vocabulary=400)
    card = json.loads((folder / "pretraining.json").read_text())
    assert len(card["losses"]) == 30
    assert sum(card["losses"][-5:]) < 0.8 * sum(card["losses"][:5])
    assert card["recipe"]["texts"] == 40
    assert {"torch", "transformers", "tokenizers"} <= set(card["recipe"]["versions"])


def test_the_folder_is_in_the_ordinary_format(tmp_path):
    """The classes of transformers read it, offline, from safetensors, and the embeddings are tied."""
    folder = pretrained_t5(CODE, tmp_path, **SMALL)
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "pretraining.json"} <= names
    assert not any(name.endswith((".bin", ".pt", ".pkl")) for name in names)
    model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight
    loss = model(**tokenizer("def f(", return_tensors="pt"), labels=tokenizer("a", return_tensors="pt").input_ids).loss
    assert math.isfinite(loss.item())
    made = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert tokenizer(CODE[0])["input_ids"] == made.encode(CODE[0]).ids  # and not a T5 tokenizer of another kind


def test_a_crash_leaves_nothing_half_done(tmp_path, monkeypatch):
    """A run that dies while it saves leaves no folder that a later run would take for a model."""

    def crash(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("transformers.PreTrainedTokenizerBase.save_pretrained", crash)
        with pytest.raises(KeyboardInterrupt):
            pretrained_t5(CODE, tmp_path, **SMALL)
    assert list(tmp_path.iterdir()) == []
    assert pretrained_t5(CODE, tmp_path, **SMALL).is_dir()


def test_size_of_the_model(tmp_path):
    """About two million parameters with the default vocabulary; the seed decides its random weights."""
    folder = pretrained_t5(CODE, tmp_path, **SMALL)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = tiny_t5(tokenizer)
    others = model.num_parameters() - model.get_input_embeddings().weight.numel()
    assert 2_000_000 < others + 4096 * model.config.d_model < 2_200_000
    assert torch.equal(model.shared.weight, tiny_t5(tokenizer).shared.weight)
    assert not torch.equal(model.shared.weight, tiny_t5(tokenizer, seed=1).shared.weight)


def test_each_pass_has_masks_of_its_own(tmp_path):
    """Where the budget needs several passes over the texts, each hides other spans."""
    tokenizer = AutoTokenizer.from_pretrained(pretrained_t5(CODE, tmp_path, **SMALL))
    rows = denoising_rows(CODE, tokenizer, rows=100, seed=0)
    assert len(rows) == 160
    assert len(set(rows["source"])) > 120


def test_bad_input(tmp_path):
    """No texts and a budget of no steps are errors, before anything is written."""
    with pytest.raises(DataError, match=r"texts must be programs to learn from, got \[\]"):
        pretrained_t5([], tmp_path)
    with pytest.raises(ParameterError, match="max_steps must be an int of at least 1, got 0"):
        pretrained_t5(CODE, tmp_path, steps=0)
    assert list(tmp_path.iterdir()) == []
