"""Adapters on weights of four bits: their values, what a reload gives, and what is refused."""

from __future__ import annotations

import pytest
import torch
from datasets import Dataset
from peft import LoraConfig

from codeshift.errors import MissingExtraError, ParameterError
from codeshift.finetune import Evaluator, Trainer, TrainingConfig, load_model
from codeshift.finetune.quantisation import numbers_in, quantised, quantization_of
from codeshift.finetune.testing import tiny_model, tiny_tokenizer
from codeshift.metrics import NegativeLogLikelihood

ROWS = {"doc": ["Add.", "Negate."] * 4, "code": ["return a + b", "return -a"] * 4, "label": ["sum", "sign"] * 4}
COLUMNS = {"source": "doc", "target": "code", "progress": False}
# The values of NF4: arXiv 2305.14314, appendix E.
NF4 = [
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
]  # fmt: skip


@pytest.fixture(scope="module")
def quantiser():
    """Skip where bitsandbytes is not installed."""
    return pytest.importorskip("bitsandbytes", reason="bitsandbytes (the extra qlora) is not installed")


@pytest.fixture(scope="module")
def small_tokenizer():
    return tiny_tokenizer([*ROWS["doc"], *ROWS["code"]])


@pytest.fixture(scope="module")
def base(small_tokenizer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("base") / "model"
    tiny_model("llama", small_tokenizer, hidden_size=64, intermediate_size=128).save_pretrained(folder)
    return folder


def likelihood(model, tokenizer) -> float:
    evaluator = Evaluator([NegativeLogLikelihood()], **COLUMNS)
    found = evaluator.evaluate(model, Dataset.from_dict(ROWS), tokenizer=tokenizer)["data"]
    return found.estimates["negative_log_likelihood"].value


def test_weights_are_those_of_the_paper(quantiser, base):
    """Each number is the nearest of 16 values times the largest of its block of 64; the output layer is kept."""
    plain, small = load_model(base), quantised(load_model(base), "nf4")
    values = torch.tensor(NF4)
    layers = {name: layer for name, layer in small.named_modules() if isinstance(layer, quantiser.nn.Linear4bit)}
    assert layers
    assert not any("lm_head" in name for name in layers)
    for name, layer in layers.items():
        weight = plain.get_submodule(name).weight.detach()
        blocks = weight.reshape(-1, 64)
        scale = blocks.abs().amax(dim=1, keepdim=True)
        nearest = values[((blocks / scale)[..., None] - values).abs().argmin(dim=-1)] * scale
        restored = quantiser.functional.dequantize_4bit(layer.weight.data, layer.weight.quant_state)
        torch.testing.assert_close(restored.reshape(-1, 64), nearest, rtol=1e-5, atol=1e-6)
        assert numbers_in(layer.weight) == weight.numel()
    assert quantization_of(small) == "nf4"
    assert quantization_of(plain) is None


def test_layers_that_transformers_keeps_are_kept(quantiser, small_tokenizer):
    """T5 casts what it gives to `wo` to the type of its weights, which would be that of whole bytes."""
    model = tiny_model("t5", small_tokenizer, d_model=64, d_ff=64)
    config = TrainingConfig(max_steps=1, quantization="nf4")
    trained = Trainer(model, small_tokenizer, config, peft_config=LoraConfig(r=2), **COLUMNS).fit(
        Dataset.from_dict(ROWS)
    )
    names = [name for name, layer in trained.model.named_modules() if isinstance(layer, quantiser.nn.Linear4bit)]
    assert any(name.endswith("wi") for name in names)
    assert not any("wo" in name.split(".") for name in names)


def test_layers_that_blocks_do_not_divide_are_kept(quantiser, small_tokenizer):
    """If a row ends within a block, bitsandbytes would restore other weights on a CPU."""
    model = quantised(tiny_model("llama", small_tokenizer, hidden_size=32, intermediate_size=64), "nf4")
    names = [name for name, layer in model.named_modules() if isinstance(layer, quantiser.nn.Linear4bit)]
    assert names == [f"model.layers.{i}.mlp.down_proj" for i in range(2)]


def test_the_weights_are_those_of_transformers(quantiser, base, small_tokenizer):
    """Loaded with ``BitsAndBytesConfig``, as users of QLoRA do, the model says the same."""
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    settings = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32)
    theirs = AutoModelForCausalLM.from_pretrained(
        base, quantization_config=settings, dtype=torch.float32, device_map="cpu"
    )
    ours = quantised(load_model(base), "nf4")
    ids = small_tokenizer("return a + b", return_tensors="pt").input_ids
    theirs.train()  # evaluation would round their scales on some CPUs
    ours.train()
    with torch.no_grad():
        torch.testing.assert_close(ours(input_ids=ids).logits, theirs(input_ids=ids).logits, rtol=1e-5, atol=1e-6)


