"""Loading of models: never pickle, never others' code, float32 by default."""

from __future__ import annotations

import json

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

from codeshift.errors import ParameterError
from codeshift.finetune import load_model
from codeshift.finetune.generators import as_generator, has_fresh_decoder
from codeshift.finetune.models import load_tokenizer
from codeshift.finetune.quantisation import trained_quantization
from codeshift.finetune.testing import FAMILIES, tiny_model
from codeshift.finetune.trained import Trained, trained_with


@pytest.mark.parametrize("family", FAMILIES)
def test_half_precision_is_loaded_as_float32(family, tokenizer, tmp_path):
    """Whatever was stored, and a fresh decoder likewise; "auto" and a dtype are choices of the caller."""
    tiny_model(family, tokenizer).half().save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    for dtype, expected in (("auto", torch.float16), (torch.bfloat16, torch.bfloat16)):
        found = {p.dtype for p in load_model(tmp_path, dtype=dtype).parameters()}
        assert expected in found
        assert found <= {expected, torch.float32}  # transformers keeps some of T5's in float32
    assert {p.dtype for p in load_model(tmp_path).parameters()} == {torch.float32}


def test_a_fresh_decoder_has_the_type_of_its_encoder(tokenizer):
    """An object in half precision is not mixed with a decoder of another type."""
    model = as_generator(tiny_model("roberta", tokenizer).half(), tokenizer)
    assert has_fresh_decoder(model)
    assert {p.dtype for p in model.parameters()} == {torch.float16}


@pytest.mark.parametrize("head", [AutoModelForCausalLM, AutoModelForMaskedLM])
def test_only_a_model_that_cannot_write_gets_a_decoder(head, tokenizer):
    """RoBERTa with the head of a language model writes by itself; with one that fills gaps it is an encoder."""
    model = head.from_config(tiny_model("roberta", tokenizer).config)
    assert has_fresh_decoder(as_generator(model, tokenizer)) == (head is AutoModelForMaskedLM)


@pytest.mark.parametrize("load", [load_model, load_tokenizer])
def test_code_of_others_is_not_run(load, tmp_path):
    """A folder that brings its own code is refused, and the code is not so much as imported."""
    (tmp_path / "config.json").write_text(
        json.dumps(
            {"model_type": "codet5p", "auto_map": {"AutoConfig": "theirs.C", "AutoTokenizer": [None, "theirs.T"]}}
        )
    )
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"auto_map": {"AutoTokenizer": [None, "theirs.T"]}}))
    (tmp_path / "theirs.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ParameterError, match="it comes with its own code: if you trust it, load it with transformers"):
        load(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_pickles_are_not_read(tokenizer, tmp_path):
    """A folder with pytorch_model.bin alone is an error that says what is missing."""
    model = tiny_model("gpt2", tokenizer)
    model.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(
        ParameterError, match=r"model must be a folder or hub name that transformers loads.*safetensors"
    ):
        load_model(tmp_path)


def test_what_is_not_there_is_named(tmp_path):
    """With the parameter and the value."""
    for load, parameter in ((load_model, "model"), (load_tokenizer, "tokenizer")):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(ParameterError, match=rf"{parameter} must be a folder or hub name .*empty"):
            load(tmp_path / "empty")


@pytest.mark.parametrize("name", ["1" * 5000, "a\0b"])
def test_a_name_that_no_file_can_have_is_of_none(name):
    """Such a model is told as one that is missing."""
    for load, parameter in ((load_model, "model"), (load_tokenizer, "tokenizer")):
        with pytest.raises(ParameterError, match=rf"{parameter} must be a folder or hub name that transformers loads"):
            load(name)
    assert trained_with(name) == Trained()
    assert trained_quantization(name) is None


def test_an_adapter_must_name_its_base(tokenizer, tmp_path):
    """One that was trained on an object does not, and the message says what to do; nor is a pickled one read."""
    adapted = get_peft_model(tiny_model("llama", tokenizer), LoraConfig(r=2))
    adapted.save_pretrained(tmp_path)
    with pytest.raises(
        ParameterError, match=r"model must be an adapter that names its base.*PeftModel.from_pretrained"
    ):
        load_model(tmp_path)
    (tmp_path / "adapter_model.safetensors").rename(tmp_path / "adapter_model.bin")
    with pytest.raises(ParameterError, match="model must be an adapter in safetensors"):
        load_model(tmp_path)
