"""DeepSpeed's ZeRO: which of its settings hold, and what it divides as whole tensors, and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env
from accelerate.utils.deepspeed import HfDeepSpeedConfig
from transformers.integrations import unset_hf_deepspeed_config

from codeshift.errors import ParameterError
from codeshift.finetune.config import TrainingConfig

_MOMENTS = ("exp_avg", "exp_avg_sq")
_LOOPS_OF_ITS_OWN = (
    "optimizer", "scheduler", "amp", "torch_autocast", "elasticity", "data_efficiency", "curriculum_learning",
    "compression_training", "tensor_parallel",
)  # fmt: skip


def uses_deepspeed() -> bool:
    """Whether ``accelerate launch`` was told to use DeepSpeed.

    >>> uses_deepspeed()
    False
    """
    return bool(parse_flag_from_env("ACCELERATE_USE_DEEPSPEED"))


def check_settings(settings: dict[str, Any], config: TrainingConfig) -> None:
    """Refuse what the loop cannot keep: it is the ``TrainingConfig`` that says how to train.

    Args:
        settings: a configuration of DeepSpeed, with what accelerate has filled in.
        config: how to train.

    Raises:
        ParameterError: the two disagree, or ZeRO has no such stage.

    >>> check_settings({"zero_optimization": {"stage": 2}, "gradient_clipping": 0.5}, TrainingConfig())
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: gradient_clipping must be max_grad_norm (1.0) or 'auto', got 0.5: change one
    """
    stage = settings.get("zero_optimization", {}).get("stage", 0)
    if stage not in (1, 2, 3):
        raise ParameterError("zero_optimization.stage", "1, 2 or 3", stage, "without ZeRO, launch copies of the model")
    if stage == 3 and config.l2_sp:
        raise ParameterError("l2_sp", "0 in ZeRO's stage 3", config.l2_sp, "choose stage 2, or FSDP")
    for part in ("offload_optimizer", "offload_param"):
        if (settings["zero_optimization"].get(part) or {}).get("device") == "nvme":
            raise ParameterError(f"{part}.device", "none or cpu", "nvme", "its checkpoints would lack what is on disk")
    for name in _LOOPS_OF_ITS_OWN:
        if name in settings:
            remedy = "take it out of DeepSpeed's file: the TrainingConfig says how to train"
            raise ParameterError(name, "absent", settings[name], remedy)
    for name in ("fp16", "bf16"):
        if settings.get(name, {}).get("enabled") is True:
            remedy = "take it out of DeepSpeed's file, and give precision to the TrainingConfig"
            raise ParameterError(f"{name}.enabled", "'auto', false or absent", True, remedy)
    clipping, ours = settings.get("gradient_clipping", "auto"), config.max_grad_norm or 0.0
    if clipping not in ("auto", ours):
        raise ParameterError("gradient_clipping", f"max_grad_norm ({ours}) or 'auto'", clipping, "change one")
    if config.precision == "fp16":
        raise ParameterError("precision", "fp32 or bf16 with DeepSpeed", "fp16", "give bf16, or divide by FSDP")
    if config.weights == "bf16":
        raise ParameterError("weights", "fp32 with DeepSpeed", "bf16", "give fp32, or divide by FSDP")


@contextmanager
def configured(plugin: Any, config: TrainingConfig) -> Iterator[None]:
    """The plugin of accelerate as this run needs it inside, afterwards as it was: the next run may differ.

    Raises:
        ParameterError: DeepSpeed's settings do not fit ``config``.
    """
    check_settings(plugin.deepspeed_config, config)
    unset_hf_deepspeed_config()  # or the next model that transformers makes is divided before anybody looks at it
    before = plugin.hf_ds_config
    plugin.hf_ds_config = HfDeepSpeedConfig(before.config)  # a copy
    plugin.deepspeed_config = settings = plugin.hf_ds_config.config
    settings.pop("train_batch_size", None)  # follows from the next two, which only scale what is already scaled
    settings |= {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "gradient_clipping": config.max_grad_norm or 0.0,
        "zero_force_ds_cpu_optimizer": False,  # torch's AdamW, also where its moments are on the host
    }
    if config.precision == "bf16":
        # As in one process: float32 weights, gradients averaged in float32, bfloat16 inside the forward pass alone.
        settings["torch_autocast"] = {"enabled": True, "dtype": "bfloat16", "lower_precision_safe_modules": []}
    try:
        yield
    finally:
        plugin.hf_ds_config, plugin.deepspeed_config = before, before.config


def is_zero_parameter(tensor: Any) -> bool:
    """Whether stage 3 has divided the parameter."""
    return hasattr(tensor, "ds_id")


def gathered(parameter: Any) -> torch.Tensor:
    """A whole copy of a parameter of stage 3; all processes must call it."""
    with _gathering(parameter):
        made: torch.Tensor = parameter.detach().clone()
    return made


def changeable(parameter: Any) -> AbstractContextManager[Any]:
    """The parameter whole inside, where all processes must set it alike, and as it was divided afterwards."""
    return _gathering(parameter, modifier_rank=0) if is_zero_parameter(parameter) else nullcontext()


def _gathering(parameter: Any, **options: Any) -> AbstractContextManager[Any]:
    from deepspeed.runtime.zero import GatheredParameters

    made: AbstractContextManager[Any] = GatheredParameters([parameter], **options)
    return made


def is_zero(optimizer: Any) -> bool:
    """Whether the optimiser is DeepSpeed's, around that of torch."""
    return type(optimizer).__module__.startswith("deepspeed.")


