"""Between pretrained and fine-tuned: interpolation, scaled adapters, probing first, and what was forgotten."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from peft import IA3Config, LoraConfig, get_peft_model

from codeshift.errors import ParameterError
from codeshift.finetune import (
    Evaluator,
    Trainer,
    TrainingConfig,
    forgetting,
    load_model,
    lp_ft,
    scale_adapter,
    wise_ft,
    wise_ft_sweep,
)
from codeshift.finetune.tasks import generation
from codeshift.finetune.testing import FAMILIES, tiny_model
from codeshift.metrics import ExactMatch, NegativeLogLikelihood

CONFIG = TrainingConfig(learning_rate=1e-2, num_train_epochs=2, train_batch_size=8)
COLUMNS = {"source": "doc", "target": "code", "progress": False}


def same(left, right) -> bool:
    return all(torch.equal(p, q) for p, q in zip(left.parameters(), right.parameters(), strict=True))


@pytest.mark.parametrize("family", [f for f in FAMILIES if f != "roberta"])
def test_the_ends_are_the_models_themselves(family, tokenizer):
    """Alpha 0 is the pretrained model and 1 the fine-tuned one, bit for bit; half is the mean; none is changed."""
    before, after = (tiny_model(family, tokenizer, seed=seed) for seed in (0, 1))
    copies = [[p.clone() for p in model.parameters()] for model in (before, after)]
    sweep = dict(wise_ft_sweep(before, after, (0.0, 0.5, 1.0)))
    assert same(sweep[0.0], before)
    assert same(sweep[1.0], after)
    for half, p, q in zip(sweep[0.5].parameters(), before.parameters(), after.parameters(), strict=True):
        assert torch.allclose(half, (p + q) / 2, atol=1e-6)
    for model, copied in zip((before, after), copies, strict=True):
        assert all(torch.equal(p, c) for p, c in zip(model.parameters(), copied, strict=True))


def test_scaling_an_adapter_is_interpolation(data, tokenizer, tmp_path):
    """A LoRA adapter scaled by s, merged, is WiSE-FT at s between the base and the merged model; saving keeps it."""
    base = tiny_model("t5", tokenizer)
    base.save_pretrained(tmp_path / "base")
    config = LoraConfig(r=4, lora_alpha=16)
    model = Trainer(str(tmp_path / "base"), tokenizer, CONFIG, **COLUMNS, peft_config=config).fit(data).model
    merged = scale_adapter(model, 1.0).merge_and_unload()
    for scale in (0.0, 0.3, 1.0):
        scaled = scale_adapter(model, scale)
        scaled.save_pretrained(tmp_path / "scaled")
        expected = wise_ft(base, merged, scale)
        for found in (scaled.merge_and_unload(), load_model(tmp_path / "scaled").merge_and_unload()):
            for p, q in zip(found.parameters(), expected.parameters(), strict=True):
                assert torch.allclose(p, q, atol=1e-6)


def test_bad_interpolation_is_named(tokenizer):
    """Alpha off the line, other weights, an adapter where none fits: each an error that says what to do."""
    model, other = tiny_model("gpt2", tokenizer), tiny_model("gpt2", tokenizer, n_embd=16)
    adapted = get_peft_model(tiny_model("llama", tokenizer), LoraConfig())
    with pytest.raises(ParameterError, match=r"alpha must be a number from 0 to 1, got 1.5"):
        wise_ft(model, model, 1.5)
    with pytest.raises(ParameterError, match="finetuned must be of the same weights as pretrained"):
        wise_ft(model, other, 0.5)
    with pytest.raises(ParameterError, match="finetuned must be without an adapter"):
        wise_ft(model, adapted, 0.5)
    with pytest.raises(ParameterError, match="model must be one with an adapter"):
        scale_adapter(model, 0.5)
    with pytest.raises(ParameterError, match="scale must be a number from 0 up"):
        scale_adapter(adapted, -1)
    for config in (LoraConfig(use_dora=True), IA3Config(), LoraConfig(modules_to_save=["lm_head"])):
        with pytest.raises(ParameterError, match="model must be one with LoRA without DoRA"):
            scale_adapter(get_peft_model(tiny_model("llama", tokenizer), config), 0.5)


@pytest.mark.parametrize("family", ["llama", "roberta"])
def test_probing_trains_the_head_alone(family, data, tokenizer, tmp_path):
    """The first stage moves the head and nothing else, and the second starts from what it found."""
    probed, tuned = lp_ft(
        tiny_model(family, tokenizer), tokenizer, CONFIG, data, probe=CONFIG, output_dir=tmp_path, **COLUMNS
    )
    head = "decoder." if family == "roberta" else "lm_head."
    assert probed.parameters.trainable < tuned.parameters.trainable == tuned.parameters.total
    start = Trainer(
        tiny_model(family, tokenizer), tokenizer, TrainingConfig(learning_rate=1e-30, max_steps=1), **COLUMNS
    ).fit(data["train"]).model  # fmt: skip
    moved = {
        name
        for (name, p), q in zip(probed.model.named_parameters(), start.parameters(), strict=True)
        if not torch.allclose(p, q, atol=1e-7)
    }
    assert moved
    assert all(name.startswith(head) for name in moved)
    assert tuned.losses[0] < probed.losses[0]
    assert {p.name for p in tmp_path.iterdir()} == {"probe", "fine-tune"}


def test_probing_starts_from_a_revision(data, tokenizer, monkeypatch):
    """The revision is that of the first stage's model; the second starts from the model of the first."""
    asked = []

    def load(name, given, *, dtype, revision):
        asked.append((name, revision))
        return tiny_model("llama", tokenizer)

    monkeypatch.setattr(generation, "load_generator", load)
    lp_ft("o/m", tokenizer, CONFIG, data, probe=CONFIG, revision="v1", **COLUMNS)
    assert asked == [("o/m", "v1")]


def test_a_tied_head_must_be_told(data, tokenizer):
    """If output layer and embeddings are tied, no pattern can identify the head."""
    with pytest.raises(ParameterError, match="head must be given for a model whose output layer is its embeddings"):
        lp_ft(tiny_model("gpt2", tokenizer), tokenizer, CONFIG, data, probe=CONFIG, **COLUMNS)


def test_forgetting_is_the_paired_loss(data, tokenizer):
    """It is the mean difference over rows, above 0 for worse, whichever way the metric counts."""
    good = Trainer(tiny_model("t5", tokenizer), tokenizer, CONFIG, **COLUMNS).fit(data).model
    evaluator = Evaluator([NegativeLogLikelihood(), ExactMatch()], **COLUMNS)
    before = evaluator.evaluate(good, data, tokenizer=tokenizer)
    after = evaluator.evaluate(tiny_model("t5", tokenizer), data, tokenizer=tokenizer)
    lost = forgetting(before, after, part="test_id", metric="negative_log_likelihood")
    values = [found["test_id"].estimates["negative_log_likelihood"].value for found in (before, after)]
    assert lost.value == pytest.approx(values[1] - values[0])
    assert lost.value > 0
    assert lost.low > 0
    assert forgetting(after, before, part="test_id", metric="negative_log_likelihood").value == -lost.value
    same_rows = forgetting(before, before, part="test_ood", metric="exact_match")
    assert (same_rows.value, same_rows.n) == (0.0, 8)
    other = evaluator.evaluate(good, {"test_id": data["test_ood"]}, tokenizer=tokenizer)
    with pytest.raises(ParameterError, match="after must be of the same rows as before"):
        forgetting(before, other, part="test_id", metric="exact_match")
    assert np.isfinite(lost.p_value)
