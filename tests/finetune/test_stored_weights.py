"""A folder that lacks weights, names pickles or goes in a circle is an error, never a model that is partly random."""

from __future__ import annotations

import json
import shutil

import pytest
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from codeshift.errors import ParameterError
from codeshift.finetune import Evaluator, Trainer, TrainingConfig, UnusedWeightsWarning, load_model
from codeshift.finetune.testing import FAMILIES, tiny_model
from codeshift.metrics import NegativeLogLikelihood

COLUMNS = {"source": "doc", "target": "code", "progress": False}


def rewrite(folder, change):
    """Store other weights in a folder: what ``change`` makes of the dict of them."""
    [path] = folder.glob("*.safetensors")
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def without(count):
    """All weights but so many, spread over the model."""

    def change(weights):
        names = sorted(weights)
        return {name: weights[name] for name in names if name not in set(names[:: len(names) // count][:count])}

    return change


@pytest.fixture
def stored(request, tokenizer, tmp_path):
    """The folder of a tiny model of a family, with its tokenizer."""
    tiny_model(request.param, tokenizer).save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("stored", FAMILIES, indirect=True)
def test_missing_weights_are_an_error(stored, data, tokenizer):
    """In every family, for whoever loads the folder: to look at it, to train it, to evaluate it."""
    load_model(stored, tokenizer)
    rewrite(stored, without(3))
    config = TrainingConfig(learning_rate=1e-3, max_steps=1)
    for act in (
        lambda: load_model(stored, tokenizer),
        lambda: Trainer(stored, tokenizer, config, **COLUMNS).fit(data["train"]),
        lambda: Evaluator([NegativeLogLikelihood()], **COLUMNS).evaluate(stored, data["train"], tokenizer=tokenizer),
    ):
        with pytest.raises(ParameterError, match="stored with all of its weights, got a folder that lacks"):
            act()


@pytest.mark.parametrize("stored", ["roberta"], indirect=True)
def test_a_pooler_may_be_missing(stored, tokenizer):
    """An encoder's pooler takes no part in what is made of it."""
    rewrite(stored, lambda weights: {name: weight for name, weight in weights.items() if "pooler" not in name})
    load_model(stored, tokenizer)


@pytest.mark.parametrize("stored", ["t5", "llama", "roberta"], indirect=True)
def test_a_head_beyond_need_is_told(stored, tokenizer):
    """The model loads, and a warning names the weights that it does not use."""
    rewrite(stored, lambda weights: weights | {"classifier.weight": next(iter(weights.values())).clone()})
    with pytest.warns(UnusedWeightsWarning, match=r"stores classifier\.weight, which a \w+ has no use for"):
        load_model(stored, tokenizer)


@pytest.mark.parametrize(
    "index", ['{"weight_map": {"a": "pytorch_model.bin"}}', '{"weight_map": ["a"]}', "[" * 99999, ""]
)
@pytest.mark.parametrize("stored", ["t5"], indirect=True)
def test_an_index_names_safetensors_alone(stored, tokenizer, index):
    """Nothing that might be a pickle is opened."""
    (stored / "model.safetensors").rename(stored / "model-00001-of-00001.safetensors")
    (stored / "model.safetensors.index.json").write_text(index)
    with pytest.raises(ParameterError, match=r"model\.safetensors\.index\.json (names pytorch_model\.bin|can be read)"):
        load_model(stored, tokenizer)


@pytest.fixture
def adapter(tokenizer, tmp_path):
    """The folder of an adapter whose base is a folder, too."""
    tiny_model("t5", tokenizer).save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    model = get_peft_model(load_model(tmp_path / "base"), LoraConfig(r=2, target_modules="all-linear"))
    model.save_pretrained(tmp_path / "adapter")
    return tmp_path / "adapter"


def test_an_adapter_is_whole(adapter, tokenizer):
    """Fresh weights of LoRA would leave the base as it is, and nobody would notice."""
    load_model(adapter, tokenizer)
    rewrite(adapter, without(2))
    with pytest.raises(ParameterError, match="got a folder that lacks 2 of "):
        load_model(adapter, tokenizer)


@pytest.mark.parametrize("circle", ["itself", "another adapter"])
def test_the_base_of_an_adapter_is_a_model(circle, adapter, tokenizer, tmp_path):
    """An adapter that is its own base would be loaded for ever."""
    base = adapter
    if circle != "itself":
        shutil.copytree(adapter, tmp_path / "other")
        base = tmp_path / "other"
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    (adapter / "adapter_config.json").write_text(json.dumps(config | {"base_model_name_or_path": str(base)}))
    with pytest.raises(ParameterError, match=r"its base is (itself|.*other, which is an adapter too)"):
        load_model(adapter, tokenizer)