def zero_moments(optimizer: Any, names: dict[str, torch.nn.Parameter]) -> dict[str, torch.Tensor]:
    """The moments of each parameter as whole tensors, under ``name|moment``; all processes must call it."""
    from deepspeed.utils import safe_get_full_optimizer_state

    _link(optimizer)
    step = optimizer.optimizer.state[_flat(optimizer)[0]]["step"]
    found = {f"{name}|step": step.clone() for name in names}
    for name, parameter in names.items():
        for moment in _MOMENTS:
            values = safe_get_full_optimizer_state(parameter, moment)
            if PartialState().is_main_process:
                found[f"{name}|{moment}"] = values.cpu()
    return found


def restore_zero(optimizer: Any, names: dict[str, torch.nn.Parameter], tensors: dict[str, torch.Tensor]) -> None:
    """Put back what ``zero_moments`` took, or one process, into an optimiser whose model has its weights already."""
    from deepspeed.utils import safe_set_full_optimizer_state

    optimizer.refresh_fp32_params()  # it keeps weights of its own
    state = optimizer.optimizer.state
    step = next(tensor for key, tensor in tensors.items() if key.endswith("|step"))
    for flat in _flat(optimizer):
        state[flat] = {moment: torch.zeros_like(flat) for moment in _MOMENTS}
        state[flat]["step"] = step.to(flat.device, copy=True)
    _link(optimizer)
    for key, tensor in tensors.items():
        name, _, moment = key.rpartition("|")
        if moment in _MOMENTS:
            safe_set_full_optimizer_state(names[name], tensor, moment)


def _flat(optimizer: Any) -> list[torch.Tensor]:
    """This process's part of the weights that torch's optimiser works on."""
    in_stage_3 = getattr(optimizer, "fp32_partitioned_groups_flat", None)
    return list(in_stage_3 if in_stage_3 is not None else optimizer.single_partition_of_fp32_groups)


def _link(optimizer: Any) -> None:
    """Tell each parameter where its moments are: DeepSpeed does it too soon for all groups but the first."""
    from deepspeed.utils import lazy_init_hp_params_optimizer_state

    if hasattr(optimizer, "fp32_partitioned_groups_flat"):
        return  # stage 3 looks for them when they are asked for
    for flat, parameters in zip(optimizer.single_partition_of_fp32_groups, optimizer.bit16_groups, strict=True):
        lazy_init_hp_params_optimizer_state(parameters, flat, optimizer.optimizer.state)


def release(engine: Any) -> None:
    """Free DeepSpeed's own copies; the model is then as if it had never been given to it, if it is not divided."""
    if any(is_zero_parameter(p) for p in engine.module.parameters()):
        engine.optimizer.optimizer.state.clear()  # the model still needs the rest to compute
        return
    parameters = [p for p in engine.module.parameters() if p.requires_grad]
    engine.destroy()
    for parameter in parameters:
        parameter.data = parameter.data.clone()  # it is a slice of DeepSpeed's one flat tensor
