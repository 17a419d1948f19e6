"""Beam search that stores the keys and values of a source once per row instead of once per beam."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft import PeftModel
from transformers import (
    AttentionInterface,
    AttentionMaskInterface,
    Cache,
    DynamicCache,
    DynamicLayer,
    EncoderDecoderCache,
    PreTrainedModel,
)
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask
from transformers.modeling_outputs import BaseModelOutput

from codeshift.finetune.models import Model, base_model, is_decoder

_NAME = "codeshift_beams"


class _BeamLayer(DynamicLayer):  # type: ignore[misc]  # transformers is not typed
    """The generated keys and values of one layer, which are reordered and extended in a single copy."""

    keys: torch.Tensor
    values: torch.Tensor
    _order: torch.Tensor | None = None

    def reorder_cache(self, beam_idx: torch.Tensor) -> None:
        """Select the rows of ``beam_idx`` at the next step."""
        self._order = beam_idx

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all keys and values, those of this step at the end."""
        if self._order is None:
            both: tuple[torch.Tensor, torch.Tensor] = super().update(key_states, value_states, *args, **kwargs)
            return both
        self.keys = _longer(self.keys, self._order, key_states)
        self.values = _longer(self.values, self._order, value_states)
        self._order = None
        return self.keys, self.values


def _longer(old: torch.Tensor, order: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """Return the rows ``order`` of ``old`` followed by ``new``, both (rows, heads, length, size)."""
    length = old.shape[2]
    longer = old.new_empty(*old.shape[:2], length + new.shape[2], old.shape[3])
    torch.index_select(old, 0, order.to(old.device), out=longer[:, :, :length])
    longer[:, :, length:] = new
    return longer


class BeamCache(EncoderDecoderCache):  # type: ignore[misc]  # transformers is not typed
    """The cache of an encoder-decoder whose beams share the keys and values of the source of their row.

    After each step beam search reorders the beams of a row. transformers then also copies the keys and values of the
    source, which are the largest part by far and equal in all beams of a row.

    Args:
        source: Keys and values of the source, once per row; the model must then be inside ``beam_cache``. None
            leaves them to the first step, once per beam.
    """

    def __init__(self, source: DynamicCache | None = None) -> None:
        super().__init__(Cache(layer_class_to_replicate=_BeamLayer), source or DynamicCache())

    def reorder_cache(self, beam_idx: torch.Tensor) -> None:
        """Reorder the generated keys and values by ``beam_idx``, in which every beam stays in its row."""
        self.self_attention_cache.reorder_cache(beam_idx)


@contextmanager
def beam_cache(model: Model, beams: int, ids: torch.Tensor, mask: torch.Tensor) -> Iterator[dict[str, Any]]:
    """Yield the arguments of ``generate`` for a search with ``beams``; none if the cache is of another kind."""
    prompted = isinstance(model, PeftModel) and model.active_peft_config.is_prompt_learning
    if beams == 1 or is_decoder(model) or prompted:
        yield {}
        return
    base = base_model(model)
    configs = [part.config for part in base.modules() if isinstance(part, PreTrainedModel)]
    if not all(config._attn_implementation == "sdpa" for config in configs):
        yield {"past_key_values": BeamCache()}
        return
    encoded = base.get_encoder()(input_ids=ids, attention_mask=mask)
    # Not by set_attn_implementation, which does not find a decoder that PEFT has wrapped (modules_to_save).
    try:
        for config in configs:
            config._attn_implementation = _NAME
        yield {"encoder_outputs": encoded, "past_key_values": BeamCache(_source(base, encoded, mask))}
    finally:
        for config in configs:
            config._attn_implementation = "sdpa"


def _source(base: PreTrainedModel, encoded: BaseModelOutput, mask: torch.Tensor) -> DynamicCache:
    """Compute keys and values of the source in every layer, once per row, by a step from an arbitrary token."""
    cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
    first = torch.zeros((len(mask), 1), dtype=torch.long, device=mask.device)
    base(encoder_outputs=encoded, attention_mask=mask, decoder_input_ids=first, past_key_values=cache, use_cache=True)
    return cache.cross_attention_cache


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Compute attention; if there are more queries than rows of keys, the beams of a row are queries of one row.

    Shapes: query (rows * beams, heads, 1, size), key and value (rows, heads, length, size).
    """
    rows, (many, heads, _, size) = key.shape[0], query.shape
    if many == rows:
        attended: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, **options
        )
        return attended
    beams = many // rows
    folded = query.view(rows, beams, heads, size).transpose(1, 2)
    mask = attention_mask if attention_mask is None or len(attention_mask) != many else attention_mask[::beams]
    out, _ = sdpa_attention_forward(module, folded, key, value, mask, **options | {"is_causal": False})
    return out.reshape(many, 1, heads, size), None


AttentionInterface.register(_NAME, _attention)
AttentionMaskInterface.register(_NAME, sdpa_mask)