def test_a_reload_says_the_same(quantiser, base, small_tokenizer, tmp_path):
    """The adapter's folder has no base; loaded, it stands on the same four bits, to the last digit."""
    config = TrainingConfig(learning_rate=1e-2, max_steps=6, train_batch_size=4, quantization="nf4", eval_strategy="no")
    lora = LoraConfig(r=4, target_modules="all-linear")
    trainer = Trainer(base, small_tokenizer, config, peft_config=lora, **COLUMNS)
    result = trainer.fit(Dataset.from_dict(ROWS), tmp_path / "run")
    assert result.losses[-1] < result.losses[0]
    assert result.parameters.total > sum(p.numel() for p in load_model(base).parameters())
    before = likelihood(result.model, small_tokenizer)
    again = load_model(tmp_path / "run")
    assert quantization_of(again) == "nf4"
    assert likelihood(again, small_tokenizer) == before
    assert [path.name for path in (tmp_path / "run").glob("*.safetensors")] == ["adapter_model.safetensors"]
    evaluated = Evaluator([NegativeLogLikelihood()], **COLUMNS).evaluate(tmp_path / "run", Dataset.from_dict(ROWS))
    assert evaluated.metadata["model"]["quantization"] == "nf4"
    assert evaluated.metadata["adapter"] == {"default": "LORA"}  # beside the base, not merged
    # The same weights under the same adapter in full precision are another model.
    (tmp_path / "run" / "training.json").unlink()
    assert likelihood(load_model(tmp_path / "run"), small_tokenizer) != before


def test_a_resumed_training_is_the_same(quantiser, base, small_tokenizer, tmp_path):
    """The base is quantised again from its weights, so a run in two halves is bitwise that in one."""
    lora = LoraConfig(r=4, target_modules="all-linear", lora_dropout=0.1)
    options = {
        "max_steps": 6, "train_batch_size": 4, "quantization": "nf4", "eval_strategy": "no", "learning_rate": 1e-2,
        "save_strategy": "steps", "save_steps": 3,
    }  # fmt: skip

    def run(folder) -> dict[str, torch.Tensor]:
        trainer = Trainer(base, small_tokenizer, TrainingConfig(**options), peft_config=lora, **COLUMNS)
        result = trainer.fit(Dataset.from_dict(ROWS), folder)
        return {name: p for name, p in result.model.named_parameters() if p.requires_grad}

    whole = run(tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        from codeshift.finetune.checkpoint import Checkpoints

        saved = Checkpoints.save

        def killed(self, *arguments):
            saved(self, *arguments)
            raise KeyboardInterrupt

        patch.setattr(Checkpoints, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "halves")
    halves = run(tmp_path / "halves")
    assert all(torch.equal(halves[name], parameter) for name, parameter in whole.items())


def test_the_head_of_a_classifier_is_kept(quantiser, base, small_tokenizer, tmp_path):
    """It is trained in full beside the adapter, and saved with it."""
    from codeshift.metrics import Accuracy

    config = TrainingConfig(learning_rate=1e-2, max_steps=2, train_batch_size=4, quantization="nf4", eval_strategy="no")
    columns = {"source": "doc", "target": "label", "task": "classification", "progress": False}
    lora = LoraConfig(r=2, target_modules="all-linear")
    rows = Dataset.from_dict(ROWS)
    result = Trainer(base, small_tokenizer, config, peft_config=lora, **columns).fit(rows, tmp_path)
    evaluator = Evaluator([Accuracy()], **columns)
    here = evaluator.evaluate(result.model, rows, tokenizer=small_tokenizer)["data"].classes.logits
    assert (evaluator.evaluate(tmp_path, rows)["data"].classes.logits == here).all()


def test_what_cannot_be_quantised_is_refused(quantiser, base, small_tokenizer):
    """Weights of four bits cannot be trained in full, and cannot be put under an existing adapter."""
    config = TrainingConfig(quantization="nf4")
    with pytest.raises(ParameterError, match="peft_config must be given with quantization='nf4'"):
        Trainer(base, small_tokenizer, config, **COLUMNS)
    with pytest.raises(ParameterError, match=r"quantization must be .*nf4"):
        TrainingConfig(quantization="int3")
    encoder = tiny_model("roberta", small_tokenizer)
    trainer = Trainer(encoder, small_tokenizer, config, peft_config=LoraConfig(r=2), **COLUMNS)
    with pytest.raises(ParameterError, match="an encoder with a fresh decoder"):
        trainer.fit(Dataset.from_dict(ROWS))


def test_without_bitsandbytes_the_extra_is_named(base, small_tokenizer, monkeypatch):
    """Before anything is loaded."""
    monkeypatch.setattr("codeshift.requirements.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"codeshift-ood\[qlora\]"):
        Trainer(base, small_tokenizer, TrainingConfig(quantization="nf4"), peft_config=LoraConfig(r=2), **COLUMNS)
