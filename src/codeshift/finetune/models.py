"""Models of the three families, by name, path or object.

Encoder-decoders (T5, CodeT5, CodeT5+, PLBart) and decoders (Llama, StarCoder2, Qwen2, GPT-2, CodeGen) are taken as they
are. An encoder (CodeBERT, GraphCodeBERT, UniXcoder) becomes the encoder of an ``EncoderDecoderModel`` with a fresh
decoder.
"""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

import torch
from peft import PeftModel
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    EncoderDecoderModel,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
)
from transformers.models.auto.tokenization_auto import get_tokenizer_config

from codeshift.errors import ParameterError, Told
from codeshift.finetune.sharding import is_divided
from codeshift.finetune.stored_weights import base_of_adapter, check_index, whole_model, with_stored_adapter

Model: TypeAlias = PreTrainedModel | PeftModel
Tokenizer: TypeAlias = PreTrainedTokenizerBase
ModelOrName: TypeAlias = Model | str | os.PathLike[str]
TokenizerOrName: TypeAlias = Tokenizer | str | os.PathLike[str]

DECODER_LAYERS = 6  # layers of the fresh decoder of an encoder, as in CodeXGLUE's baselines

# Weights come as safetensors and code comes from transformers: nothing that is downloaded is run.
_SAFE = {"use_safetensors": True, "trust_remote_code": False}


def own_model(model: ModelOrName, tokenizer: Tokenizer, dtype: torch.dtype = torch.float32) -> Model:
    """Return a model to train that nothing else refers to: a copy of an object, or the model at a path or hub name.

    Its weights have type ``dtype``, except for those of an adapter (float32) and of a quantised model (unchanged).

    Raises:
        ParameterError: ``model`` is neither a model of transformers or PEFT nor a path or name, or is already divided
            among processes.
    """
    named = isinstance(model, str | os.PathLike)
    if named:
        model = load_model(model, tokenizer, dtype=dtype)
    if not isinstance(model, PreTrainedModel | PeftModel):
        raise ParameterError(
            "model", "a model of transformers, a path or a hub name", model, "load it with transformers"
        )
    if is_divided(model):
        remedy = "give the folder that it was saved to, and create no Accelerator before the trainer does"
        raise ParameterError("model", "whole to train", Told("a model that is divided among processes"), remedy)
    if named:
        return model
    copied = copy.deepcopy(model)
    if not getattr(base_model(copied), "is_quantized", False):
        for parameter in copied.parameters():  # not the buffers: rotary frequencies must stay exact
            adapter = isinstance(copied, PeftModel) and parameter.requires_grad
            parameter.data = parameter.data.to(torch.float32 if adapter else dtype)
    return copied if isinstance(copied, PeftModel) else as_generator(copied, tokenizer)


def load_model(
    name: str | os.PathLike[str],
    tokenizer: Tokenizer | None = None,
    *,
    dtype: torch.dtype | Literal["auto"] = torch.float32,
    revision: str | None = None,
) -> Model:
    """Load the model of a folder or hub name, in evaluation mode; the folder of an adapter loads its base too.

    Only safetensors are read, and no code from the hub is run.

    Args:
        name: a folder or a hub name.
        tokenizer: the tokenizer of an encoder, which gives its fresh decoder the start and end token; None loads the
            one at ``name``.
        dtype: the type of the weights in memory. A checkpoint in half precision is loaded as float32 by default,
            because training and exact comparison need it; "auto" keeps the stored type, and ``torch.bfloat16`` halves
            the memory on a GPU.
        revision: a branch, tag or commit of the hub; None takes the newest.

    Raises:
        ParameterError: no model can be loaded from ``name``.

    >>> import tempfile
    >>> from codeshift.finetune.testing import tiny_model, tiny_tokenizer
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tiny_model("gpt2", tiny_tokenizer(["a"])).half().save_pretrained(folder)
    ...     load_model(folder).dtype, load_model(folder, dtype="auto").dtype
    (torch.float32, torch.float16)
    """
    folder = Path(name)
    if (folder / "adapter_config.json").exists():
        return _load_adapter(folder, tokenizer, dtype)
    where = {"revision": revision} if revision is not None else {}
    options = _SAFE | where | {"dtype": dtype, "output_loading_info": True}
    check_index(name)
    with _told("model", name):
        config = AutoConfig.from_pretrained(name, trust_remote_code=False, **where)
        encodes, auto = _is_encoder(config), AutoModelForCausalLM
        if config.is_encoder_decoder or config.model_type in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES:
            encodes, auto = False, AutoModelForSeq2SeqLM
        loaded = (AutoModel if encodes else auto).from_pretrained(name, **options)
    model = whole_model(name, loaded)
    return as_generator(model, tokenizer or load_tokenizer(name)) if encodes else model


@contextmanager
def _told(parameter: str, name: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an error of transformers into one with the name of the parameter, its value and transformers' message."""
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        words = " ".join(str(error).split())
        if _brings_code(name):
            words = (
                f"it comes with its own code: if you trust it, load it with transformers and give the object ({words})"
            )
        raise ParameterError(parameter, "a folder or hub name that transformers loads", str(name), words) from error


def _brings_code(name: str | os.PathLike[str]) -> bool:
    """Tell whether a folder or hub name has code of its own for its config, model or tokenizer."""
    try:
        settings = PreTrainedConfig.get_config_dict(name)[0], get_tokenizer_config(name)
    except OSError:
        return False
    return any("auto_map" in some for some in settings)


def _load_adapter(folder: Path, tokenizer: Tokenizer | None, dtype: torch.dtype | Literal["auto"]) -> PeftModel:
    config = base_of_adapter(folder)
    base = load_model(config.base_model_name_or_path, tokenizer, dtype=dtype, revision=config.revision)
    with peft_quiet():
        return with_stored_adapter(base, folder)


@contextmanager
def peft_quiet() -> Iterator[None]:
    """Suppress the warning of transformers about a renamed attribute that PEFT reads."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        yield


def load_tokenizer(tokenizer: TokenizerOrName) -> Tokenizer:
    """Load the tokenizer of a folder or hub name; return an object unchanged."""
    if not isinstance(tokenizer, str | os.PathLike):
        return tokenizer
    with _told("tokenizer", tokenizer):
        return AutoTokenizer.from_pretrained(tokenizer, trust_remote_code=False)


def as_generator(model: Model, tokenizer: Tokenizer) -> Model:
    """Return the model itself, or an encoder-decoder around it if it is an encoder."""
    if not _is_encoder(model.config) or isinstance(model, MODEL_FOR_CAUSAL_LM_MAPPING.get(type(model.config), ())):
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


def _is_encoder(config: PreTrainedConfig) -> bool:
    """Tell whether a config is that of an encoder such as BERT: a masked language model, not used as a decoder."""
    kind = config.model_type
    masked = kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not config.is_encoder_decoder
    return masked and (kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or not getattr(config, "is_decoder", False))


def base_model(model: Model) -> PreTrainedModel:
    """Return the model of transformers under an adapter."""
    return model.get_base_model() if isinstance(model, PeftModel) else model


def is_decoder(model: Model) -> bool:
    """Tell whether source and target are one sequence for this model."""
    return not base_model(model).config.is_encoder_decoder


def pad_id(model: Model, tokenizer: Tokenizer) -> int:
    """Return the id of the padding token; the attention mask hides it, so a model without one uses its end token."""
    own = base_model(model).config.pad_token_id
    candidates = (own, tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.sep_token_id)
    return next(int(i) for i in candidates if i is not None)
