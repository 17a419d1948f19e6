"""Adapters of PEFT: which modules they go on, and how much of a model they train."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import Any

from peft import PeftConfig, PeftModel, TaskType, get_peft_model
from peft import utils as peft_utils

from codeshift.errors import ParameterError, closest
from codeshift.finetune.errors import AdapterWarning
from codeshift.finetune.models import is_decoder

_NO_TARGETS = object()  # prompt methods have no target modules


@dataclass(frozen=True)
class TrainableParameters:
    """How much of a model is trained.

    Attributes:
        trainable: numbers that training changes.
        total: numbers in the model, the adapter's own included.

    >>> TrainableParameters(trainable=5, total=200).share
    0.025
    """

    trainable: int
    total: int

    @property
    def share(self) -> float:
        """Of all."""
        return self.trainable / self.total if self.total else float("nan")

    def __str__(self) -> str:
        return f"{self.trainable:,} of {self.total:,} parameters ({self.share:.2%})"


def trainable_parameters(model: Any) -> TrainableParameters:
    """Count the parameters of a model; tied ones count once."""
    counts = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return TrainableParameters(sum(n for n, grad in counts if grad), sum(n for n, _ in counts))


def with_adapter(model: Any, config: PeftConfig | None) -> Any:
    """The model itself for None (full fine-tuning), or the model with a fresh adapter on it.

    ``config`` is not changed. Where it leaves the target modules open and PEFT has no default for the model, they are
    all linear layers, with an ``AdapterWarning`` that says so.

    Raises:
        ParameterError: a target module is unknown (PEFT itself skips an unknown name among known ones), or the model
            has an adapter already.
    """
    if config is None:
        return model
    if isinstance(model, PeftModel):
        raise ParameterError("peft_config", "None for a model that has an adapter", config, "call merge_and_unload()")
    if not isinstance(config, PeftConfig):
        raise ParameterError("peft_config", "a config of PEFT or None", config, "such as peft.LoraConfig(r=8)")
    config = copy.deepcopy(config)
    if config.task_type is None:
        config.task_type = TaskType.CAUSAL_LM if is_decoder(model) else TaskType.SEQ_2_SEQ_LM
    targets = getattr(config, "target_modules", _NO_TARGETS)
    if targets is None:
        _choose_targets(model, config)
    elif targets is not _NO_TARGETS and not isinstance(targets, str):
        _check_targets(model, targets)
    return get_peft_model(model, config)


def _choose_targets(model: Any, config: Any) -> None:
    method = config.peft_type.value
    defaults = getattr(peft_utils, f"TRANSFORMERS_MODELS_TO_{method}_TARGET_MODULES_MAPPING", {})
    kind = model.config.model_type
    if kind not in defaults and method != "IA3":  # IA3 needs to be told its feed-forward modules too
        config.target_modules = "all-linear"
        message = f"PEFT has no default {method} targets for {kind!r}: all linear layers are chosen (target_modules)"
        warnings.warn(AdapterWarning(message), stacklevel=4)


def _check_targets(model: Any, targets: Any) -> None:
    names = [name for name, _ in model.named_modules() if name]
    for target in targets:
        if not any(name == target or name.endswith(f".{target}") for name in names):
            leaves = {name.rsplit(".", 1)[-1] for name, module in model.named_modules() if not list(module.children())}
            remedy = closest(target, [leaf for leaf in leaves if leaf and not leaf.isdigit()])
            raise ParameterError("target_modules", "names of modules of the model", target, remedy)
