"""Tiny random models of every family and a tiny tokenizer, made offline in milliseconds for tests and examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    CodeGenConfig,
    GPT2Config,
    LlamaConfig,
    PLBartConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    Qwen2Config,
    RobertaConfig,
    Starcoder2Config,
    T5Config,
)

from codeshift.errors import ParameterError
from codeshift.finetune.runtime import seeded
from codeshift.wording import closest

_SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
_PAD, _BOS, _EOS = 0, 1, 2
_IDS = {"pad_token_id": _PAD, "bos_token_id": _BOS, "eos_token_id": _EOS}
_LLAMA_LIKE = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 512,
}  # fmt: skip
_GPT_LIKE = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 512}
_BERT_LIKE = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "max_position_embeddings": 514, "type_vocab_size": 1,
}  # fmt: skip
_CONFIGS: dict[str, tuple[Any, type[PreTrainedConfig], dict[str, Any]]] = {
    "t5": (AutoModelForSeq2SeqLM, T5Config, {
        "d_model": 32, "d_ff": 64, "d_kv": 8, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": _PAD,
    }),
    "plbart": (AutoModelForSeq2SeqLM, PLBartConfig, {
        "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
        "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 512,
        "decoder_start_token_id": _EOS, "forced_eos_token_id": None,
    }),
    "llama": (AutoModelForCausalLM, LlamaConfig, _LLAMA_LIKE),
    "starcoder2": (AutoModelForCausalLM, Starcoder2Config, _LLAMA_LIKE),
    "qwen2": (AutoModelForCausalLM, Qwen2Config, _LLAMA_LIKE),
    "gpt2": (AutoModelForCausalLM, GPT2Config, _GPT_LIKE),
    "codegen": (AutoModelForCausalLM, CodeGenConfig, _GPT_LIKE | {"rotary_dim": 4}),
    "roberta": (AutoModel, RobertaConfig, _BERT_LIKE),
}  # fmt: skip

FAMILIES = tuple(_CONFIGS)


def tiny_tokenizer(texts: Iterable[str], *, vocab_size: int = 400) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE tokenizer on ``texts``; it ends every text with ``</s>``, as T5's does.

    >>> tokenizer = tiny_tokenizer(["return a + b"])
    >>> tokenizer.decode(tokenizer("a + b")["input_ids"])
    'a + b</s>'
    """
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))  # noqa: S106 - a token of text, not of access
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=_SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", _EOS)]
    )
    names = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, mask_token="<mask>", **names)  # noqa: S106


def tiny_model(family: str, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, **settings: Any) -> PreTrainedModel:
    """Make a random model of some ten thousand parameters, in evaluation mode.

    Args:
        family: Name in ``FAMILIES``.
        tokenizer: Tokenizer that gives the size of the vocabulary.
        seed: Seed of the weights.
        settings: Values that override those of the config, such as ``dropout_rate=0.0``.

    Raises:
        ParameterError: the family is unknown.

    >>> model = tiny_model("gpt2", tiny_tokenizer(["return a + b"]))
    >>> model.num_parameters() < 100_000, model.training
    (True, False)
    """
    if family not in _CONFIGS:
        raise ParameterError("family", "a known one", family, closest(family, FAMILIES))
    auto, config, defaults = _CONFIGS[family]
    with seeded(seed), torch.device("cpu"):
        settled = config(**({"vocab_size": len(tokenizer)} | _IDS | defaults | settings))
        return auto.from_config(settled).eval()
