"""Adapters: where they go, what is chosen where the config leaves it open, and every method of PEFT in the one loop."""

from __future__ import annotations

import warnings

import pytest
from peft import AdaLoraConfig, IA3Config, LNTuningConfig, LoraConfig, PrefixTuningConfig, PromptTuningConfig, TaskType
from transformers import DeepseekV3Config, DeepseekV3ForCausalLM, T5Config, T5ForConditionalGeneration

from codeshift.errors import ParameterError
from codeshift.finetune import AdapterWarning, Evaluator, Trainer, TrainingConfig, trainable_parameters, with_adapter
from codeshift.finetune.generators import as_generator
from codeshift.finetune.testing import FAMILIES, tiny_model
from codeshift.metrics import ExactMatch, NegativeLogLikelihood

# What PEFT 0.21 has LoRA targets for; where it has none, all linear layers are chosen.
HAS_DEFAULT = {"t5", "llama", "qwen2", "gpt2", "codegen"}


@pytest.mark.filterwarnings("ignore:fan_in_fan_out")
@pytest.mark.parametrize("family", FAMILIES)
def test_targets_left_open_are_chosen_and_told(family, tokenizer):
    """The targets are PEFT's own if it has some, without a warning; else all linear layers, with a warning."""
    model = as_generator(tiny_model(family, tokenizer), tokenizer)
    config = LoraConfig(r=2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapted = with_adapter(model, config)
    told = [str(w.message) for w in caught if issubclass(w.category, AdapterWarning)]
    if family == "roberta":
        assert told.pop(0).startswith("the fresh decoder is trained in full, the adapter is on the encoder")
    if family in HAS_DEFAULT:
        assert told == []
    else:
        kind = model.config.model_type
        assert told == [f"PEFT has no default LORA targets for {kind!r}: target_modules='all-linear' is chosen"]
    assert 0 < trainable_parameters(adapted).share < (0.5 if family == "roberta" else 0.2)
    assert config.target_modules is None, "the config given is not changed"
    assert config.task_type is None
    expected = TaskType.SEQ_2_SEQ_LM if model.config.is_encoder_decoder else TaskType.CAUSAL_LM
    assert adapted.peft_config["default"].task_type == expected


class CodeT5pConfig(T5Config):
    """Config of a model type that PEFT does not know, as for CodeT5+ 2B and larger."""

    model_type = "codet5p"


@pytest.mark.parametrize("kind", ["codet5p", "deepseek_v3"])
def test_all_linear_where_peft_knows_no_default(kind, tokenizer):
    """CodeT5+ and DeepSeek, which the families here do not hold: PEFT's "all-linear", and told."""
    if kind == "codet5p":
        config = CodeT5pConfig(vocab_size=len(tokenizer), d_model=8, d_ff=8, d_kv=4, num_layers=1, num_heads=2)
        model = T5ForConditionalGeneration(config)
    else:
        config = DeepseekV3Config(
            vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
            num_key_value_heads=2, kv_lora_rank=4, q_lora_rank=4, qk_rope_head_dim=4, qk_nope_head_dim=4, v_head_dim=8,
        )  # fmt: skip
        model = DeepseekV3ForCausalLM(config)
    linear = {name for name, module in model.named_modules() if type(module).__name__ == "Linear"} - {"lm_head"}
    with pytest.warns(
        AdapterWarning, match=f"no default LORA targets for '{kind}': target_modules='all-linear' is chosen"
    ):
        adapted = with_adapter(model, LoraConfig(r=2))
    found = {name for name, module in adapted.base_model.model.named_modules() if hasattr(module, "lora_A")}
    # Of a mixture of experts PEFT 0.21 leaves out the layers that are named as experts are; 0.18 did not.
    without_experts = {name for name in linear if ".mlp." not in name} if kind == "deepseek_v3" else linear
    assert found in (linear, without_experts)


@pytest.mark.parametrize("field", ["modules_to_save", "exclude_modules"])
def test_other_unknown_modules_are_errors_too(field, tokenizer):
    """PEFT takes them without a word, and they do nothing."""
    config = LoraConfig(target_modules=["q_proj"], **{field: ["lm_hed"]})
    with pytest.raises(ParameterError, match=rf"{field} must be names of modules of the model, got 'lm_hed'"):
        with_adapter(tiny_model("llama", tokenizer), config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            AdaLoraConfig(total_step=9),
            "peft_config must be of a method that needs no calls of its own in the loop, got ADA",
        ),
        (
            IA3Config(),
            "peft_config must be one that fits Starcoder2ForCausalLM, got IA3: Please specify `target_modules`",
        ),
        (LNTuningConfig(), "one that fits Starcoder2ForCausalLM, got LN_TUNING: Please specify `target_modules`"),
        (
            LoraConfig(target_modules="q_prjx"),
            "target_modules must be a pattern that fits a module of the model, got 'q_prjx'",
        ),
        (LoraConfig(r=0), "r must be a whole number from 1 up, got 0"),
        (LoraConfig(rank_pattern={"q_proj": 2.5}), r"r must be a whole number from 1 up, got 2\.5"),
        (LoraConfig(lora_dropout=2.0), r"lora_dropout must be a number from 0 to 1, got 2\.0"),
        (LoraConfig(bias="some"), "bias must be one of none, all, lora_only, got 'some'"),
        (PromptTuningConfig(), "num_virtual_tokens must be a whole number from 1 up, got None"),
        (LoraConfig(task_type="SEQ_2_SEQ_LM"), "of the task of the model, CAUSAL_LM, got task_type=SEQ_2_SEQ_LM"),
        (LoraConfig(target_modules=["self_attn"]), "one that fits Starcoder2ForCausalLM, got LORA: Target module"),
    ],
)
def test_methods_that_do_not_fit_are_named(config, message, tokenizer):
    """Rather than all linear layers for methods that are not about them, or another method in silence."""
    with pytest.raises(ParameterError, match=message):
        with_adapter(tiny_model("starcoder2", tokenizer), config)


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
    "norms": LNTuningConfig(),
    "prefix": PrefixTuningConfig(num_virtual_tokens=4),
    "prompt": PromptTuningConfig(num_virtual_tokens=4),
}


@pytest.mark.filterwarnings("ignore::codeshift.finetune.AdapterWarning")
@pytest.mark.parametrize(
    ("method", "family"),
    [*((method, family) for method in METHODS for family in ("t5", "llama")), ("prefix", "roberta"), ("dora", "gpt2")],
)
def test_every_method_trains_and_is_evaluated(method, family, data, tokenizer):
    """DoRA, IA3, norms, prefix and prompt tuning: the loss falls below the start's, and evaluation takes the model."""
    config = TrainingConfig(learning_rate=3e-2, num_train_epochs=4, train_batch_size=8, lr_scheduler_type="constant")
    model = tiny_model(family, tokenizer)
    columns = {"source": "doc", "target": "code", "progress": False}
    result = Trainer(model, tokenizer, config, peft_config=METHODS[method], **columns).fit(data)
    assert result.validation_losses[-1] < result.losses[0]
    assert result.parameters.share < 0.2
    evaluator = Evaluator([NegativeLogLikelihood(), ExactMatch()], **columns)
    found = evaluator.evaluate(result.model, data, tokenizer=tokenizer, parts=["validation"])["validation"]
    assert found.estimates["negative_log_likelihood"].value == pytest.approx(result.validation_losses[-1], abs=1e-5)
    assert None not in found.predictions
