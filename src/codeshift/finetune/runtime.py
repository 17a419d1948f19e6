"""The devices and processes of a run, through accelerate, and its random state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from accelerate.optimizer import AcceleratedOptimizer
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType, GradientAccumulationPlugin, parse_flag_from_env

from codeshift.errors import ParameterError
from codeshift.finetune.models import Model
from codeshift.finetune.sharding import join_tied_embeddings
from codeshift.finetune.tracking import Tracker, logging_options, start_trackers
from codeshift.finetune.training_config import TrainingConfig


def make_accelerator(
    config: TrainingConfig, trackers: Sequence[Tracker] = (), folder: Path | None = None
) -> Accelerator:
    """Make an Accelerator for a run, with the processes and FSDP that ``accelerate launch`` configured.

    Precision and accumulation come from the config alone, whatever the launcher says: the loss of the loop is that of
    whole steps, which accelerate would divide a second time.

    Raises:
        ParameterError: fp16 without a GPU (accelerate would compute in fp32), a tracker without a folder, or a way to
            divide the model that is not supported.
    """
    _check_launch()
    mixed = "bf16" if config.bf16 else "fp16" if config.fp16 else "no"
    state = AcceleratorState._shared_state
    if state and state.get("_mixed_precision") != mixed:
        AcceleratorState._reset_state()  # a second run in one process may have another precision
    accumulation = GradientAccumulationPlugin(num_steps=1)
    options = logging_options(trackers, folder)
    accelerator = Accelerator(mixed_precision=mixed, gradient_accumulation_plugin=accumulation, **options)
    if mixed == "fp16" and accelerator.device.type == "cpu":
        raise ParameterError("fp16", "False on a CPU", True, "give bf16=True, or use a GPU")
    if accelerator.distributed_type == DistributedType.FSDP and not accelerator.is_fsdp2:
        raise ParameterError("fsdp_version", "2", 1, "give --fsdp_version 2 to accelerate launch or accelerate config")
    start_trackers(accelerator, config.to_dict())
    return accelerator


def _check_launch() -> None:
    """Check that no engine with a training loop of its own was launched, before accelerate asks for its packages.

    Raises:
        ParameterError: the processes were launched for DeepSpeed or Megatron-LM.
    """
    launched = PartialState._shared_state.get("distributed_type")
    for engine in (DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM):
        if launched == engine or parse_flag_from_env(f"ACCELERATE_USE_{engine.value}"):
            remedy = "launch with --use_fsdp --fsdp_version 2, which divides what DeepSpeed's ZeRO divides"
            raise ParameterError("distributed_type", "copies of the model or FSDP 2", engine.value, remedy)


def without_autocast(model: Model) -> Model:
    """Undo the half precision that accelerate put on a model, if any, and return the model.

    accelerate replaces the ``forward`` of the object that it prepares, which would stay on the model that is returned.
    """
    forward = model.__dict__.pop("_original_forward", None)
    if forward is not None:
        model.forward = forward
        if getattr(forward, "__func__", None) is type(model).forward:
            del model.forward  # so that the class's method is found again
    return model


def prepare_for_devices(
    accelerator: Accelerator, model: Model, optimizer: torch.optim.Optimizer
) -> tuple[torch.nn.Module, AcceleratedOptimizer]:
    """Return model and optimiser as accelerate wraps them for the devices of the run."""
    if accelerator.is_fsdp2:
        join_tied_embeddings(model)
    model, optimizer = accelerator.prepare(model, optimizer)
    return model, optimizer


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's global generators inside this context and restore them on exit, so that no run affects another."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


def reseed(*keys: int) -> None:
    """Seed dropout from the position in the run alone, so that a resumed run needs no state of a generator."""
    torch.manual_seed(int(np.random.SeedSequence(keys).generate_state(1, np.uint64)[0]) >> 1)
