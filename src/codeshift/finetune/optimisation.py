"""The optimiser, its learning rate and the penalty that keeps weights near their start."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from transformers import get_scheduler

from codeshift.errors import ParameterError
from codeshift.finetune.models import Model
from codeshift.finetune.sharding import whole
from codeshift.finetune.training_config import TrainingConfig
from codeshift.wording import closest

_SMALLEST_SCALE, _SCALE_OF_VECTORS = 1e-3, 0.1


@contextmanager
def chosen_parameters(model: Model, config: TrainingConfig) -> Iterator[None]:
    """Train only what ``freeze`` and ``train_only`` leave inside this context; restore the model on exit.

    Raises:
        ParameterError: a pattern matches no parameter, or nothing is left to train.
    """
    before = {name: p.requires_grad for name, p in model.named_parameters()}
    check_patterns(model, config)
    try:
        for name, parameter in model.named_parameters():
            frozen = _fits(name, config.freeze) or not _fits(name, config.train_only)
            parameter.requires_grad_(before[name] and not frozen)
        if not any(p.requires_grad for p in model.parameters()):
            remedy = "loosen freeze and train_only, or load an adapter with is_trainable=True"
            raise ParameterError("model", "left with something to train", type(model).__name__, remedy)
        yield
    finally:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(before[name])


def check_patterns(model: Model, config: TrainingConfig) -> None:
    """Check that the patterns of ``freeze`` and ``train_only`` fit parameters of the model.

    Raises:
        ParameterError: if one fits none.
    """
    names = [name for name, _ in model.named_parameters()]
    for field in ("freeze", "train_only"):
        for pattern in getattr(config, field):
            if not fnmatch.filter(names, pattern):
                raise ParameterError(field, "patterns that fit a parameter", pattern, closest(pattern, names))


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def trained(model: Model) -> dict[str, torch.nn.Parameter]:
    """Return the parameters that training changes, by name; tied parameters appear once."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def make_optimizer(model: Model, config: TrainingConfig) -> torch.optim.AdamW:
    """Make a fused AdamW with weight decay on matrices only.

    Each group has a "scale", by which the trainer multiplies the learning rate of the step.
    """
    parameters = list(trained(model).values())
    matrices, others = ([p for p in parameters if (p.ndim >= 2) is is_matrix] for is_matrix in (True, False))
    if config.scale_by_weights:
        groups = [{"params": [p], "weight_decay": config.weight_decay, "scale": _scale(p)} for p in matrices]
        groups.append({"params": others, "weight_decay": 0.0, "scale": _SCALE_OF_VECTORS})
    else:
        groups = [{"params": matrices, "weight_decay": config.weight_decay, "scale": 1.0}]
        groups.append({"params": others, "weight_decay": 0.0, "scale": 1.0})
    groups = [group for group in groups if group["params"]]
    betas = config.adam_beta1, config.adam_beta2
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=betas, eps=config.adam_epsilon, fused=True)


def _scale(matrix: torch.nn.Parameter) -> float:
    return max(_SMALLEST_SCALE, float(matrix.detach().float().square().mean().sqrt()))


def learning_rates(config: TrainingConfig, total: int) -> Callable[[int], float]:
    """Return a function from a step (from 0) to its learning rate, so that a resumed run needs no scheduler state."""
    unused = torch.optim.SGD([torch.zeros(1)], lr=config.learning_rate)
    scheduler = get_scheduler(config.lr_scheduler_type, unused, config.get_warmup_steps(total), total)
    factor = scheduler.lr_lambdas[0]
    return lambda step: config.learning_rate * factor(step)


class Anchor:
    """The starting weights, for L2-SP (Li, Grandvalet and Davoine, arXiv 1802.01483).

    Args:
        model: Model before training, on the device that it is trained on.
        weight: Weight of the penalty; 0 keeps no copy of the weights.
    """

    def __init__(self, model: Model, weight: float) -> None:
        self.weight = weight
        self._pairs = [(p, p.detach().clone()) for p in trained(model).values()] if weight else []

    def penalty(self) -> torch.Tensor | float:
        """Return ``weight`` times the squared distance between the trained weights and their starting values."""
        return self.weight * sum(whole(((p - start) ** 2).sum()) for p, start in self._pairs) if self._pairs else 0.0
