"""Actions after each step of a training, for tests that stop one: it waits or kills its process, for example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def after_each_step(act: Callable[[Any], None]) -> None:
    """From here on ``act`` gets each run of this process after each step, before the step is counted and saved."""
    from codeshift.finetune.training_loop import TrainingRun

    step = TrainingRun._step

    def acting(run: Any, rows: Any) -> None:
        step(run, rows)
        act(run)

    TrainingRun._step = acting  # type: ignore[method-assign]  # in a process of its own
