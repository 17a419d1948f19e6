"""The generation config of a call, from a ``Decoding`` alone or, if it asks for it, from the model's own config.

A model's folder may hold a ``generation_config.json``: a repetition penalty, a beam width, forced tokens, a time limit.
``generate`` takes from it whatever a call does not set, so the same "greedy" would mean something else for each model.
Here a call sets everything: it is given a fresh config, and the model's own is removed for the time of the call.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import transformers
from peft import PeftModel
from transformers import GenerationConfig, LogitsProcessor

from codeshift.errors import ParameterError
from codeshift.finetune.decoding import Decoding
from codeshift.finetune.identity import as_json
from codeshift.finetune.models import Model, Tokenizer, base_model, pad_id
from codeshift.properties.text_tokens import special_tokens

_RESULT = {  # what ``generate`` returns: one text per row, and nothing else
    "num_return_sequences": 1, "return_dict_in_generate": False, "output_scores": False, "output_logits": False,
    "output_attentions": False, "output_hidden_states": False,
}  # fmt: skip
_OF_A_DRAW = ("temperature", "top_h", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")
_TOP_K = 50  # the default of ``generate`` for a config that samples


def settings_for(model: Model, tokenizer: Tokenizer, decoding: Decoding, ends: Sequence[int] = ()) -> GenerationConfig:
    """Return the generation config of a call, complete except for the longest output.

    The tokens that a model starts, pads and ends with are always its own: it needs them. An output ends with the
    tokenizer's end token, or with one that the model names if it is a special token of the tokenizer.

    Args:
        model: Model of any family.
        tokenizer: Tokenizer of the model.
        decoding: Settings to use.
        ends: Ids that end an output besides these, such as that of the end of a turn.

    Raises:
        ParameterError: ``from_model`` is set, and the model's own config cannot be followed row by row.
    """
    own = model.generation_config  # the one set on PEFT's wrapper, or else that of the model inside
    settings = copy.deepcopy(own) if decoding.from_model else GenerationConfig(num_beams=decoding.num_beams)
    for name, value in (_RESULT | _special_tokens(model, tokenizer, ends)).items():
        setattr(settings, name, value)
    settings.max_length = settings.max_new_tokens = None
    if decoding.stop_strings:
        settings.stop_strings = list(decoding.stop_strings)
    if decoding.from_model and settings.do_sample and (settings.num_beams or 1) > 1:
        remedy = "its beams are drawn, and a draw would differ from batch to batch: set num_beams yourself"
        raise ParameterError("from_model", "False for a model that samples with beams", True, remedy)
    return settings


def is_drawn(settings: GenerationConfig, decoding: Decoding) -> bool:
    """Tell whether tokens are drawn."""
    return bool(settings.do_sample) if decoding.from_model else decoding.do_sample


def taken_warpers(settings: GenerationConfig, device: torch.device) -> list[LogitsProcessor]:
    """Remove the warpers of a draw from ``settings`` and return them in the order that transformers applies them."""
    warpers = _warpers(settings, device)
    for name in ("do_sample", *_OF_A_DRAW):
        setattr(settings, name, None)
    return warpers


def _warpers(settings: GenerationConfig, device: torch.device) -> list[LogitsProcessor]:
    if not settings.do_sample:
        return []
    top_k = _TOP_K if settings.top_k is None else settings.top_k
    top_h = getattr(settings, "top_h", None)  # only in newer versions of transformers
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


def describe_settings(
    model: Model, tokenizer: Tokenizer, decoding: Decoding, ends: Sequence[int] = ()
) -> dict[str, Any]:
    """Return the settings of generation that ``decoding`` does not hold, as JSON values.

    Raises:
        ParameterError: see ``settings_for``.
    """
    settings = settings_for(model, tokenizer, decoding, ends)
    if not decoding.from_model:
        settings.num_beams = settings.stop_strings = None
    differing = settings.to_diff_dict()
    return {name: as_json(value) for name, value in differing.items() if name != "transformers_version"}


@contextmanager
def only(model: Model, settings: GenerationConfig) -> Iterator[None]:
    """Give the model ``settings`` as its only generation config inside this context; restore its own on exit."""
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
    """Return the model of transformers and the modules that PEFT has put around it."""
    if not isinstance(model, PeftModel):
        return [model]
    return list({id(part): part for part in (model, model.base_model, model.get_base_model())}.values())


def _special_tokens(model: Model, tokenizer: Tokenizer, ends: Sequence[int]) -> dict[str, Any]:
    own = model.generation_config
    return {
        "pad_token_id": pad_id(model, tokenizer),
        "eos_token_id": list(dict.fromkeys([*_ends(own, tokenizer), *ends])),
        "bos_token_id": own.bos_token_id,
        "decoder_start_token_id": _start_token(model, own),
    }


def _start_token(model: Model, own: GenerationConfig) -> int | None:
    start: int | None = own.decoder_start_token_id
    return getattr(base_model(model).config, "decoder_start_token_id", None) if start is None else start


def _ends(own: GenerationConfig, tokenizer: Tokenizer) -> list[int]:
    end = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else tokenizer.sep_token_id
    named = own.eos_token_id if isinstance(own.eos_token_id, list) else [own.eos_token_id]
    special = frozenset(special_tokens(tokenizer).values())
    return list(dict.fromkeys([int(end), *(int(n) for n in named if n is not None and int(n) in special)]))
