"""Where a run runs: devices and processes through accelerate, randomness that is the run's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState


def make_accelerator(precision: str, trackers: tuple[str, ...] = ()) -> Any:
    """An Accelerator of this precision; what ``accelerate launch`` configured (processes, FSDP, ...) it takes over."""
    mixed = "no" if precision == "fp32" else precision
    state = AcceleratorState._shared_state
    if state and state.get("_mixed_precision") != mixed:
        AcceleratorState._reset_state()  # a second run in one process may have another precision
    accelerator = Accelerator(mixed_precision=mixed, log_with=list(trackers) or None)
    if trackers:
        accelerator.init_trackers("codeshift")
    return accelerator


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's global generators seeded inside, and afterwards as they were: a run leaves no trace in others."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


def reseed(*keys: int) -> None:
    """Seed dropout from the place in the run alone, so that a run taken up again needs no state of a generator."""
    torch.manual_seed(int(np.random.SeedSequence(keys).generate_state(1, np.uint64)[0] >> 1))
