"""Weights and moments that FSDP has divided among processes: as whole tensors, and back."""

from __future__ import annotations

import torch
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers import PreTrainedModel


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """The whole tensor; all processes must call it where it is divided.

    >>> whole(torch.ones(2)).tolist()
    [1.0, 1.0]
    """
    gathered: torch.Tensor = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return gathered


def whole_tensors(tensors: dict[str, torch.Tensor], *, keeps: bool) -> dict[str, torch.Tensor]:
    """Whole tensors in the host's memory of the process that ``keeps`` them; all processes must call it.

    >>> whole_tensors({"weight": torch.ones(2)}, keeps=True)
    {'weight': tensor([1., 1.])}
    """
    kept = {}
    for name, tensor in tensors.items():
        gathered = whole(tensor).detach()  # one at a time: all of them would fill the device
        if keeps:
            kept[name] = gathered.cpu()
    return kept


def alike(values: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """A copy of ``values`` where ``parameter`` is: on its device, and divided as it is."""
    values = values.to(parameter.device, copy=True)
    if not isinstance(parameter, DTensor) or isinstance(values, DTensor) or values.shape != parameter.shape:
        return values
    divided: torch.Tensor = distribute_tensor(values, parameter.device_mesh, parameter.placements)
    return divided


def join_tied_embeddings(model: PreTrainedModel) -> None:
    """Make embeddings that share the input's weight one module, as FSDP needs: T5 and PLBart hold three of them."""
    first = model.get_input_embeddings()
    for name, module in list(model.named_modules(remove_duplicate=False)):
        if type(module) is type(first) and module is not first and module.weight is first.weight:
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, first)


def set_weights(model: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Put ``weights`` in the model's parameters of those names."""
    with torch.no_grad():
        for name, values in weights.items():
            parameter = model.get_parameter(name)
            parameter.copy_(alike(values, parameter))


def is_divided(model: torch.nn.Module) -> bool:
    """Whether the model's weights are divided among processes."""
    return any(isinstance(parameter, DTensor) for parameter in model.parameters())


def divide_again(model: torch.nn.Module) -> None:
    """Let go of what FSDP gathered for a forward pass that no backward pass follows; the optimiser knows the parts."""
    for module in model.modules():
        if hasattr(module, "reshard"):
            module.reshard()


def whole_state(model: torch.nn.Module, *, keeps: bool) -> dict[str, torch.Tensor] | None:
    """The state dict of a divided model as ``whole_tensors``, tied weights once; None for a model that is whole."""
    if not is_divided(model):
        return None
    tied = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    tied -= {name for name, _ in model.named_parameters()}
    state = {name: tensor for name, tensor in model.state_dict().items() if name not in tied}
    return whole_tensors(state, keeps=keeps)
