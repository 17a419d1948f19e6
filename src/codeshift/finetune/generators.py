"""Models that write text, by name, path or object.

Encoder-decoders (T5, CodeT5, CodeT5+, PLBart) and decoders (Llama, StarCoder2, Qwen2, GPT-2, CodeGen) are taken as they
are. An encoder (CodeBERT, GraphCodeBERT, UniXcoder) becomes the encoder of an ``EncoderDecoderModel`` with a fresh
decoder.
"""

from __future__ import annotations

import copy
import os
from typing import Any, Literal

import torch
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    EncoderDecoderModel,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES

from codeshift.finetune.models import SAFE, Model, Tokenizer, is_encoder, load_tokenizer, told_by_transformers
from codeshift.finetune.stored_adapters import is_adapter, load_adapter
from codeshift.finetune.stored_weights import check_index, whole_model

DECODER_LAYERS = 6  # layers of the fresh decoder of an encoder, as in CodeXGLUE's baselines


def load_generator(
    name: str | os.PathLike[str],
    tokenizer: Tokenizer | None = None,
    *,
    dtype: torch.dtype | Literal["auto"] = torch.float32,
    revision: str | None = None,
) -> Model:
    """Load the generator at a folder or hub name, or an adapter and its base; arguments as of ``load_model``.

    Raises:
        ParameterError: no model can be loaded from ``name``.
    """

    def load_base(name: str, revision: str | None) -> Model:
        return load_generator(name, tokenizer, dtype=dtype, revision=revision)

    if is_adapter(name):
        return load_adapter(name, load_base)
    where = {"revision": revision} if revision is not None else {}
    options = SAFE | where | {"dtype": dtype, "output_loading_info": True}
    check_index(name)
    with told_by_transformers("model", name):
        config = AutoConfig.from_pretrained(name, trust_remote_code=False, **where)
        auto = _auto_class(config)
        loaded = auto.from_pretrained(name, **options)
    model = whole_model(name, loaded)
    return as_generator(model, tokenizer or load_tokenizer(name, revision)) if auto is AutoModel else model


def generator_without_weights(folder: str | os.PathLike[str]) -> PreTrainedModel | None:
    """Return the generator of a folder on torch's device "meta", to look at its modules; None for other folders.

    An encoder has other modules once it can write, and an adapter those of its base.
    """
    if is_adapter(folder):
        return None
    with told_by_transformers("model", folder):
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        auto = _auto_class(config)
        if auto is AutoModel:
            return None
        with torch.device("meta"):
            return auto.from_config(config, trust_remote_code=False)


def _auto_class(config: PreTrainedConfig) -> Any:
    """Return the class by which a model that writes text is loaded; ``AutoModel`` for an encoder."""
    if config.is_encoder_decoder or config.model_type in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES:
        return AutoModelForSeq2SeqLM
    return AutoModel if is_encoder(config) else AutoModelForCausalLM


def as_generator(model: Model, tokenizer: Tokenizer) -> Model:
    """Return the model itself, or an encoder-decoder around it if it is an encoder."""
    if not is_encoder(model.config) or isinstance(model, MODEL_FOR_CAUSAL_LM_MAPPING.get(type(model.config), ())):
        return model
    encoder = getattr(model, model.base_model_prefix, model)  # drops a head of masked language modelling
    return with_fresh_decoder(encoder, tokenizer)


def with_fresh_decoder(
    encoder: PreTrainedModel, tokenizer: Tokenizer, *, layers: int = DECODER_LAYERS
) -> EncoderDecoderModel:
    """Return an encoder-decoder of ``encoder`` and a new decoder of at most ``layers`` layers with its vocabulary.

    The weights of the decoder are random (torch's global generator), except for the embeddings, which are copied from
    the encoder.
    """
    config = copy.deepcopy(encoder.config)
    config.is_decoder = config.add_cross_attention = True
    config.num_hidden_layers = min(layers, config.num_hidden_layers)
    decoder = AutoModelForCausalLM.from_config(config).to(encoder.dtype)
    with torch.no_grad():
        decoder.get_input_embeddings().weight.copy_(encoder.get_input_embeddings().weight)
    model = EncoderDecoderModel(encoder=encoder, decoder=decoder)
    start = tokenizer.cls_token_id if tokenizer.cls_token_id is not None else tokenizer.bos_token_id
    end = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else tokenizer.sep_token_id
    for settings in (model.config, model.generation_config):
        settings.decoder_start_token_id = start if start is not None else end
        settings.eos_token_id, settings.pad_token_id = end, tokenizer.pad_token_id
    model.name_or_path = encoder.name_or_path  # the name by which an adapter finds its base
    model._has_fresh_decoder = True
    return model.eval()


def has_fresh_decoder(model: Model) -> bool:
    """Tell whether the model's decoder was created by ``with_fresh_decoder`` in this process."""
    return getattr(model, "_has_fresh_decoder", False)
