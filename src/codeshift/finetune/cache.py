"""A cache for beam search that moves only what differs between beams."""

from __future__ import annotations

from typing import Any

import torch
from peft import PeftModel
from transformers import DynamicCache, EncoderDecoderCache

from codeshift.finetune.models import is_decoder


class BeamCache(EncoderDecoderCache):  # type: ignore[misc]  # transformers is not typed
    """The cache of an encoder-decoder, whose cross-attention stays where it is.

    After each step beam search puts the beams of a row in a new order. What they see of the source is equal in all
    beams of a row, so copying it, as transformers does, changes nothing and costs the most of all: the source is long.
    """

    def __init__(self) -> None:
        super().__init__(DynamicCache(), DynamicCache())

    def reorder_cache(self, beam_idx: torch.Tensor) -> None:
        """Put the beams of what was generated in the order of ``beam_idx``, which never leaves a row."""
        self.self_attention_cache.reorder_cache(beam_idx)


def beam_cache(model: Any) -> dict[str, Any]:
    """What to give to ``generate`` for a model's beam search: nothing where its cache is not of this kind."""
    prompted = isinstance(model, PeftModel) and model.active_peft_config.is_prompt_learning
    return {} if is_decoder(model) or prompted else {"past_key_values": BeamCache()}
