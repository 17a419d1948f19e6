"""The architecture: a T5 of 4.9 million parameters with 4,096 entries, tied embeddings and no dropout."""

from __future__ import annotations

from typing import Any

from transformers import T5Config, T5ForConditionalGeneration

from codeshift.finetune.runtime import seeded

VOCABULARY = 4096
ARCHITECTURE = {
    "d_model": 256,
    "d_kv": 64,
    "d_ff": 768,
    "num_heads": 4,
    "num_layers": 3,
    "num_decoder_layers": 2,
    "dropout_rate": 0.0,
    "tie_word_embeddings": True,
}
"""Chosen for a CPU: as wide as its matrix units like, and a decoder of two layers, since generation waits for it."""


def untrained_model(tokenizer: Any, *, seed: int = 0) -> T5ForConditionalGeneration:
    """The architecture with random weights, in evaluation mode.

    There is no dropout: in one or two passes over the corpus what the model lacks is fit and not restraint.

    Args:
        tokenizer: whose vocabulary, padding and end token it gets.
        seed: of the weights.

    >>> from tools.pretrain.code_tokenizer import train_code_tokenizer
    >>> tokenizer = train_code_tokenizer(["def add(a, b): return a + b"], vocabulary=400)
    >>> untrained_model(tokenizer).config.d_model
    256
    """
    config = T5Config(
        **ARCHITECTURE,
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    with seeded(seed):
        return T5ForConditionalGeneration(config).eval()
