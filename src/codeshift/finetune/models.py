"""Models of any family and for any task: the copy to train, the base, the padding and the tokenizer of one."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import torch
from peft import PeftModel
from transformers import AutoConfig, AutoTokenizer, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, MODEL_FOR_MASKED_LM_MAPPING_NAMES
from transformers.models.auto.tokenization_auto import get_tokenizer_config

from codeshift.errors import ParameterError
from codeshift.finetune.sharding import is_divided
from codeshift.reaching_hub import hub_or_cache
from codeshift.wording import Verbatim

Model: TypeAlias = PreTrainedModel | PeftModel
Tokenizer: TypeAlias = PreTrainedTokenizerBase
ModelOrName: TypeAlias = Model | str | os.PathLike[str]
TokenizerOrName: TypeAlias = Tokenizer | str | os.PathLike[str]

SAFE: dict[str, Any] = {"use_safetensors": True, "trust_remote_code": False}
"""Options with which a model is loaded: weights come as safetensors and code from transformers, so nothing that is
downloaded is run."""


def own_copy(model: Model, dtype: torch.dtype = torch.float32) -> Model:
    """Return a copy of a model to train, which nothing else refers to.

    Its weights have type ``dtype``, except for those of an adapter (float32) and of a quantised model (unchanged).

    Raises:
        ParameterError: ``model`` is no model of transformers or PEFT, or is already divided among processes.
    """
    check_whole(model)
    copied = copy.deepcopy(model)
    if not getattr(base_model(copied), "is_quantized", False):
        for parameter in copied.parameters():  # not the buffers: rotary frequencies must stay exact
            if not parameter.is_floating_point():  # codes of quantised weights
                continue
            adapter = isinstance(copied, PeftModel) and parameter.requires_grad
            parameter.data = parameter.data.to(torch.float32 if adapter else dtype)
    return copied


def config_at_hand(model: ModelOrName) -> PreTrainedConfig | None:
    """Return the config of a model object or of a model's folder; None for a name of the hub or an adapter."""
    if isinstance(model, PreTrainedModel):
        return model.config
    if (
        isinstance(model, PeftModel)
        or not os.path.isfile(Path(model) / "config.json")
        or os.path.isfile(Path(model) / "adapter_config.json")
    ):
        return None
    with told_by_transformers("model", model):
        return AutoConfig.from_pretrained(model, trust_remote_code=False)


def check_whole(model: Model) -> None:
    """Check that a model is one of transformers or PEFT, and whole in this process.

    Raises:
        ParameterError: if it is not.
    """
    if not isinstance(model, PreTrainedModel | PeftModel):
        raise ParameterError(
            "model", "a model of transformers, a path or a hub name", model, "load it with transformers"
        )
    if is_divided(model):
        remedy = "give the folder that it was saved to, and create no Accelerator before the trainer does"
        raise ParameterError("model", "whole to train", Verbatim("a model that is divided among processes"), remedy)


@contextmanager
def told_by_transformers(parameter: str, name: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an error of transformers into one with the name of the parameter, its value and transformers' message.

    A hub that does not answer is noticed within seconds; then the model is loaded from the cache if that holds it.

    Raises:
        ParameterError: if transformers raises an error.
    """
    with hub_or_cache(str(name)) as unreachable:
        try:
            yield
        except (OSError, ValueError, KeyError) as error:
            words = unreachable or " ".join(str(error).split())
            if _brings_code(name):
                remedy = "it comes with its own code: if you trust it, load it with transformers and give the object"
                words = f"{remedy} ({words})"
            raise ParameterError(parameter, "a folder or hub name that transformers loads", str(name), words) from error


def _brings_code(name: str | os.PathLike[str]) -> bool:
    """Tell whether a folder or hub name has code of its own for its config, model or tokenizer."""
    try:
        settings = PreTrainedConfig.get_config_dict(name)[0], get_tokenizer_config(name)
    except OSError:
        return False
    return any("auto_map" in config for config in settings)


@contextmanager
def peft_quiet() -> Iterator[None]:
    """Suppress the warning of transformers about a renamed attribute that PEFT reads."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        yield


def load_tokenizer(tokenizer: TokenizerOrName, revision: str | None = None) -> Tokenizer:
    """Load the tokenizer of a folder or hub name, of a branch, tag or commit of it; return an object unchanged."""
    if not isinstance(tokenizer, str | os.PathLike):
        return tokenizer
    with told_by_transformers("tokenizer", tokenizer):
        return AutoTokenizer.from_pretrained(tokenizer, trust_remote_code=False, revision=revision or "main")


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


def is_encoder(config: PreTrainedConfig) -> bool:
    """Tell whether a config is that of an encoder such as BERT: a masked language model, not used as a decoder."""
    kind = config.model_type
    masked = kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not config.is_encoder_decoder
    return masked and (kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or not getattr(config, "is_decoder", False))
