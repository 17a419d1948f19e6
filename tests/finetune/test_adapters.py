"""Adapters: where they go, what is chosen where the config leaves it open, and every method of PEFT in the one loop."""

from __future__ import annotations

import warnings

import pytest
from peft import IA3Config, LoraConfig, PrefixTuningConfig, PromptTuningConfig, TaskType

from codeshift.errors import ParameterError
from codeshift.finetune import AdapterWarning, Evaluator, Trainer, TrainingConfig, trainable_parameters, with_adapter
from codeshift.finetune.models import as_generator
from codeshift.finetune.testing import FAMILIES, tiny_model
from codeshift.metrics import ExactMatch, NegativeLogLikelihood

# What PEFT 0.21 has LoRA targets for; where it has none, all linear layers are chosen.
HAS_DEFAULT = {"t5", "llama", "qwen2", "gpt2", "codegen"}


@pytest.mark.filterwarnings("ignore:fan_in_fan_out")
@pytest.mark.parametrize("family", FAMILIES)
def test_targets_left_open_are_chosen_and_told(family, tokenizer):
    """PEFT's own targets where it has some, in silence; else all linear layers, with a warning that says so."""
    model = as_generator(tiny_model(family, tokenizer), tokenizer)
    config = LoraConfig(r=2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapted = with_adapter(model, config)
    told = [str(w.message) for w in caught if issubclass(w.category, AdapterWarning)]
    if family in HAS_DEFAULT:
        assert told == []
    else:
        kind = model.config.model_type
        assert told == [f"PEFT has no default LORA targets for {kind!r}: all linear layers are chosen (target_modules)"]
    assert 0 < trainable_parameters(adapted).share < 0.2
    assert config.target_modules is None, "the config given is not changed"
    assert config.task_type is None
    expected = TaskType.SEQ_2_SEQ_LM if model.config.is_encoder_decoder else TaskType.CAUSAL_LM
    assert adapted.peft_config["default"].task_type == expected


def test_an_unknown_target_among_known_ones_is_an_error(tokenizer):
    """PEFT skips it without a word; here the message names close modules."""
    model = tiny_model("llama", tokenizer)
    with pytest.raises(ParameterError, match=r"got 'q_prj': did you mean q_proj"):
        with_adapter(model, LoraConfig(target_modules=["v_proj", "q_prj"]))
    adapted = with_adapter(model, LoraConfig(target_modules=["v_proj", "self_attn.q_proj"]))
    assert sum("lora_A" in name for name, _ in adapted.named_parameters()) == 4


METHODS = {
    "dora": LoraConfig(r=2, use_dora=True),
    "ia3": IA3Config(),
    "prefix": PrefixTuningConfig(num_virtual_tokens=4),
    "prompt": PromptTuningConfig(num_virtual_tokens=4),
}


@pytest.mark.parametrize("family", ["t5", "llama"])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains_and_is_evaluated(method, family, data, tokenizer):
    """DoRA, IA3, prefix and prompt tuning: the loss falls below the start's, and evaluation takes the model."""
    config = TrainingConfig(learning_rate=3e-2, num_epochs=4, batch_size=8, schedule="constant")
    model = tiny_model(family, tokenizer)
    columns = {"source": "doc", "target": "code", "progress": False}
    result = Trainer(model, tokenizer, config, peft_config=METHODS[method], **columns).fit(data)
    assert result.validation_losses[-1] < result.losses[0]
    assert result.parameters.share < 0.2
    evaluator = Evaluator([NegativeLogLikelihood(), ExactMatch()], **columns)
    found = evaluator.evaluate(result.model, data, tokenizer=tokenizer, parts=["validation"])["validation"]
    assert found.estimates["negative_log_likelihood"].value == pytest.approx(result.validation_losses[-1], abs=1e-5)
    assert None not in found.predictions
