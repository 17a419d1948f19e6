"""Beam search that holds what the beams of a row see of the source once, not once a beam."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft import PeftModel
from transformers import AttentionInterface, AttentionMaskInterface, DynamicCache, EncoderDecoderCache, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from codeshift.finetune.models import base_model, is_decoder

_NAME = "codeshift_beams"


class BeamCache(EncoderDecoderCache):  # type: ignore[misc]  # transformers is not typed
    """The cache of an encoder-decoder, with the keys and values of the source equal in all beams of a row.

    After each step beam search puts the beams of a row in a new order. transformers then copies what they see of the
    source as well, which is the largest part by far, and equal in all of them.

    Args:
        beams: in each row.
        folded: hold the source once a row; the model must be inside ``folded_attention``.
    """

    def __init__(self, beams: int, *, folded: bool) -> None:
        super().__init__(DynamicCache(), DynamicCache())
        self._beams, self._to_fold = beams, folded

    def reorder_cache(self, beam_idx: torch.Tensor) -> None:
        """Put the beams of what was generated in the order of ``beam_idx``, which never leaves a row."""
        self.self_attention_cache.reorder_cache(beam_idx)
        if self._to_fold:  # the first step has filled the cache
            for layer in self.cross_attention_cache.layers:
                layer.keys, layer.values = layer.keys[:: self._beams].clone(), layer.values[:: self._beams].clone()
            self._to_fold = False


@contextmanager
def beam_cache(model: Any, beams: int) -> Iterator[dict[str, Any]]:
    """What to give to ``generate`` for a model's search with ``beams``; nothing where its cache is of another kind."""
    prompted = isinstance(model, PeftModel) and model.active_peft_config.is_prompt_learning
    if beams == 1 or is_decoder(model) or prompted:
        yield {}
        return
    configs = [part.config for part in base_model(model).modules() if isinstance(part, PreTrainedModel)]
    folded = all(config._attn_implementation == "sdpa" for config in configs)
    # Not by set_attn_implementation, which does not find a decoder that PEFT has wrapped (modules_to_save).
    try:
        for config in configs if folded else ():
            config._attn_implementation = _NAME
        yield {"past_key_values": BeamCache(beams, folded=folded)}
    finally:
        for config in configs if folded else ():
            config._attn_implementation = "sdpa"


def _attention(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: Any, **options: Any
) -> tuple[torch.Tensor, None]:
    """Attention; where there are more queries than rows of keys, the beams of a row are queries of one row.

    Shapes: query (rows * beams, heads, 1, size), key and value (rows, heads, length, size).
    """
    rows, (many, heads, _, size) = key.shape[0], query.shape
    if many == rows:
        made: tuple[torch.Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return made
    beams = many // rows
    folded = query.view(rows, beams, heads, size).transpose(1, 2)
    mask = attention_mask if attention_mask is None or len(attention_mask) != many else attention_mask[::beams]
    out, _ = sdpa_attention_forward(module, folded, key, value, mask, **options | {"is_causal": False})
    return out.reshape(many, 1, heads, size), None


AttentionInterface.register(_NAME, _attention)
AttentionMaskInterface.register(_NAME, sdpa_mask)
