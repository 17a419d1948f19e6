"""What ``generate`` is told: a ``Decoding`` decides all, and the model's own generation config only where it is asked.

A model's folder may hold a ``generation_config.json``: a repetition penalty, a beam width, forced tokens, a time limit.
``generate`` fills whatever a call leaves open from there, so the same "greedy" would mean something else for each
model. Here a call leaves nothing open: the config that it is given is a fresh one, and the model's is out of the way.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import transformers
from peft import PeftModel
from transformers import GenerationConfig, LogitsProcessor

from codeshift.errors import ParameterError
from codeshift.finetune.decoding import Decoding
from codeshift.finetune.identity import plain
from codeshift.finetune.models import Model, Tokenizer, base_model, pad_id
from codeshift.properties.text_tokens import special_tokens

_RESULT = {  # what ``generate`` returns: one text a row, and nothing else
    "num_return_sequences": 1, "return_dict_in_generate": False, "output_scores": False, "output_logits": False,
    "output_attentions": False, "output_hidden_states": False,
}  # fmt: skip
_OF_A_DRAW = ("temperature", "top_h", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")
_TOP_K = 50  # what ``generate`` takes where a config that samples does not say


def settings_for(model: Model, tokenizer: Tokenizer, decoding: Decoding) -> GenerationConfig:
    """The whole generation config of a call, but for the longest output.

    The tokens that a model starts, pads and ends with are always its own: it needs them. An output ends with the
    tokenizer's end token, or with one that the model names if it is a special token of the tokenizer.

    Args:
        model: of any family.
        tokenizer: its tokenizer.
        decoding: what decides.

    Raises:
        ParameterError: the model's own config is asked for, and cannot be followed row by row.
    """
    own = model.generation_config  # one that was set on PEFT's wrapping, or else that of the model inside
    settings = copy.deepcopy(own) if decoding.from_model else GenerationConfig(num_beams=decoding.num_beams)
    for name, value in (_RESULT | _tokens(model, tokenizer)).items():
        setattr(settings, name, value)
    settings.max_length = settings.max_new_tokens = None
    if decoding.stop_strings:
        settings.stop_strings = list(decoding.stop_strings)
    if decoding.from_model and settings.do_sample and (settings.num_beams or 1) > 1:
        remedy = "its beams are drawn, and a draw would differ from batch to batch: say num_beams yourself"
        raise ParameterError("from_model", "False for a model that samples with beams", True, remedy)
    return settings


def is_drawn(settings: GenerationConfig, decoding: Decoding) -> bool:
    """Whether tokens are drawn."""
    return bool(settings.do_sample) if decoding.from_model else decoding.do_sample


def taken_warpers(settings: GenerationConfig, device: torch.device) -> list[LogitsProcessor]:
    """What bends the probabilities of a draw, in the order in which transformers applies it, taken out of settings."""
    warpers = _warpers(settings, device)
    for name in ("do_sample", *_OF_A_DRAW):
        setattr(settings, name, None)
    return warpers


def _warpers(settings: GenerationConfig, device: torch.device) -> list[LogitsProcessor]:
    if not settings.do_sample:
        return []
    top_k = _TOP_K if settings.top_k is None else settings.top_k
    top_h = getattr(settings, "top_h", None)  # of newer versions of transformers
    candidates = (
        ("Temperature", settings.temperature, settings.temperature not in (None, 1.0)),
        ("TopH", top_h, top_h is not None),
        ("TopK", top_k, top_k != 0),
        ("TopP", settings.top_p, (settings.top_p or 1.0) < 1),
        ("MinP", settings.min_p, settings.min_p is not None),
        ("Typical", settings.typical_p, (settings.typical_p or 1.0) < 1),
        ("Epsilon", settings.epsilon_cutoff, 0 < (settings.epsilon_cutoff or 0) < 1),
        ("Eta", settings.eta_cutoff, 0 < (settings.eta_cutoff or 0) < 1),
    )
    on = {"Eta": {"device": str(device)}}
    return [
        getattr(transformers, f"{name}LogitsWarper")(value, **on.get(name, {}))
        for name, value, holds in candidates
        if holds
    ]


def describe_settings(model: Model, tokenizer: Tokenizer, decoding: Decoding) -> dict[str, Any]:
    """What generation is told beside what ``decoding`` itself says, as JSON values: the model's config if it is asked.

    Raises:
        ParameterError: as ``settings_for``.
    """
    settings = settings_for(model, tokenizer, decoding)
    if not decoding.from_model:
        settings.num_beams = settings.stop_strings = None
    differing = settings.to_diff_dict()
    return {name: plain(value) for name, value in differing.items() if name != "transformers_version"}


@contextmanager
def only(model: Model, settings: GenerationConfig) -> Iterator[None]:
    """Inside, ``settings`` is all that the model knows of generation; afterwards it has its own config again."""
    holders = [part for part in _wrappings(model) if "generation_config" in vars(part)]
    before = [part.generation_config for part in holders]
    try:
        for part in holders:
            part.generation_config = settings
        yield
    finally:
        for part, own in zip(holders, before, strict=True):
            part.generation_config = own


def _wrappings(model: Model) -> list[torch.nn.Module]:
    """The model of transformers, and what PEFT has put around it."""
    if not isinstance(model, PeftModel):
        return [model]
    return list({id(part): part for part in (model, model.base_model, model.get_base_model())}.values())


def _tokens(model: Model, tokenizer: Tokenizer) -> dict[str, Any]:
    own = model.generation_config
    return {
        "pad_token_id": pad_id(model, tokenizer),
        "eos_token_id": _ends(own, tokenizer),
        "bos_token_id": own.bos_token_id,
        "decoder_start_token_id": _start(model, own),
    }


def _start(model: Model, own: GenerationConfig) -> int | None:
    start: int | None = own.decoder_start_token_id
    return getattr(base_model(model).config, "decoder_start_token_id", None) if start is None else start


def _ends(own: GenerationConfig, tokenizer: Tokenizer) -> list[int]:
    end = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else tokenizer.sep_token_id
    named = own.eos_token_id if isinstance(own.eos_token_id, list) else [own.eos_token_id]
    special = frozenset(special_tokens(tokenizer).values())
    return list(dict.fromkeys([int(end), *(int(n) for n in named if n is not None and int(n) in special)]))
