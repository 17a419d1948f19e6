"""Where a run runs: devices and processes through accelerate, randomness that is the run's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType, GradientAccumulationPlugin

from codeshift.errors import ParameterError
from codeshift.finetune.config import TrainingConfig
from codeshift.finetune.sharding import join_tied_embeddings
from codeshift.finetune.tracking import logging_options, start_trackers
from codeshift.finetune.zero import configured, release, uses_deepspeed


def make_accelerator(config: TrainingConfig, trackers: tuple[Any, ...] = (), folder: Path | None = None) -> Any:
    """An Accelerator for a run; what ``accelerate launch`` configured (processes, FSDP, DeepSpeed) it takes over.

    Precision and accumulation are the config's alone, whatever the launcher says: the loop's loss is that of whole
    steps, which accelerate would divide once more.

    Raises:
        ParameterError: fp16 without a GPU (accelerate would compute in fp32), a tracker without a folder, or a way to
            divide the model that is not supported.
    """
    # DeepSpeed would train in half precision where accelerate computes in it: see ``configured``.
    mixed = "no" if config.precision == "fp32" or uses_deepspeed() else config.precision
    state = AcceleratorState._shared_state
    if state and state.get("_mixed_precision") != mixed:
        AcceleratorState._reset_state()  # a second run in one process may have another precision
    accumulation = GradientAccumulationPlugin(num_steps=1)
    options = logging_options(trackers, folder)
    accelerator = Accelerator(mixed_precision=mixed, gradient_accumulation_plugin=accumulation, **options)
    if mixed == "fp16" and accelerator.device.type == "cpu":
        raise ParameterError("precision", "fp32 or bf16 on a CPU", "fp16", "give bf16, or run where a GPU is")
    kind = accelerator.distributed_type
    if kind == DistributedType.FSDP and not accelerator.is_fsdp2:
        raise ParameterError("fsdp_version", "2", 1, "give --fsdp_version 2 to accelerate launch or accelerate config")
    if kind == DistributedType.MEGATRON_LM:  # its engine has a loop of its own
        raise ParameterError("distributed_type", "copies of the model, FSDP or DeepSpeed", kind.value, "choose FSDP")
    start_trackers(accelerator, config.to_dict())
    return accelerator


def prepare(accelerator: Any, model: Any, optimizer: Any, config: TrainingConfig) -> tuple[Any, Any]:
    """Model and optimiser as accelerate wraps them for where the run runs.

    Raises:
        ParameterError: DeepSpeed's settings do not fit ``config``.
    """
    if accelerator.is_fsdp2:
        join_tied_embeddings(model)
    plugin = accelerator.deepspeed_plugin
    with nullcontext() if plugin is None else configured(plugin, config):
        model, optimizer = accelerator.prepare(model, optimizer)
    return model, optimizer


@contextmanager
def accumulating(accelerator: Any, model: Any) -> Iterator[None]:
    """Backward passes inside add to the gradients, and no more: the step comes with the one after them."""
    if accelerator.deepspeed_plugin is None:
        with accelerator.no_sync(model):
            yield
        return
    accelerator.sync_gradients = False  # DeepSpeed's engine takes its step in the backward pass
    try:
        yield
    finally:
        accelerator.sync_gradients = True


def finish(accelerator: Any, model: Any) -> None:
    """End the run in the trackers, and leave the model to its owner."""
    for tracker in accelerator.trackers:  # end_training() would end the processes' group for the next run too
        tracker.finish()
    if accelerator.deepspeed_plugin is not None:
        release(model)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's global generators seeded inside, and afterwards as they were: a run leaves no trace in others."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


def reseed(*keys: int) -> None:
    """Seed dropout from the place in the run alone, so that a run taken up again needs no state of a generator."""
    torch.manual_seed(int(np.random.SeedSequence(keys).generate_state(1, np.uint64)[0] >> 1))
