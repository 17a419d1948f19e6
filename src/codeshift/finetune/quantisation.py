"""Weights of four bits under an adapter (QLoRA, arXiv 2305.14314), by bitsandbytes on a GPU or a CPU.

The linear layers of a model are quantised from its full weights, in training and whenever the adapter's folder is
loaded, so the adapter always stands on the same base. The adapter is never merged: that would round it as well.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from peft import PeftConfig, PeftModel

from codeshift.errors import ParameterError
from codeshift.files import json_value
from codeshift.finetune.limits import TRAINING_FILE
from codeshift.finetune.models import Model, base_model
from codeshift.requirements import check_extra

Quantization: TypeAlias = Literal["nf4"]
"""Name of a type of quantised weights."""

_BLOCK = 64  # weights with one scale
_ATTRIBUTE = "_codeshift_quantization"


def check_quantization(quantization: Quantization | None, peft_config: PeftConfig | None, model: Any) -> None:
    """Check that a training can have quantised weights.

    Raises:
        ParameterError: there is no fresh adapter to train.
        MissingExtraError: bitsandbytes is not installed.
    """
    if quantization is None:
        return
    if isinstance(model, PeftModel):
        remedy = "merge the adapter first, or train it without quantization"
        raise ParameterError("quantization", "None for a model that has an adapter", quantization, remedy)
    if peft_config is None:
        remedy = "weights of four bits cannot be trained: give such as peft.LoraConfig(r=8)"
        raise ParameterError("peft_config", f"given with quantization={quantization!r}", None, remedy)
    check_extra("qlora")


def quantised(model: Model, quantization: Quantization | None, *, kept: tuple[str, ...] = ()) -> Model:
    """Quantise the linear layers of a model in place, except its output layer, and return it; None changes nothing.

    The weights are divided into blocks of 64, each with a scale and 16 values (NF4); products are computed in the type
    of the weights before. The same weights give the same codes as transformers' ``BitsAndBytesConfig``. Layers whose
    inputs are no multiple of 64 keep their weights: on a CPU, bitsandbytes restores others than it stored. So do those
    that transformers never quantises, such as ``wo`` of T5, whose inputs are cast to the type of its weights.

    Args:
        model: Model of transformers, with its full weights.
        quantization: Name of the type.
        kept: Names of further modules that keep their weights, as ``modules_to_save`` of PEFT has them.

    Raises:
        ParameterError: the model has no layer to quantise.
        MissingExtraError: bitsandbytes is not installed.
    """
    if quantization is None:
        return model
    check_extra("qlora")
    output = model.get_output_embeddings()
    kept = (*kept, *(model._keep_in_fp32_modules or ()))
    layers = {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear)
        and layer is not output
        and layer.in_features % _BLOCK == 0
        and not any(f".{other}." in f".{name}." for other in kept)
    }
    if not layers:
        raise ParameterError("quantization", "None for a model without linear layers", quantization, "leave it out")
    for name, layer in layers.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, _four_bit(layer, quantization))
    model.is_loaded_in_4bit = True  # PEFT asks a model for it
    setattr(model, _ATTRIBUTE, quantization)
    return model


def _four_bit(layer: torch.nn.Linear, quantization: Quantization) -> torch.nn.Module:
    """Return a linear layer with the weights of another one, quantised."""
    from bitsandbytes.nn import Linear4bit, Params4bit

    weight = layer.weight
    small = Linear4bit(
        layer.in_features,
        layer.out_features,
        bias=layer.bias is not None,
        compute_dtype=weight.dtype,
        quant_type=quantization,
        compress_statistics=False,
        device="meta",
    )
    # Else evaluation on some CPUs would round the scales to bfloat16, for good, and fail on small layers.
    small.support_avx512bf16_for_cpu = False
    small.weight = Params4bit(
        weight.detach(), requires_grad=False, compress_statistics=False, quant_type=quantization, module=small
    )
    small.weight = small.weight.to(weight.device)
    if layer.bias is not None:
        small.bias = torch.nn.Parameter(layer.bias.detach(), requires_grad=False)
    small.train(layer.training)
    return small


def quantization_of(model: Model) -> Quantization | None:
    """Return the name of the type that ``quantised`` gave the weights of a model, or None."""
    return getattr(base_model(model), _ATTRIBUTE, None)


def trained_quantization(folder: str | os.PathLike[str]) -> Quantization | None:
    """Return the quantisation that a folder written by ``Trainer`` was trained with, or None."""
    path = Path(folder) / TRAINING_FILE
    if not os.path.isfile(path):
        return None
    try:
        quantization: Quantization | None = json_value(path.read_text(encoding="utf-8"))["config"].get("quantization")
    except (ValueError, KeyError, TypeError, AttributeError):  # another file with that name
        return None
    return quantization


def numbers_in(parameter: torch.nn.Parameter) -> int:
    """Return how many numbers a parameter holds; one of four bits has two in a byte."""
    state = getattr(parameter, "quant_state", None)
    return parameter.numel() if state is None else math.prod(state.shape)
