"""Checks that a folder stores all weights of its model, so that none is drawn at random silently."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from peft import PeftConfig, PeftModel, get_peft_model_state_dict
from safetensors import safe_open
from transformers import PreTrainedModel

from codeshift.errors import ParameterError, warn
from codeshift.files import json_value
from codeshift.finetune.errors import UnusedWeightsWarning
from codeshift.finetune.quantisation import quantised, quantization_of, trained_quantization
from codeshift.formatting import listed
from codeshift.wording import Verbatim

_INDEX = "model.safetensors.index.json"
_ADAPTER = "adapter_model.safetensors"
_NEVER_USED = "pooler"  # part of an encoder, not needed in an encoder-decoder


def check_index(name: str | os.PathLike[str]) -> None:
    """Check that the index of a folder's shards names only safetensors.

    Raises:
        ParameterError: it names another file, which might be a pickle, or it cannot be read.
    """
    path = Path(name) / _INDEX
    if not os.path.isfile(path):
        return
    remedy = "save the model again with save_pretrained"
    try:
        shards = set(json_value(path.read_text(encoding="utf-8"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParameterError("model", f"a folder whose {_INDEX} can be read", str(name), remedy) from error
    others = sorted(str(shard) for shard in shards if not str(shard).endswith(".safetensors"))
    if others:
        must = f"stored in safetensors alone, and its {_INDEX} names {others[0]}"
        raise ParameterError("model", must, str(name), remedy)


def whole_model(name: str | os.PathLike[str], loaded: tuple[PreTrainedModel, dict[str, Any]]) -> PreTrainedModel:
    """Check that every weight of a loaded model came from its folder, and return the model.

    Args:
        name: Folder or hub name, for messages.
        loaded: Result of ``from_pretrained`` with ``output_loading_info=True``.

    Raises:
        ParameterError: weights are missing, or have another shape.
    """
    model, facts = loaded
    missing = [key for key in facts["missing_keys"] if _NEVER_USED not in key.split(".")]
    check_complete(name, missing, len(model.state_dict()))
    unused = sorted(facts["unexpected_keys"])
    if unused:
        what = f"{name} stores {listed(unused, 3)}, which a {type(model).__name__} has no use for"
        warn(UnusedWeightsWarning(what))
    return model


def check_complete(name: str | os.PathLike[str], missing: Iterable[str], expected: int) -> None:
    """Check that no weight is missing.

    Raises:
        ParameterError: some are; the message counts and names them.
    """
    names = sorted(missing)
    if names:
        lacking = Verbatim(f"a folder that lacks {len(names)} of {expected} ({listed(names, 3)})")
        remedy = f"{name} is incomplete, or stores another kind of model: the missing weights would be random"
        raise ParameterError("model", "stored with all of its weights", lacking, remedy)


def base_of_adapter(folder: Path) -> PeftConfig:
    """Return the config of an adapter's folder after checking that it can be loaded.

    Raises:
        ParameterError: it is not stored in safetensors, names no base, or names an adapter as its base.
    """
    if not (folder / _ADAPTER).exists():
        raise ParameterError("model", "an adapter in safetensors", str(folder), "save it with safe_serialization=True")
    config = PeftConfig.from_pretrained(folder)
    base = config.base_model_name_or_path
    if not base:
        remedy = "it was trained on an object: load that model, then PeftModel.from_pretrained(model, folder)"
        raise ParameterError("model", "an adapter that names its base", str(folder), remedy)
    if os.path.exists(Path(base) / "adapter_config.json"):
        what = "itself" if Path(base).resolve() == folder.resolve() else f"{base}, which is an adapter too"
        remedy = "write the folder of the model that it was trained on into its adapter_config.json"
        raise ParameterError("model", f"an adapter of a model, and its base is {what}", str(folder), remedy)
    return config


def with_stored_adapter(base: PreTrainedModel, folder: Path) -> PeftModel:
    """Return a model with the adapter of a folder, in evaluation mode.

    A base that was quantised in training is quantised again, in place.

    Raises:
        ParameterError: weights of the adapter are missing.
    """
    quantization = trained_quantization(folder)
    if quantization is not None and quantization_of(base) is None:
        kept = getattr(PeftConfig.from_pretrained(folder), "modules_to_save", None)
        base = quantised(base, quantization, kept=tuple(kept or ()))
    model = PeftModel.from_pretrained(base, folder)
    needed = get_peft_model_state_dict(model, save_embedding_layers=False)
    with safe_open(folder / _ADAPTER, framework="pt") as stored:
        missing = needed.keys() - stored.keys()
    check_complete(folder, missing, len(needed))
    return model.eval()
