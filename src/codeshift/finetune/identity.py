"""Digests and settings that tell whether two runs had the same model and the same data."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import torch
from datasets import Dataset

from codeshift.finetune.encoded_part import EncodedPart
from codeshift.finetune.models import Model, base_model
from codeshift.finetune.quantisation import numbers_in, quantization_of
from codeshift.finetune.sharding import whole
from codeshift.finetune.training_config import TrainingConfig

_PACKAGES = ("torch", "transformers", "peft", "accelerate", "tokenizers", "datasets", "numpy")
_SAMPLE = 4096  # numbers of each tensor that a digest reads: a whole model of 7B would take minutes


def data_digest(data: Dataset, columns: Iterable[str]) -> str:
    """Return the SHA-256 of the texts in ``columns`` of a ``Dataset``, in the order of its rows."""
    digest = hashlib.sha256()
    for column in columns:
        digest.update(json.dumps([column, list(data[column])]).encode())
    return digest.hexdigest()


def weights_digest(model: torch.nn.Module) -> str:
    """Return the SHA-256 of the names, types and shapes of all weights and of up to 4096 numbers spread over each."""
    digest = hashlib.sha256()
    for name, tensor in model.named_parameters():
        flat = whole(tensor).detach().reshape(-1)
        sampled = flat[:: max(1, flat.numel() // _SAMPLE)].to("cpu", torch.float32).contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(sampled.numpy().tobytes())
    return digest.hexdigest()


def describe_model(model: Model) -> dict[str, Any]:
    """Return the class, name or path, revision, size, dtype and weights digest of a model.

    Size and digest cover all weights, an adapter's included; class, name and revision are those of the base model.
    """
    base = base_model(model)
    return {
        "class": type(base).__name__,
        "name": getattr(base.config, "_name_or_path", ""),
        "revision": getattr(base.config, "_commit_hash", None),
        "parameters": sum(numbers_in(p) for p in model.parameters()),
        "dtype": str(base.dtype).removeprefix("torch."),
        "quantization": quantization_of(model),
        "weights": weights_digest(model),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that can change a number."""
    return {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES}


@cache
def _version(package: str) -> str:
    """Return the version of a package, which stays the same in a process and takes milliseconds to read."""
    return version(package)


def describe_run(
    config: TrainingConfig,
    model: Model,
    task: Mapping[str, Any],
    parts: Mapping[str, EncodedPart],
    validation: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what tells a training run from another, before its first step.

    Args:
        config: Settings of the training; those of logging and saving are left out.
        model: Model as training starts, an adapter included.
        task: Description of the task.
        parts: Encoded parts by name.
        validation: Description of the evaluator, if there is one.
    """
    settings = {k: v for k, v in config.to_dict().items() if k not in ("logging_steps", "save_strategy", "save_steps")}
    adapters = getattr(model, "peft_config", {})
    return {
        "config": settings,
        "task": dict(task),
        "weights": weights_digest(model),
        "adapters": {name: as_json(adapter.to_dict()) for name, adapter in adapters.items()},
        "data": {part: data.digest() for part, data in parts.items()},
        "validation": validation,
    }


def as_json(value: Any) -> Any:
    """Return a value that JSON can write: a set as a sorted list, anything unknown as its text."""
    if isinstance(value, Mapping):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [as_json(v) for v in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def describe_evaluated(model: Model) -> dict[str, Any]:
    """Return a model to evaluate, its adapter and the versions of libraries, as JSON values."""
    adapters = {name: config.peft_type.value for name, config in getattr(model, "peft_config", {}).items()}
    return {"model": describe_model(model), "adapter": adapters or None, "versions": versions()}
