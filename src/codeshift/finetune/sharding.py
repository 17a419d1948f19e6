"""Weights and moments that FSDP has divided among processes, gathered into whole tensors and divided again."""

from __future__ import annotations

import torch
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers import PreTrainedModel


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """Return the whole tensor; if it is divided, all processes must call this.

    >>> whole(torch.ones(2)).tolist()
    [1.0, 1.0]
    """
    gathered: torch.Tensor = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return gathered


def whole_tensors(tensors: dict[str, torch.Tensor], *, keeps: bool) -> dict[str, torch.Tensor]:
    """Return whole tensors in the host memory of the process that ``keeps`` them; all processes must call this.

    >>> whole_tensors({"weight": torch.ones(2)}, keeps=True)
    {'weight': tensor([1., 1.])}
    """
    kept = {}
    for name, tensor in tensors.items():
        gathered = whole(tensor).detach()  # one at a time: all of them would fill the device
        if keeps:
            kept[name] = gathered.cpu()
    return kept


def sharded_like(values: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """Return a copy of ``values`` on the device of ``parameter``, divided in the same way."""
    values = values.to(parameter.device, copy=True)
    if not isinstance(parameter, DTensor) or isinstance(values, DTensor) or values.shape != parameter.shape:
        return values
    divided: torch.Tensor = distribute_tensor(values, parameter.device_mesh, parameter.placements)
    return divided


def join_tied_embeddings(model: PreTrainedModel) -> None:
    """Make embeddings that share the input's weight one module, as FSDP needs: T5 and PLBart have three of them."""
    first = model.get_input_embeddings()
    for name, module in list(model.named_modules(remove_duplicate=False)):
        if type(module) is type(first) and module is not first and module.weight is first.weight:
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, first)


def set_weights(model: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Copy ``weights`` into the parameters of the model that have their names."""
    with torch.no_grad():
        for name, values in weights.items():
            parameter = model.get_parameter(name)
            parameter.copy_(sharded_like(values, parameter))


def is_divided(model: torch.nn.Module) -> bool:
    """Tell whether the weights of the model are divided among processes."""
    return any(isinstance(parameter, DTensor) for parameter in model.parameters())


def divide_again(model: torch.nn.Module) -> None:
    """Free what FSDP gathered for a forward pass that no backward pass follows; the optimiser knows the parts."""
    for module in model.modules():
        if hasattr(module, "reshard"):
            module.reshard()


def whole_state(model: torch.nn.Module, *, keeps: bool) -> dict[str, torch.Tensor] | None:
    """Return the state dict of a divided model as whole tensors, tied weights once; None for a model that is whole."""
    if not is_divided(model):
        return None
    tied = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    tied -= {name for name, _ in model.named_parameters()}
    state = {name: tensor for name, tensor in model.state_dict().items() if name not in tied}
    return whole_tensors(state, keeps=keeps)
