"""Weights and moments that FSDP or DeepSpeed has divided among processes: as whole tensors, and back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch.distributed.tensor import DTensor, distribute_tensor

from codeshift.finetune.zero import changeable, gathered, is_zero_parameter


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """The whole tensor; all processes must call it where it is divided.

    >>> whole(torch.ones(2)).tolist()
    [1.0, 1.0]
    """
    if is_zero_parameter(tensor):
        return gathered(tensor)
    made: torch.Tensor = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return made


def whole_tensors(tensors: dict[str, torch.Tensor], *, keeps: bool) -> dict[str, torch.Tensor]:
    """Whole tensors in the host's memory of the process that ``keeps`` them; all processes must call it.

    >>> whole_tensors({"weight": torch.ones(2)}, keeps=True)
    {'weight': tensor([1., 1.])}
    """
    found = {}
    for name, tensor in tensors.items():
        made = whole(tensor).detach()  # one at a time: all of them would fill the device
        if keeps:
            found[name] = made.cpu()
    return found


def kept(parameter: torch.Tensor) -> torch.Tensor:
    """A copy of the values of ``parameter`` as they are now.

    >>> kept(torch.ones(2)).tolist()
    [1.0, 1.0]
    """
    return gathered(parameter).cpu() if is_zero_parameter(parameter) else parameter.detach().clone()


def size(parameter: torch.Tensor) -> int:
    """How many numbers the whole parameter has.

    >>> size(torch.ones(2, 3))
    6
    """
    return int(parameter.ds_numel if is_zero_parameter(parameter) else parameter.numel())


def alike(values: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """A copy of ``values`` where ``parameter`` is: on its device, and divided as it is."""
    values = values.to(parameter.device, copy=True)
    if not isinstance(parameter, DTensor) or isinstance(values, DTensor) or values.shape != parameter.shape:
        return values
    made: torch.Tensor = distribute_tensor(values, parameter.device_mesh, parameter.placements)
    return made


def join_tied_embeddings(model: Any) -> None:
    """Make embeddings that share the input's weight one module, as FSDP needs: T5 and PLBart hold three of them."""
    first = model.get_input_embeddings()
    for name, module in list(model.named_modules(remove_duplicate=False)):
        if type(module) is type(first) and module is not first and module.weight is first.weight:
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, first)


def set_weights(model: Any, weights: dict[str, torch.Tensor]) -> None:
    """Put ``weights`` in the model's parameters of those names."""
    with torch.no_grad():
        for name, values in weights.items():
            parameter = model.get_parameter(name)
            with changeable(parameter):
                parameter.copy_(alike(values, parameter))


def is_divided(model: Any) -> bool:
    """Whether the model's weights are divided among processes."""
    return any(isinstance(p, DTensor) or is_zero_parameter(p) for p in model.parameters())


def divide_again(model: Any) -> None:
    """Let go of what FSDP gathered for a forward pass that no backward pass follows; the optimiser knows the parts."""
    for module in model.modules():
        if hasattr(module, "reshard"):
            module.reshard()


def without_gradients(model: Any) -> AbstractContextManager[Any]:
    """Inference mode, or what comes nearest: what stage 3 gathers in it could not be trained afterwards."""
    divided = any(is_zero_parameter(p) for p in model.parameters())
    made: AbstractContextManager[Any] = torch.no_grad() if divided else torch.inference_mode()
    return made


def whole_state(model: Any, *, keeps: bool) -> dict[str, torch.Tensor] | None:
    """The state dict of a divided model as ``whole_tensors``, tied weights once; None for a model that is whole."""
    if not is_divided(model):
        return None
    tied = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    tied -= {name for name, _ in model.named_parameters()}
    state = {name: tensor for name, tensor in model.state_dict(keep_vars=True).items() if name not in tied}
    return whole_tensors(state, keeps=keeps)
